"""What the desk may do, step by step, and the SQL that says the same to PostgreSQL."""

import re
import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.blind.columns import DELETABLE, DESK_ROLES, INSERTABLE, READABLE, UPDATABLE
from secondreader.db.blind.postgres import (
    build_grants,
    build_login_statements,
    build_revocations,
    build_role_statements,
    build_row_policies,
    list_columns,
    quote_identifier,
)
from secondreader.db.blind.sqlite import (
    BlindConnection,
    BlindCursor,
    NotAuthorized,
    authorize,
    is_allowed,
    require_named_columns,
)
from secondreader.db.core.tables import TABLES

ALL_COLUMNS = [(table, column) for table in TABLES for column in TABLES[table].columns.keys()]  # noqa: SIM118


@pytest.mark.parametrize(("table", "column"), ALL_COLUMNS)
def test_a_column_is_open_only_by_its_list(table: str, column: str) -> None:
    """Each column of each table is read, and updated, if and only if the list names it."""
    assert is_allowed(sqlite3.SQLITE_READ, table, column) is (column in READABLE.get(table, ()))
    assert is_allowed(sqlite3.SQLITE_UPDATE, table, column) is (column in UPDATABLE.get(table, ()))


@pytest.mark.parametrize("table", sorted(TABLES))
def test_rows_are_written_only_by_the_lists(table: str) -> None:
    """New rows and deleted rows are as closed as columns; counting rows needs an open table."""
    assert is_allowed(sqlite3.SQLITE_INSERT, table, "") is (table in INSERTABLE)
    assert is_allowed(sqlite3.SQLITE_DELETE, table, "") is (table in DELETABLE)
    assert is_allowed(sqlite3.SQLITE_READ, table, "") is (table in READABLE)


@pytest.mark.parametrize("secret", ["verdict", "run", "judge_prompt", "report", "scenario", "leak_scan"])
def test_tables_of_the_researcher_are_closed(secret: str) -> None:
    """Nothing that names a judge, a model or a finding is on any list."""
    assert secret in TABLES
    assert secret not in {*READABLE, *INSERTABLE, *UPDATABLE, *DELETABLE}


def test_a_transcript_shows_neither_model_nor_origin() -> None:
    """Of a transcript the desk reads what may be shown; the rest would end blindness."""
    closed = {"model", "origin_key", "original", "provenance", "hidden", "attributes", "condition", "cluster"}
    assert not closed & READABLE["transcript"]


@pytest.mark.parametrize(
    "action",
    [
        sqlite3.SQLITE_PRAGMA,
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_ALTER_TABLE,
        999,
    ],
)
def test_actions_without_a_name_are_denied(action: int) -> None:
    """Also one of a later SQLite that nobody has thought of."""
    assert authorize(action, "label", "id", "main", None) == sqlite3.SQLITE_DENY


@pytest.mark.parametrize(
    ("function", "is_open"),
    [
        ("count", True),
        ("max", True),
        ("load_extension", False),
        ("LOAD_EXTENSION", False),
        ("ReadFile", False),
    ],
)
def test_functions_that_reach_files_are_denied(function: str, is_open: bool) -> None:
    """In whatever case the statement writes them."""
    assert is_allowed(sqlite3.SQLITE_FUNCTION, "", function) is is_open


@given(st.sampled_from(["natural", "using"]), st.data())
def test_joins_by_name_are_refused_in_any_case(word: str, data: st.DataObject) -> None:
    """SQLite does not ask about the columns of such a join, so the statement is refused before it runs."""
    spelled = "".join(
        data.draw(st.sampled_from([character.lower(), character.upper()])) for character in word
    )
    with pytest.raises(NotAuthorized, match="join by ON"):
        require_named_columns(f"SELECT 1 FROM label {spelled} JOIN verdict")


