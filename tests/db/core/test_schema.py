"""The migrations build what the tables say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from secondreader.db.core.schema import build_alembic_config, downgrade, upgrade
from secondreader.db.core.tables import TABLES
from secondreader.db.migrations import NEWEST


def test_migrated_schema_equals_the_tables(engine: Engine) -> None:
    """What the migrations build is what the code expects, down to the last column."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_baseline_goes_down_and_up_again(engine: Engine) -> None:
    """The first migration can be undone without a trace and done again."""
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM pg_proc WHERE proname = 'refuse_change'"))
            assert left.scalar() == 0
    upgrade(engine)
    assert set(TABLES) <= set(inspect(engine).get_table_names())


def test_the_newest_revision_is_where_the_migrations_end() -> None:
    """A migration that is added is made on opening, for the constant that decides it names the last one."""
    assert ScriptDirectory.from_config(build_alembic_config()).get_heads() == [NEWEST]
