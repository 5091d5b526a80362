"""Alembic environment of the schema."""

NEWEST = "0004"
"""The last revision in versions/."""
