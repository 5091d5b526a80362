"""What a gate knows: its room, who was looked up lately, who failed lately."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Engine

from secondreader.db.access.invites import Visitor, hash_token, visitor
from secondreader.db.core.engine import reading

LOOKUP_SECONDS = 4.0
"""How long a visitor is believed without asking the database: a revoked one is out within this time."""
FAILURES_PER_MINUTE = 30
"""Wrong invite tokens from one address, after which it is asked to wait."""
MAX_TOKEN = 512
KEPT = 4096
"""Entries of the caches; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Room:
    """What distinguishes one app's gate from another's."""

    name: str
    """desk or console; part of the cookie's name, so that one browser may hold both."""
    roles: frozenset[str]
    """Who may come in."""
    secure: bool = False
    """Set behind TLS: the cookie then never travels in the clear."""
    max_body: int = 65_536
    """Largest request body in bytes."""

    @property
    def cookie(self) -> str:
        """The cookie's name. Browsers accept the prefix __Host- from a secure origin only (RFC 6265bis, 4.1.3)."""
        return f"__Host-secondreader_{self.name}" if self.secure else f"secondreader_{self.name}"


def room_visitor(engine: Engine, room: Room, cookies: Mapping[str, str]) -> Visitor | None:
    """Who sent these cookies; None without a valid visit of a role that this room lets in."""
    cookie = cookies.get(room.cookie, "")
    if not 0 < len(cookie) <= MAX_TOKEN:
        return None
    with reading(engine) as session:
        found = visitor(session, cookie)
    return found if found is not None and found.role in room.roles else None


@dataclass(slots=True)
class Lookups:
    """Visitors found lately, by the hash of their cookie."""

    engine: Engine
    room: Room
    found: dict[str, tuple[float, Visitor | None]] = field(default_factory=dict)

    async def of(self, cookie: str) -> Visitor | None:
        """The visitor behind a cookie, at most LOOKUP_SECONDS old."""
        key = hash_token(cookie)
        at, known = self.found.get(key, (-LOOKUP_SECONDS, None))
        if monotonic() - at < LOOKUP_SECONDS and key in self.found:
            return known
        person = await asyncio.to_thread(room_visitor, self.engine, self.room, {self.room.cookie: cookie})
        self.found.pop(key, None)
        self.found[key] = (monotonic(), person)
        while len(self.found) > KEPT:
            del self.found[next(iter(self.found))]
        return person

    def forget(self, cookie: str) -> None:
        """Ask the database again next time."""
        self.found.pop(hash_token(cookie), None)


@dataclass(slots=True)
class Failures:
    """Wrong tokens of the last minute, by address."""

    at: dict[str, list[float]] = field(default_factory=dict)

    def recent(self, address: str) -> list[float]:
        """Moments of this address's failures within the last minute."""
        return [moment for moment in self.at.get(address, []) if monotonic() - moment < 60]

    def are_too_many(self, address: str) -> bool:
        """Whether this address must wait."""
        return len(self.recent(address)) >= FAILURES_PER_MINUTE

    def add(self, address: str) -> None:
        """Count one more."""
        self.at[address] = [*self.recent(address), monotonic()]
        while len(self.at) > KEPT:
            del self.at[next(iter(self.at))]
