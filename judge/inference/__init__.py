"""Estimates with intervals: cluster sums, bootstrap, exact tests, permutation."""
