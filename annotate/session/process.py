"""The desk's process: its one engine, on the blind connection, and the person whose browser is asking."""

from secondreader.annotate.session.settings import DATABASE_VARIABLE
from secondreader.db.access.app_process import AppProcess
from secondreader.db.blind.engine import open_blind_engine

DESK = AppProcess(
    "desk",
    frozenset({"annotator", "adjudicator"}),
    database_variable=DATABASE_VARIABLE,
    open_engine=open_blind_engine,
)
"""Annotators and adjudicators come in, researchers do not; the database itself refuses its engine every verdict."""
