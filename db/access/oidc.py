"""Sign-in with an account of an OpenID Connect provider: an app's settings for it, and what the sign-in page says.

The provider is spoken to by Streamlit's own `st.login`. An app gets its settings from its process's environment, as
JSON in SECONDREADER_SIGN_IN; without it there is no sign-in, and invite links are the only way in.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from secondreader.db.access.invites import BROWSER_SESSION_HOURS
from secondreader.db.access.oidc_accounts import Account, BoundPerson, list_bound_people, parse_account
from secondreader.db.access.sign_in_tokens import SignInTokens
from secondreader.db.core.engine import read_session
from secondreader.db.core.errors import translate_database_errors
from secondreader.db.core.tables import utc_now

SETTINGS_VARIABLE = "SECONDREADER_SIGN_IN"
USER_COOKIE = "_streamlit_user"
"""The cookie in which Streamlit keeps, signed, what the provider said."""
SESSION_COOKIE = "_streamlit_session"
SIGN_IN_COMPONENT_JS = (Path(__file__).parent / "pages" / "sign_in.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class SignInOption:
    """One person whom the account may come in as."""

    label: str
    token: str


@dataclass(frozen=True, slots=True)
class SignInStep:
    """What the sign-in page shows."""

    sentence: str
    options: tuple[SignInOption, ...] = ()
    """Empty: there is nothing to go on to."""

    def build_payload(self) -> dict[str, Any]:
        """The data of the component in sign_in.js."""
        return {"options": [asdict(option) for option in self.options]}


@cache
def get_sign_in_tokens() -> SignInTokens:
    """The sign-in tokens of this process: its pages issue them, its auth middleware redeems them."""
    return SignInTokens()


def load_sign_in_settings() -> dict[str, Any]:
    """Streamlit's secrets of this process: the settings of the sign-in, or none."""
    settings = os.environ.get(SETTINGS_VARIABLE)
    return {"auth": json.loads(settings)} if settings else {}


def is_sign_in_enabled() -> bool:
    """Whether people may sign in with an account."""
    return bool(os.environ.get(SETTINGS_VARIABLE))


def determine_sign_in_step(
    engine: Engine, roles: frozenset[str], claims: Mapping[str, Any], cookies: Mapping[str, str]
) -> SignInStep:
    """What to show to somebody without a session; `claims` as `st.user` has them. Raises DatabaseUnavailable."""
    account, browser = parse_account(claims), cookies.get(USER_COOKIE, "")
    if not claims.get("is_logged_in") or account is None or not browser:
        return SignInStep("Sign in to come to your work.")
    if utc_now() - account.signed_in_at > timedelta(hours=BROWSER_SESSION_HOURS):
        return SignInStep("Your sign-in is over. Sign in again.")
    with translate_database_errors(), read_session(engine) as session:
        bound_people = list_bound_people(session, account, roles)
    invited = [person for person in bound_people if person.is_invited]
    if not invited:
        return SignInStep(explain_refusal(account, bound_people))
    tokens = get_sign_in_tokens()
    return SignInStep(
        "You are signed in.",
        tuple(
            SignInOption(format_link_label(person), tokens.issue_token(person.annotator_id, browser))
            for person in invited
        ),
    )


def explain_refusal(account: Account, bound_people: list[BoundPerson]) -> str:
    """Why an account does not come in, and what to do."""
    if bound_people:
        return "Your invite has ended. Ask the researcher for a new one."
    if account.email and not account.is_verified:
        return (
            f"Your provider does not vouch for the address {account.email}, so it opens nothing here. "
            f"Ask the researcher to bind your account by its id there, which is {account.subject}."
        )
    return (
        f"Nobody here is bound to the account {account.email or account.subject}. "
        "Ask the researcher, or sign in with another account."
    )


def format_link_label(person: BoundPerson) -> str:
    """What the link to a person's work is called."""
    role = "" if person.role == "annotator" else f" ({person.role})"
    return f"Go to {person.title or 'the console'}{role if person.title else ''}"
