"""Brings a database to the newest schema, or back to an earlier one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        revisions = connection.execute(text("SELECT version_num FROM alembic_version")) if is_migrated else ()
        is_newest = [revision for (revision,) in revisions] == [NEWEST]
    if not is_newest:
        upgrade(engine)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to `revision`; two processes that start together wait for each other."""
    from alembic import command

    with begin_migration(engine) as connection:
        command.upgrade(build_alembic_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision`."""
    from alembic import command

    with begin_migration(engine) as connection:
        command.downgrade(build_alembic_config(connection), revision)


@contextmanager
def begin_migration(engine: Engine) -> Iterator[Connection]:
    """One transaction that may make a table anew, and that nobody else's migration runs beside.

    SQLite changes a table's constraints by making the table anew; what refers to it must not notice, so its foreign keys
    are off meanwhile and are checked before the commit (sqlite.org/lang_altertable.html, section 7).
    """
    with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({Lock.MIGRATION:d})")
                yield connection
            return
        # the pragma does nothing inside a transaction
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                assert broken is None, f"the migration broke a reference: {broken}"
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
