"""Ways past the authorizer of SQLite that are shut, and what it says of each step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.blind.sqlite import is_allowed
from secondreader.db.core.engine import open_engine
from secondreader.db.core.tables import TABLES


@pytest.mark.parametrize(
    "statement", ["ATTACH DATABASE ':memory:' AS x", "PRAGMA writable_schema = 1", "VACUUM"]
)
def test_sqlite_side_statements_are_refused(sqlite_target: str, statement: str) -> None:
    """ATTACH, PRAGMA and VACUUM cannot be used to get round the authorizer."""
    from secondreader.db.core.engine import open_engine

    open_engine(sqlite_target).dispose()
    blind = open_blind_engine(sqlite_target)
    with pytest.raises(DBAPIError), blind.connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    ["DROP TRIGGER only_desk_visits", "DROP TRIGGER temp.only_desk_visits", "PRAGMA writable_schema = ON"],
)
def test_the_desk_cannot_drop_its_trigger(sqlite_target: str, statement: str) -> None:
    """The authorizer refuses it."""
    open_engine(sqlite_target).dispose()
    blind = open_blind_engine(sqlite_target)
    with blind.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))
    blind.dispose()


@given(st.integers(0, 60), st.text(max_size=20), st.text(max_size=20))
def test_what_is_not_listed_is_refused(action: int, first: str, second: str) -> None:
    """Whatever SQLite may ask about an unknown table, the answer is no."""
    import sqlite3

    if first in TABLES or action in {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_FUNCTION,
        33,
    }:
        return
    assert not is_allowed(action, first, second)
