"""The console's process: its one engine, and the researcher whose browser is asking."""

from functools import partial

from secondreader.db.access.app_process import AppProcess
from secondreader.db.core.engine import open_engine
from secondreader.reports.console.settings import DATABASE_VARIABLE

CONSOLE = AppProcess(
    "console",
    frozenset({"researcher"}),
    database_variable=DATABASE_VARIABLE,
    open_engine=partial(open_engine, migrate=False),
)
"""Researchers only."""
