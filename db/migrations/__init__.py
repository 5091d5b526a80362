"""Alembic environment of the schema."""

NEWEST = "0003"
"""The last revision in versions/."""
