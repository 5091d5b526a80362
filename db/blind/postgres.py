"""How PostgreSQL refuses the desk what is not in the closed lists: a role with column grants."""

import re
from secrets import token_urlsafe

from sqlalchemy import URL, Engine, text

from secondreader.db.blind.columns import DELETABLE, INSERTABLE, READABLE, UPDATABLE
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import TABLES


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
        f"SELECT pg_advisory_xact_lock({Lock.DESK_ROLE:d})",
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
