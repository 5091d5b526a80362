"""Every column that the desk may not read, in every clause, and every kind of write, on both databases: from the tables themselves.

Nothing here is a list of secrets: a table or column that is added later is closed until `secondreader.db.blind.columns` names it, and
these tests then ask for it, too.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from secondreader.db.blind.columns import DELETABLE, INSERTABLE, READABLE, UPDATABLE
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import open_engine
from secondreader.db.core.tables import TABLES
from tests.annotate.seed import seed
from tests.databases import open_desk

COLUMNS = {table: tuple(column.name for column in TABLES[table].columns) for table in TABLES}
CLOSED = {
    table: [one for one in columns if one not in READABLE.get(table, frozenset())]
    for table, columns in COLUMNS.items()
}
NO = ("prohibited", "not authorized", "permission denied", "must be owner")
"""What SQLite's authorizer, our triggers and PostgreSQL say for want of permission."""
FORMS = (
    "SELECT {column} FROM {table}",
    "SELECT count({column}) FROM {table}",
    "SELECT max(CAST({column} AS TEXT)) FROM {table}",
    "SELECT 1 FROM {table} WHERE {column} IS NOT NULL",
    "SELECT 1 FROM {table} ORDER BY CAST({column} AS TEXT)",
    "SELECT 1 FROM {table} GROUP BY CAST({column} AS TEXT)",
    "SELECT 1 FROM study WHERE EXISTS (SELECT 1 FROM {table} x WHERE x.{column} IS NOT NULL)",
    "SELECT 1 FROM label JOIN {table} x ON x.{column} IS NOT NULL",
    "WITH x AS (SELECT {column} AS y FROM {table}) SELECT y FROM x",
    "SELECT CASE WHEN (SELECT min(CAST({column} AS TEXT)) FROM {table}) IS NULL THEN 0 ELSE 1 END",
    "SELECT note FROM label UNION SELECT CAST({column} AS TEXT) FROM {table}",
)
"""The clauses in which a column may stand."""
TEXT = "CAST({column} AS TEXT)"
STRICT = (
    *FORMS,
    'SELECT "{column}" FROM "{table}"',
    f"INSERT INTO guess (assignment_id, text, created_at) SELECT 2, max({TEXT}), '2020-01-01' FROM {{table}}",
    f"UPDATE draft SET body = body WHERE EXISTS (SELECT 1 FROM {{table}} WHERE {TEXT} > '')",
    f"DELETE FROM draft WHERE EXISTS (SELECT {TEXT} FROM {{table}})",
    f"SELECT count(id) FROM label WHERE note IN (SELECT {TEXT} FROM {{table}})",
    f"SELECT count(*) OVER (PARTITION BY {TEXT}) FROM {{table}}",
    f"SELECT DISTINCT {TEXT} FROM {{table}}",
    f"SELECT 1 FROM {{table}} GROUP BY 1 HAVING max({TEXT}) > ''",
    "SELECT 1 FROM label LIMIT (SELECT count({column}) FROM {table})",
)
"""Forms that are refused for want of permission on every column, whatever its type."""
BY_NAME = (
    "WITH g({column}) AS (SELECT 'guess') SELECT 1 FROM {table} JOIN g USING ({column})",
    "WITH g({column}) AS (SELECT 'guess') SELECT 1 FROM g NATURAL JOIN {table}",
    "WITH g({column}) AS (SELECT 'guess') SELECT 1 FROM g LEFT JOIN {table} USING ({column})",
)
"""A guess is compared with the column, and nobody names it in a clause of its own; a type may be refused before the right is."""
ROWS = (
    "SELECT count(*) FROM {table}",
    "SELECT 1 FROM {table}",
    "SELECT label.id FROM label, {table}",
    "SELECT label.id FROM label LEFT JOIN {table} ON 1 = 1",
    "SELECT label.id FROM label WHERE EXISTS (SELECT 1 FROM {table})",
    "SELECT label.id FROM label WHERE (SELECT count(*) FROM {table}) > 0",
    "WITH x AS (SELECT 1 FROM {table}) SELECT count(*) FROM x",
    "UPDATE draft SET body = body WHERE (SELECT count(*) FROM {table}) > 0",
)
"""Forms that tell whether there are rows, and how many."""


