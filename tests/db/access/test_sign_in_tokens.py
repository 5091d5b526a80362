"""Sign-in tokens work once, for a minute, in one browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.access.invites import hash_token
from secondreader.db.access.sign_in_tokens import MAX_OPEN_TOKENS, TOKEN_LIFETIME_SECONDS, SignInTokens


class Timer:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The time now, in seconds."""
        return self.seconds


def test_a_token_is_redeemed_once() -> None:
    """The second redemption of the same token returns nobody."""
    tokens = SignInTokens()
    token = tokens.issue_token(7, "browser")
    assert tokens.redeem_token(token, "browser") == 7
    assert tokens.redeem_token(token, "browser") is None


def test_another_browser_ends_the_token() -> None:
    """A token that reaches another browser is worth nothing there, and nothing in its own browser afterwards."""
    tokens = SignInTokens()
    token = tokens.issue_token(7, "browser")
    assert tokens.redeem_token(token, "another browser") is None
    assert tokens.redeem_token(token, "browser") is None


@pytest.mark.parametrize(
    ("seconds", "annotator_id"),
    [(0.0, 7), (TOKEN_LIFETIME_SECONDS - 1, 7), (TOKEN_LIFETIME_SECONDS, None), (3600.0, None)],
)
def test_a_token_expires(seconds: float, annotator_id: int | None) -> None:
    """A token is valid for less than its lifetime."""
    timer = Timer()
    tokens = SignInTokens(timer)
    token = tokens.issue_token(7, "browser")
    timer.seconds = seconds
    assert tokens.redeem_token(token, "browser") == annotator_id


@given(st.text(max_size=60))
def test_an_unknown_token_returns_nobody(guess: str) -> None:
    """No guess redeems an open token, and the open one survives the guess."""
    tokens = SignInTokens()
    token = tokens.issue_token(7, "browser")
    assert tokens.redeem_token(guess, "browser") is None
    assert tokens.redeem_token(token, "browser") == 7


def test_tokens_are_kept_as_hashes() -> None:
    """Neither a token nor the browser's cookie stays in memory in the clear."""
    tokens = SignInTokens()
    token = tokens.issue_token(7, "browser")
    assert list(tokens.open) == [hash_token(token)]
    assert tokens.open[hash_token(token)].browser == hash_token("browser")


def test_the_oldest_tokens_go_first() -> None:
    """Somebody who signs in again and again cannot fill the memory."""
    tokens = SignInTokens()
    first = tokens.issue_token(1, "browser")
    for _ in range(MAX_OPEN_TOKENS):
        last = tokens.issue_token(2, "browser")
    assert len(tokens.open) == MAX_OPEN_TOKENS
    assert tokens.redeem_token(first, "browser") is None
    assert tokens.redeem_token(last, "browser") == 2
