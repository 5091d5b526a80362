"""Engines: what opens, what is refused in a sentence, and the settings of a connection."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import (
    DatabaseError,
    open_engine,
    parse_database_url,
    read_session,
    write_session,
)
from secondreader.db.core.tables import Run, Transcript
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts


def test_an_up_to_date_database_opens_while_another_writes(engine: Engine, database_target: str) -> None:
    """Where there is nothing to migrate, opening waits for nobody's transaction."""
    with write_session(engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", None)])
        other = open_engine(database_target)
        with read_session(other) as beside:
            assert beside.get(Transcript, 1) is None
        other.dispose()


def test_sqlite_runs_with_its_safe_settings(sqlite_target: str) -> None:
    """WAL, foreign keys, full sync and a busy timeout are on without being asked for."""
    with open_engine(sqlite_target).connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 2}


def test_a_failed_block_leaves_nothing(engine: Engine) -> None:
    """An error inside a writing block takes back all of it."""

    def write_and_fail() -> None:
        with write_session(engine) as session:
            session.add(Run(kind="import", name="x", config={}, config_hash="h"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with read_session(engine) as session:
        assert session.get(Run, 1) is None


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("mysql://u:secret@h/d", "not supported"),
        ("postgresql://", "cannot be opened"),
        ("x://[", "not supported|read"),
    ],
)
def test_a_bad_target_is_told_without_its_password(target: str, says: str) -> None:
    """A database that cannot be used is one sentence, and no password is in it."""
    with pytest.raises(DatabaseError, match=says) as caught:
        open_engine(target)
    assert "secret" not in str(caught.value)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """A path that SQLite cannot open is reported in one sentence."""
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_engine(str(tmp_path))


def test_postgres_urls_get_their_driver() -> None:
    """Users write postgresql:// and need not know about drivers."""
    assert parse_database_url("postgresql://me@host/name").drivername == "postgresql+psycopg"
