"""Saves labels, each in one transaction.

Every function takes a session of `secondreader.db.blind.engine.open_blind_engine` (or of a researcher's engine) and the
visitor's annotator id: a queue entry of somebody else is as unknown as one that does not exist.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, bindparam, delete, insert
from sqlmodel import Session, col

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.engine import execute, select_columns, wait_turn, write_session
from secondreader.db.core.errors import AssignmentTaken, DeskError, StudyClosed, UnknownAssignment
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Assignment, Draft, Label, Study, StudyItem, utc_now
from secondreader.db.core.text import make_storable
from secondreader.db.desk.items import OWN_ASSIGNMENT, load_latest_label
from secondreader.db.desk.qualification import open_next_round
from secondreader.db.desk.stages import compute_progression
from secondreader.db.queues.leases import keep_assignment


@dataclass(frozen=True, slots=True)
class LabelInput:
    """One submit. `client_token` makes it idempotent: the browser makes it anew for each intended label."""

    token: str
    client_token: str
    answers: dict[str, Any]
    evidence: tuple[int, ...] = ()
    confidence: int | None = None
    note: str = ""
    contested: bool = False
    """The annotator thinks that competent annotators would genuinely split on this one."""
    active_seconds: float | None = None
    expected_revision: int | None = None
    """The revision that the browser showed; None to skip the check."""


@dataclass(frozen=True, slots=True)
class SavedLabel:
    """What was committed."""

    label_id: int
    revision: int
    is_replay: bool = False
    """The same client token was saved before; nothing was added."""


# built once, with their values bound later: everybody's labels pass here
ASSIGNMENT_QUERY = (
    select_columns(
        Assignment.id,
        Assignment.position,
        Assignment.pass_no,
        StudyItem.part,
        StudyItem.study_id,
        StudyItem.transcript_id,
        Study.status,
        Study.codebook,
        Study.codebook_hash,
    )
    .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
    .join(Study, col(Study.id) == col(StudyItem.study_id))
    .where(OWN_ASSIGNMENT)
)
EARLIER_LABEL_QUERY = select_columns(Label.id, Label.revision, Label.annotator_id).where(
    col(Label.client_token) == bindparam("client_token")
)
INSERT_LABEL = insert(Label).returning(col(Label.id))
DELETE_DRAFT = delete(Draft).where(col(Draft.assignment_id) == bindparam("assignment"))


@dataclass(frozen=True, slots=True)
class AssignmentContext:
    """Where in which study a label belongs."""

    assignment_id: int
    position: int
    pass_no: int
    part: str
    study_id: int
    transcript_id: int
    status: str
    codebook: dict[str, Any]
    codebook_hash: str


def load_assignment_context(session: Session, annotator_id: int, token: str) -> AssignmentContext:
    """The queue entry that a token names. Raises UnknownAssignment."""
    row = execute(session, ASSIGNMENT_QUERY, {"token": token, "annotator_id": annotator_id}).first()
    if row is None:
        raise UnknownAssignment("This transcript is not in your queue; go back to the start page.")
    return AssignmentContext(*row)


def submit_label(engine: Engine, annotator_id: int, label_input: LabelInput) -> SavedLabel:
    """Save one label in a transaction of its own; when this returns, it is on disk.

    A submit that was saved before (same client token) adds nothing. Raises UnknownAssignment, StudyClosed,
    CodebookError and DeskError (another window answered meanwhile, or the token is somebody else's).
    """
    with write_session(engine) as session:
        # two windows of one person: the second one must see the label of the first
        wait_turn(session, Lock.LABEL, annotator_id)
        return save_label(session, annotator_id, label_input)


def save_label(session: Session, annotator_id: int, label_input: LabelInput) -> SavedLabel:
    """`submit_label` inside the caller's transaction: acknowledge only after its commit."""
    earlier = execute(session, EARLIER_LABEL_QUERY, {"client_token": label_input.client_token}).first()
    # a submit whose acknowledgement was lost comes again, maybe after the study was closed: it is saved already
    if earlier is not None:
        label_id, revision, owner_id = earlier
        if owner_id != annotator_id:
            raise DeskError("This submit was used before; reload the page and answer again.")
        return SavedLabel(label_id, revision, is_replay=True)
    context = load_assignment_context(session, annotator_id, label_input.token)
    if context.status != "open":
        raise StudyClosed("The study takes no labels now; your draft is kept. Ask the researcher.")
    latest = load_latest_label(session, context.assignment_id)
    revision = latest.revision if latest else 0
    if label_input.expected_revision is not None and label_input.expected_revision != revision:
        raise DeskError(
            "You answered this transcript in another window meanwhile; what you see here is not saved."
        )
    compute_progression(session, annotator_id).check_submit(context.part, context.pass_no, revision)
    # a correction needs no room: the item counts this annotator already
    if revision == 0 and not keep_assignment(session, annotator_id, context.assignment_id, for_good=True):
        raise AssignmentTaken(
            "This transcript was not kept for you any longer and others have read it meanwhile; your answers stay here "
            "as a draft. Go on with the next one."
        )
    label_id = execute(
        session, INSERT_LABEL, build_label_row(context, annotator_id, label_input, revision + 1)
    ).scalar_one()
    execute(session, DELETE_DRAFT, {"assignment": context.assignment_id})
    # in the same transaction: a page that reloads now finds the next round
    if context.part == "qualification":
        open_next_round(session, annotator_id)
    return SavedLabel(label_id, revision + 1)


def build_label_row(
    assignment: AssignmentContext, annotator_id: int, label_input: LabelInput, revision: int
) -> dict[str, Any]:
    """The row of one submit. Raises CodebookError for answers that do not fit the study's codebook."""
    return {
        "study_id": assignment.study_id,
        "transcript_id": assignment.transcript_id,
        "annotator_id": annotator_id,
        "assignment_id": assignment.assignment_id,
        "pass_no": assignment.pass_no,
        "revision": revision,
        "client_token": label_input.client_token,
        "answers": Codebook.model_validate(assignment.codebook).check_answers(label_input.answers),
        # the order of clicks says nothing and would make equal labels differ
        "evidence": sorted(set(label_input.evidence)),
        "confidence": label_input.confidence,
        "note": make_storable(label_input.note),
        "contested": label_input.contested,
        "active_seconds": label_input.active_seconds,
        "position": assignment.position,
        # amendments may change texts, never questions: the hash proves that per label
        "codebook_hash": assignment.codebook_hash,
        "created_at": utc_now(),
    }
