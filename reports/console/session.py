"""The console's one engine, and the researcher whose browser is asking."""

import os
from collections.abc import Mapping
from functools import cache

from secondreader.db.access.invites import Visitor
from secondreader.db.access.visitors import Room, room_visitor
from secondreader.db.core.engine import DatabaseError, open_engine
from secondreader.db.core.unavailable import Engine, faults_in_words
from secondreader.reports.console.settings import DATABASE_VARIABLE, SECURE_VARIABLE, console_room


@cache
def engine() -> Engine:
    """The engine of this process. Raises DatabaseError."""
    target = os.environ.get(DATABASE_VARIABLE)
    if not target:
        raise DatabaseError(f"{DATABASE_VARIABLE} is not set; start the console with `secondreader console`.")
    return open_engine(target, migrate=False)


@cache
def room() -> Room:
    """The console's gate as this process was started."""
    return console_room(secure=os.environ.get(SECURE_VARIABLE) == "1")


def person(cookies: Mapping[str, str]) -> Visitor | None:
    """Who sent these cookies: asked of the database each time, so that nobody stays after being revoked."""
    with faults_in_words():
        return room_visitor(engine(), room(), cookies)
