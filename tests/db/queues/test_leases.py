"""Leases: how long an assignment is kept, and who may still label it."""

from datetime import UTC, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, write_session
from secondreader.db.core.tables import Assignment, utc_now
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.desk.shared_queue import take_next
from secondreader.db.queues.leases import (
    LAPSED,
    SharedQueueReader,
    build_assignment_row,
    build_lease_values,
    count_other_assignments,
    keep_assignment,
    list_own_assignments,
    list_unlisted_assignments,
    load_shared_queue_reader,
    read_database_clock,
)
from tests.db.shared_study import shared_study

MINUTES = 30


def load_reader(session: Session, person: int) -> SharedQueueReader:
    """The person, who must be one of a shared queue."""
    reader = load_shared_queue_reader(session, person)
    assert reader is not None
    return reader


def take_item(engine: Engine, person: int) -> None:
    """Take the next open item for the person."""
    with write_session(engine) as session:
        take_next(session, person)


def take_first(engine: Engine, person: int) -> tuple[int, int]:
    """Assignment and item that the person takes first."""
    take_item(engine, person)
    with write_session(engine) as session:
        own = list_own_assignments(session, load_reader(session, person), utc_now())
    return own[0].assignment_id, own[0].item_id


def set_lease(session: Session, assignment_id: int, minutes: float) -> None:
    """End a lease in so many minutes."""
    until = utc_now() + timedelta(minutes=minutes)
    statement = update(Assignment).where(col(Assignment.id) == assignment_id).values(leased_until=until)
    execute(session, statement)


def test_the_clock_is_utc(sqlite_engine: Engine) -> None:
    """Lease times of desks in different time zones can be compared."""
    with write_session(sqlite_engine) as session:
        assert read_database_clock(session).tzinfo is UTC


def test_a_fixed_queue_has_no_leases(sqlite_engine: Engine) -> None:
    """Its people are none of a shared queue, and nothing of theirs is unlisted; nor is a stranger's."""
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        for annotator_id in (person, 999):
            assert load_shared_queue_reader(session, annotator_id) is None
            assert list_unlisted_assignments(session, annotator_id) == set()


@pytest.mark.parametrize(
    ("minutes", "is_kept"),
    [
        (-1, False),
        (1, True),
        (MINUTES, True),
        (2 * MINUTES - 1, True),
        (2 * MINUTES + 1, False),
        (60 * 24, False),
    ],
)
def test_a_lease_runs_for_a_plausible_time(sqlite_engine: Engine, minutes: float, is_kept: bool) -> None:
    """One that ended, and one that no right clock could have given, hold nothing up."""
    person = shared_study(sqlite_engine, 1, 3, 1, minutes=MINUTES)[0]
    assignment_id, _ = take_first(sqlite_engine, person)
    with write_session(sqlite_engine) as session:
        set_lease(session, assignment_id, minutes)
        own = {
            one.assignment_id: one
            for one in list_own_assignments(session, load_reader(session, person), utc_now())
        }
        assert own[assignment_id].is_kept is is_kept
        assert own[assignment_id].is_open is is_kept
        assert (assignment_id in list_unlisted_assignments(session, person)) is not is_kept


def test_a_lapsed_lease_is_renewed_while_there_is_room(sqlite_engine: Engine) -> None:
    """Somebody who comes back late keeps the item unless others have it by now."""
    late, other = shared_study(sqlite_engine, 2, 1, 1, minutes=MINUTES)
    assignment_id, item_id = take_first(sqlite_engine, late)
    with write_session(sqlite_engine) as session:
        set_lease(session, assignment_id, -5)
        assert keep_assignment(session, late, assignment_id)
        assert count_other_assignments(session, load_reader(session, other), item_id, utc_now()) == 1
        set_lease(session, assignment_id, -5)
    take_item(sqlite_engine, other)
    with write_session(sqlite_engine) as session:
        assert not keep_assignment(session, late, assignment_id)
        assert not keep_assignment(session, late, assignment_id, for_good=True)


def test_a_label_settles_its_assignment(sqlite_engine: Engine) -> None:
    """A settled assignment has no date, stays kept, and marks others' ended leases as lapsed."""
    late, other = shared_study(sqlite_engine, 2, 1, 1, minutes=MINUTES)
    lost, _ = take_first(sqlite_engine, late)
    with write_session(sqlite_engine) as session:
        set_lease(session, lost, -5)
    settled, _ = take_first(sqlite_engine, other)
    with write_session(sqlite_engine) as session:
        assert keep_assignment(session, other, settled, for_good=True)
        dates = dict(session.exec(select(Assignment.id, Assignment.leased_until)).all())
        assert dates == {lost: LAPSED, settled: None}
        assert keep_assignment(session, other, settled)
        assert session.exec(select(Assignment.leased_until).where(Assignment.id == settled)).one() is None


def test_the_longest_lease_is_twice_the_rule() -> None:
    """Clocks that are a few minutes apart make no difference to what is kept."""
    now = utc_now()
    values = build_lease_values(now, Rules(lease_minutes=10))
    assert values == {"now": now, "longest": now + timedelta(minutes=20)}


def test_new_assignments_have_tokens_of_their_own() -> None:
    """A token says nothing of the person, the item or the position."""
    rows = [build_assignment_row(1, 2, 3, 1, None) for _ in range(50)]
    assert len({row["token"] for row in rows}) == 50
    assert {len(row["token"]) for row in rows} == {32}
    assert rows[0] | {"token": ""} == {
        "token": "",
        "annotator_id": 1,
        "study_item_id": 2,
        "position": 3,
        "pass_no": 1,
        "leased_until": None,
    }
