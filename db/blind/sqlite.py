"""How SQLite refuses the desk what is not in the closed lists: an authorizer, triggers, and what the authorizer is not asked about.

SQLite asks its authorizer about every column that a statement names. It does not ask about the columns of NATURAL JOIN and
USING, which a guess could be compared with (tried: 3.40), nor in the calls of the driver that reach the file without a
statement. Both are refused here.
"""

import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NoReturn, Self

from secondreader.db.blind.columns import DELETABLE, DESK_ROLES, INSERTABLE, READABLE, UPDATABLE

ONLY_DESK_VISITS = f"""
CREATE TEMP TRIGGER only_desk_visits BEFORE INSERT ON main.visit
WHEN NOT EXISTS (
  SELECT 1 FROM main.invite JOIN main.annotator ON annotator.id = invite.annotator_id
  WHERE invite.id = NEW.invite_id AND annotator.role IN ({", ".join(f"'{role}'" for role in sorted(DESK_ROLES))})
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


def connect_blind(_dialect: Any, _record: Any, _arguments: Any, connect_arguments: dict[str, Any]) -> None:
    """Have the driver make a BlindConnection."""
    connect_arguments["factory"] = BlindConnection


def restrict_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Install trigger and authorizer; the settings were made by the listener before this one."""
    # a temporary trigger would else live in a file beside the database
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(ONLY_DESK_VISITS)
    for table in sorted(INSERTABLE - DELETABLE):
        connection.execute(NOTHING_REPLACED.format(table=table))
    # last: from here on the connection could not make the triggers above
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
        # count(*) reads no column, and how many rows a table has tells nothing
        return first in READABLE and (second == "" or second in READABLE[first])
    if action == sqlite3.SQLITE_INSERT:
        return first in INSERTABLE
    if action == sqlite3.SQLITE_UPDATE:
        return second in UPDATABLE.get(first, frozenset())
    if action == sqlite3.SQLITE_DELETE:
        return first in DELETABLE
    # whatever is not named here is denied: PRAGMA, ATTACH, CREATE and actions of later versions
    return action == sqlite3.SQLITE_FUNCTION and second.lower() not in HIDDEN_FUNCTIONS


JOINS_BY_NAME = re.compile(r"\b(natural|using)\b", re.IGNORECASE)
"""Also in a comment or a string: the desk's own statements hold neither word, and values are never part of them."""


class NotAuthorized(sqlite3.DatabaseError):
    """What the desk's connection does not do; the driver's own class for what an authorizer denies."""


@lru_cache(maxsize=1_024)
def require_named_columns(sql: str) -> str:
    """`sql`, if every column that it reads stands in it by name. Raises NotAuthorized."""
    if JOINS_BY_NAME.search(sql):
        raise NotAuthorized("not authorized: the desk's statements join by ON, not by NATURAL or USING")
    return sql


class BlindCursor(sqlite3.Cursor):
    """A cursor of the desk's connection."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """As the driver's. Raises NotAuthorized."""
        return super().execute(require_named_columns(sql), parameters)

    def executemany(self, sql: str, seq_of_parameters: Iterable[Any], /) -> Self:
        """As the driver's. Raises NotAuthorized."""
        return super().executemany(require_named_columns(sql), seq_of_parameters)

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """As the driver's. Raises NotAuthorized."""
        return super().executescript(require_named_columns(sql_script))


class BlindConnection(sqlite3.Connection):
    """A connection on which every cursor is a BlindCursor."""

    def cursor(self, factory: Any = None) -> Any:
        """A BlindCursor, whatever `factory` says."""
        # a cursor class of the caller's own would skip the check of its statements
        return super().cursor(BlindCursor)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As the driver's, which makes a cursor of its own here. Raises NotAuthorized."""
        return super().execute(require_named_columns(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """As the driver's. Raises NotAuthorized."""
        return super().executemany(require_named_columns(sql), parameters)

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """As the driver's. Raises NotAuthorized."""
        return super().executescript(require_named_columns(sql_script))

    def refuse(self, *_: Any, **__: Any) -> NoReturn:
        """In place of the calls that read or copy rows without a statement."""
        raise NotAuthorized("not authorized: the desk's connection reads by statements only")

    backup = blobopen = serialize = deserialize = iterdump = refuse
