"""Runs the migrations on the connection that `secondreader.db.core.engine` hands over."""

from alembic import context
from sqlmodel import SQLModel

from secondreader.db.core import tables

assert tables.EVIDENCE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
