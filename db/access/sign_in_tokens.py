"""Sign-in tokens: what stands between a sign-in and the browser session that it becomes.

A script of the web framework cannot set a cookie. It issues a token instead, which the page takes to /join at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from threading import Lock
from time import monotonic

from cachetools import TTLCache

from secondreader.db.access.invites import hash_token

TOKEN_LIFETIME_SECONDS = 60.0
"""How long a token may be redeemed."""
MAX_OPEN_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class SignInToken:
    """Whom a token is for, and the browser that it was made for."""

    annotator_id: int
    browser: str
    """Hash of the browser's sign-in cookie: in another browser the token is worth nothing."""


class SignInTokens:
    """The open sign-in tokens of one process, by hash; single use, and gone with the process."""

    def __init__(self, timer: Callable[[], float] = monotonic) -> None:
        # scripts issue tokens in threads of their own, and the cache does not lock itself
        self.lock = Lock()
        self.open: TTLCache[str, SignInToken] = TTLCache(MAX_OPEN_TOKENS, TOKEN_LIFETIME_SECONDS, timer)

    def issue_token(self, annotator_id: int, browser: str) -> str:
        """A new token for a person who signed in with the sign-in cookie `browser`."""
        token = token_urlsafe(32)
        with self.lock:
            self.open[hash_token(token)] = SignInToken(annotator_id, hash_token(browser))
        return token

    def redeem_token(self, token: str, browser: str) -> int | None:
        """Whom a token is for; None if it is unknown, too old or of another browser. Ends the token in any case."""
        with self.lock:
            # popped first: a token that was shown to another browser must not work afterwards
            held = self.open.pop(hash_token(token), None)
        return held.annotator_id if held is not None and held.browser == hash_token(browser) else None
