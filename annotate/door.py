"""The desk's one engine, behind the blind door, and the person whose browser is asking."""

import os
from collections.abc import Mapping
from functools import cache

from secondreader.annotate.settings import DATABASE_VARIABLE, SECURE_VARIABLE, desk_room
from secondreader.db.access import Visitor
from secondreader.db.blind import blind_engine
from secondreader.db.engine import DatabaseError
from secondreader.db.faults import Engine, faults_in_words
from secondreader.db.gate_memory import Room, room_visitor


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
