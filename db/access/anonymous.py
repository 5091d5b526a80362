"""What a gate lets through to people who have no visit yet, where signing in with an account is on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from secondreader.db.access.oidc import SESSION_COOKIE, USER_COOKIE
from secondreader.db.access.responses import AsgiMessage, Headers, Scope, Send

SIGN_IN_PATHS = frozenset({"/auth/login", "/oauth2callback"})
"""Streamlit's own way to the provider and back."""
PAGE_PATHS = frozenset({"/", "/favicon.png", "/_stcore/host-config"})
"""With the bundle under /static/, all that Streamlit needs to show the sign-in page."""
SOCKET_PATH = "/_stcore/stream"
MAX_SOCKETS, MAX_SOCKETS_PER_ADDRESS = 200, 40
"""Sign-in pages open at once: each is a session of the web framework, and anybody may open one."""
MAX_FRAME = 65_536
"""Largest message of somebody without a visit, in bytes."""


def is_for_sign_in(scope: Scope) -> bool:
    """Whether the sign-in page needs this path; only reading is possible."""
    path: str = scope["path"]
    if scope["type"] == "websocket":
        return path == SOCKET_PATH
    readable = scope["method"] in {"GET", "HEAD"}
    return readable and (path in SIGN_IN_PATHS | PAGE_PATHS or path.startswith("/static/"))


@dataclass(slots=True)
class AnonymousSockets:
    """Sockets of people without a visit, by address."""

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
            self.open += Counter()


def read_user_cookie(headers: Headers) -> str:
    """The sign-in cookie as it was sent; empty if there is none."""
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[USER_COOKIE].value if USER_COOKIE in jar else ""


def build_forget_headers(headers: Headers) -> list[str]:
    """Set-Cookie headers that take away whatever the sign-in left in this browser."""
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return []
    theirs = [name for name in jar if name.startswith((USER_COOKIE, SESSION_COOKIE))]
    return [f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax" for name in theirs]


def secure_cookies(send: Send) -> Send:
    """`send` that has every cookie travel over TLS alone; Streamlit does not say so of its own."""

    async def with_secure(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, value + b"; Secure" if is_insecure_cookie(name, value) else value)
                for name, value in message.get("headers", [])
            ]
        await send(message)

    return with_secure


def is_insecure_cookie(name: bytes, value: bytes) -> bool:
    """Whether a header sets a cookie without Secure."""
    return name.lower() == b"set-cookie" and b"secure" not in value.lower().split(b"; ")
