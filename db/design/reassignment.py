"""Hands the open assignments of somebody who has stopped to others: in fixed queues, where nobody takes them by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, update
from sqlmodel import Session, col

from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import StudyError
from secondreader.db.core.locks import Lock
from secondreader.db.core.records import StudyRecord, reload_study
from secondreader.db.core.tables import Assignment, Draft, Label, StudyItem, generate_public_id
from secondreader.db.design.amendments import record_amendment
from secondreader.db.design.summaries import list_annotators
from secondreader.db.queues.assignment import find_last_position


@dataclass(frozen=True, slots=True)
class ReassignmentResult:
    """What was moved."""

    moved: dict[str, int]
    """Assignments by the name of who has them now."""
    n_kept: int
    """Open assignments that stay: every new annotator has that transcript already."""
    n_repeats_dropped: int
    """Repeats of moved transcripts: one is worth something only by the same person, at its distance."""


@dataclass(slots=True)
class AssignmentTaker:
    """Somebody who gets assignments."""

    annotator_id: int
    name: str
    items: set[int]
    """Items that the person has or had."""
    load: int
    """Open assignments."""
    received_items: list[int] = field(default_factory=list)
    """Items that were moved here."""


def reassign_items(
    session: Session, study: StudyRecord, giver: str, takers: Sequence[str], *, actor: str, why: str
) -> ReassignmentResult:
    """Move the untouched assignments of one person's main queue to others, as an amendment; the least loaded takes the next.

    What is labelled or drafted stays, and nobody gets a transcript twice. Raises StudyError for a shared queue, a study
    that is not frozen or is closed, an unknown name, and an empty reason.
    """
    wait_turn(session, Lock.AMENDMENT, study.id)
    study = reload_study(session, study)  # an amendment may have been made while this one waited
    check_reassignment(study, giver, takers, why)
    people = list_annotators(session, study)
    unknown = [name for name in (giver, *takers) if name not in people]
    if unknown:
        there = ", ".join(people)
        raise StudyError(f"Study {study.name!r} has no annotator {unknown[0]!r}; there are: {there}.")
    # always in the order of ids, or two reassignments could wait for each other for ever
    for name in sorted({giver, *takers}, key=people.__getitem__):
        wait_turn(session, Lock.LABEL, people[name])
    # read under the locks: nobody labels or drafts any of this meanwhile
    others = [load_taker(session, name, people[name]) for name in takers]
    untouched = list_untouched_assignments(session, people[giver])
    n_repeats = sum(hand_over(session, people[giver], assignment, others) for assignment in untouched)
    moved = {taker.name: len(taker.received_items) for taker in others}
    if not any(moved.values()):
        raise StudyError(
            f"Nothing moves: {giver} has {len(untouched)} untouched assignments, and the others have those transcripts already."
        )
    done = ReassignmentResult(moved, len(untouched) - sum(moved.values()), n_repeats)
    what = {"reassigned": {"from": giver, "to": moved, "repeats_dropped": n_repeats}}
    record_amendment(session, study, what, study.plan, actor, why)
    return done


def check_reassignment(study: StudyRecord, giver: str, takers: Sequence[str], why: str) -> None:
    """Raise StudyError for what cannot be done."""
    if study.frozen_at is None or study.status == "closed":
        raise StudyError(f"Study {study.name!r} is {study.status}: there are no open assignments to move.")
    if parse_rules(study.rules).queue == "shared":
        raise StudyError(
            f"Study {study.name!r} has a shared queue: what is left is taken by others by itself."
        )
    if not takers or giver in takers or len(set(takers)) != len(takers):
        raise StudyError(
            "Name one or more different people to move the assignments to, other than who has them now."
        )
    if not why.strip():
        raise StudyError("Moving assignments needs a reason, for the audit log.")


def load_taker(session: Session, name: str, annotator_id: int) -> AssignmentTaker:
    """Somebody with what they have already."""
    mine = select_columns(Assignment.study_item_id).where(col(Assignment.annotator_id) == annotator_id)
    labelled = select_columns(Label.assignment_id).where(col(Label.annotator_id) == annotator_id)
    is_open = mine.where(col(Assignment.id).not_in(labelled))
    return AssignmentTaker(
        annotator_id, name, set(execute(session, mine).scalars()), len(execute(session, is_open).all())
    )


def list_untouched_assignments(session: Session, annotator_id: int) -> list[tuple[int, int]]:
    """(assignment, item) of the main queue's first ratings on which nothing was done, in order."""
    touched = select_columns(Assignment.study_item_id).where(
        col(Assignment.annotator_id) == annotator_id,
        col(Assignment.id).in_(
            select_columns(Label.assignment_id)
            .where(col(Label.annotator_id) == annotator_id)
            # a draft is work begun; it could not move along with its words
            .union(select_columns(Draft.assignment_id))
        ),
    )
    rows = execute(
        session,
        select_columns(Assignment.id, Assignment.study_item_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(
            col(Assignment.annotator_id) == annotator_id,
            col(Assignment.pass_no) == 1,
            col(StudyItem.part) == "pool",
            col(StudyItem.id).not_in(touched),
        )
        .order_by(col(Assignment.position)),
    )
    return [(row_id, item) for row_id, item in rows]


def hand_over(
    session: Session, giver_id: int, assignment: tuple[int, int], takers: Sequence[AssignmentTaker]
) -> int:
    """Give one assignment to the least loaded person who has not had the item; returns how many repeats that dropped."""
    assignment_id, item = assignment
    free = [candidate for candidate in takers if item not in candidate.items]
    if not free:
        return 0
    taker = min(free, key=lambda candidate: candidate.load)
    dropped = execute(
        session,
        delete(Assignment).where(
            col(Assignment.annotator_id) == giver_id,
            col(Assignment.study_item_id) == item,
            col(Assignment.pass_no) > 1,
        ),
    ).rowcount
    position = find_last_position(session, taker.annotator_id) + 1
    # a new token, so that a page which the giver left open cannot send an answer for it
    execute(
        session,
        update(Assignment)
        .where(col(Assignment.id) == assignment_id)
        .values(annotator_id=taker.annotator_id, position=position, token=generate_public_id()),
    )
    # the next item must see this one, for the load and so that nobody gets it twice
    taker.items.add(item)
    taker.received_items.append(item)
    taker.load += 1
    return int(dropped)
