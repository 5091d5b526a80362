"""Full disks, locks and lost servers: a sentence for the person, nothing half done, and all of it works again after."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import select

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import DatabaseError, open_engine, read_session, write_session
from secondreader.db.core.errors import DatabaseUnavailable, translate_database_errors
from secondreader.db.core.tables import Label
from secondreader.db.desk.labels import LabelInput, save_label, submit_label
from secondreader.db.desk.queue_entries import list_queue
from tests.databases import open_desk
from tests.db.parted_study import NO, parted_study

PLAIN: dict[str, Any] = {"qualification": (), "attention": (), "n_calibration": 0}


def tokens(engine: Engine, person: int) -> list[str]:
    """The person's queue."""
    with read_session(engine) as session:
        return [entry.token for entry in list_queue(session, person)]


def stored(target: str) -> list[str]:
    """Client tokens of all labels, read by somebody else."""
    engine = open_engine(target)
    with read_session(engine) as session:
        found = sorted(session.exec(select(Label.client_token)))
    engine.dispose()
    return found


@pytest.fixture
def person(sqlite_target: str) -> int:
    """An annotator of a SQLite study."""
    engine = open_engine(sqlite_target)
    people = parted_study(engine, **PLAIN)
    engine.dispose()
    return people["A1"]


def test_a_full_database_is_told_and_works_again(sqlite_target: str, person: int) -> None:
    """No page can be added: the label is refused in words, the one before it is there, and there is room again later."""
    limit = [1_000_000]
    desk = open_blind_engine(sqlite_target)

    def hold(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")

    event.listen(desk, "connect", hold, insert=True)
    first, second = tokens(desk, person)[:2]
    submit_label(desk, person, LabelInput(first, "t1", NO))
    with sqlite3.connect(sqlite_target) as other:
        limit[0] = other.execute("PRAGMA page_count").fetchone()[0]
    other.close()
    desk.dispose()
    long = LabelInput(second, "t2", NO, note="x" * 200_000)
    with (
        pytest.raises(DatabaseUnavailable, match="disk is full; nothing was saved"),
        translate_database_errors(),
    ):
        submit_label(desk, person, long)
    assert stored(sqlite_target) == ["t1"]
    limit[0] = 1_000_000
    desk.dispose()
    assert not submit_label(desk, person, long).is_replay
    assert stored(sqlite_target) == ["t1", "t2"]
    desk.dispose()


def test_a_database_that_may_not_be_written_is_told(sqlite_target: str, person: int) -> None:
    """A file system that was mounted read-only after a fault: SQLite says so, and the person hears it in words."""
    desk = open_blind_engine(sqlite_target)
    token = tokens(desk, person)[0]
    event.listen(
        desk, "connect", lambda connection, _: connection.execute("PRAGMA query_only = 1"), insert=True
    )
    desk.dispose()
    with pytest.raises(DatabaseUnavailable, match="cannot write to its disk"), translate_database_errors():
        submit_label(desk, person, LabelInput(token, "t1", NO))
    assert stored(sqlite_target) == []
    desk.dispose()


@pytest.fixture
def server(postgres_target: str) -> Iterator[tuple[str, Engine, int]]:
    """(owner's URL, the desk's engine, an annotator) of a PostgreSQL study."""
    owner = open_engine(postgres_target)
    people = parted_study(owner, **PLAIN)
    desk = open_desk(owner)
    owner.dispose()
    yield postgres_target, desk, people["A1"]
    desk.dispose()


def admit(target: str, is_allowed: bool) -> None:
    """Let nobody into a PostgreSQL database and put everybody out; or let them in again."""
    url, _, name = target.rpartition("/")
    name = name.partition("?")[0]
    admin = open_engine(target.replace(f"/{name}", "/postgres", 1), migrate=False).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(is_allowed).lower()}"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
    admin.dispose()
    assert url


def test_a_server_that_is_away_is_told_and_works_again(server: tuple[str, Engine, int]) -> None:
    """Connections are cut and none can be made: in words, and the same submit goes through once the server is back."""
    target, desk, person = server
    first, second = tokens(desk, person)[:2]
    submit_label(desk, person, LabelInput(first, "t1", NO))
    admit(target, False)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="did not answer"), translate_database_errors():
            submit_label(desk, person, LabelInput(second, "t2", NO))
    admit(target, True)
    assert submit_label(desk, person, LabelInput(first, "t1", NO)).is_replay
    assert not submit_label(desk, person, LabelInput(second, "t2", NO)).is_replay
    assert stored(target) == ["t1", "t2"]


def save_and_be_cut(desk: Engine, person: int, given: LabelInput, target: str) -> None:
    """Lose the connection between the label and its commit."""
    with translate_database_errors(), write_session(desk) as session:
        save_label(session, person, given)
        session.flush()
        admit(target, True)


def test_a_connection_cut_before_the_commit_leaves_nothing(server: tuple[str, Engine, int]) -> None:
    """The label was written but not committed: it was not acknowledged, it is not there, and its replay is the first."""
    target, desk, person = server
    given = LabelInput(tokens(desk, person)[0], "t1", NO)
    with pytest.raises(DatabaseUnavailable):
        save_and_be_cut(desk, person, given, target)
    assert stored(target) == []
    assert not submit_label(desk, person, given).is_replay
    assert stored(target) == ["t1"]


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody accepts the connection and says nothing: after the limit it is an error with the address in it."""
    monkeypatch.setattr("secondreader.db.core.engine.CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(DatabaseError, match=f"127.0.0.1:{port}/x cannot be opened"):
            open_engine(f"postgresql://u:hidden@127.0.0.1:{port}/x")
    assert time.monotonic() - start < 8
