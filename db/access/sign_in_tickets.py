"""Tickets: what stands between a sign-in and the visit that it becomes.

A script of the web framework cannot set a cookie. It makes a ticket instead, which the page takes to /join at once.
"""

from dataclasses import dataclass, field
from secrets import token_urlsafe
from time import monotonic

from secondreader.db.access.invites import hash_token

TOKEN_LIFETIME_SECONDS = 60.0
"""How long a ticket may be redeemed."""
MAX_OPEN_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class SignInToken:
    """Whom a ticket is for, and the browser that it was made for."""

    annotator_id: int
    browser: str
    """Hash of the browser's sign-in cookie: in another browser the ticket is worth nothing."""
    until: float


@dataclass(slots=True)
class SignInTokens:
    """The open tickets of one process, by hash; single use, and gone with the process."""

    open: dict[str, SignInToken] = field(default_factory=dict)

    def issue_token(self, annotator_id: int, browser: str) -> str:
        """A new ticket for a person who signed in with the sign-in cookie `browser`."""
        token = token_urlsafe(32)
        self.open[hash_token(token)] = SignInToken(
            annotator_id, hash_token(browser), monotonic() + TOKEN_LIFETIME_SECONDS
        )
        while len(self.open) > MAX_OPEN_TOKENS:
            self.open.pop(next(iter(self.open)), None)
        return token

    def redeem_token(self, token: str, browser: str) -> int | None:
        """Whom the ticket is for; None if there is none, or not any more, or not in this browser. Ends the ticket."""
        ticket = self.open.pop(hash_token(token), None)
        if ticket is None or monotonic() > ticket.until or ticket.browser != hash_token(browser):
            return None
        return ticket.annotator_id
