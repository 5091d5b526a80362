"""Whom the auth middleware lets in: the app's roles, who was looked up lately, who failed lately."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import TTLCache
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Engine

from secondreader.db.access.invites import Visitor, find_visitor, hash_token
from secondreader.db.core.engine import read_session

LOOKUP_SECONDS = 4.0
"""How long a visitor is believed without asking the database: a revoked one is out within this time."""
FAILURES_PER_MINUTE = 30
"""Wrong invite tokens from one address, after which it is asked to wait."""
MAX_TOKEN = 512
MAX_CACHE_ENTRIES = 4096
"""Visitors that are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class App:
    """What distinguishes the desk from the console when somebody wants to come in."""

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

    def read_cookie(self, cookies: Mapping[str, str]) -> str:
        """This app's cookie; empty if none was sent, or one that cannot be ours."""
        value = cookies.get(self.cookie, "")
        return value if len(value) <= MAX_TOKEN else ""


def find_app_visitor(engine: Engine, app: App, cookie: str) -> Visitor | None:
    """Who holds this cookie; None without a valid session of a role that this app lets in."""
    if not cookie:
        return None
    with read_session(engine) as session:
        visitor = find_visitor(session, cookie)
    return visitor if visitor is not None and visitor.role in app.roles else None


class VisitorCache:
    """Visitors found lately, strangers included, by the hash of their cookie."""

    def __init__(self, engine: Engine, app: App) -> None:
        self.engine = engine
        self.app = app
        self.cached_visitors: TTLCache[str, Visitor | None] = TTLCache(MAX_CACHE_ENTRIES, LOOKUP_SECONDS)

    async def find_visitor(self, cookie: str) -> Visitor | None:
        """The visitor behind a cookie, at most LOOKUP_SECONDS old."""
        if not cookie:
            return None
        key = hash_token(cookie)
        try:
            return self.cached_visitors[key]
        except KeyError:
            visitor = await asyncio.to_thread(find_app_visitor, self.engine, self.app, cookie)
            self.cached_visitors[key] = visitor
            return visitor

    def forget_visitor(self, cookie: str) -> None:
        """Ask the database again next time."""
        self.cached_visitors.pop(hash_token(cookie), None)


class SignInFailures:
    """Wrong tokens, by address; the minute begins with the first one."""

    def __init__(self) -> None:
        self.limit = RateLimitItemPerMinute(FAILURES_PER_MINUTE)
        # the moving window of this library keeps an empty list for every address that it ever saw
        self.limiter = FixedWindowRateLimiter(MemoryStorage())

    def is_over_limit(self, address: str) -> bool:
        """Whether this address must wait."""
        return not self.limiter.test(self.limit, address)

    def add_failure(self, address: str) -> None:
        """Count one more."""
        self.limiter.hit(self.limit, address)
