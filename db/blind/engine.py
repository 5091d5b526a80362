"""The blind door: connections on which the database itself refuses to tell a verdict or a model's name.

The desk opens its database here and nowhere else. What it may read is a closed list of tables and columns; a
column that is added later is closed until someone names it here. On SQLite an authorizer refuses the rest
while a statement is being prepared, in whatever clause it stands (and `secondreader.db.blind.sqlite_connection` what SQLite
does not ask it about); on PostgreSQL the desk's role has column grants and nothing more. Nor can the desk make itself a visit to the console: a trigger of its SQLite connection
and the row policies of its PostgreSQL role leave it the invites of annotators and adjudicators.
"""

import re
import sqlite3
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import URL, Engine, event, text

from secondreader.db.blind.sqlite_connection import BlindConnection
from secondreader.db.core.engine import open_engine
from secondreader.db.core.tables import TABLES

READABLE: dict[str, frozenset[str]] = {
    "transcript": frozenset({"id", "public_id", "content"}),
    "study": frozenset(
        {
            "id",
            "title",
            "notice",
            "status",
            "codebook",
            "codebook_hash",
            "guideline",
            "rules",
            "revealed_at",
            "revealed_label_id",
        }
    ),
    "study_item": frozenset({"id", "study_id", "transcript_id", "is_drawn", "part", "known"}),
    "annotator": frozenset({"id", "study_id", "name", "role", "source", "order_seed", "identity_hash"}),
    "invite": frozenset({"id", "annotator_id", "token_hash", "expires_at", "revoked_at", "created_at"}),
    "visit": frozenset({"id", "invite_id", "cookie_hash", "expires_at", "ended_at", "created_at"}),
    "assignment": frozenset(
        {"id", "token", "annotator_id", "study_item_id", "position", "pass_no", "leased_until"}
    ),
    "label": frozenset(
        {
            "id",
            "study_id",
            "transcript_id",
            "annotator_id",
            "assignment_id",
            "pass_no",
            "revision",
            "client_token",
            "answers",
            "evidence",
            "confidence",
            "note",
            "contested",
            "active_seconds",
            "position",
            "codebook_hash",
            "created_at",
        }
    ),
    "draft": frozenset({"assignment_id", "body", "updated_at"}),
    "adjudication": frozenset(
        {
            "id",
            "study_item_id",
            "annotator_id",
            "question",
            "answer",
            "kind",
            "reason",
            "client_token",
            "seen",
            "created_at",
        }
    ),
    "guess": frozenset({"id", "assignment_id", "text", "created_at"}),
    "audit_event": frozenset({"id", "hash"}),
}
"""Column by column, also where all of a table's are open: the next one is not."""
INSERTABLE = frozenset({"label", "draft", "visit", "assignment", "adjudication", "guess", "audit_event"})
UPDATABLE: dict[str, frozenset[str]] = {
    "draft": frozenset({"body", "updated_at"}),
    "visit": frozenset({"ended_at"}),
    "assignment": frozenset({"leased_until"}),
}
DELETABLE = frozenset({"draft"})

ONLY_DESK_VISITS = """
CREATE TEMP TRIGGER only_desk_visits BEFORE INSERT ON main.visit
WHEN NOT EXISTS (
  SELECT 1 FROM main.invite JOIN main.annotator ON annotator.id = invite.annotator_id
  WHERE invite.id = NEW.invite_id AND annotator.role IN ('annotator', 'adjudicator')
)
BEGIN SELECT RAISE(ABORT, 'the desk makes visits of annotators and adjudicators only'); END
"""
"""A temporary trigger belongs to one connection; the authorizer, which comes after it, does not let it be dropped."""
NOTHING_REPLACED = """
CREATE TEMP TRIGGER {table}_is_not_replaced BEFORE DELETE ON main.{table}
BEGIN SELECT RAISE(ABORT, 'not authorized: the desk replaces no {table}'); END
"""
"""SQLite asks an authorizer about the INSERT in a REPLACE, not about the rows that it deletes; triggers it does ask."""

HARMLESS_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT, 33}
)
"""33 is SQLITE_RECURSIVE, which the sqlite3 module does not name."""
HIDDEN_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


