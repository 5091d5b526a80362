"""Leases: the assignments of a shared queue, which are kept for their annotator for a while.

An assignment is taken until `Assignment.leased_until`. A label settles it (no date); a draft renews it. What was not labelled in time
may go to somebody else, who marks the lease that was passed over as lapsed: no clock that is put back makes it valid again.
A repeat has no date from the start: nobody else could give that label.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, update
from sqlmodel import Session, col

from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import (
    Annotator,
    Assignment,
    Label,
    Study,
    StudyItem,
    generate_public_id,
    utc_now,
)

# not None: that means settled
LAPSED = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of a lease that somebody else has passed over, and of an attention check whose turn has not come."""

LEASE_QUERY = select_columns(Assignment.study_item_id, Assignment.leased_until).where(
    col(Assignment.id) == bindparam("assignment_id")
)
IS_KEPT = or_(
    col(Assignment.leased_until).is_(None),
    and_(
        col(Assignment.leased_until) > bindparam("now"),
        col(Assignment.leased_until) <= bindparam("longest"),
    ),
)
"""The assignment is settled, or its lease runs: see `build_lease_values` for the values.

A lease that ends later than any given now could is of a clock that went wrong: it does not hold the item up.
"""
OTHERS_ON_ITEM = and_(
    col(Assignment.study_item_id) == bindparam("item"), col(Assignment.annotator_id) != bindparam("me")
)
COUNT_OTHERS_QUERY = select_columns(func.count(col(Assignment.id))).where(
    OTHERS_ON_ITEM, col(Assignment.pass_no) == 1, IS_KEPT
)
MARK_LAPSED_LEASES = update(Assignment).where(OTHERS_ON_ITEM, ~IS_KEPT).values(leased_until=LAPSED)
UPDATE_LEASE = update(Assignment).where(col(Assignment.id) == bindparam("assignment"))
"""With a value for leased_until."""
OWN_LABELS_QUERY = (
    select_columns(
        Label.assignment_id,
        func.min(col(Label.id)).label("first"),
        func.max(col(Label.id)).label("last"),
    )
    .where(col(Label.annotator_id) == bindparam("me"))
    .group_by(col(Label.assignment_id))
    .subquery()
)
OWN_ASSIGNMENTS_QUERY = (
    select_columns(
        Assignment.id,
        Assignment.token,
        Assignment.study_item_id,
        Assignment.position,
        Assignment.pass_no,
        StudyItem.part,
        IS_KEPT,
        OWN_LABELS_QUERY.c.first,
        OWN_LABELS_QUERY.c.last,
    )
    .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
    .outerjoin(OWN_LABELS_QUERY, OWN_LABELS_QUERY.c.assignment_id == col(Assignment.id))
    .where(col(Assignment.annotator_id) == bindparam("me"))
    .order_by(col(Assignment.position))
)
READER_QUERY = (
    select_columns(Study.id, Study.status, Annotator.order_seed, Study.rules)
    .join(Annotator, col(Annotator.study_id) == col(Study.id))
    .where(col(Annotator.id) == bindparam("annotator_id"))
)


@dataclass(frozen=True, slots=True)
class SharedQueueReader:
    """A person as the shared queue knows them."""

    annotator_id: int
    study_id: int
    status: str
    order_seed: int
    rules: Rules


@dataclass(frozen=True, slots=True)
class OwnAssignment:
    """One assignment of the person's, of whatever part."""

    assignment_id: int
    token: str
    item_id: int
    position: int
    pass_no: int
    part: str
    is_kept: bool
    """Labelled, the person's for good, or its lease runs."""
    first_label: int | None = None
    """Id of the label that the person gave first; None before it."""
    last_label: int | None = None
    """Id of the label that counts."""

    @property
    def is_main(self) -> bool:
        """Whether it stands in the main queue."""
        return self.part in {"pool", "attention"}

    @property
    def is_open(self) -> bool:
        """Whether it is kept for a label of the main queue that has not come."""
        return self.is_main and self.is_kept and self.first_label is None


