"""Copies of a migrated PostgreSQL database, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text

from secondreader.db.engine import database_url


@contextmanager
def postgres_copy(server: str, template: str, name: str) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database, until the block ends."""
    admin = create_engine(database_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield database_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
