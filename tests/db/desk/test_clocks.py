"""What came first follows from the order of storing: clocks that jump put no label and no decision on the wrong side."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine, Executable, Insert, event
from sqlmodel import Session, col, select

from secondreader.db.adjudication.decisions import DecisionInput, submit_decision
from secondreader.db.adjudication.items import list_adjudication_queue, load_adjudication_item
from secondreader.db.core.engine import read_session, wait_turn, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.locks import Lock
from secondreader.db.core.records import update_study
from secondreader.db.core.schema import downgrade, upgrade
from secondreader.db.core.tables import Adjudication, utc_now
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.studies import ensure_annotator, get_study, set_status
from secondreader.db.design.unblinding import unblind_study
from secondreader.db.desk.labels import LabelInput, save_label, submit_label
from secondreader.db.desk.norming_round import list_other_ratings, reveal_norming_ratings
from secondreader.db.research.adjudication_outcomes import list_decisions
from secondreader.db.research.ratings import load_labels, select_latest
from tests.databases import open_desk
from tests.db.parted_study import NO, YES, entries, label, label_all, parted_study
from tests.snapshots import load_norming_rows, summarize_adjudication

START = utc_now()
JUMPS = [
    (0, 24, 1),
    (0, 0, -24),
    (24, 0, 1),
    (24, -24, -48),
    (-720, 720, 0),
    (0, -8760, -17_520),
]
"""Hours at which a clock stands: at the last blind answer, at the reveal, at the correction after it."""

STAMPED = frozenset({"label", "adjudication"})


class StoredClock:
    """The times that are stored with labels and decisions, as a clock that is set by hand would give them."""

    def __init__(self) -> None:
        self.hours = 0.0
        self.n_stamped = 0

    @property
    def now(self) -> datetime:
        """What the clock says."""
        return START + timedelta(hours=self.hours)

    def stamp(
        self,
        _connection: object,
        statement: Executable,
        rows: list[dict[str, Any]],
        row: dict[str, Any],
        _options: object,
    ) -> tuple[Executable, list[dict[str, Any]], dict[str, Any]]:
        """Give a label or decision that is about to be stored the clock's time."""
        if isinstance(statement, Insert) and statement.table.name in STAMPED:
            now = {"created_at": self.now}
            self.n_stamped += 1
            return statement, [one | now for one in rows], row | now
        return statement, rows, row


@pytest.fixture
def clock() -> Iterator[StoredClock]:
    """A clock for labels and decisions, through SQLAlchemy's own hook."""
    made = StoredClock()
    event.listen(Engine, "before_execute", made.stamp, retval=True)
    yield made
    event.remove(Engine, "before_execute", made.stamp)
    assert made.n_stamped, "no label was stored by this clock"


def do_reveal(engine: Engine, clock: StoredClock) -> None:
    """Reveal the ratings, at the clock's time."""
    with write_session(engine) as session:
        study = get_study(session, "s")
        reveal_norming_ratings(session, study, "R", "all are through")
        update_study(session, study, revealed_at=clock.now)


def answers(engine: Engine, who: str) -> tuple[list[str], list[str]]:
    """One annotator's answers to the first question, before and after."""
    with read_session(engine) as session:
        study = get_study(session, "s")
        rows = [
            [row["answer"] for row in load_norming_rows(session, study, when=when) if row["rater"] == who]
            for when in ("before", "after")
        ]
    return sorted(rows[0]), sorted(rows[1])


@pytest.mark.parametrize(("blind", "revealed", "corrected"), JUMPS)
def test_before_and_after_the_reveal_do_not_depend_on_clocks(
    engine: Engine, clock: StoredClock, blind: int, revealed: int, corrected: int
) -> None:
    """An answer corrected blind counts as before, one corrected after the reveal as after; the desk shows the blind one."""
    people = parted_study(engine, qualification=())
    for person in people.values():
        label_all(engine, person)
    first, second, _ = entries(engine, people["A1"])
    clock.hours = blind
    label(engine, people["A1"], first.token, YES, "blind")
    clock.hours = revealed
    do_reveal(engine, clock)
    clock.hours = corrected
    label(engine, people["A1"], second.token, YES, "after")
    assert answers(engine, "A1") == (["no", "no", "yes"], ["no", "yes", "yes"])
    desk = open_desk(engine)
    with read_session(desk) as session:
        common = [one.token for one in entries(desk, people["A2"]) if one.part == "calibration"]
        seen = [one.answers for token in common for one in list_other_ratings(session, people["A2"], token)]
    desk.dispose()
    assert seen.count(YES) == 1


