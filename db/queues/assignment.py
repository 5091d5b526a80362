"""Dealing: who reads what, in which order. Orders come from seeds alone and know nothing of verdicts or models."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, insert_rows, pick
from secondreader.db.core.tables import Assignment, Study, StudyItem
from secondreader.db.queues.leases import LAPSED, place_row

ATTENTION_FROM = 5
"""Places of the main queue before the first attention item may come."""

PlaceInQueue = tuple[int, int]
"""(study item, pass)"""


@dataclass(frozen=True, slots=True)
class Parts:
    """The items of a study that everybody reads, beside the main queue."""

    qualification: tuple[int, ...] = ()
    calibration: tuple[int, ...] = ()
    attention: tuple[int, ...] = ()
    rounds: int = 1
    """Practice rounds; the places of later ones are left free until somebody needs them."""

    @property
    def main_from(self) -> int:
        """Position after which the main queue begins."""
        return self.rounds * len(self.qualification) + len(self.calibration)


def parts_of(session: Session, study: Study, rounds: int) -> Parts:
    """The parts of a stored study."""
    rows = execute(
        session,
        pick(StudyItem.part, StudyItem.id)
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) != "pool")
        .order_by(col(StudyItem.id)),
    ).all()
    of = {part: tuple(row_id for one, row_id in rows if one == part) for part, _ in rows}
    return Parts(of.get("qualification", ()), of.get("calibration", ()), of.get("attention", ()), rounds)


def shares(
    items: Sequence[int], people: Iterable[int], overlap: int, rng: random.Random
) -> dict[int, list[int]]:
    """Give each item to `overlap` people, loads differing by one at the most."""
    load = dict.fromkeys(people, 0)
    queues: dict[int, list[int]] = {person: [] for person in load}
    for item in rng.sample(list(items), len(items)):
        order = sorted(load, key=lambda person: (load[person], rng.random()))
        for person in order[:overlap]:
            queues[person].append(item)
            load[person] += 1
    return queues


def main_queue(
    items: Sequence[int],
    attention: Sequence[int],
    repeats: float,
    repeat_gap: int,
    rng: random.Random,
) -> list[PlaceInQueue]:
    """One person's main queue in random order, with its repeats and, scattered from the sixth place on, attention."""
    order = list(items)
    rng.shuffle(order)
    places = with_repeats(order, repeats, repeat_gap, rng)
    for item in rng.sample(list(attention), len(attention)):
        places.insert(rng.randint(min(ATTENTION_FROM, len(places)), len(places)), (item, 1))
    return places


def with_repeats(queue: Sequence[int], share: float, gap: int, rng: random.Random) -> list[PlaceInQueue]:
    """The queue with a share of its items returning at least `gap` places later.

    In a queue too short for the gap, nothing returns: a repeat that is recognised measures memory.
    """
    places = [(item, 1) for item in queue]
    early = [item for item, _ in places[: max(len(places) - gap, 0)]]
    for item in rng.sample(early, min(round(share * len(queue)), len(early))):
        first = places.index((item, 1))
        places.insert(rng.randint(min(first + gap + 1, len(places)), len(places)), (item, 2))
    return places


def deal_early(session: Session, person: int, parts: Parts, rng: random.Random) -> int:
    """Put the first practice round and calibration at the front of a person's queue; returns the number of places."""
    practice = rng.sample(parts.qualification, len(parts.qualification))
    common = rng.sample(parts.calibration, len(parts.calibration))
    store(session, person, [(item, 1) for item in practice], 0)
    store(session, person, [(item, 1) for item in common], parts.main_from - len(common))
    return len(practice) + len(common)


def deal_attention(session: Session, person: int, parts: Parts, n_expected: int, rng: random.Random) -> int:
    """Keep places for attention items in a queue that fills as the person reads; returns their number.

    `n_expected`: items that the person will probably read.
    """
    numbers = range(ATTENTION_FROM + 1, max(n_expected, ATTENTION_FROM) + len(parts.attention) + 1)
    order = rng.sample(parts.attention, len(parts.attention))
    for item, place in zip(order, rng.sample(numbers, len(order)), strict=True):
        store(session, person, [(item, 1)], parts.main_from + place - 1, until=LAPSED)
    return len(order)


def store(
    session: Session,
    person: int,
    places: Sequence[PlaceInQueue],
    after: int,
    *,
    until: datetime | None = None,
) -> int:
    """Write places at the positions that follow `after`, with their lease in a shared queue; returns their number."""
    rows = [
        place_row(person, item, position, pass_no, until)
        for position, (item, pass_no) in enumerate(places, start=after + 1)
    ]
    insert_rows(session, Assignment, rows)
    return len(places)


def last_position(session: Session, person: int) -> int:
    """The last position taken in a person's queue; 0 in an empty one."""
    statement = pick(func.max(col(Assignment.position))).where(col(Assignment.annotator_id) == person)
    return execute(session, statement).scalar() or 0
