"""Opens databases: SQLite by path, PostgreSQL by URL, both migrated to the newest schema."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Select,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session, SQLModel

from secondreader.db.core.hashing import format_canonical_json
from secondreader.db.core.locks import Lock
from secondreader.db.core.schema import migrate_to_latest

BUSY_MILLISECONDS = 10_000
CONNECT_SECONDS = 10
"""After so long without an answer a PostgreSQL server is taken to be away; the driver itself would wait for minutes."""

Database = Engine
"""An opened database, for rooms that hand it on and know no SQL."""
DatabaseSession = Session
"""A session of it, for the same rooms."""


class DatabaseError(Exception):
    """A database that cannot be used, said in one sentence without any password."""


def parse_database_url(target: str) -> URL:
    """`target` as an URL: a file path means SQLite, postgresql:// means psycopg.

    Raises DatabaseError for an URL of another kind.
    """
    # a Windows path such as C:\x has no "://" either
    if "://" not in target:
        return URL.create("sqlite", database=str(Path(target).expanduser()))
    try:
        url = make_url(target)
    except ArgumentError:
        raise DatabaseError(
            "The database URL cannot be read; write a file path or postgresql://user@host/name."
        ) from None
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise DatabaseError(
            f"Databases of kind {url.drivername!r} are not supported; use SQLite or PostgreSQL."
        )
    return url


def open_engine(target: str | URL, *, migrate: bool = True) -> Engine:
    """An engine on `target`, with the newest schema unless `migrate` is False.

    SQLite runs with WAL, foreign keys, full sync and a busy timeout of 10 s. Raises DatabaseError.
    """
    url = target if isinstance(target, URL) else parse_database_url(target)
    try:
        is_server = url.drivername != "sqlite"
        engine = create_engine(
            url,
            json_serializer=format_canonical_json,
            # a server may have restarted since the last label; a file cannot go away under its connection
            pool_pre_ping=is_server,
            connect_args={"connect_timeout": CONNECT_SECONDS} if is_server else {},
        )
        if url.drivername == "sqlite":
            event.listen(engine, "connect", prepare_sqlite)
            event.listen(engine, "begin", begin_sqlite)
        if migrate:
            migrate_to_latest(engine)
    except ModuleNotFoundError:
        raise DatabaseError("PostgreSQL needs the extra: pip install 'secondreader[postgres]'.") from None
    except DBAPIError as error:
        raise DatabaseError(
            f"The database {url.render_as_string(hide_password=True)} cannot be opened: "
            f"{str(error.orig).splitlines()[0]}"
        ) from None
    return engine


def prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Settings of one SQLite connection. Transactions are begun by `begin_sqlite`, not by the driver."""
    # the driver's own transactions begin too late to hold the write lock from the first read on
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "foreign_keys = ON",
        # or REPLACE would delete a row of evidence without asking the trigger that protects it
        "recursive_triggers = ON",
        "synchronous = FULL",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a read transaction later fails without waiting."""
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def read_session(engine: Engine) -> Iterator[Session]:
    """A session for reads; whatever is left uncommitted is rolled back."""
    with Session(engine) as session:
        yield session


@contextmanager
def write_session(engine: Engine) -> Iterator[Session]:
    """A session whose block is one transaction: committed at its end, rolled back on any error."""
    # see `begin_sqlite`: a writer that began as a reader could fail without waiting
    with Session(engine.execution_options(sqlite_begin="IMMEDIATE")) as session, session.begin():
        yield session


def select_columns(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Select plain columns; SQLModel's own `select` types four of them at the most."""
    return select(*columns)


def execute(
    session: Session,
    statement: Executable,
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement of `select_columns`, or an insert, update or delete, in the session's transaction.

    `values` are those of its `bindparam`s, by name. A statement that is built once and takes its values here costs a tenth
    of one that is built for each call, which counts where everybody's label passes.
    """
    # rows that were added as objects must be there before a statement looks for them
    session.flush()
    return session.connection().execute(statement, values)


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows that name all columns but the id: a quarter of the time of one object a row."""
    if rows:
        execute(session, insert(table), rows)


def insert_rows_returning_ids(
    session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]
) -> Sequence[int]:
    """`insert_rows`; the new rows' ids, in the order given."""
    if not rows:
        return ()
    # PostgreSQL returns rows of one insert in any order unless it is asked to sort
    key: Any = inspect(table).primary_key[0]
    return execute(session, insert(table).returning(key, sort_by_parameter_order=True), rows).scalars().all()


def wait_turn(session: Session, lock: Lock, key: int = 0) -> None:
    """Let transactions that name the same lock pass one at a time; SQLite's writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(:lock, :key)"), {"lock": int(lock), "key": key}
        )
