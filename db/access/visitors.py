"""What a gate knows: its room, who was looked up lately, who failed lately."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Engine

from secondreader.db.access.invites import Visitor, find_visitor, hash_token
from secondreader.db.core.engine import read_session

LOOKUP_SECONDS = 4.0
"""How long a visitor is believed without asking the database: a revoked one is out within this time."""
FAILURES_PER_MINUTE = 30
"""Wrong invite tokens from one address, after which it is asked to wait."""
MAX_TOKEN = 512
MAX_CACHE_ENTRIES = 4096
"""Entries of the caches; the oldest go first."""


@dataclass(frozen=True, slots=True)
class App:
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


def find_app_visitor(engine: Engine, app: App, cookies: Mapping[str, str]) -> Visitor | None:
    """Who sent these cookies; None without a valid visit of a role that this room lets in."""
    cookie = cookies.get(app.cookie, "")
    if not 0 < len(cookie) <= MAX_TOKEN:
        return None
    with read_session(engine) as session:
        found = find_visitor(session, cookie)
    return found if found is not None and found.role in app.roles else None


@dataclass(slots=True)
class VisitorCache:
    """Visitors found lately, by the hash of their cookie."""

    engine: Engine
    app: App
    cached_visitors: dict[str, tuple[float, Visitor | None]] = field(default_factory=dict)

    async def find_visitor(self, cookie: str) -> Visitor | None:
        """The visitor behind a cookie, at most LOOKUP_SECONDS old."""
        key = hash_token(cookie)
        at, known = self.cached_visitors.get(key, (-LOOKUP_SECONDS, None))
        if monotonic() - at < LOOKUP_SECONDS and key in self.cached_visitors:
            return known
        person = await asyncio.to_thread(find_app_visitor, self.engine, self.app, {self.app.cookie: cookie})
        self.cached_visitors.pop(key, None)
        self.cached_visitors[key] = (monotonic(), person)
        while len(self.cached_visitors) > MAX_CACHE_ENTRIES:
            del self.cached_visitors[next(iter(self.cached_visitors))]
        return person

    def forget_visitor(self, cookie: str) -> None:
        """Ask the database again next time."""
        self.cached_visitors.pop(hash_token(cookie), None)


@dataclass(slots=True)
class SignInFailures:
    """Wrong tokens of the last minute, by address."""

    failures_by_address: dict[str, list[float]] = field(default_factory=dict)

    def list_recent(self, address: str) -> list[float]:
        """Moments of this address's failures within the last minute."""
        return [moment for moment in self.failures_by_address.get(address, []) if monotonic() - moment < 60]

    def is_over_limit(self, address: str) -> bool:
        """Whether this address must wait."""
        return len(self.list_recent(address)) >= FAILURES_PER_MINUTE

    def add_failure(self, address: str) -> None:
        """Count one more."""
        self.failures_by_address[address] = [*self.list_recent(address), monotonic()]
        while len(self.failures_by_address) > MAX_CACHE_ENTRIES:
            del self.failures_by_address[next(iter(self.failures_by_address))]
