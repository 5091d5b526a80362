"""Who is recognised by a cookie, for how long, and when an address must wait."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.access.invites import (
    create_invite,
    end_browser_session,
    find_visitor,
    redeem_account,
    redeem_invite,
    revoke_invites,
)
from secondreader.db.access.visitors import (
    FAILURES_PER_MINUTE,
    MAX_TOKEN,
    App,
    SignInFailures,
    VisitorCache,
    find_app_visitor,
)
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Invite, Visit, utc_now
from secondreader.db.design.studies import ensure_annotator, ensure_study

DESK = App("desk", frozenset({"annotator", "adjudicator"}))
CONSOLE = App("console", frozenset({"researcher"}))


def sign_in(engine: Engine, name: str, role: str = "annotator") -> tuple[int, str]:
    """Id and cookie of a new person who came in by a link."""
    with write_session(engine) as session:
        study = ensure_study(session, "s", title="Pilot") if role != "researcher" else None
        person = ensure_annotator(session, study, name, role)
        cookie = redeem_invite(session, create_invite(session, person))
    assert cookie is not None
    return person, cookie


@pytest.mark.parametrize(
    ("app", "cookie"),
    [
        (DESK, "secondreader_desk"),
        (App("desk", frozenset(), secure=True), "__Host-secondreader_desk"),
        (CONSOLE, "secondreader_console"),
    ],
)
def test_each_app_has_its_own_cookie(app: App, cookie: str) -> None:
    """One browser may hold a session of the desk and one of the console."""
    assert app.cookie == cookie
    assert app.read_cookie({cookie: "x"}) == "x"
    assert app.read_cookie({"another": "x"}) == ""


def test_an_overlong_cookie_is_ignored() -> None:
    """What cannot be one of our cookies is not hashed and not looked up."""
    assert DESK.read_cookie({DESK.cookie: "x" * MAX_TOKEN}) == "x" * MAX_TOKEN
    assert DESK.read_cookie({DESK.cookie: "x" * (MAX_TOKEN + 1)}) == ""


def test_an_app_lets_in_only_its_roles(sqlite_engine: Engine) -> None:
    """A researcher's cookie opens the console and not the desk; an annotator's the desk and not the console."""
    annotator, at_desk = sign_in(sqlite_engine, "A1")
    researcher, at_console = sign_in(sqlite_engine, "Rita", "researcher")
    desk_visitor = find_app_visitor(sqlite_engine, DESK, at_desk)
    console_visitor = find_app_visitor(sqlite_engine, CONSOLE, at_console)
    assert desk_visitor is not None
    assert console_visitor is not None
    assert (desk_visitor.annotator_id, desk_visitor.name) == (annotator, "A1")
    assert (console_visitor.annotator_id, console_visitor.study_id) == (researcher, None)
    assert find_app_visitor(sqlite_engine, DESK, at_console) is None
    assert find_app_visitor(sqlite_engine, CONSOLE, at_desk) is None
    assert find_app_visitor(sqlite_engine, DESK, "") is None


def test_the_cache_believes_a_visitor_for_a_moment(sqlite_engine: Engine) -> None:
    """A signed-out visitor is known until the cache forgets them, and unknown from then on."""
    person, cookie = sign_in(sqlite_engine, "A1")
    cache = VisitorCache(sqlite_engine, DESK)

    async def look_up() -> list[int | None]:
        visitors = [await cache.find_visitor(cookie)]
        with write_session(sqlite_engine) as session:
            end_browser_session(session, cookie)
        visitors.append(await cache.find_visitor(cookie))
        cache.forget_visitor(cookie)
        visitors.append(await cache.find_visitor(cookie))
        return [visitor.annotator_id if visitor else None for visitor in visitors]

    assert asyncio.run(look_up()) == [person, person, None]


def test_the_cache_remembers_strangers(sqlite_engine: Engine) -> None:
    """A wrong cookie asks the database once; no cookie at all never does."""
    cache = VisitorCache(sqlite_engine, DESK)
    assert asyncio.run(cache.find_visitor("wrong")) is None
    assert list(cache.cached_visitors.values()) == [None]
    assert asyncio.run(cache.find_visitor("")) is None
    assert len(cache.cached_visitors) == 1
    cache.forget_visitor("never looked up")


def test_failures_are_counted_by_address() -> None:
    """The last allowed failure closes one address for the minute and no other."""
    failures = SignInFailures()
    for _ in range(FAILURES_PER_MINUTE):
        assert not failures.is_over_limit("10.0.0.1")
        failures.add_failure("10.0.0.1")
    assert failures.is_over_limit("10.0.0.1")
    assert not failures.is_over_limit("10.0.0.2")


def test_a_session_ends_with_its_invite(sqlite_engine: Engine) -> None:
    """A session that began shortly before the link ends does not outlive the link."""
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        assert redeem_invite(session, create_invite(session, person, days=1 / 24)) is not None
        invite, visit = session.exec(select(Invite)).one(), session.exec(select(Visit)).one()
        assert visit.expires_at == invite.expires_at


def test_an_account_uses_the_longest_invite(sqlite_engine: Engine) -> None:
    """Somebody who signs in with an account comes in on the open invite that lasts longest, or not at all."""
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        assert redeem_account(session, person, DESK.roles) is None
        for days in (0.1, 20, 5):
            create_invite(session, person, days)
        assert redeem_account(session, person, CONSOLE.roles) is None
        cookie = redeem_account(session, person, DESK.roles)
        assert cookie is not None
        invite = session.exec(select(Invite).join(Visit)).one()
        assert invite.expires_at - utc_now() > timedelta(days=19)
        assert revoke_invites(session, person) == 3
        assert revoke_invites(session, person) == 0
    with read_session(sqlite_engine) as session:
        assert find_visitor(session, cookie) is None
