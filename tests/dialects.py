"""Compiled statements that all engines of a test process share.

SQLAlchemy keeps what it has compiled by dialect object, and each engine has its own: with a database a test, each test
would compile the product's statements anew. Dialects of one class and one set of arguments
compile alike, so here they are equal, and their engines keep what is compiled in one place.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

COMPILED: LRUCache[Any, Any] = LRUCache(5000)


class Alike:
    """A dialect that equals those of its class that were made with the same arguments."""

    def __init__(self, **arguments: Any) -> None:
        self.likeness = (type(self), frozenset((name, str(value)) for name, value in arguments.items()))
        super().__init__(**arguments)

    def __hash__(self) -> int:
        return hash(self.likeness)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self.likeness == other.likeness

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Each engine keeps its compiled statements with all others'."""
        engine.update_execution_options(compiled_cache=COMPILED)


class SharedSQLite(Alike, SQLiteDialect_pysqlite):
    """SQLite by the standard library's driver."""

    supports_statement_cache = True


class SharedPostgres(Alike, PGDialect_psycopg):
    """PostgreSQL by psycopg."""

    supports_statement_cache = True


def share_compiled_statements() -> None:
    """Let engines that are made from now on share what they compile."""
    registry.register("sqlite", __name__, "SharedSQLite")
    registry.register("postgresql.psycopg", __name__, "SharedPostgres")
