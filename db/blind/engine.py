"""The blind connection: the database itself refuses to tell a verdict or a model's name on it.

The desk opens its database here and nowhere else. What it may read is the closed list of tables and columns in
`secondreader.db.blind.columns`. On SQLite an authorizer refuses the rest while a statement is being prepared, in whatever
clause it stands; on PostgreSQL the desk's role has column grants and nothing more. Nor can the desk make itself a visit
to the console: a trigger of its SQLite connection and the row policies of its PostgreSQL role leave it the invites of
annotators and adjudicators.
"""

from sqlalchemy import URL, Engine, event

from secondreader.db.blind.sqlite import connect_blind, restrict_sqlite
from secondreader.db.core.engine import open_engine


def open_blind_engine(target: str | URL) -> Engine:
    """An engine for the desk; the database refuses reads and writes outside the lists of `columns`.

    For PostgreSQL `target` must be the URL that `prepare_desk_url` returned. The schema must be there already: the
    desk cannot migrate. Raises DatabaseError.
    """
    # the desk's role may not alter tables, and must not be made to
    engine = open_engine(target, migrate=False)
    if engine.dialect.name == "sqlite":
        # before the connection is made, so that none is ever open without its authorizer
        event.listen(engine, "do_connect", connect_blind)
        event.listen(engine, "connect", restrict_sqlite)
    return engine
