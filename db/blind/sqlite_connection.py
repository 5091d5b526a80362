"""The desk's connection to a SQLite file: it passes on what the authorizer of `secondreader.db.blind.engine` is asked about, and nothing else.

SQLite asks its authorizer about every column that a statement names. It does not ask about the columns of NATURAL JOIN and
USING, which a guess could be compared with (tried: 3.40), nor in the calls of the driver that reach the file without a
statement. Both are refused here.
"""

import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NoReturn, Self

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
