"""Accounts: which claims name one, which hashes it opens, and whom it may come in as."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from secondreader.db.access.invites import create_invite, revoke_invites
from secondreader.db.access.oidc_accounts import (
    Account,
    bind_account,
    compute_account_hash,
    has_open_invite,
    list_bound_people,
    parse_account,
    unbind_account,
)
from secondreader.db.core.audit_log import list_events
from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import ensure_annotator, ensure_study

ISSUER = "https://id.example"
CLAIMS = {
    "iss": ISSUER,
    "sub": "u1",
    "iat": 1_700_000_000,
    "email": " Ada@Example.org ",
    "email_verified": True,
}
ADA = Account(ISSUER, "u1", "ada@example.org", True, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
ROLES = frozenset({"annotator"})


def test_claims_name_an_account() -> None:
    """The e-mail is trimmed and in lower case; the time is UTC."""
    assert parse_account(CLAIMS) == ADA


@pytest.mark.parametrize(
    "change",
    [
        {"iss": None},
        {"iss": ""},
        {"iss": 3},
        {"sub": ""},
        {"sub": None},
        {"sub": ["u1"]},
        {"iat": None},
        {"iat": "1700000000"},
    ],
)
def test_incomplete_claims_name_no_account(change: dict[str, Any]) -> None:
    """Without issuer, subject or time there is nobody to let in."""
    assert parse_account({**CLAIMS, **change}) is None
    missing = {name: value for name, value in CLAIMS.items() if name not in change}
    assert parse_account(missing) is None


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1, "yes"])
def test_only_true_verifies_an_address(verified: Any) -> None:
    """A provider that writes anything but a JSON true has not vouched for the address."""
    account = parse_account({**CLAIMS, "email_verified": verified})
    assert account is not None
    assert not account.is_verified
    assert account.compute_hashes() == {compute_account_hash(ISSUER, subject="u1")}


def test_a_verified_address_opens_both_hashes() -> None:
    """The account is found by its id or by its address."""
    assert ADA.compute_hashes() == {
        compute_account_hash(ISSUER, subject="u1"),
        compute_account_hash(ISSUER, email="ada@example.org"),
    }


@given(st.emails())
def test_an_address_is_not_a_subject(email: str) -> None:
    """A subject that looks like an address opens nothing that is bound to the address."""
    assert compute_account_hash(ISSUER, email=email) != compute_account_hash(ISSUER, subject=email)
    assert compute_account_hash(ISSUER, email=f" {email.upper()} ") == compute_account_hash(
        ISSUER, email=email.upper()
    )


@pytest.mark.parametrize("spelling", [ISSUER + "/", f" {ISSUER} ", ISSUER])
def test_an_issuer_has_one_hash(spelling: str) -> None:
    """A slash at the end of the issuer, which providers differ on, makes no difference; another issuer does."""
    assert compute_account_hash(spelling, subject="u1") == compute_account_hash(ISSUER, subject="u1")
    assert compute_account_hash("https://other.example", subject="u1") != compute_account_hash(
        ISSUER, subject="u1"
    )


def test_bound_people_are_listed_by_role(sqlite_engine: Engine) -> None:
    """One account may be two people; those of other roles and other accounts are left out."""
    with write_session(sqlite_engine) as session:
        studies = [ensure_study(session, name, title=name.upper()) for name in ("a", "b")]
        people = [ensure_annotator(session, study, "A1") for study in studies]
        researcher = ensure_annotator(session, None, "Rita", "researcher")
        stranger = ensure_annotator(session, studies[0], "A2")
        by_id = compute_account_hash(ISSUER, subject="u1")
        for person in (*people, researcher):
            bind_account(session, person, by_id, actor="Rita")
        bind_account(session, stranger, compute_account_hash(ISSUER, subject="u2"), actor="Rita")
        create_invite(session, people[0])
        bound = list_bound_people(session, ADA, ROLES)
        assert [(person.annotator_id, person.title, person.is_invited) for person in bound] == [
            (people[0], "A", True),
            (people[1], "B", False),
        ]
        (console,) = list_bound_people(session, ADA, frozenset({"researcher"}))
        assert (console.title, console.role) == ("", "researcher")


def test_unbinding_is_recorded(sqlite_engine: Engine) -> None:
    """An unbound account comes in as nobody; both changes are in the audit log, without the account's hash."""
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        account_hash = compute_account_hash(ISSUER, subject="u1")
        bind_account(session, person, account_hash, actor="Rita")
        unbind_account(session, person, actor="Rita")
        assert list_bound_people(session, ADA, ROLES) == []
        events = [event for event in list_events(session) if event.action.startswith("account")]
        assert [event.action for event in events] == ["account unbound", "account bound"]
        assert all(account_hash not in str(event) for event in events)


def test_open_invites_are_neither_revoked_nor_expired(sqlite_engine: Engine) -> None:
    """An expired link, a revoked link and no link are all the same: not invited."""
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        assert not has_open_invite(session, person)
        create_invite(session, person, days=-1)
        assert not has_open_invite(session, person)
        create_invite(session, person)
        assert has_open_invite(session, person)
        revoke_invites(session, person)
        assert not has_open_invite(session, person)