def open_blind_engine(target: str | URL) -> Engine:
    """An engine for the desk. Reads outside READABLE and writes outside the lists above are refused by the database.

    For PostgreSQL `target` must be the URL that `prepare_desk_url` returned. The schema must be there already: the
    desk cannot migrate. Raises DatabaseError.
    """
    engine = open_engine(target, migrate=False)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", connect_blind)
        event.listen(engine, "connect", restrict_sqlite)
    return engine


def connect_blind(_dialect: Any, _record: Any, _arguments: Any, connect_arguments: dict[str, Any]) -> None:
    """Have the driver make a BlindConnection."""
    connect_arguments["factory"] = BlindConnection


def restrict_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Install trigger and authorizer; the settings were made by the listener before this one."""
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(ONLY_DESK_VISITS)
    for table in sorted(INSERTABLE - DELETABLE):
        connection.execute(NOTHING_REPLACED.format(table=table))
    connection.set_authorizer(authorize)


def authorize(action: int, first: str | None, second: str | None, _db: str | None, _via: str | None) -> int:
    """Say whether a step of a statement is allowed (sqlite.org/c3ref/set_authorizer.html).

    An empty column name means that a statement counts a table's rows without reading a column.
    """
    if is_allowed(action, first or "", second or ""):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def is_allowed(action: int, first: str, second: str) -> bool:
    """Whether the desk may take this step; `first` and `second` are the authorizer's own arguments."""
    if action in HARMLESS_ACTIONS:
        return True
    if action == sqlite3.SQLITE_READ:
        return first in READABLE and (second == "" or second in READABLE[first])
    if action == sqlite3.SQLITE_INSERT:
        return first in INSERTABLE
    if action == sqlite3.SQLITE_UPDATE:
        return second in UPDATABLE.get(first, frozenset())
    if action == sqlite3.SQLITE_DELETE:
        return first in DELETABLE
    return action == sqlite3.SQLITE_FUNCTION and second.lower() not in HIDDEN_FUNCTIONS


def prepare_desk_url(owner: Engine) -> URL:
    """Make or renew the desk's role on PostgreSQL and return the URL it logs in with; on SQLite, the same file.

    The role's password is new at each call and exists only in the URL: hand it to the desk's process and
    to nobody else. Desks that are already connected stay connected.
    """
    if owner.dialect.name == "sqlite":
        return owner.url
    role = re.sub(r"\W", "_", f"secondreader_desk_{owner.url.database or 'postgres'}")
    password = token_urlsafe(24)
    with owner.begin() as connection:
        for statement in build_role_statements(role, password):
            connection.execute(text(statement.replace(":", r"\:")))
    return owner.url.set(username=role, password=password)


def quote_identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def build_role_statements(role: str, password: str) -> list[str]:
    """SQL that gives `role` exactly the lists above, whatever it had before."""
    name = quote_identifier(role)
    statements = [
        "SELECT pg_advisory_xact_lock(7302013)",
        (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
            f"CREATE ROLE {name} LOGIN; END IF; END $$"
        ),
        f"ALTER ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD '{password}'",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {name}",
    ]
    for table in TABLES:
        every = ", ".join(quote_identifier(column) for column in TABLES[table].columns.keys())  # noqa: SIM118 - not a dict
        statements.append(
            f"REVOKE SELECT ({every}), INSERT ({every}), UPDATE ({every}) ON {quote_identifier(table)} FROM {name}"
        )
    for table, columns in READABLE.items():
        listed = ", ".join(quote_identifier(column) for column in sorted(columns))
        statements.append(f"GRANT SELECT ({listed}) ON {quote_identifier(table)} TO {name}")
    for table in sorted(INSERTABLE):
        statements.append(f"GRANT INSERT ON {quote_identifier(table)} TO {name}")
        if "id" in TABLES[table].columns:
            statements.append(f"GRANT USAGE ON SEQUENCE {quote_identifier(table + '_id_seq')} TO {name}")
    for table, columns in UPDATABLE.items():
        listed = ", ".join(quote_identifier(column) for column in sorted(columns))
        statements.append(f"GRANT UPDATE ({listed}) ON {quote_identifier(table)} TO {name}")
    statements += [f"GRANT DELETE ON {quote_identifier(table)} TO {name}" for table in sorted(DELETABLE)]
    return statements
