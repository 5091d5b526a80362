"""Systematic disagreement: slices where a judge errs more than chance explains."""
