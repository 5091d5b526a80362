"""Links of people: open, expired and revoked ones, and who came in by them."""

import pytest
from sqlalchemy import Engine

from secondreader.db.access.invites import create_invite, redeem
from secondreader.db.core.audit_log import events, n_events
from secondreader.db.core.engine import reading, writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.design.people import close_links, invite, people_with_links
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study


def test_states_of_links_and_visits(engine: Engine) -> None:
    """Each link has its state; visits are counted; imported readers are left out."""
    with writing(engine) as session:
        study = ensure_study(session, "s")
        ada = ensure_annotator(session, study, "Ada")
        ensure_annotator(session, study, "paper's reader", source="import")
        create_invite(session, ada, days=-1)
        close_links(session, ada, actor="Rita", why="old")
        create_invite(session, ada, days=-1)
        token = invite(session, study, "Ada", "annotator", days=2, actor="Rita", why="asked")
        (event,) = events(session, limit=1)
        told = (event.actor, event.action, event.detail)
        assert redeem(session, token)
        assert redeem(session, token)
    with reading(engine) as session:
        (person,) = people_with_links(session, get_study(session, "s"))
    until = person.links[2].expires_at.isoformat()
    assert told == ("Rita", "link made", {"role": "annotator", "until": until, "why": "asked"})
    assert [one.state for one in person.links] == ["revoked", "expired", "open"]
    assert [one.n_visits for one in person.links] == [0, 0, 2]
    assert person.last_visit == person.links[2].last_visit
    assert person.last_visit is not None
    assert person.last_visit.tzinfo is not None
    assert person.may_come_in
    with writing(engine) as session:
        assert close_links(session, person.annotator_id, actor="Rita", why="done") == 2
    with reading(engine) as session:
        assert not people_with_links(session, get_study(session, "s"))[0].may_come_in


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
    with writing(engine) as session:
        study = ensure_study(session, "s")
        ensure_annotator(session, study, "Ada")
        with pytest.raises(StudyError, match=sentence):
            invite(session, study, name, role, days=days, actor="Rita")


def test_links_are_not_closed_without_a_reason(engine: Engine) -> None:
    """The link stays open, and nothing goes on record."""
    with writing(engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "Ada")
        token = create_invite(session, person)
        before = n_events(session)
        with pytest.raises(StudyError, match="give a reason"):
            close_links(session, person, actor="Rita", why=" ")
        assert redeem(session, token)
        assert n_events(session) == before
