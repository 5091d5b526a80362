"""Invites and visits: only hashes are stored, and what is revoked, expired or ended is worth nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from secondreader.db.access.invites import (
    create_invite,
    end_browser_session,
    find_visitor,
    hash_token,
    redeem_invite,
    revoke_invites,
)
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import TABLES, utc_now
from secondreader.db.design.studies import ensure_annotator, ensure_study


@pytest.fixture
def person(engine: Engine) -> int:
    """One annotator."""
    with write_session(engine) as session:
        return ensure_annotator(session, ensure_study(session, "s"), "A1")


def test_a_link_opens_a_visit(engine: Engine, person: int) -> None:
    """A token becomes a cookie, the cookie a person with a role; a link may be opened again elsewhere."""
    with write_session(engine) as session:
        token = create_invite(session, person)
        cookies = {redeem_invite(session, token), redeem_invite(session, token)}
        people = [find_visitor(session, cookie) for cookie in cookies if cookie]
    assert len(people) == 2
    assert {one.name if one else None for one in people} == {"A1"}


def test_no_token_or_cookie_is_stored(engine: Engine, person: int) -> None:
    """A copy of the database lets nobody in."""
    with write_session(engine) as session:
        token = create_invite(session, person)
        cookie = redeem_invite(session, token)
    assert cookie is not None
    with engine.connect() as connection:
        for table in TABLES:
            everything = str(connection.execute(text(f'SELECT * FROM "{table}"')).all())
            assert token not in everything
            assert cookie not in everything
    assert hash_token(token) != token


@pytest.mark.parametrize("end", ["revoke", "expire", "sign out"])
def test_an_ended_invitation_stays_ended(engine: Engine, person: int, end: str) -> None:
    """Revoking ends link and visits; an expired link opens nothing; signing out ends one visit."""
    with write_session(engine) as session:
        token = create_invite(session, person, days=-1 if end == "expire" else 1)
        cookie = redeem_invite(session, token)
        assert (cookie is None) == (end == "expire")
        if end == "revoke":
            assert revoke_invites(session, person) == 1
            assert revoke_invites(session, person) == 0
        if end == "sign out" and cookie:
            end_browser_session(session, cookie)
    with read_session(engine) as session:
        assert cookie is None or find_visitor(session, cookie) is None
        assert (redeem_invite(session, token) is None) == (end != "sign out")


def test_a_visit_ends_with_its_hours(engine: Engine, person: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie is worth nothing 13 hours later."""
    with write_session(engine) as session:
        cookie = redeem_invite(session, create_invite(session, person))
    assert cookie is not None
    later = utc_now() + timedelta(hours=13)
    monkeypatch.setattr("secondreader.db.access.invites.utc_now", lambda: later)
    with read_session(engine) as session:
        assert find_visitor(session, cookie) is None


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "\x00", "a" * 10_000])
def test_guesses_open_nothing(engine: Engine, person: int, token: str) -> None:
    """Whatever is sent as a token or cookie, nobody comes in without the right one."""
    with write_session(engine) as session:
        create_invite(session, person)
        assert redeem_invite(session, token) is None
        assert find_visitor(session, token) is None


def test_a_name_is_no_key(engine: Engine) -> None:
    """People whose names contain each other, or look like a wildcard, never get each other's session (a peer's defect)."""
    names = ("Ann", "Mary_Ann", "*", "ann", "Ann ")
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        people = {name: ensure_annotator(session, study, name) for name in names}
        assert len(set(people.values())) == len(names)
        for name, person in people.items():
            cookie = redeem_invite(session, create_invite(session, person))
            assert cookie is not None
            found = find_visitor(session, cookie)
            assert found is not None
            assert (found.annotator_id, found.name) == (person, name)
            assert redeem_invite(session, name) is None
            assert ensure_annotator(session, study, name) == person
