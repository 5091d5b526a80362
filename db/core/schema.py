"""Brings a database to the newest schema, or back to an earlier one."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Connection,
    Engine,
    inspect,
    text,
)

from secondreader.db.core.locks import Lock
from secondreader.db.migrations import NEWEST

if TYPE_CHECKING:
    from alembic.config import Config


def build_alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings, made in code: there is no ini file to lose."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate_to_latest(engine: Engine) -> None:
    """Bring the schema to the newest revision; where it is there, nothing is locked and Alembic is not even loaded."""
    with engine.connect() as connection:
        is_migrated = inspect(connection).has_table("alembic_version")
        found = connection.execute(text("SELECT version_num FROM alembic_version")) if is_migrated else ()
        is_newest = [revision for (revision,) in found] == [NEWEST]
    if not is_newest:
        upgrade(engine)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to `revision`; two processes that start together wait for each other."""
    from alembic import command

    with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({Lock.MIGRATION:d})")
        command.upgrade(build_alembic_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision`."""
    from alembic import command

    with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection, connection.begin():
        command.downgrade(build_alembic_config(connection), revision)
