"""The shared queue: people take the next open transcript, and none is read by more people than its quota.

A place is taken for a while, its lease: `Assignment.leased_until`. A label settles the place (no date), and what was not
labelled in time goes to somebody else, who marks the lease that was passed over as lapsed: no clock that is put back
makes it valid again. Places are counted and taken under locks, so an item never has more places than readers wanted.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, func, or_, update
from sqlmodel import Session, col

from secondreader.db.engine import execute, pick, reading, wait_turn, writing
from secondreader.db.reach import reach
from secondreader.db.rules import Rules, rules_of
from secondreader.db.tables import Annotator, Assignment, Study, StudyItem, utc_now

AHEAD = 3
"""Open places that a person holds at a time: one to read, one that is fetched already, one to put off."""
QUEUE_LOCK = 7302016
ITEM_LOCK = 7302017
LAPSED = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of a lease that somebody else has passed over."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A person as the shared queue knows them."""

    annotator_id: int
    study_id: int
    status: str
    order_seed: int
    rules: Rules


def database_now(session: Session) -> datetime:
    """The time by the database server's clock, which all desks share; SQLite's is this machine's."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = execute(session, pick(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    return utc_now()


def is_kept(now: datetime, rules: Rules) -> ColumnElement[bool]:
    """SQL: the place is settled, or its lease runs.

    A lease that ends later than any given now could is of a clock that went wrong: it does not hold the item up.
    """
    until = col(Assignment.leased_until)
    longest = now + 2 * timedelta(minutes=rules.lease_minutes)
    return or_(until.is_(None), and_(until > now, until <= longest))


def reader_of(session: Session, annotator_id: int) -> Reader | None:
    """The person, if their study has a shared queue."""
    row = execute(
        session,
        pick(Study.id, Study.status, Annotator.order_seed, Study.rules)
        .join(Annotator, col(Annotator.study_id) == col(Study.id))
        .where(col(Annotator.id) == annotator_id),
    ).first()
    if row is None or rules_of(row[3]).queue != "shared":
        return None
    return Reader(annotator_id, row[0], row[1], row[2], rules_of(row[3]))


def refill(engine: Engine, annotator_id: int) -> int:
    """`take_next` in a transaction of its own; costs one read where the queue is not shared."""
    with reading(engine) as session:
        reader = reader_of(session, annotator_id)
        if reader is None or reader.status != "open":
            return 0
    with writing(engine) as session:
        return take_next(session, annotator_id)


def take_next(session: Session, annotator_id: int, n: int = AHEAD) -> int:
    """Top the person's open places up to `n`; returns how many were taken.

    Nothing is taken before practice and calibration are passed, and none while the study is not open. Asking twice takes
    nothing twice: what counts is what the person holds.
    """
    reader = reader_of(session, annotator_id)
    if reader is None or reader.status != "open" or not is_admitted(session, annotator_id):
        return 0
    wait_turn(session, QUEUE_LOCK, reader.study_id)
    now = database_now(session)
    wanted = n - n_open(session, reader, now)
    taken = 0
    for item_id, assignment_id in candidates(session, reader, now) if wanted > 0 else ():
        taken += take(session, reader, item_id, assignment_id, now)
        if taken == wanted:
            break
    return taken


def is_admitted(session: Session, annotator_id: int) -> bool:
    """Whether the person has reached the main queue."""
    return reach(session, annotator_id).last == "pool"


def n_open(session: Session, reader: Reader, now: datetime) -> int:
    """Places that are kept for the person and not labelled yet."""
    n: int = execute(
        session,
        pick(func.count(col(Assignment.id))).where(
            col(Assignment.annotator_id) == reader.annotator_id,
            col(Assignment.leased_until).is_not(None),
            is_kept(now, reader.rules),
        ),
    ).scalar_one()
    return n


def candidates(session: Session, reader: Reader, now: datetime) -> Iterator[tuple[int, int | None]]:
    """(item, own earlier place) that the person may take, best first.

    First what they had begun and lost to the clock, then the items that need the fewest readers more, in an order of the
    person's own that knows nothing of the items but their numbers.
    """
    n_kept = kept_places(session, reader, now)
    own = own_places(session, reader)
    room = {item for item, count in n_kept.items() if count < reader.rules.overlap}
    lapsed = [(item, row_id) for item, row_id, is_settled in own if not is_settled and item in room]
    yield from lapsed
    had = {item for item, _, _ in own}
    order = sorted(room - had, key=lambda item: (-n_kept[item], digest(reader.order_seed, item)))
    yield from ((item, None) for item in order)


def kept_places(session: Session, reader: Reader, now: datetime) -> dict[int, int]:
    """How many places each drawn item of the pool has that are labelled or kept for somebody."""
    on_item = and_(
        col(Assignment.study_item_id) == col(StudyItem.id),
        col(Assignment.pass_no) == 1,
        is_kept(now, reader.rules),
    )
    rows = execute(
        session,
        pick(StudyItem.id, func.count(col(Assignment.id)))
        .outerjoin(Assignment, on_item)
        .where(
            col(StudyItem.study_id) == reader.study_id,
            col(StudyItem.part) == "pool",
            col(StudyItem.is_drawn),
        )
        .group_by(col(StudyItem.id)),
    )
    return {item: count for item, count in rows}


def own_places(session: Session, reader: Reader) -> list[tuple[int, int, bool]]:
    """(item, place, whether it is settled) of all that the person has taken, in the order of taking."""
    rows = execute(
        session,
        pick(Assignment.study_item_id, Assignment.id, col(Assignment.leased_until).is_(None))
        .where(col(Assignment.annotator_id) == reader.annotator_id)
        .order_by(col(Assignment.position)),
    )
    return [(item, row_id, bool(is_settled)) for item, row_id, is_settled in rows]


def digest(seed: int, item_id: int) -> str:
    """An item's rank in one person's order."""
    return hashlib.sha256(f"queue {seed} {item_id}".encode()).hexdigest()


def take(session: Session, reader: Reader, item_id: int, assignment_id: int | None, now: datetime) -> bool:
    """Take one item, or take one's own place on it up again; False where it is full or held already."""
    wait_turn(session, ITEM_LOCK, item_id)
    if n_others(session, reader, item_id, now) >= reader.rules.overlap:
        return False
    until = now + timedelta(minutes=reader.rules.lease_minutes)
    if assignment_id is not None:
        changed = execute(
            session,
            update(Assignment)
            .where(col(Assignment.id) == assignment_id, ~is_kept(now, reader.rules))
            .values(leased_until=until),
        ).rowcount
    else:
        place = Assignment(
            annotator_id=reader.annotator_id,
            study_item_id=item_id,
            position=next_position(session, reader),
            leased_until=until,
        )
        session.add(place)
        session.flush()
        changed = 1
    pass_over(session, reader, item_id, now)
    return changed == 1


