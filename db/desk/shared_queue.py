"""The shared queue: people take the next open transcript, and none is read by more people than its quota.

Assignments are counted and taken under locks, so an item never has more assignments than annotators wanted; `secondreader.db.queues.leases` says
how long an assignment is kept. Among them come the person's own repeats, which count towards no quota: see `secondreader.db.queues.repeats`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, bindparam, func, insert
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, read_session, select_columns, wait_turn, write_session
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Assignment, StudyItem
from secondreader.db.desk.stages import compute_progression
from secondreader.db.queues.leases import (
    IS_KEPT,
    UPDATE_LEASE,
    OwnAssignment,
    SharedQueueReader,
    build_assignment_row,
    build_lease_values,
    count_other_assignments,
    list_own_assignments,
    load_shared_queue_reader,
    mark_lapsed_leases,
    read_database_clock,
)
from secondreader.db.queues.repeats import find_due_repeats

# more would keep items from others while nobody reads them
MAX_OPEN_ASSIGNMENTS = 3
"""Open assignments that a person holds at a time: one to read, one that is fetched already, one to put off."""
ON_ITEM = and_(col(Assignment.study_item_id) == col(StudyItem.id), col(Assignment.pass_no) == 1, IS_KEPT)
IN_POOL = and_(
    col(StudyItem.study_id) == bindparam("study"), col(StudyItem.part) == "pool", col(StudyItem.is_drawn)
)
READER_COUNTS_QUERY = (
    select_columns(StudyItem.id, func.count(col(Assignment.id)))
    .join(Assignment, ON_ITEM)
    .where(IN_POOL)
    .group_by(col(StudyItem.id))
)
FULL_ITEMS_QUERY = READER_COUNTS_QUERY.where(
    col(StudyItem.id).in_(bindparam("items", expanding=True))
).having(func.count(col(Assignment.id)) >= bindparam("overlap"))
"""Those of these items that have no room for another annotator."""
PARTLY_READ_QUERY = READER_COUNTS_QUERY.having(func.count(col(Assignment.id)) < bindparam("overlap"))
"""Items that somebody reads or has read, but too few people, with how many: those that need the fewest annotators more come first."""
UNTOUCHED_ITEMS_QUERY = select_columns(StudyItem.id).where(
    IN_POOL, ~select_columns(Assignment.id).where(ON_ITEM).exists()
)
INSERT_ASSIGNMENT = insert(Assignment).returning(col(Assignment.id))
RENEW_LAPSED_LEASE = UPDATE_LEASE.where(~IS_KEPT)


def refill_queue(engine: Engine, annotator_id: int) -> int:
    """`take_next` in a transaction of its own; costs one read where the queue is not shared."""
    # a read first: most openings take nothing, and a writer would wait for all others
    with read_session(engine) as session:
        reader = load_shared_queue_reader(session, annotator_id)
        if reader is None or reader.status != "open":
            return 0
    with write_session(engine) as session:
        return take_next(session, annotator_id)


def take_further_assignments(engine: Engine, annotator_id: int) -> list[str]:
    """`take_next` in a transaction of its own; the tokens of all open assignments then, in order, and none where none was taken."""
    with write_session(engine) as session:
        taken, own = top_up_queue(session, annotator_id, MAX_OPEN_ASSIGNMENTS)
    return [assignment.token for assignment in own if assignment.is_open] if taken else []


def take_next(session: Session, annotator_id: int, n: int = MAX_OPEN_ASSIGNMENTS) -> int:
    """Top the person's open assignments up to `n`; returns how many were taken.

    Nothing is taken before qualification and norming are passed, and none while the study is not open. Asking twice takes
    nothing twice: what counts is what the person holds.
    """
    return top_up_queue(session, annotator_id, n)[0]


def top_up_queue(session: Session, annotator_id: int, n: int) -> tuple[int, list[OwnAssignment]]:
    """What `take_next` returns, and the person's assignments after it, in their order."""
    reader = load_shared_queue_reader(session, annotator_id)
    if reader is None or reader.status != "open" or not is_admitted(session, annotator_id):
        return 0, []
    # of the study, since what is taken depends on what everybody else holds
    wait_turn(session, Lock.QUEUE, reader.study_id)
    # after the wait: a lease may have run out meanwhile
    now = read_database_clock(session)
    own = list_own_assignments(session, reader, now)
    wanted = n - sum(assignment.is_open for assignment in own)
    further = find_candidates(session, reader, now, own)
    taken = 0
    while taken < wanted and take_next_assignment(session, reader, own, further, now):
        taken += 1
    return taken, sorted(own, key=lambda assignment: assignment.position)


def take_next_assignment(
    session: Session,
    reader: SharedQueueReader,
    own: list[OwnAssignment],
    candidates: Iterator[tuple[int, OwnAssignment | None]],
    now: datetime,
) -> bool:
    """One assignment more, of whatever kind: kinds come singly, so that nothing tells them apart. False where nothing is left.

    First the attention check whose turn it is, then a repeat that is due, then the next transcript; when there is none, a
    repeat that the gap allows.
    """
    return (
        release_attention_check(session, reader, own)
        or release_repeat(session, reader, own)
        or any(
            take_item(session, reader, item_id, assignment, own, now) for item_id, assignment in candidates
        )
        or release_repeat(session, reader, own, at_end=True)
    )


