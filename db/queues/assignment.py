"""Assignment: who labels what, in which order. Orders come from seeds alone and know nothing of verdicts or models."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, insert_rows, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Assignment, StudyItem
from secondreader.db.queues.leases import LAPSED, build_assignment_row

ATTENTION_FROM = 5
"""Assignments of the main queue before the first attention check may come."""

QueuePosition = tuple[int, int]
"""(study item, pass)"""


@dataclass(frozen=True, slots=True)
class StudyParts:
    """The items of a study that everybody reads, beside the main queue."""

    qualification: tuple[int, ...] = ()
    norming: tuple[int, ...] = ()
    attention: tuple[int, ...] = ()
    rounds: int = 1
    """Qualification rounds; positions of later rounds stay free until somebody needs them."""

    @property
    def main_from(self) -> int:
        """Position after which the main queue begins."""
        return self.rounds * len(self.qualification) + len(self.norming)


def load_study_parts(session: Session, study: StudyRecord, rounds: int) -> StudyParts:
    """The parts of a stored study."""
    rows = execute(
        session,
        select_columns(StudyItem.part, StudyItem.id)
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) != "pool")
        .order_by(col(StudyItem.id)),
    ).all()
    items_by_part = {
        part: tuple(row_id for part_of_item, row_id in rows if part_of_item == part) for part, _ in rows
    }
    return StudyParts(
        items_by_part.get("qualification", ()),
        items_by_part.get("calibration", ()),
        items_by_part.get("attention", ()),
        rounds,
    )


def compute_balanced_loads(
    items: Sequence[int], annotator_ids: Iterable[int], overlap: int, rng: random.Random
) -> dict[int, list[int]]:
    """Give each item to `overlap` people, loads differing by one at the most."""
    load = dict.fromkeys(annotator_ids, 0)
    queues: dict[int, list[int]] = {person: [] for person in load}
    # in random order, or the last items would always go to the same people
    for item in rng.sample(list(items), len(items)):
        # ties at random: by id, the same pairs would read everything together
        order = sorted(load, key=lambda person: (load[person], rng.random()))
        for person in order[:overlap]:
            queues[person].append(item)
            load[person] += 1
    return queues


def build_main_queue(
    items: Sequence[int],
    attention: Sequence[int],
    repeats: float,
    repeat_gap: int,
    rng: random.Random,
) -> list[QueuePosition]:
    """One person's main queue in random order, with its repeats and, scattered from the sixth position on, attention."""
    order = list(items)
    rng.shuffle(order)
    queue_positions = insert_repeats(order, repeats, repeat_gap, rng)
    for item in rng.sample(list(attention), len(attention)):
        queue_positions.insert(
            rng.randint(min(ATTENTION_FROM, len(queue_positions)), len(queue_positions)), (item, 1)
        )
    return queue_positions


def insert_repeats(queue: Sequence[int], share: float, gap: int, rng: random.Random) -> list[QueuePosition]:
    """The queue with a share of its items returning at least `gap` positions later.

    In a queue too short for the gap, nothing returns: a repeat that is recognised measures memory.
    """
    queue_positions = [(item, 1) for item in queue]
    early = [item for item, _ in queue_positions[: max(len(queue_positions) - gap, 0)]]
    for item in rng.sample(early, min(round(share * len(queue)), len(early))):
        # looked up each time: every insertion moves what stands behind it
        first = queue_positions.index((item, 1))
        queue_positions.insert(
            rng.randint(min(first + gap + 1, len(queue_positions)), len(queue_positions)), (item, 2)
        )
    return queue_positions


def assign_onboarding(session: Session, person: int, parts: StudyParts, rng: random.Random) -> int:
    """Put the first qualification round and the norming round at the front of a queue; returns the number of assignments."""
    qualification = rng.sample(parts.qualification, len(parts.qualification))
    common = rng.sample(parts.norming, len(parts.norming))
    store_assignments(session, person, [(item, 1) for item in qualification], 0)
    store_assignments(session, person, [(item, 1) for item in common], parts.main_from - len(common))
    return len(qualification) + len(common)


def assign_attention_checks(
    session: Session, person: int, parts: StudyParts, n_expected: int, rng: random.Random
) -> int:
    """Keep assignments for attention checks in a queue that fills as the person reads; returns their number.

    `n_expected`: items that the person will probably read.
    """
    # as if the checks had been scattered over a queue of the usual length
    numbers = range(ATTENTION_FROM + 1, max(n_expected, ATTENTION_FROM) + len(parts.attention) + 1)
    order = rng.sample(parts.attention, len(parts.attention))
    for item, offset in zip(order, rng.sample(numbers, len(order)), strict=True):
        # hidden until the queue has grown to its position
        store_assignments(session, person, [(item, 1)], parts.main_from + offset - 1, until=LAPSED)
    return len(order)


def store_assignments(
    session: Session,
    person: int,
    queue_positions: Sequence[QueuePosition],
    after: int,
    *,
    until: datetime | None = None,
) -> int:
    """Write assignments at the positions that follow `after`, with their lease in a shared queue; returns their number."""
    rows = [
        build_assignment_row(person, item, position, pass_no, until)
        for position, (item, pass_no) in enumerate(queue_positions, start=after + 1)
    ]
    insert_rows(session, Assignment, rows)
    return len(queue_positions)


def find_last_position(session: Session, person: int) -> int:
    """The last position taken in a person's queue; 0 in an empty one."""
    statement = select_columns(func.max(col(Assignment.position))).where(
        col(Assignment.annotator_id) == person
    )
    return execute(session, statement).scalar() or 0
