"""Links of people: open, expired and revoked ones, and who came in by them."""

import pytest
from sqlalchemy import Engine

from secondreader.db.access.invites import create_invite, redeem_invite
from secondreader.db.core.audit_log import count_events, list_events
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.people import close_links, create_invite_link, list_people_with_links
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study


def test_states_of_links_and_visits(engine: Engine) -> None:
    """Each link has its state; visits are counted; imported annotators are left out."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        ada = ensure_annotator(session, study, "Ada")
        ensure_annotator(session, study, "paper's reader", source="import")
        create_invite(session, ada, days=-1)
        close_links(session, ada, actor="Rita", why="old")
        create_invite(session, ada, days=-1)
        token = create_invite_link(session, study, "Ada", "annotator", days=2, actor="Rita", why="asked")
        (event,) = list_events(session, limit=1)
        told = (event.actor, event.action, event.detail)
        assert redeem_invite(session, token)
        assert redeem_invite(session, token)
    with read_session(engine) as session:
        (person,) = list_people_with_links(session, get_study(session, "s"))
    until = person.links[2].expires_at.isoformat()
    assert told == ("Rita", "link made", {"role": "annotator", "until": until, "why": "asked"})
    assert [one.state for one in person.links] == ["revoked", "expired", "open"]
    assert [one.n_browser_sessions for one in person.links] == [0, 0, 2]
    assert person.last_session_at == person.links[2].last_session_at
    assert person.last_session_at is not None
    assert person.last_session_at.tzinfo is not None
    assert person.can_sign_in
    with write_session(engine) as session:
        assert close_links(session, person.annotator_id, actor="Rita", why="done") == 2
    with read_session(engine) as session:
        assert not list_people_with_links(session, get_study(session, "s"))[0].can_sign_in


@pytest.mark.parametrize(
    ("role", "name", "days", "sentence"),
    [
        ("queen", "Ada", 1, "no role 'queen'"),
        ("annotator", "Ben", 1, "there is: Ada"),
        ("annotator", "Ada", 0, "more than 0"),
        ("researcher", "", 1, "1 to 80 characters"),
    ],
)
def test_impossible_links_are_refused(
    engine: Engine, role: str, name: str, days: float, sentence: str
) -> None:
    """In one sentence."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        ensure_annotator(session, study, "Ada")
        with pytest.raises(StudyError, match=sentence):
            create_invite_link(session, study, name, role, days=days, actor="Rita")


def test_links_are_not_closed_without_a_reason(engine: Engine) -> None:
    """The link stays open, and nothing goes on record."""
    with write_session(engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "Ada")
        token = create_invite(session, person)
        before = count_events(session)
        with pytest.raises(StudyError, match="give a reason"):
            close_links(session, person, actor="Rita", why=" ")
        assert redeem_invite(session, token)
        assert count_events(session) == before
