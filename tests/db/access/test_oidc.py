"""What the sign-in page says, and what it offers."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from secondreader.db.access.invites import create_invite, revoke_invites
from secondreader.db.access.oidc import (
    SETTINGS_VARIABLE,
    USER_COOKIE,
    determine_sign_in_step,
    format_link_label,
    get_sign_in_tokens,
    is_sign_in_enabled,
    load_sign_in_settings,
)
from secondreader.db.access.oidc_accounts import BoundPerson, bind_account, compute_account_hash
from secondreader.db.core.engine import write_session
from secondreader.db.core.errors import DatabaseUnavailable
from secondreader.db.core.tables import utc_now
from secondreader.db.design.studies import ensure_annotator, ensure_study

ROLES = frozenset({"annotator", "adjudicator"})
COOKIES = {USER_COOKIE: "signed"}
SIGN_IN = "Sign in to come to your work."


def make_claims(**change: Any) -> dict[str, Any]:
    """Claims of somebody who has just signed in."""
    claims = {"is_logged_in": True, "iss": "https://id.example", "sub": "u1", "iat": utc_now().timestamp()}
    return claims | change


def add_bound_person(engine: Engine) -> int:
    """An annotator who may sign in as u1 and has an open invite."""
    with write_session(engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s", title="Pilot"), "A1")
        bind_account(session, person, compute_account_hash("https://id.example", subject="u1"), actor="Rita")
        create_invite(session, person)
    return person


@pytest.mark.parametrize(
    ("change", "cookies"),
    [
        ({"is_logged_in": False}, COOKIES),
        ({"sub": ""}, COOKIES),
        ({"iat": None}, COOKIES),
        ({}, {}),
        ({}, {USER_COOKIE: ""}),
    ],
)
def test_a_stranger_is_asked_to_sign_in(
    sqlite_engine: Engine, change: dict[str, Any], cookies: dict[str, str]
) -> None:
    """Without a complete account, or without the cookie that ties it to this browser, there is nothing to offer."""
    step = determine_sign_in_step(sqlite_engine, ROLES, make_claims(**change), cookies)
    assert (step.sentence, step.options) == (SIGN_IN, ())


def test_an_old_sign_in_is_over(sqlite_engine: Engine) -> None:
    """A provider's token does not let anybody in longer than a session would last."""
    add_bound_person(sqlite_engine)
    old = (utc_now() - timedelta(hours=13)).timestamp()
    step = determine_sign_in_step(sqlite_engine, ROLES, make_claims(iat=old), COOKIES)
    assert step.sentence == "Your sign-in is over. Sign in again."
    assert step.options == ()


def test_an_invited_person_gets_a_token(sqlite_engine: Engine) -> None:
    """The option holds a token that works in this browser, once."""
    person = add_bound_person(sqlite_engine)
    step = determine_sign_in_step(sqlite_engine, ROLES, make_claims(), COOKIES)
    assert step.sentence == "You are signed in."
    (option,) = step.options
    assert step.build_payload() == {"options": [{"label": "Go to Pilot", "token": option.token}]}
    assert get_sign_in_tokens().redeem_token(option.token, "signed") == person


def test_an_ended_invite_is_explained(sqlite_engine: Engine) -> None:
    """Somebody who was invited once learns that a new invite is needed."""
    person = add_bound_person(sqlite_engine)
    with write_session(sqlite_engine) as session:
        revoke_invites(session, person)
    step = determine_sign_in_step(sqlite_engine, ROLES, make_claims(), COOKIES)
    assert step.sentence == "Your invite has ended. Ask the researcher for a new one."


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"email": "Eve@x.org"}, ("does not vouch for the address eve@x.org", "which is u1")),
        ({"email": "Eve@x.org", "email_verified": True}, ("bound to the account eve@x.org",)),
        ({}, ("bound to the account u1",)),
    ],
)
def test_an_unbound_account_is_explained(
    sqlite_engine: Engine, change: dict[str, Any], parts: tuple[str, ...]
) -> None:
    """The sentence names the account, so that the researcher can bind it."""
    step = determine_sign_in_step(sqlite_engine, ROLES, make_claims(**change), COOKIES)
    assert all(part in step.sentence for part in parts)
    assert step.options == ()


def test_a_database_that_is_away_is_one_sentence() -> None:
    """The page may be asked again; no driver's error reaches it."""
    empty = create_engine("sqlite://")
    with pytest.raises(DatabaseUnavailable, match="did not answer"):
        determine_sign_in_step(empty, ROLES, make_claims(), COOKIES)
    empty.dispose()


@pytest.mark.parametrize(
    ("title", "role", "label"),
    [
        ("Pilot", "annotator", "Go to Pilot"),
        ("Pilot", "adjudicator", "Go to Pilot (adjudicator)"),
        ("", "researcher", "Go to the console"),
    ],
)
def test_links_name_the_work(title: str, role: str, label: str) -> None:
    """A person with two roles in one study can tell the links apart."""
    assert format_link_label(BoundPerson(1, title, role, True)) == label


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable there is no sign-in; with it, its JSON is the framework's own section."""
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    assert not is_sign_in_enabled()
    assert load_sign_in_settings() == {}
    monkeypatch.setenv(SETTINGS_VARIABLE, '{"client_id": "x"}')
    assert is_sign_in_enabled()
    assert load_sign_in_settings() == {"auth": {"client_id": "x"}}
