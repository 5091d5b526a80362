"""A SQLite engine: what differs between databases is tested in the db room."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from secondreader.db.engine import open_engine


@pytest.fixture
def lite(sqlite_target: str) -> Iterator[Engine]:
    """A migrated SQLite engine."""
    made = open_engine(sqlite_target)
    yield made
    made.dispose()
