"""Blocks into a medium: HTML page, terminal, JSON and CSV."""
