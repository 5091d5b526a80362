"""Gives the desk's tests a seeded study, and desks of other kinds than the `shared_desk` that all tests share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.annotate.desks import RestartableDesk, SharedDesk, start_postgres_desk
from tests.annotate.seed import Seeded, seed
from tests.databases import copy_postgres


@pytest.fixture
def seeded(sqlite_target: str) -> Seeded:
    """A small open study in a SQLite file."""
    return seed(sqlite_target)


@pytest.fixture(scope="session")
def postgres_desk(postgres_admin: Connection, postgres_template: str) -> Iterator[SharedDesk]:
    """One desk on PostgreSQL for all tests of the run."""
    with (
        copy_postgres(postgres_admin, postgres_template, "postgres_desk") as target,
        start_postgres_desk(target) as desk,
    ):
        yield desk


@pytest.fixture(scope="session")
def restartable_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableDesk]:
    """One desk for all tests of the run that stop it; each leaves a running one to the next."""
    desk = RestartableDesk(tmp_path_factory.mktemp("restartable") / "study.db")
    yield desk
    desk.stop()
