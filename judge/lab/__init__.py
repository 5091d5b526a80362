"""Calibration and comparison of judges."""
