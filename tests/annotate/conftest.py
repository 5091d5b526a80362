"""Gives the desk's tests a seeded study, and desks of other kinds than the `room` that all tests share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.annotate.rooms import MortalRoom, Room, postgres_room
from tests.annotate.seed import Seeded, seed
from tests.postgres import postgres_copy


@pytest.fixture
def seeded(sqlite_target: str) -> Seeded:
    """A small open study in a SQLite file."""
    return seed(sqlite_target)


@pytest.fixture(scope="session")
def role_room(postgres_admin: Connection, postgres_template: str) -> Iterator[Room]:
    """One desk on PostgreSQL for all tests of the run."""
    with (
        postgres_copy(postgres_admin, postgres_template, "role_room") as target,
        postgres_room(target) as room,
    ):
        yield room


@pytest.fixture(scope="session")
def mortal_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalRoom]:
    """One desk for all tests of the run that stop it; each leaves a running one to the next."""
    room = MortalRoom(tmp_path_factory.mktemp("mortal") / "study.db")
    yield room
    room.stop()