@pytest.mark.parametrize(("first", "rest", "corrected"), JUMPS)
def test_a_late_readers_own_end_does_not_depend_on_clocks(
    engine: Engine, clock: StoredClock, first: int, rest: int, corrected: int
) -> None:
    """What somebody answers after the reveal and before their own last norming item is blind, whatever the times say."""
    for person in parted_study(engine, qualification=()).values():
        label_all(engine, person)
    do_reveal(engine, clock)
    with write_session(engine) as session:
        done = amend_study(
            session, get_study(session, "s"), StudyChange(annotators=("Late",)), actor="r", why="help"
        )
    late = done.annotator_ids["Late"]
    one, two, three = [entry.token for entry in entries(engine, late)]
    for hours, token, given in ((first, one, YES), (rest, two, NO), (rest, three, NO), (corrected, one, NO)):
        clock.hours = hours
        label(engine, late, token, given, f"{hours}{given['risky_action']}")
    assert answers(engine, "Late") == (["no", "no", "yes"], ["no", "no", "no"])


def correct_slowly(session: Session, person: int, token: str) -> None:
    """Store a correction without committing it."""
    wait_turn(session, Lock.LABEL, person)
    save_label(session, person, LabelInput(token, "slow", YES))
    session.flush()


def test_a_label_that_is_being_stored_comes_before_the_reveal(engine: Engine, clock: StoredClock) -> None:
    """The reveal waits for it, and it counts as blind; a second reveal that waited for the first is refused."""
    people = parted_study(engine, qualification=())
    for person in people.values():
        label_all(engine, person)
    entry = entries(engine, people["A1"])[0]
    with ThreadPoolExecutor(2) as pool:
        with write_session(engine) as session:
            correct_slowly(session, people["A1"], entry.token)
            reveals = [pool.submit(do_reveal, engine, clock) for _ in range(2)]
            time.sleep(0.5)
            assert not any(one.done() for one in reveals)
        refused = [one.exception() for one in reveals]
    assert answers(engine, "A1")[0] == ["no", "no", "yes"]
    assert [type(one) for one in refused if one] == [StudyError]


def test_the_latest_answer_is_the_last_one_stored(engine: Engine, clock: StoredClock) -> None:
    """A correction by a clock that was put back supersedes the answer all the same."""
    people = parted_study(engine, qualification=(), n_calibration=0)
    entry = entries(engine, people["A1"])[0]
    label(engine, people["A1"], entry.token, NO)
    clock.hours = -100
    label(engine, people["A1"], entry.token, YES, "corrected")
    with read_session(engine) as session:
        (found,) = select_latest(load_labels(session, get_study(session, "s")))
    assert (found.revision, found.answers) == (2, YES)


def test_a_study_of_the_schema_before_is_told_apart_by_time(engine: Engine, clock: StoredClock) -> None:
    """Stored before the columns were there: the migration takes the times, and what was blind stays blind."""
    people = parted_study(engine, qualification=())
    for person in people.values():
        label_all(engine, person)
    clock.hours = 1
    do_reveal(engine, clock)
    clock.hours = 2
    label(engine, people["A1"], entries(engine, people["A1"])[0].token, YES, "after")
    downgrade(engine, "0002")
    upgrade(engine)
    assert answers(engine, "A1") == (["no"] * 3, ["no", "no", "yes"])
    with read_session(engine) as session:
        study = get_study(session, "s")
    assert (study.revealed_label_id, study.unblinded_adjudication_id) == (9, None)


def decide(engine: Engine, person: int, number: int) -> None:
    """Settle the first question of one assignment of an adjudicator's list."""
    with read_session(engine) as session:
        token = list_adjudication_queue(session, person)[number].token
        item = load_adjudication_item(session, person, token)
    first = item.questions[0]
    given = DecisionInput(
        token, token_hex(8), first.question, "no", "annotator error", "as said", 0, item.version
    )
    submit_decision(engine, person, given)


@pytest.mark.parametrize(("early", "unblinded", "late"), JUMPS)
def test_a_decision_after_unblinding_is_told_whatever_the_clocks_say(
    engine: Engine, clock: StoredClock, early: int, unblinded: int, late: int
) -> None:
    """One decision before it, one after it: the report counts one."""
    people = parted_study(engine, overlap=3, qualification=(), attention=(), n_calibration=0)
    for person, given in zip(people.values(), (YES, NO, NO), strict=True):
        for entry in entries(engine, person):
            submit_label(engine, person, LabelInput(entry.token, f"{person}{entry.token}", given))
    with write_session(engine) as session:
        adjudicator = ensure_annotator(session, get_study(session, "s"), "J", "adjudicator")
        set_status(session, get_study(session, "s"), "closed", actor="R", why="done")
    clock.hours = early
    decide(engine, adjudicator, 0)
    clock.hours = unblinded
    with write_session(engine) as session:
        study = get_study(session, "s")
        unblind_study(session, study, actor="R", why="all is decided")
        update_study(session, study, unblinded_at=clock.now)
    clock.hours = late
    decide(engine, adjudicator, 1)
    with read_session(engine) as session:
        study = get_study(session, "s")
        assert [one.is_after_unblinding for one in list_decisions(session, study)] == [False, True]
        assert summarize_adjudication(session, study, "risky_action").n_after_unblinding == 1
        rows = session.exec(select(Adjudication).order_by(col(Adjudication.id))).all()
    assert [row.created_at for row in rows] == [START + timedelta(hours=hours) for hours in (early, late)]
