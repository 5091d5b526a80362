"""Pace, time left, and assignments that were begun and left."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import col

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, read_session, write_session
from secondreader.db.core.tables import Assignment, Draft, utc_now
from secondreader.db.design.studies import get_study
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.shared_queue import refill_queue
from secondreader.db.research.idle import IdleAssignment, list_idle_assignments
from secondreader.db.research.pace import StudyPace, compute_study_pace
from tests.db.parted_study import NO, entries, parted_study

PLAIN: dict[str, Any] = {"qualification": (), "attention": (), "n_calibration": 0}


def paced(engine: Engine) -> StudyPace:
    """As it stands."""
    with read_session(engine) as session:
        return compute_study_pace(session, get_study(session, "s"))


def stale(engine: Engine, hours: float = 24) -> list[IdleAssignment]:
    """As it stands."""
    with read_session(engine) as session:
        return list_idle_assignments(session, get_study(session, "s"), hours)


def label(engine: Engine, person: int, n: int, seconds: float) -> None:
    """The next `n` assignments, each in so many seconds."""
    for entry in [one for one in entries(engine, person) if not one.is_labelled][:n]:
        given = LabelInput(entry.token, f"{person}-{entry.token}", NO, active_seconds=seconds)
        submit_label(engine, person, given)


def test_nothing_is_known_before_the_first_label(engine: Engine) -> None:
    """No pace, no time left, but what is wanted."""
    parted_study(engine, **PLAIN)
    found = paced(engine)
    assert (found.n_wanted, found.n_labelled, found.labels_by_day) == (24, 0, {})
    assert (found.labels_per_hour, found.hours_left, found.days_left) == (None, None, None)
    assert [(one.n_open, one.hours_left) for one in found.people] == [(8, None)] * 3


def test_pace_and_time_left(engine: Engine) -> None:
    """The median of active time says what is left, for each person and for all."""
    people = parted_study(engine, **PLAIN)
    label(engine, people["A1"], 4, 30.0)
    label(engine, people["A2"], 2, 90.0)
    found = paced(engine)
    today = utc_now().date()
    assert (found.n_labelled, found.labels_by_day) == (6, {today: 6})
    assert found.labels_per_hour == pytest.approx(120)
    assert found.hours_left == pytest.approx(18 * 30 / 3600)
    assert found.days_left == pytest.approx(3.0)
    first, second, third = found.people
    assert (first.seconds_per_label, first.n_open, first.n_days) == (30.0, 4, 1)
    assert second.hours_left == pytest.approx(6 * 90 / 3600)
    assert (third.n_labelled, third.seconds_per_label) == (0, None)


def test_strata_add_up(engine: Engine) -> None:
    """Items, wanted labels and labels of the strata sum to the study's; an item is complete with all its annotators."""
    people = parted_study(engine, strata="verdict", judge="j", **PLAIN)
    label(engine, people["A1"], 8, 10.0)
    found = paced(engine)
    assert [one.stratum for one in found.strata] == ["no", "yes"]
    assert sum(one.n_items for one in found.strata) == 12
    assert sum(one.n_wanted for one in found.strata) == found.n_wanted
    assert sum(one.n_labelled for one in found.strata) == found.n_labelled == 8
    assert sum(one.n_complete for one in found.strata) == 0
    for name in ("A2", "A3"):
        label(engine, people[name], 8, 10.0)
    assert sum(one.n_complete for one in paced(engine).strata) == 12


def test_practice_calibration_and_attention_are_no_progress(engine: Engine) -> None:
    """Only the main queue counts."""
    people = parted_study(engine)
    label(engine, people["A1"], 4, 10.0)
    found = paced(engine)
    assert (found.n_labelled, found.n_wanted, found.people[0].n_open) == (0, 24, 8)


def test_a_shared_queue_counts_against_its_quota(engine: Engine) -> None:
    """Wanted is the overlap of every sampled item; a person's open assignments are those held now."""
    people = parted_study(engine, rules=Rules(queue="shared"), **PLAIN)
    refill_queue(engine, people["A1"])
    label(engine, people["A1"], 2, 60.0)
    found = paced(engine)
    assert (found.n_wanted, found.n_labelled) == (24, 2)
    assert (found.people[0].n_open, found.people[0].hours_left) == (1, None)
    assert found.hours_left == pytest.approx(22 / 60)


def test_old_drafts_are_stale_until_they_are_sent(engine: Engine) -> None:
    """A draft of two days ago shows, one of today does not, and a label ends it."""
    people = parted_study(engine, **PLAIN)
    old, new = [one.token for one in entries(engine, people["A1"])][:2]
    with write_session(engine) as session:
        for token in (old, new):
            save_draft(session, people["A1"], token, {})
        before = utc_now() - timedelta(days=2)
        mine = col(Assignment.token) == old
        draft = col(Draft.assignment_id) == col(Assignment.id)
        execute(session, update(Draft).where(draft, mine).values(updated_at=before))
    (found,) = stale(engine)
    assert (found.annotator, found.kind, found.since) == ("A1", "draft", before)
    assert len(stale(engine, 72)) == 0
    submit_label(engine, people["A1"], LabelInput(old, "t", NO))
    assert stale(engine) == []


def test_ended_leases_are_stale_until_somebody_else_takes_over(engine: Engine) -> None:
    """Who left with three assignments shows three times; once another person has them, nobody waits for them."""
    people = parted_study(engine, rules=Rules(queue="shared"), annotators=("A1", "A2"), overlap=1, **PLAIN)
    refill_queue(engine, people["A1"])
    assert stale(engine) == []
    with write_session(engine) as session:
        execute(session, update(Assignment).values(leased_until=utc_now() - timedelta(hours=1)))
    assert [(one.annotator, one.kind) for one in stale(engine)] == [("A1", "lease")] * 3
    while refill_queue(engine, people["A2"]):
        label(engine, people["A2"], 9, 1.0)
    assert stale(engine) == []
