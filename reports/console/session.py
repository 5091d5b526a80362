"""The console's one engine, and the researcher whose browser is asking."""

import os
from collections.abc import Mapping
from functools import cache

from secondreader.db.access.invites import Visitor
from secondreader.db.access.visitors import App, find_app_visitor
from secondreader.db.core.engine import Database, DatabaseError, open_engine
from secondreader.db.core.errors import translate_database_errors
from secondreader.reports.console.settings import DATABASE_VARIABLE, SECURE_VARIABLE, build_console_app


@cache
def get_engine() -> Database:
    """The engine of this process. Raises DatabaseError."""
    target = os.environ.get(DATABASE_VARIABLE)
    if not target:
        raise DatabaseError(f"{DATABASE_VARIABLE} is not set; start the console with `secondreader console`.")
    return open_engine(target, migrate=False)


@cache
def get_app() -> App:
    """The console's gate as this process was started."""
    return build_console_app(secure=os.environ.get(SECURE_VARIABLE) == "1")


def identify_visitor(cookies: Mapping[str, str]) -> Visitor | None:
    """Who sent these cookies: asked of the database each time, so that nobody stays after being revoked."""
    with translate_database_errors():
        return find_app_visitor(get_engine(), get_app(), cookies)
