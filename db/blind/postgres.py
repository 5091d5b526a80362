"""How PostgreSQL refuses the desk what is not in the closed lists: a role with column grants, and row policies."""

import re
from collections.abc import Iterable
from secrets import token_urlsafe

from sqlalchemy import URL, Engine, text

from secondreader.db.blind.columns import DELETABLE, DESK_ROLES, INSERTABLE, READABLE, UPDATABLE
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import TABLES

POLICY = "of_the_desk"
"""Name of the row policy, on each table that has one."""


def prepare_desk_url(owner: Engine) -> URL:
    """Make or renew the desk's role on PostgreSQL and return the URL it logs in with; on SQLite, the same file.

    The role's password is new at each call and exists only in the URL: hand it to the desk's process and
    to nobody else. Desks that are already connected stay connected.
    """
    if owner.dialect.name == "sqlite":
        return owner.url
    # roles belong to the server, not to a database: the desks of two databases must not share one
    role = re.sub(r"\W", "_", f"secondreader_desk_{owner.url.database or 'postgres'}")
    password = token_urlsafe(24)
    with owner.begin() as connection:
        for statement in build_role_statements(role, password):
            # a colon in the password or in a name is no bind parameter
            connection.execute(text(statement.replace(":", r"\:")))
    return owner.url.set(username=role, password=password)


def quote_identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def build_role_statements(role: str, password: str) -> list[str]:
    """SQL that gives `role` exactly the lists of `columns` and the rows of its own people, whatever it had before."""
    return [
        f"SELECT pg_advisory_xact_lock({Lock.DESK_ROLE:d})",
        *build_login_statements(role, password),
        *build_revocations(role),
        *build_grants(role),
        *build_row_policies(),
    ]


def build_login_statements(role: str, password: str) -> list[str]:
    """SQL that makes `role` one that logs in and inherits nothing."""
    name = quote_identifier(role)
    return [
        (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
            f"CREATE ROLE {name} LOGIN; END IF; END $$"
        ),
        f"ALTER ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD '{password}'",
    ]


def build_revocations(role: str) -> list[str]:
    """SQL that takes from `role` whatever an earlier version, or somebody by hand, granted it."""
    name = quote_identifier(role)
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        # servers before PostgreSQL 15 let every role make tables there
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ]
    for table in TABLES:
        # a grant on a column outlives the revocation on its table
        every = list_columns(TABLES[table].columns.keys())
        statements.append(
            f"REVOKE SELECT ({every}), INSERT ({every}), UPDATE ({every}) ON {quote_identifier(table)} FROM {name}"
        )
    return statements


def build_grants(role: str) -> list[str]:
    """SQL that opens to `role` what the closed lists name."""
    name = quote_identifier(role)
    statements = [f"GRANT USAGE ON SCHEMA public TO {name}"]
    for table, columns in READABLE.items():
        statements.append(f"GRANT SELECT ({list_columns(columns)}) ON {quote_identifier(table)} TO {name}")
    for table in sorted(INSERTABLE):
        statements.append(f"GRANT INSERT ON {quote_identifier(table)} TO {name}")
        if "id" in TABLES[table].columns:
            statements.append(f"GRANT USAGE ON SEQUENCE {quote_identifier(table + '_id_seq')} TO {name}")
    for table, columns in UPDATABLE.items():
        statements.append(f"GRANT UPDATE ({list_columns(columns)}) ON {quote_identifier(table)} TO {name}")
    statements += [f"GRANT DELETE ON {quote_identifier(table)} TO {name}" for table in sorted(DELETABLE)]
    return statements


def build_row_policies() -> list[str]:
    """SQL that shows every role but the owner the invites and visits of the desk's own people alone.

    A policy holds for new rows, too: the desk cannot turn a researcher's invite into a visit. Migration 0002 made the first
    ones, so that no database was ever without; this is what holds.
    """
    roles = ", ".join(f"'{role}'" for role in sorted(DESK_ROLES))
    conditions = {
        "invite": "SELECT 1 FROM annotator WHERE annotator.id = invite.annotator_id "
        f"AND annotator.role IN ({roles})",
        # the policy on invite holds inside this one as well
        "visit": "SELECT 1 FROM invite WHERE invite.id = visit.invite_id",
    }
    statements = []
    for table, condition in conditions.items():
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {POLICY} ON {table}",
            f"CREATE POLICY {POLICY} ON {table} USING (EXISTS ({condition}))",
        ]
    return statements


def list_columns(names: Iterable[str]) -> str:
    """Column names as SQL lists them."""
    return ", ".join(quote_identifier(name) for name in sorted(names))
