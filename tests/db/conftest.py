"""A database for tests whose behaviour does not depend on the engine."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import open_engine


@pytest.fixture
def sqlite_engine(sqlite_target: str) -> Iterator[Engine]:
    """A migrated SQLite engine."""
    opened = open_engine(sqlite_target)
    yield opened
    opened.dispose()