def read_database_clock(session: Session) -> datetime:
    """The time by the database server's clock, which all desks share; SQLite's is this machine's."""
    if session.get_bind().dialect.name == "postgresql":
        # not now(): that is the beginning of the transaction, before its wait for a lock
        now: datetime = execute(session, select_columns(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    return utc_now()


def build_lease_values(now: datetime, rules: Rules) -> dict[str, Any]:
    """The values of IS_KEPT."""
    # twice the lease, so that clocks of a few minutes apart make no difference
    return {"now": now, "longest": now + 2 * timedelta(minutes=rules.lease_minutes)}


def load_shared_queue_reader(session: Session, annotator_id: int) -> SharedQueueReader | None:
    """The person, if their study has a shared queue."""
    row = execute(session, READER_QUERY, {"annotator_id": annotator_id}).first()
    if row is None:
        return None
    study_id, status, order_seed, stored = row
    rules = parse_rules(stored)
    return (
        SharedQueueReader(annotator_id, study_id, status, order_seed, rules)
        if rules.queue == "shared"
        else None
    )


def list_own_assignments(session: Session, reader: SharedQueueReader, now: datetime) -> list[OwnAssignment]:
    """All assignments of the person, in their order."""
    rows = execute(
        session, OWN_ASSIGNMENTS_QUERY, {"me": reader.annotator_id} | build_lease_values(now, reader.rules)
    )
    return [OwnAssignment(*row) for row in rows]


def list_unlisted_assignments(session: Session, annotator_id: int) -> set[int]:
    """Ids of assignments that the person's queue does not show: leases that ran out, attention checks not reached yet."""
    reader = load_shared_queue_reader(session, annotator_id)
    if reader is None:
        return set()
    own = list_own_assignments(session, reader, read_database_clock(session))
    return {assignment.assignment_id for assignment in own if not assignment.is_kept}


def build_assignment_row(
    person: int, item: int, position: int, pass_no: int, until: datetime | None
) -> dict[str, Any]:
    """The row of a new assignment; `until` is its lease, None for one that is the person's for good."""
    return {
        "token": generate_public_id(),
        "annotator_id": person,
        "study_item_id": item,
        "position": position,
        "pass_no": pass_no,
        "leased_until": until,
    }


def keep_assignment(
    session: Session, annotator_id: int, assignment_id: int, *, for_good: bool = False
) -> bool:
    """Renew the person's lease, or settle it with a label; False where others have all the assignments by now.

    A lease that has run out is renewed as long as the item has room.
    """
    item_id, until = execute(session, LEASE_QUERY, {"assignment_id": assignment_id}).one()
    reader = load_shared_queue_reader(session, annotator_id) if until is not None else None
    if reader is None:
        return True  # settled, or the person's for good: assigned at the freeze, or a repeat
    # whoever counts the item's assignments waits for the others who do
    wait_turn(session, Lock.ITEM, item_id)
    now = read_database_clock(session)
    if count_other_assignments(session, reader, item_id, now) >= reader.rules.overlap:
        return False
    # a labelled assignment is this annotator's whatever the clock says
    renewed = None if for_good else now + timedelta(minutes=reader.rules.lease_minutes)
    execute(session, UPDATE_LEASE, {"assignment": assignment_id, "leased_until": renewed})
    # under the same lock: those who lost theirs cannot come back beside this one
    mark_lapsed_leases(session, reader, item_id, now)
    return True


def count_other_assignments(session: Session, reader: SharedQueueReader, item_id: int, now: datetime) -> int:
    """Assignments of other people on one item that are labelled or kept; call it under the item's lock."""
    values = {"me": reader.annotator_id, "item": item_id} | build_lease_values(now, reader.rules)
    n: int = execute(session, COUNT_OTHERS_QUERY, values).scalar_one()
    return n


def mark_lapsed_leases(session: Session, reader: SharedQueueReader, item_id: int, now: datetime) -> None:
    """Mark the leases of others that have run out, so that they stay so."""
    values = {"me": reader.annotator_id, "item": item_id} | build_lease_values(now, reader.rules)
    execute(session, MARK_LAPSED_LEASES, values)
