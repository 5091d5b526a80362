"""A database for tests whose behaviour does not depend on the engine."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.databases import reuse_engine


@pytest.fixture
def sqlite_engine(sqlite_target: str) -> Iterator[Engine]:
    """A migrated SQLite engine."""
    opened = reuse_engine(sqlite_target)
    yield opened
    opened.dispose()
