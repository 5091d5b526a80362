"""What the auth middleware lets through to people without a session, where signing in with an account is on."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import Scope

from secondreader.db.access.oidc import SESSION_COOKIE, USER_COOKIE

SIGN_IN_PATHS = frozenset({"/auth/login", "/oauth2callback"})
"""Streamlit's own way to the provider and back."""
PAGE_PATHS = frozenset({"/", "/favicon.png", "/_stcore/host-config"})
"""With the bundle under /static/, all that Streamlit needs to show the sign-in page."""
SOCKET_PATH = "/_stcore/stream"
MAX_SOCKETS, MAX_SOCKETS_PER_ADDRESS = 200, 40
"""Sign-in pages open at once: each is a session of the web framework, and anybody may open one."""
MAX_FRAME = 65_536
"""Largest message of somebody without a session, in bytes."""


def is_for_sign_in(scope: Scope) -> bool:
    """Whether the sign-in page needs this path; only requests that change nothing pass."""
    path: str = scope["path"]
    if scope["type"] == "websocket":
        return path == SOCKET_PATH
    is_safe_method = scope["method"] in {"GET", "HEAD"}
    return is_safe_method and (path in SIGN_IN_PATHS | PAGE_PATHS or path.startswith("/static/"))


@dataclass(slots=True)
class AnonymousSockets:
    """Sockets of people without a session, by address."""

    open: Counter[str] = field(default_factory=Counter)

    def is_over_limit(self, address: str) -> bool:
        """Whether one more must wait."""
        return self.open.total() >= MAX_SOCKETS or self.open[address] >= MAX_SOCKETS_PER_ADDRESS

    @contextmanager
    def count_socket(self, address: str) -> Iterator[None]:
        """Count a socket for as long as the block lasts."""
        self.open[address] += 1
        try:
            yield
        finally:
            self.open[address] -= 1
            self.open += Counter()  # drops the addresses that have none left


def delete_sign_in_cookies(response: Response, cookie_names: Iterable[str]) -> None:
    """Take away whatever the sign-in left in this browser; Streamlit numbers the parts of a long cookie."""
    for name in cookie_names:
        if name.startswith((USER_COOKIE, SESSION_COOKIE)):
            response.delete_cookie(name, httponly=True, samesite="lax")
