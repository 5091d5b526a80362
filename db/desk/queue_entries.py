"""An annotator's queue and how far they are in it."""

from dataclasses import dataclass, field

from sqlalchemy import func
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Assignment, Label, StudyItem
from secondreader.db.desk.stages import (
    SHOWN_PARTS,
    Progression,
    StageName,
    compute_progression,
    determine_stage,
)
from secondreader.db.queues.leases import list_unlisted_assignments


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One assignment in an annotator's queue."""

    token: str
    position: int
    """1-based position in this annotator's own seeded order."""
    is_labelled: bool
    part: str
    """qualification, calibration or pool; an attention check says pool."""


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far an annotator is."""

    n_labelled: int
    n_total: int
    own_seconds: tuple[float, ...] = field(default=())
    """Active seconds of the latest labels, newest first, at most 20."""


@dataclass(frozen=True, slots=True)
class StageQueue:
    """The stage that a person is shown, with the assignments that belong there."""

    stage: StageName
    progression: Progression
    entries: tuple[QueueEntry, ...]


def load_stage_queue(session: Session, annotator_id: int, chosen: str = "") -> StageQueue:
    """What the page shows; `chosen` is main or discussion where both are open."""
    progression = compute_progression(session, annotator_id)
    queue = list_entries(session, annotator_id, progression)
    # over the whole queue, not over what the stage shows
    is_begun = any(entry.is_labelled for entry in queue if entry.part == "pool")
    stage = determine_stage(progression, is_begun=is_begun, chosen=chosen)
    shown = SHOWN_PARTS.get(stage)
    return StageQueue(stage, progression, tuple(entry for entry in queue if entry.part == shown))


def list_queue(session: Session, annotator_id: int) -> list[QueueEntry]:
    """The assignments that are open to the annotator, in their own order: see `secondreader.db.desk.stages`."""
    return list_entries(session, annotator_id, compute_progression(session, annotator_id))


def list_entries(session: Session, annotator_id: int, progression: Progression) -> list[QueueEntry]:
    """`list_queue` of somebody whose progression is known."""
    hidden = list_unlisted_assignments(session, annotator_id)
    # which assignments, not how many labels: a revision is no second one
    labelled = select_columns(Label.assignment_id).where(col(Label.annotator_id) == annotator_id).distinct()
    done = set(execute(session, labelled).scalars())
    rows = execute(
        session,
        select_columns(
            Assignment.id, Assignment.token, Assignment.position, Assignment.pass_no, StudyItem.part
        )
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id)
        .order_by(col(Assignment.position)),
    )
    return [
        QueueEntry(token, position, row_id in done, mask_part(part))
        for row_id, token, position, pass_no, part in rows
        if progression.should_list(part, pass_no) and row_id not in hidden
    ]


def mask_part(part: str) -> str:
    """The part as the person may know it: an attention check looks like any other of the main queue."""
    return "pool" if part == "attention" else part


def compute_progress(session: Session, annotator_id: int) -> QueueProgress:
    """Labelled and assigned items of one annotator, and the pace of the latest ones."""
    total = execute(
        session,
        select_columns(func.count(col(Assignment.id))).where(col(Assignment.annotator_id) == annotator_id),
    ).scalar_one()
    labelled = execute(
        session,
        select_columns(func.count(func.distinct(Label.assignment_id))).where(
            col(Label.annotator_id) == annotator_id, col(Label.assignment_id).is_not(None)
        ),
    ).scalar_one()
    seconds = execute(
        session,
        select_columns(Label.active_seconds)
        .where(col(Label.annotator_id) == annotator_id, col(Label.active_seconds).is_not(None))
        .order_by(col(Label.id).desc())
        # enough for a pace that follows the day; the page asks with every opening
        .limit(20),
    )
    hidden = list_unlisted_assignments(session, annotator_id)
    return QueueProgress(labelled, total - len(hidden), tuple(seconds.scalars()))
