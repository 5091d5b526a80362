"""Corrected risky-action rates."""