def release_attention_check(session: Session, reader: SharedQueueReader, own: list[OwnAssignment]) -> bool:
    """Let the attention check that was assigned to the next position come; False where there is none."""
    position = compute_next_position(reader, own)
    dealt = (
        at
        for at, assignment in enumerate(own)
        if assignment.part == "attention" and assignment.position == position
    )
    at = next(dealt, None)
    if at is None:
        return False
    execute(session, UPDATE_LEASE, {"assignment": own[at].assignment_id, "leased_until": None})
    own[at] = replace(own[at], is_kept=True)
    return True


def release_repeat(
    session: Session, reader: SharedQueueReader, own: list[OwnAssignment], *, at_end: bool = False
) -> bool:
    """Let one of the person's repeats return, if one is due."""
    due = find_due_repeats(reader, own, at_end=at_end)
    if due:
        own.append(
            store_new_assignment(session, reader, due[0], compute_next_position(reader, own), None, pass_no=2)
        )
    return bool(due)


def is_admitted(session: Session, annotator_id: int) -> bool:
    """Whether the person has reached the main queue."""
    return compute_progression(session, annotator_id).is_in_main_queue


def find_candidates(
    session: Session, reader: SharedQueueReader, now: datetime, own: Sequence[OwnAssignment]
) -> Iterator[tuple[int, OwnAssignment | None]]:
    """(item, own earlier assignment) that the person may take, best first.

    First what they had begun and lost to the clock, then the items that need the fewest annotators more, in an order of the
    person's own that knows nothing of the items but their numbers.
    """
    values = {"study": reader.study_id} | build_lease_values(now, reader.rules)
    quota = {"overlap": reader.rules.overlap}
    lapsed = [assignment for assignment in own if assignment.part == "pool" and not assignment.is_kept]
    if lapsed:
        asked = {"items": [assignment.item_id for assignment in lapsed]}
        full = set(execute(session, FULL_ITEMS_QUERY, values | quota | asked).scalars())
        yield from (
            (assignment.item_id, assignment) for assignment in lapsed if assignment.item_id not in full
        )
    rows = execute(session, PARTLY_READ_QUERY, values | quota).all()
    mine = {assignment.item_id for assignment in own}
    # complete what is begun: an item with one annotator too few gives no agreement at all
    for count in sorted({count for _, count in rows}, reverse=True):
        alike = [item for item, n_kept in rows if n_kept == count and item not in mine]
        yield from ((item, None) for item in sort_in_own_order(reader, alike))
    untouched = execute(session, UNTOUCHED_ITEMS_QUERY, values).scalars().all()
    yield from (
        (item, None) for item in sort_in_own_order(reader, [item for item in untouched if item not in mine])
    )


def sort_in_own_order(reader: SharedQueueReader, items: Sequence[int]) -> list[int]:
    """Items in an order of the person's own."""
    return sorted(items, key=lambda item: compute_item_rank(reader.order_seed, item))


def compute_item_rank(seed: int, item_id: int) -> str:
    """An item's rank in one person's order."""
    return hashlib.sha256(f"queue {seed} {item_id}".encode()).hexdigest()


def take_item(
    session: Session,
    reader: SharedQueueReader,
    item_id: int,
    assignment: OwnAssignment | None,
    own: list[OwnAssignment],
    now: datetime,
) -> bool:
    """Take one item, or one's own earlier assignment on it up again; False where others have all its assignments by now."""
    # a draft or a label renews a lease under this lock, without that of the queue
    wait_turn(session, Lock.ITEM, item_id)
    if count_other_assignments(session, reader, item_id, now) >= reader.rules.overlap:
        return False
    until = now + timedelta(minutes=reader.rules.lease_minutes)
    if assignment is not None:
        values = {"assignment": assignment.assignment_id, "leased_until": until} | build_lease_values(
            now, reader.rules
        )
        # the lease may have been renewed between the look and the lock
        is_taken = execute(session, RENEW_LAPSED_LEASE, values).rowcount == 1
        if is_taken:
            own[own.index(assignment)] = replace(assignment, is_kept=True)
    else:
        own.append(store_new_assignment(session, reader, item_id, compute_next_position(reader, own), until))
        is_taken = True
    mark_lapsed_leases(session, reader, item_id, now)
    return is_taken


def store_new_assignment(
    session: Session,
    reader: SharedQueueReader,
    item_id: int,
    position: int,
    until: datetime | None,
    *,
    pass_no: int = 1,
) -> OwnAssignment:
    """Store an assignment that the person has not had before; `until` None makes it theirs for good."""
    row = build_assignment_row(reader.annotator_id, item_id, position, pass_no, until)
    row_id = execute(session, INSERT_ASSIGNMENT, row).scalar_one()
    return OwnAssignment(row_id, row["token"], item_id, position, pass_no, "pool", is_kept=True)


def compute_next_position(reader: SharedQueueReader, own: Sequence[OwnAssignment]) -> int:
    """The position after the last one that the person's queue has shown.

    The main queue begins after the positions that all qualification rounds would need.
    """
    # later rounds may still come: their positions stay free in front of the main queue
    n_qualification = sum(
        assignment.part == "qualification" and assignment.pass_no == 1 for assignment in own
    )
    last = max(
        (assignment.position for assignment in own if assignment.part != "attention" or assignment.is_kept),
        default=0,
    )
    return max(last, n_qualification * reader.rules.qualification_rounds) + 1
