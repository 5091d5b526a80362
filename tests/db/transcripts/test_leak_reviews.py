"""What the leak scan found is decided on before the draw; what is excluded is neither sampled nor in the pool."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from secondreader.db.core.audit_log import list_events
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.research.items import load_item_records
from secondreader.db.transcripts.leak_reviews import (
    LeakReviewError,
    count_leaks,
    decide_leak,
    list_leak_items,
)
from secondreader.db.transcripts.leak_scans import LeakScanResult, count_scans
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from tests.snapshots import list_drawn_items

READABLE = {"kind": "self-identification", "where": "message 1 text", "excerpt": "GPT-4", "redacted": False}
MARKED = {**READABLE, "redacted": True}


def study_with_leaks(session: Session) -> StudyRecord:
    """Six transcripts: two with a readable finding, one with a redacted one, one with both kinds."""
    found = {1: (READABLE,), 2: (READABLE,), 3: (MARKED,), 4: (READABLE, MARKED)}
    text = [Content(task=f"t{i}", messages=(Message(role="user", text="x"),)) for i in range(6)]
    new = [
        NewTranscript(f"s:{i}", f"c{i}", text[i], leak_scan=LeakScanResult("1", found.get(i, ())))
        for i in range(6)
    ]
    study = ensure_study(session, "s")
    add_to_pool(session, study, add_transcripts(session, new).ids)
    return study


def test_decisions_are_counted_and_the_latest_one_counts(engine: Engine) -> None:
    """A redacted transcript needs no decision; a second decision replaces the first, and both are on record."""
    with write_session(engine) as session:
        study = study_with_leaks(session)
        first, second, third, fourth = list_leak_items(session, study)
        assert [one.state for one in (first, second, third, fourth)] == ["undecided", "undecided", "redacted", "undecided"]  # fmt: skip
        for decision in ("excluded", "accepted"):
            decide_leak(session, study, first.item, decision, actor="Rita", why=f"{decision} it")
        decide_leak(session, study, second.item, "excluded", actor="Rita", why="names the model")
        counts = count_leaks(list_leak_items(session, study), count_scans(session, study))
        assert (counts.n_findings, counts.n_redacted, counts.n_transcripts) == (5, 2, 4)
        assert (counts.n_accepted, counts.n_excluded, counts.n_undecided) == (1, 1, 1)
        assert [one.action for one in list_events(session, limit=3)] == ["leak excluded", "leak accepted", "leak excluded"]  # fmt: skip


def test_excluded_transcripts_have_no_chance_to_be_drawn(engine: Engine) -> None:
    """They leave the draw and the pool, and inclusion probabilities are over the rest."""
    with write_session(engine) as session:
        study = study_with_leaks(session)
        out = list_leak_items(session, study)[0]
        decide_leak(session, study, out.item, "excluded", actor="Rita", why="names the model")
        assert len(load_item_records(session, study)) == 5
        assert freeze_study(session, study, SamplingPlan(4, ("Ada",), 1), accept_leaks="fine").n_items == 4
    with read_session(engine) as session:
        study = get_study(session, "s")
        facts = list_drawn_items(session, study)
        assert {one.inclusion_probability for one in facts} == {4 / 5}
        assert out.item not in {one.item for one in facts}
        with pytest.raises(LeakReviewError, match="is frozen"):
            decide_leak(session, study, out.item, "accepted", actor="Rita", why="too late")


@pytest.mark.parametrize(
    ("decision", "why", "sentence"),
    [("perhaps", "x", "accepted or excluded"), ("accepted", " ", "needs a reason")],
)
def test_impossible_decisions_are_refused(engine: Engine, decision: str, why: str, sentence: str) -> None:
    """In one sentence, and so is a transcript in which nothing was found."""
    with write_session(engine) as session:
        study = study_with_leaks(session)
        item = list_leak_items(session, study)[0].item
        with pytest.raises(LeakReviewError, match=sentence):
            decide_leak(session, study, item, decision, actor="Rita", why=why)
        with pytest.raises(LeakReviewError, match="Nothing was found"):
            decide_leak(session, study, "nothing", "accepted", actor="Rita", why="x")


def test_undecided_findings_keep_a_study_from_being_frozen(engine: Engine) -> None:
    """Nothing of a refused freeze stays; a reason lets it pass and stands in the plan and in the audit log."""
    with write_session(engine) as session:
        study = study_with_leaks(session)
        for why in ("", "  "):
            with pytest.raises(StudyError, match=r"nobody has decided on: 3\. Accept or exclude each"):
                freeze_study(session, study, SamplingPlan(4, ("Ada",), 1), accept_leaks=why)
        assert get_study(session, "s").frozen_at is None
        freeze_study(session, study, SamplingPlan(4, ("Ada",), 1), actor="Rita", accept_leaks=" a pilot ")
        accepted = {"transcripts": 3, "why": "a pilot"}
        assert get_study(session, "s").plan["accepted_leaks"] == accepted
        (event,) = [one for one in list_events(session) if one.action == "study frozen"]
        assert (event.actor, event.detail["accepted_leaks"]) == ("Rita", accepted)
        counts = count_leaks(list_leak_items(session, study), count_scans(session, study))
        assert counts.n_undecided == 3


def test_decided_findings_leave_no_trace_in_the_plan(engine: Engine) -> None:
    """A plan without undecided findings says, and hashes, what it always did, whatever reason was given."""
    with write_session(engine) as session:
        study = study_with_leaks(session)
        for item in list_leak_items(session, study):
            decide_leak(session, study, item.item, "accepted", actor="Rita", why="harmless")
        freeze_study(session, study, SamplingPlan(4, ("Ada",), 1), accept_leaks="not needed")
        assert "accepted_leaks" not in get_study(session, "s").plan