def n_others(session: Session, reader: Reader, item_id: int, now: datetime) -> int:
    """Places of other people on one item that are labelled or kept; call it under the item's lock."""
    n: int = execute(
        session,
        pick(func.count(col(Assignment.id))).where(
            col(Assignment.study_item_id) == item_id,
            col(Assignment.annotator_id) != reader.annotator_id,
            col(Assignment.pass_no) == 1,
            is_kept(now, reader.rules),
        ),
    ).scalar_one()
    return n


def pass_over(session: Session, reader: Reader, item_id: int, now: datetime) -> None:
    """Mark the leases of others that have run out, so that they stay so."""
    execute(
        session,
        update(Assignment)
        .where(
            col(Assignment.study_item_id) == item_id,
            col(Assignment.annotator_id) != reader.annotator_id,
            ~is_kept(now, reader.rules),
        )
        .values(leased_until=LAPSED),
    )


def next_position(session: Session, reader: Reader) -> int:
    """The place after the person's last one; attention items that were dealt ahead keep theirs.

    The main queue begins after the places that all practice rounds would need.
    """
    rows = execute(
        session,
        pick(Assignment.position, Assignment.pass_no, StudyItem.part)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == reader.annotator_id),
    ).all()
    n_practice = sum(part == "qualification" and pass_no == 1 for _, pass_no, part in rows)
    last = max((one for one, _, part in rows if part != "attention"), default=0)
    position: int = max(last, n_practice * reader.rules.qualification_rounds) + 1
    dealt = {one for one, _, part in rows if part == "attention"}
    while position in dealt:
        position += 1
    return position


def keep_place(session: Session, annotator_id: int, assignment_id: int, *, for_good: bool = False) -> bool:
    """Renew the person's lease, or settle it with a label; False where others have all the places by now.

    A lease that has run out is renewed as long as the item has room.
    """
    item_id, until = execute(
        session,
        pick(Assignment.study_item_id, Assignment.leased_until).where(col(Assignment.id) == assignment_id),
    ).one()
    reader = reader_of(session, annotator_id) if until is not None else None
    if reader is None:
        return True  # settled, or dealt to this person alone
    wait_turn(session, ITEM_LOCK, item_id)
    now = database_now(session)
    if n_others(session, reader, item_id, now) >= reader.rules.overlap:
        return False
    renewed = None if for_good else now + timedelta(minutes=reader.rules.lease_minutes)
    execute(
        session, update(Assignment).where(col(Assignment.id) == assignment_id).values(leased_until=renewed)
    )
    pass_over(session, reader, item_id, now)
    return True


def hidden_places(session: Session, annotator_id: int) -> set[int]:
    """Ids of places that the person's queue does not show: leases that ran out, attention items not reached yet."""
    reader = reader_of(session, annotator_id)
    if reader is None:
        return set()
    rows = execute(
        session,
        pick(Assignment.id, Assignment.position, StudyItem.part, is_kept(database_now(session), reader.rules))
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id)
        .order_by(col(Assignment.position)),
    ).all()
    reached = max((position for _, position, part, _ in rows if part != "attention"), default=0)
    return {
        row_id
        for row_id, position, part, kept in rows
        if not kept or (part == "attention" and position > reached)
    }
