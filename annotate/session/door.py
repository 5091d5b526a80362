"""The desk's one engine, behind the blind door, and the person whose browser is asking."""

import os
from collections.abc import Mapping
from functools import cache

from secondreader.annotate.session.settings import DATABASE_VARIABLE, SECURE_VARIABLE, desk_room
from secondreader.db.access.invites import Visitor
from secondreader.db.access.visitors import Room, room_visitor
from secondreader.db.blind.engine import blind_engine
from secondreader.db.core.engine import DatabaseError
from secondreader.db.core.unavailable import Engine, faults_in_words


@cache
def engine() -> Engine:
    """The engine of this process; the database itself refuses it every verdict. Raises DatabaseError."""
    target = os.environ.get(DATABASE_VARIABLE)
    if not target:
        raise DatabaseError(f"{DATABASE_VARIABLE} is not set; start the desk with `secondreader desk`.")
    return blind_engine(target)


@cache
def room() -> Room:
    """The desk's gate as this process was started."""
    return desk_room(secure=os.environ.get(SECURE_VARIABLE) == "1")


def person(cookies: Mapping[str, str]) -> Visitor | None:
    """Who sent these cookies: asked of the database each time, so that nobody stays after being revoked."""
    with faults_in_words():
        return room_visitor(engine(), room(), cookies)
