"""Copies of a migrated PostgreSQL database, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text


@contextmanager
def postgres_copy(admin: Connection, template: str, name: str) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database, until the block ends."""
    admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield admin.engine.url.set(database=name).render_as_string(hide_password=False)
    admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
