"""SQLite engines: what differs between databases is tested in the db room."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from secondreader.db.engine import open_engine
from tests.reports.seed import Library


@pytest.fixture
def lite(sqlite_target: str) -> Iterator[Engine]:
    """A migrated SQLite engine."""
    made = open_engine(sqlite_target)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Seeded databases that tests of the reports share."""
    return Library(tmp_path_factory.mktemp("library"))