@pytest.fixture(scope="module")
def targets(
    postgres_server: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """One seeded database of each kind for this file: no test here changes it."""
    made = {"sqlite": str(tmp_path_factory.mktemp("closed") / "study.db")}
    admin = open_engine(postgres_server, migrate=False).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS closed_columns WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE closed_columns TEMPLATE {postgres_template}"))
    url = admin.url.set(database="closed_columns")
    made["postgresql"] = url.render_as_string(hide_password=False)
    for target in made.values():
        seed(target, n_items=3)
    yield made
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE closed_columns WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def owner(request: pytest.FixtureRequest, targets: dict[str, str]) -> Iterator[Engine]:
    """The researcher's engine."""
    made = open_engine(targets[request.param], migrate=False)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def desk(owner: Engine) -> Iterator[Engine]:
    """The desk's engine."""
    made = open_desk(owner)
    yield made
    made.dispose()


def answer(connection: Connection, statement: str) -> str:
    """The database's own words against a statement, empty where it is carried out; nothing of it stays."""
    try:
        connection.execute(text(statement.replace(":", r"\:")))
    except DBAPIError as error:
        return str(error.orig).lower()
    finally:
        connection.rollback()
    return ""


def is_refused(connection: Connection, statement: str) -> bool:
    """Whether it is refused for want of permission, and for no other fault."""
    return any(words in answer(connection, statement) for words in NO)


@pytest.mark.parametrize("table", [table for table in TABLES if CLOSED[table]])
def test_no_closed_column_is_read_in_any_clause(desk: Engine, owner: Engine, table: str) -> None:
    """Each closed column in each form: the desk is refused, and the owner is not refused for want of a right."""
    with desk.connect() as connection:
        for column in CLOSED[table]:
            forms = [form.format(column=column, table=table) for form in STRICT]
            assert [form for form in forms if not is_refused(connection, form)] == []
            guesses = [form.format(column=column, table=table) for form in BY_NAME]
            assert [form for form in guesses if not answer(connection, form)] == []
    with owner.connect() as connection:
        for column in CLOSED[table]:
            assert not is_refused(connection, STRICT[0].format(column=column, table=table))


def test_every_form_reads_something(owner: Engine) -> None:
    """To the owner each form is a statement like any other: none of them is refused for being written wrongly."""
    with owner.connect() as connection:
        for form in (*STRICT, *BY_NAME):
            assert answer(connection, form.format(column="model", table="transcript")) == "", form
        for form in ROWS:
            assert answer(connection, form.format(table="verdict")) == "", form


@pytest.mark.parametrize("table", [table for table in TABLES if table not in READABLE])
def test_rows_of_a_closed_table_are_neither_counted_nor_seen(desk: Engine, table: str) -> None:
    """Not by any form that needs no column."""
    with desk.connect() as connection:
        assert [form for form in ROWS if not is_refused(connection, form.format(table=table))] == []
        for into in sorted(INSERTABLE):
            assert answer(connection, f"INSERT INTO {into} SELECT * FROM {table}"), into


CALLS = (
    lambda raw, elsewhere: raw.backup(elsewhere),
    lambda raw, _: raw.serialize(),
    lambda raw, _: raw.blobopen("verdict", "judge", 1).read(),
    lambda raw, _: list(raw.iterdump()),
    lambda raw, _: raw.execute("SELECT 1 FROM transcript NATURAL JOIN verdict"),
    lambda raw, _: raw.executemany("UPDATE draft SET body = ? FROM verdict JOIN label USING (id)", [("x",)]),
    lambda raw, _: raw.executescript("SELECT 1 FROM verdict NATURAL JOIN label"),
    lambda raw, _: raw.cursor(sqlite3.Cursor).execute("SELECT 1 FROM verdict NATURAL JOIN label"),
    lambda raw, _: raw.cursor().execute("SELECT 1 FROM verdict natural/**/join label"),
)
"""What a connection of the driver offers beside the statements of SQLAlchemy."""


@pytest.mark.parametrize("call", CALLS)
def test_the_drivers_own_calls_read_nothing(targets: dict[str, str], call: Callable[[Any, Any], Any]) -> None:
    """Neither a copy of the file nor a value by its place, and no cursor that asks less."""
    desk = open_blind_engine(targets["sqlite"])
    raw = desk.raw_connection()
    elsewhere = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        call(raw.driver_connection, elsewhere)
    elsewhere.close()
    raw.close()
    desk.dispose()


@pytest.mark.parametrize("table", TABLES)
def test_whole_rows_are_read_where_every_column_is_open(desk: Engine, table: str) -> None:
    """`SELECT *` and the row as a value pass exactly where nothing of the table is closed."""
    is_open = table in READABLE and not CLOSED[table]
    with desk.connect() as connection:
        assert is_refused(connection, f"SELECT * FROM {table}") is not is_open
        for column in READABLE.get(table, ()):
            assert answer(connection, f"SELECT {column} FROM {table}") == ""
        if desk.dialect.name == "postgresql" and not is_open:
            for form in (
                "SELECT x FROM {0} x",
                "SELECT x::text FROM {0} x",
                "SELECT to_json(x) FROM {0} x",
                "TABLE {0}",
            ):
                assert is_refused(connection, form.format(table)), form


@pytest.mark.parametrize("table", TABLES)
def test_no_column_is_changed_but_those_of_the_list(desk: Engine, table: str) -> None:
    """UPDATE of each column of each table, with and without a condition."""
    with desk.connect() as connection:
        changed = {
            column
            for column in COLUMNS[table]
            for form in ("UPDATE {0} SET {1} = {1}", "UPDATE {0} SET {1} = NULL WHERE 1 = 0")
            if not is_refused(connection, form.format(table, column))
        }
    # to say SET x = x is to read x, which the desk may do of all columns that it may change
    assert changed == UPDATABLE.get(table, frozenset())


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_added_or_taken_away_but_in_the_lists(desk: Engine, table: str) -> None:
    """INSERT, DELETE and what a server has besides; DROP and ALTER nowhere."""
    filled = f"INSERT INTO {table} ({COLUMNS[table][0]}) VALUES (4711)"
    with desk.connect() as connection:
        assert is_refused(connection, filled) is (table not in INSERTABLE)
        assert is_refused(connection, f"DELETE FROM {table}") is (table not in DELETABLE)
        assert is_refused(connection, f"DELETE FROM {table} WHERE 1 = 0") is (table not in DELETABLE)
        for form in ("DROP TABLE {0}", "ALTER TABLE {0} ADD COLUMN x int", "CREATE INDEX x ON {0} (1)"):
            assert answer(connection, form.format(table)), form
        if desk.dialect.name == "postgresql":
            assert is_refused(connection, f"TRUNCATE {table}")
            if CLOSED[table]:
                assert is_refused(connection, f"COPY {table} TO STDOUT")


@pytest.mark.parametrize("table", sorted(INSERTABLE))
def test_nothing_that_was_written_is_replaced(desk: Engine, owner: Engine, table: str) -> None:
    """Neither REPLACE nor an upsert puts something else in a row's place, though both begin as an INSERT."""
    columns = COLUMNS[table]
    listed = ", ".join(columns)
    with owner.begin() as connection:
        fill(connection, table)
        before = connection.execute(text(f"SELECT {listed} FROM {table}")).fetchall()
        assert before
    values = ", ".join(literal(value) for value in before[0])
    insert = f"INTO {table} ({listed}) VALUES ({values})"
    upsert = f"INSERT {insert} ON CONFLICT ({columns[0]}) DO UPDATE SET {columns[1]} = excluded.{columns[1]}"
    with desk.connect() as connection:
        if table not in DELETABLE:
            assert answer(connection, upsert)
        if desk.dialect.name == "sqlite":
            for verb in ("REPLACE", "INSERT OR REPLACE"):
                said = answer(connection, f"{verb} {insert}")
                assert bool(said) is (table not in DELETABLE), said
    with owner.connect() as connection:
        assert connection.execute(text(f"SELECT {listed} FROM {table}")).fetchall() == before


@pytest.mark.parametrize("table", sorted(INSERTABLE - {"draft", "visit", "assignment"}))
def test_the_owner_replaces_no_evidence_either(targets: dict[str, str], table: str) -> None:
    """SQLite's REPLACE deletes the old row: the trigger that protects evidence is asked on every connection of ours."""
    owner = open_engine(targets["sqlite"], migrate=False)
    with owner.begin() as connection:
        fill(connection, table)
        row = connection.execute(text(f"SELECT * FROM {table}")).fetchone()
        assert row is not None
    values = ", ".join(literal(value) for value in row)
    with owner.connect() as connection:
        assert "evidence" in answer(connection, f"REPLACE INTO {table} VALUES ({values})")
    owner.dispose()


def literal(value: object) -> str:
    """A value in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(value)
    said = (
        value
        if isinstance(value, str)
        else "[]"
        if isinstance(value, list)
        else "{}"
        if isinstance(value, dict)
        else str(value)
    )
    return "'" + said.replace("'", "''") + "'"


VALUES = {
    "label": "(study_id, transcript_id, annotator_id, assignment_id, pass_no, revision, client_token, answers, evidence, note, "
    "contested, codebook_hash, created_at) VALUES (1, 1, 1, 1, 1, 1, 'first', '{}', '[]', 'first', FALSE, '', '2020-01-01')",
    "draft": "(assignment_id, body, updated_at) VALUES (1, '{}', '2020-01-01')",
    "guess": "(assignment_id, text, created_at) VALUES (1, 'first', '2020-01-01')",
    "adjudication": "(study_item_id, annotator_id, question, answer, kind, reason, client_token, seen, created_at) "
    "VALUES (1, 1, 'q', 'first', 'ambiguous', 'r', 'first', '[]', '2020-01-01')",
    "visit": "(invite_id, cookie_hash, expires_at, created_at) VALUES (1, 'first', '2020-01-01', '2020-01-01')",
}
"""A row of each table in which seeding leaves none."""


def fill(connection: Connection, table: str) -> None:
    """Make sure that there is a row."""
    if table in VALUES and not connection.scalar(text(f"SELECT count(*) FROM {table}")):
        connection.execute(text(f"INSERT INTO {table} {VALUES[table]}"))


def test_a_column_or_table_that_is_added_later_is_closed(engine: Engine) -> None:
    """Also after the desk's role was made anew, as it is at each start."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE label ADD COLUMN later TEXT"))
        connection.execute(text("ALTER TABLE transcript ADD COLUMN later TEXT"))
        connection.execute(text("CREATE TABLE later (x TEXT)"))
    desk = open_desk(engine)
    with desk.connect() as connection:
        for statement in (
            "SELECT later FROM transcript",
            "SELECT later FROM label",
            "SELECT * FROM label",
            "SELECT count(*) FROM later",
            "UPDATE label SET later = ''",
            "DELETE FROM later",
        ):
            assert is_refused(connection, statement), statement
        assert answer(connection, "SELECT id FROM label") == ""
    desk.dispose()


ADDED = """
from sqlalchemy import Column, Text
from secondreader.db.core.tables import TABLES
for table in TABLES.values():
    table.append_column(Column("later", Text()))
from secondreader.db.blind.columns import READABLE, UPDATABLE
print([table for listed in (READABLE, UPDATABLE) for table in listed if "later" in listed[table]])
"""


def test_a_column_that_is_added_to_our_tables_is_closed() -> None:
    """The lists name what is open; they are not made from the tables as these happen to be."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ADDED], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


IN_CATALOGUES = {
    "postgresql": (
        "SELECT most_common_vals FROM pg_stats WHERE tablename = 'verdict'",
        "SELECT most_common_vals FROM pg_stats WHERE tablename = 'transcript' AND attname = 'model'",
        "SELECT 1 FROM pg_stats WHERE tablename = 'study_item' AND attname = 'stratum'",
    ),
    "sqlite": (),
}
FORBIDDEN_CATALOGUES = {
    "postgresql": (
        "SELECT * FROM pg_statistic",
        "SELECT * FROM pg_authid",
        "SELECT lo_import('/etc/passwd')",
    ),
    "sqlite": (
        "SELECT * FROM sqlite_master",
        "SELECT * FROM pragma_table_info('verdict')",
        "SELECT * FROM dbstat",
        "SELECT * FROM sqlite_stat1",
        "EXPLAIN SELECT answers FROM verdict",
    ),
}
"""Where a server keeps a copy of what stands in columns, or a file says what is in it."""


def test_catalogues_tell_nothing_of_closed_columns(owner: Engine, desk: Engine) -> None:
    """The most common values of a verdict stand in PostgreSQL's statistics: the owner sees them there, the desk does not."""
    kind = owner.dialect.name
    with owner.begin() as connection:
        connection.execute(text("ANALYZE"))
        for statement in IN_CATALOGUES[kind]:
            assert connection.execute(text(statement)).fetchall(), statement
    with desk.connect() as connection:
        for statement in IN_CATALOGUES[kind]:
            assert connection.execute(text(statement)).fetchall() == [], statement
        connection.rollback()
        for statement in FORBIDDEN_CATALOGUES[kind]:
            assert answer(connection, statement), statement
