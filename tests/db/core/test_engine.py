"""Engines, the schema and its migrations."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from secondreader.db.core.engine import (
    DatabaseError,
    open_engine,
    parse_database_url,
    read_session,
    write_session,
)
from secondreader.db.core.schema import build_alembic_config, downgrade, upgrade
from secondreader.db.core.tables import EVIDENCE, TABLES, Run, Transcript
from secondreader.db.migrations import NEWEST
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts


def test_migrated_schema_equals_the_tables(engine: Engine) -> None:
    """What the migrations build is what the code expects, down to the last column."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_baseline_goes_down_and_up_again(engine: Engine) -> None:
    """The first migration can be undone without a trace and done again."""
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM pg_proc WHERE proname = 'refuse_change'"))
            assert left.scalar() == 0
    upgrade(engine)
    assert set(TABLES) <= set(inspect(engine).get_table_names())


def test_the_newest_revision_is_where_the_migrations_end() -> None:
    """A migration that is added is made on opening, for the constant that decides it names the last one."""
    assert ScriptDirectory.from_config(build_alembic_config()).get_heads() == [NEWEST]


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


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_evidence_is_guarded_by_the_database(engine: Engine, table: str, verb: str) -> None:
    """Every table of evidence has its triggers."""
    query = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t AND name = :n"
        if engine.dialect.name == "sqlite"
        else "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(:t) AND tgname = :n"
    )
    name = f"{table}_no_{verb.lower()}" if engine.dialect.name == "sqlite" else f"{table}_no_change"
    with engine.connect() as connection:
        assert connection.execute(text(query), {"t": table, "n": name}).scalar() == 1


@pytest.mark.parametrize("statement", ["UPDATE transcript SET cluster = 'x'", "DELETE FROM transcript"])
def test_a_transcript_cannot_be_changed(engine: Engine, statement: str) -> None:
    """Not even the owner of the database changes evidence."""
    with write_session(engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", None)])
    with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
        connection.execute(text(statement))
    with read_session(engine) as session:
        assert session.get(Transcript, 1) is not None


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
    """A path that SQLite cannot open is told in one sentence."""
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_engine(str(tmp_path))


def test_postgres_urls_get_their_driver() -> None:
    """Users write postgresql:// and need not know about drivers."""
    assert parse_database_url("postgresql://me@host/name").drivername == "postgresql+psycopg"
