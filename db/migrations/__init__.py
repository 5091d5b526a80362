"""Alembic environment of the schema."""

NEWEST = "0005"
"""The last revision in versions/."""