@pytest.mark.parametrize("sql", ["SELECT 'unnatural'", "SELECT 1 FROM label JOIN x ON x.id = label.id", ""])
def test_other_statements_pass_unchanged(sql: str) -> None:
    """A longer word that holds one of the two is no join."""
    assert require_named_columns(sql) == sql


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("serialize", ()),
        ("deserialize", (b"",)),
        ("backup", (None,)),
        ("iterdump", ()),
        ("blobopen", ("t", "c", 1)),
    ],
)
def test_calls_without_a_statement_are_refused(call: str, arguments: tuple[Any, ...]) -> None:
    """The driver's ways to the file's bytes are closed on every blind connection."""
    connection = sqlite3.connect(":memory:", factory=BlindConnection)
    with pytest.raises(NotAuthorized, match="by statements only"):
        getattr(connection, call)(*arguments)
    connection.close()


@pytest.mark.parametrize("call", ["execute", "executemany", "executescript"])
def test_every_way_to_run_a_statement_is_checked(call: str) -> None:
    """On the connection and on a cursor, also one that asked for another class."""
    connection = sqlite3.connect(":memory:", factory=BlindConnection)
    cursor = connection.cursor(sqlite3.Cursor)
    assert type(cursor) is BlindCursor
    arguments: tuple[list[Any], ...] = ([],) if call == "executemany" else ()
    for target in (connection, cursor):
        with pytest.raises(NotAuthorized):
            getattr(target, call)("SELECT * FROM a NATURAL JOIN b", *arguments)
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


@given(st.text(max_size=20))
def test_an_identifier_cannot_end_its_quotes(name: str) -> None:
    """Whatever a database is called, its name stays one identifier."""
    quoted = quote_identifier(name)
    assert quoted[0] == quoted[-1] == '"'
    assert quoted[1:-1].replace('""', "") == name.replace('"', "")


def test_the_role_gets_the_lists_and_nothing_more() -> None:
    """One grant of columns a readable table; no table is open as a whole."""
    grants = build_grants("desk")
    reads = [grant for grant in grants if grant.startswith("GRANT SELECT")]
    assert reads == [
        f'GRANT SELECT ({list_columns(columns)}) ON "{table}" TO "desk"'
        for table, columns in READABLE.items()
    ]
    inserts = {match[1] for grant in grants if (match := re.match(r'GRANT INSERT ON "(\w+)"', grant))}
    deletes = {match[1] for grant in grants if (match := re.match(r'GRANT DELETE ON "(\w+)"', grant))}
    assert sorted(inserts) == sorted(INSERTABLE)
    assert sorted(deletes) == sorted(DELETABLE)
    assert not any("verdict" in grant or " ALL " in grant for grant in grants)


def test_everything_is_revoked_before_anything_is_granted() -> None:
    """What an earlier version granted on a column of any table goes, also of tables that are closed now."""
    statements = build_role_statements("desk", "secret")
    revocations, grants = build_revocations("desk"), build_grants("desk")
    assert statements.index(revocations[-1]) < statements.index(grants[0])
    for table in TABLES:
        assert any(f'ON "{table}" FROM "desk"' in statement for statement in revocations), table
    assert statements[0].startswith("SELECT pg_advisory_xact_lock")


def test_the_login_inherits_nothing() -> None:
    """The role can log in, and is no superuser, makes no role and no database."""
    login = build_login_statements("desk", "secret")[-1]
    for word in ("NOSUPERUSER", "NOCREATEDB", "NOCREATEROLE", "NOINHERIT", "PASSWORD 'secret'"):
        assert word in login


def test_policies_cover_invites_and_visits() -> None:
    """Row security is on before its policy exists, and names the desk's roles and no other."""
    statements = build_row_policies()
    for table in ("invite", "visit"):
        enabled = statements.index(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        created = next(
            i
            for i, line in enumerate(statements)
            if line.startswith("CREATE POLICY") and f" ON {table} " in line
        )
        assert enabled < created
    text = " ".join(statements)
    assert all(f"'{role}'" in text for role in DESK_ROLES)
    assert "researcher" not in text
