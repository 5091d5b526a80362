"""Assignments of somebody who has stopped go to others, and nothing that was done is touched."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, open_engine, read_session, select_columns, write_session
from secondreader.db.core.errors import StudyError, UnknownAssignment
from secondreader.db.core.tables import Assignment, AuditEvent, StudyItem
from secondreader.db.design.amendments import load_amendments
from secondreader.db.design.reassignment import ReassignmentResult, reassign_items
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.drafts import save_draft
from tests.db.parted_study import entries, label, parted_study

PLAIN: dict[str, Any] = {"qualification": (), "attention": (), "n_calibration": 0}


@pytest.fixture
def people(engine: Engine) -> dict[str, int]:
    """Four people who share 12 items, two annotators each; a queue has six."""
    return parted_study(engine, annotators=("A1", "A2", "A3", "A4"), **PLAIN)


def move(engine: Engine, *takers: str) -> ReassignmentResult:
    """A1 has stopped."""
    with write_session(engine) as session:
        return reassign_items(session, get_study(session, "s"), "A1", takers, actor="R", why="A1 is ill")


def readers(engine: Engine) -> dict[int, list[int]]:
    """Who reads each item."""
    with read_session(engine) as session:
        rows = execute(session, select_columns(Assignment.study_item_id, Assignment.annotator_id)).all()
    return {item: sorted(person for one, person in rows if one == item) for item, _ in rows}


def test_unopened_assignments_move_and_nobody_labels_twice(engine: Engine, people: dict[str, int]) -> None:
    """What is labelled or drafted stays; every item keeps two different annotators; the loads stay even."""
    first, second, *others = (one.token for one in entries(engine, people["A1"]))
    label(engine, people["A1"], first)
    with write_session(engine) as session:
        save_draft(session, people["A1"], second, {"answers": {}})
    done = move(engine, "A2", "A3", "A4")
    assert (sum(done.moved.values()), done.n_kept, done.n_repeats_dropped) == (4, 0, 0)
    assert max(done.moved.values()) <= 2
    assert [one.token for one in entries(engine, people["A1"])] == [first, second]
    assert all(len(set(found)) == 2 for found in readers(engine).values())
    with pytest.raises(UnknownAssignment):
        label(engine, people["A1"], others[0])


def test_moved_assignments_come_last_and_can_be_labelled(engine: Engine, people: dict[str, int]) -> None:
    """The new annotator's own order is not disturbed."""
    before = [one.token for one in entries(engine, people["A2"])]
    n = move(engine, "A2", "A3", "A4").moved["A2"]
    after = [one.token for one in entries(engine, people["A2"])]
    assert (after[: len(before)], len(after)) == (before, len(before) + n)
    label(engine, people["A2"], after[-1])


def test_what_the_others_have_already_stays(engine: Engine, people: dict[str, int]) -> None:
    """A single taker gets only what is new to them; the rest is counted."""
    shared = sum({people["A1"], people["A2"]} <= set(found) for found in readers(engine).values())
    done = move(engine, "A2")
    assert (done.moved, done.n_kept) == ({"A2": 6 - shared}, shared)


def test_where_nothing_can_move_nothing_is_recorded(engine: Engine) -> None:
    """Everybody has everything: a sentence, no amendment."""
    parted_study(engine, overlap=3, **PLAIN)
    with pytest.raises(StudyError, match="Nothing moves: A1 has 12 untouched assignments"):
        move(engine, "A2", "A3")
    with read_session(engine) as session:
        assert load_amendments(session, get_study(session, "s")) == []


def test_repeats_are_dropped_with_their_items(engine: Engine) -> None:
    """A repeat by somebody else, or at another distance, measures nothing."""
    parted_study(engine, repeats=0.5, repeat_gap=1, **PLAIN)
    with read_session(engine) as session:
        n_repeats = len(session.exec(select(Assignment).where(Assignment.pass_no == 2)).all())
    done = move(engine, "A2", "A3")
    with read_session(engine) as session:
        left = session.exec(select(Assignment).where(Assignment.pass_no == 2)).all()
        firsts = session.exec(select(Assignment).where(Assignment.pass_no == 1)).all()
    assert done.n_repeats_dropped == n_repeats - len(left) > 0
    own = {(one.annotator_id, one.study_item_id) for one in firsts}
    assert all((one.annotator_id, one.study_item_id) in own for one in left)


def test_practice_calibration_and_attention_stay(engine: Engine) -> None:
    """Everybody has their own of those."""
    people = parted_study(engine)
    count = (
        select_columns(StudyItem.part, Assignment.annotator_id)
        .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
        .where(col(StudyItem.part) != "pool")
    )
    with read_session(engine) as session:
        before = Counter(execute(session, count).all())
    assert sum(move(engine, "A2", "A3").moved.values()) > 0
    with read_session(engine) as session:
        assert Counter(execute(session, count).all()) == before
    assert people


def test_it_is_an_amendment_on_record(engine: Engine, people: dict[str, int]) -> None:
    """Who, how many, to whom and why; the plan's hash says that something changed."""
    assert people
    with read_session(engine) as session:
        before = get_study(session, "s").plan_hash
    done = move(engine, "A2", "A3")
    with read_session(engine) as session:
        study = get_study(session, "s")
        (amendment,) = load_amendments(session, study)
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert (amendment.actor, amendment.why) == ("R", "A1 is ill")
    assert amendment.what["reassigned"] == {"from": "A1", "to": done.moved, "repeats_dropped": 0}
    assert amendment.plan_hash == study.plan_hash != before
    assert event is not None
    assert event.detail["what"] == amendment.what


@pytest.mark.parametrize(
    ("giver", "takers", "why", "says"),
    [
        ("A1", ("nobody",), "x", "no annotator 'nobody'"),
        ("nobody", ("A1",), "x", "no annotator 'nobody'"),
        ("A1", ("A1",), "x", "different people"),
        ("A1", (), "x", "different people"),
        ("A1", ("A2", "A2"), "x", "different people"),
        ("A1", ("A2",), " ", "reason"),
    ],
)
def test_nonsense_is_refused(
    sqlite_target: str, giver: str, takers: tuple[str, ...], why: str, says: str
) -> None:
    """In a sentence, and nothing is moved."""
    engine = open_engine(sqlite_target)
    parted_study(engine, **PLAIN)
    before = readers(engine)
    with write_session(engine) as session, pytest.raises(StudyError, match=says):
        reassign_items(session, get_study(session, "s"), giver, takers, actor="R", why=why)
    assert readers(engine) == before
    engine.dispose()


def test_shared_and_closed_studies_have_nothing_to_move(engine: Engine) -> None:
    """Both say so."""
    parted_study(engine, rules=Rules(queue="shared"))
    with pytest.raises(StudyError, match="shared queue"):
        move(engine, "A2")
    with write_session(engine) as session:
        set_status(session, get_study(session, "s"), "closed", actor="R", why="x")
    with pytest.raises(StudyError, match="is closed"):
        move(engine, "A2")
