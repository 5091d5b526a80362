"""SQLite engines: what differs between databases is tested in tests/db."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.databases import reuse_engine
from tests.reports.seed import Library, Seeded, Shape


@pytest.fixture
def lite(sqlite_target: str) -> Iterator[Engine]:
    """A migrated SQLite engine."""
    made = reuse_engine(sqlite_target)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Seeded databases that tests of the reports share."""
    return Library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def seeded(library: Library, sqlite_target: str) -> Iterator[Seeded]:
    """Gives an engine on a copy of one shape's database, to be written to."""
    opened: list[Engine] = []

    def copy(shape: Shape) -> Engine:
        opened.append(library.copy(shape, sqlite_target))
        return opened[-1]

    yield copy
    for engine in opened:
        engine.dispose()
