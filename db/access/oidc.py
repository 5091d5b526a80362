"""Sign-in with an account of an OpenID Connect provider: what a room is told of it, and what the sign-in page says.

The provider is spoken to by Streamlit's own `st.login`. A room gets its settings from its process's environment, as
JSON in SECONDREADER_SIGN_IN; without it there is no sign-in, and invite links are the only way in.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine

from secondreader.db.access.invites import VISIT_HOURS
from secondreader.db.access.oidc_accounts import Account, Known, account_of, known_people
from secondreader.db.access.sign_in_tickets import Tickets
from secondreader.db.core.engine import reading
from secondreader.db.core.tables import utc_now
from secondreader.db.core.unavailable import faults_in_words

VARIABLE = "SECONDREADER_SIGN_IN"
USER_COOKIE = "_streamlit_user"
"""The cookie in which Streamlit keeps, signed, what the provider said."""
SESSION_COOKIE = "_streamlit_session"

GO_ON = """
export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("ul") ?? parentElement.appendChild(document.createElement("ul"));
  const links = data.ways.map(({ label, ticket }) => {
    const link = document.createElement("a");
    link.href = "/join#" + ticket;
    link.textContent = label;
    return link;
  });
  list.replaceChildren(...links.map((link) => {
    const row = document.createElement("li");
    row.append(link);
    return row;
  }));
  if (links.length === 1) location.replace(links[0].href);
}
"""
"""The component of the sign-in page: a link for each person whom the account may come in as; a single one is followed."""


@dataclass(frozen=True, slots=True)
class Way:
    """One person whom the account may come in as."""

    label: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Step:
    """What the sign-in page shows."""

    sentence: str
    ways: tuple[Way, ...] = ()
    """Empty: there is nothing to go on to."""

    def packet(self) -> dict[str, Any]:
        """The data of the component GO_ON."""
        return {"ways": [{"label": way.label, "ticket": way.ticket} for way in self.ways]}


@cache
def tickets() -> Tickets:
    """The tickets of this process: its pages make them, its gate takes them."""
    return Tickets()


def settings() -> dict[str, Any]:
    """Streamlit's secrets of this process: the settings of the sign-in, or none."""
    told = os.environ.get(VARIABLE)
    return {"auth": json.loads(told)} if told else {}


def is_on() -> bool:
    """Whether people may sign in with an account."""
    return bool(os.environ.get(VARIABLE))


def tickets_if_on() -> Tickets | None:
    """The tickets that a gate takes; None where signing in is not on."""
    return tickets() if is_on() else None


def next_step(
    engine: Engine, roles: frozenset[str], claims: Mapping[str, Any], cookies: Mapping[str, str]
) -> Step:
    """What to show to somebody without a visit; `claims` as `st.user` has them. Raises DatabaseUnavailable."""
    account, browser = account_of(claims), cookies.get(USER_COOKIE, "")
    if not claims.get("is_logged_in") or account is None or not browser:
        return Step("Sign in to come to your work.")
    if utc_now() - account.signed_in_at > timedelta(hours=VISIT_HOURS):
        return Step("Your sign-in is over. Sign in again.")
    with faults_in_words(), reading(engine) as session:
        known = known_people(session, account, roles)
    invited = [person for person in known if person.is_invited]
    if not invited:
        return Step(refusal(account, known))
    ways = tuple(Way(label(person), tickets().make(person.annotator_id, browser)) for person in invited)
    return Step("You are signed in.", ways)


def refusal(account: Account, known: list[Known]) -> str:
    """Why an account does not come in, and what to do."""
    if known:
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


def label(person: Known) -> str:
    """What the link to a person's work is called."""
    role = "" if person.role == "annotator" else f" ({person.role})"
    return f"Go to {person.title or 'the console'}{role if person.title else ''}"
