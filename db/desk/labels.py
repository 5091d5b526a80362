"""What the desk asks of the database, in columns that the blind door lets through.

Every function takes a session of `secondreader.db.blind.engine.blind_engine` (or of a researcher's engine) and the
visitor's annotator id: a queue entry of somebody else is as unknown as one that does not exist.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, and_, bindparam, delete, func, insert, update
from sqlmodel import Session, col

from secondreader.db.core.canonical import make_storable
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_errors import AssignmentTaken as AssignmentTaken  # noqa: PLC0414 - known by this name elsewhere
from secondreader.db.core.desk_errors import DeskError as DeskError  # noqa: PLC0414 - known by this name elsewhere
from secondreader.db.core.desk_errors import NotReachedYet as NotReachedYet  # noqa: PLC0414 - known by this name elsewhere
from secondreader.db.core.desk_errors import StudyClosed as StudyClosed  # noqa: PLC0414 - known by this name elsewhere
from secondreader.db.core.desk_errors import UnknownAssignment as UnknownAssignment  # noqa: PLC0414 - known by this name elsewhere
from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.db.core.engine import LABEL_LOCK, execute, select_columns, wait_turn, write_session
from secondreader.db.core.tables import Assignment, Draft, Label, Study, StudyItem, Transcript, utc_now
from secondreader.db.desk.progression import check_submit, compute_progression
from secondreader.db.desk.qualification import open_next_round
from secondreader.db.queues.leases import keep_assignment, list_unlisted_assignments


@dataclass(frozen=True, slots=True)
class DeskStudy:
    """What an annotator may know of the study."""

    study_id: int
    title: str
    notice: str
    status: str
    codebook: Codebook
    codebook_hash: str
    guideline: str
    rules: Rules


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One place in an annotator's queue."""

    token: str
    position: int
    """1-based place in this annotator's own seeded order."""
    is_labelled: bool
    part: str
    """qualification, calibration or pool; an attention item says pool."""


@dataclass(frozen=True, slots=True)
class BlindItem:
    """One transcript as an annotator may see it."""

    token: str
    position: int
    part: str
    """As in QueueEntry."""
    content: dict[str, Any]
    """`secondreader.db.core.content.Content` as plain JSON."""
    answers: dict[str, Any]
    """The annotator's own latest answers; empty before the first."""
    evidence: tuple[int, ...]
    confidence: int | None
    note: str
    contested: bool
    revision: int
    """0 before the first label."""
    draft: dict[str, Any] | None
    """Unsent answers, if any."""


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
    """The annotator thinks that competent readers would genuinely split on this one."""
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


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """How far an annotator is."""

    n_labelled: int
    n_total: int
    own_seconds: tuple[float, ...] = field(default=())
    """Active seconds of the latest labels, newest first, at most 20."""


OWN_ASSIGNMENT = and_(
    col(Assignment.token) == bindparam("token"), col(Assignment.annotator_id) == bindparam("annotator_id")
)
"""The place that a token names, if it is this person's."""
ITEM_QUERY = (
    select_columns(Assignment.id, Assignment.position, StudyItem.part, Transcript.content, Draft.body)
    .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
    .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
    .outerjoin(Draft, col(Draft.assignment_id) == col(Assignment.id))
    .where(OWN_ASSIGNMENT)
)
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
LATEST_LABEL_QUERY = (
    select_columns(
        Label.revision, Label.answers, Label.evidence, Label.confidence, Label.note, Label.contested
    )
    .where(col(Label.assignment_id) == bindparam("assignment_id"))
    .order_by(col(Label.revision).desc())
    .limit(1)
)
EARLIER_LABEL_QUERY = select_columns(Label.id, Label.revision, Label.annotator_id).where(
    col(Label.client_token) == bindparam("client_token")
)
INSERT_LABEL = insert(Label).returning(col(Label.id))
DELETE_DRAFT = delete(Draft).where(col(Draft.assignment_id) == bindparam("place"))


def load_desk_study(session: Session, study_id: int) -> DeskStudy:
    """The study of a visitor. Raises DeskError if it is gone."""
    row = execute(
        session,
        select_columns(
            Study.title,
            Study.notice,
            Study.status,
            Study.codebook,
            Study.codebook_hash,
            Study.guideline,
            Study.rules,
        ).where(col(Study.id) == study_id),
    ).first()
    if row is None:
        raise DeskError("This study is not there any more; ask the researcher for a new link.")
    title, notice, status, codebook, codebook_hash, guideline, rules = row
    book = Codebook.model_validate(codebook)
    return DeskStudy(study_id, title, notice, status, book, codebook_hash, guideline, parse_rules(rules))


def list_queue(session: Session, annotator_id: int) -> list[QueueEntry]:
    """The places that are open to the annotator, in their own order: see `secondreader.db.desk.progression`."""
    reached = compute_progression(session, annotator_id)
    hidden = list_unlisted_assignments(session, annotator_id)
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
        if reached.should_list(part, pass_no) and row_id not in hidden
    ]


def mask_part(part: str) -> str:
    """The part as the person may know it: an attention item looks like any other of the main queue."""
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
        .limit(20),
    )
    hidden = list_unlisted_assignments(session, annotator_id)
    return QueueProgress(labelled, total - len(hidden), tuple(seconds.scalars()))


def load_blind_item(session: Session, annotator_id: int, token: str) -> BlindItem:
    """One item of this annotator's queue, with their own answers. Raises UnknownAssignment and NotYet."""
    row = execute(session, ITEM_QUERY, {"token": token, "annotator_id": annotator_id}).first()
    if row is None or row.content is None:  # of some imports only the verdicts are known
        raise UnknownAssignment("This transcript is not in your queue; go back to the start page.")
    assignment_id, position, part, content, draft = row
    compute_progression(session, annotator_id).check_open(part)
    latest = load_latest_label(session, assignment_id)
    return BlindItem(
        token=token,
        position=position,
        part=mask_part(part),
        content=json.loads(content),
        answers=latest.answers if latest else {},
        evidence=tuple(latest.evidence) if latest else (),
        confidence=latest.confidence if latest else None,
        note=latest.note if latest else "",
        contested=latest.contested if latest else False,
        revision=latest.revision if latest else 0,
        draft=draft,
    )


@dataclass(frozen=True, slots=True)
class LatestLabel:
    """What an annotator said last of one place."""

    revision: int
    answers: dict[str, Any]
    evidence: list[int]
    confidence: int | None
    note: str
    contested: bool


def load_latest_label(session: Session, assignment_id: int) -> LatestLabel | None:
    """The revision that counts."""
    row = execute(session, LATEST_LABEL_QUERY, {"assignment_id": assignment_id}).first()
    return LatestLabel(*row) if row is not None else None


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
        wait_turn(session, LABEL_LOCK, annotator_id)
        return save_label(session, annotator_id, label_input)


def save_label(session: Session, annotator_id: int, label_input: LabelInput) -> SavedLabel:
    """`submit_label` inside the caller's transaction: acknowledge only after its commit."""
    earlier = execute(session, EARLIER_LABEL_QUERY, {"client_token": label_input.client_token}).first()
    if earlier is not None:
        label_id, revision, giver = earlier
        if giver != annotator_id:
            raise DeskError("This submit was used before; reload the page and answer again.")
        return SavedLabel(label_id, revision, is_replay=True)
    place = load_assignment_context(session, annotator_id, label_input.token)
    if place.status != "open":
        raise StudyClosed("The study takes no labels now; your draft is kept. Ask the researcher.")
    latest = load_latest_label(session, place.assignment_id)
    revision = latest.revision if latest else 0
    if label_input.expected_revision is not None and label_input.expected_revision != revision:
        raise DeskError(
            "You answered this transcript in another window meanwhile; what you see here is not saved."
        )
    check_submit(compute_progression(session, annotator_id), place.part, place.pass_no, revision)
    if revision == 0 and not keep_assignment(session, annotator_id, place.assignment_id, for_good=True):
        raise AssignmentTaken(
            "This transcript was not kept for you any longer and others have read it meanwhile; your answers stay here "
            "as a draft. Go on with the next one."
        )
    label_id = execute(
        session, INSERT_LABEL, build_label_row(place, annotator_id, label_input, revision + 1)
    ).scalar_one()
    execute(session, DELETE_DRAFT, {"place": place.assignment_id})
    if place.part == "qualification":
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
        "evidence": sorted(set(label_input.evidence)),
        "confidence": label_input.confidence,
        "note": make_storable(label_input.note),
        "contested": label_input.contested,
        "active_seconds": label_input.active_seconds,
        "position": assignment.position,
        "codebook_hash": assignment.codebook_hash,
        "created_at": utc_now(),
    }


def save_draft(session: Session, annotator_id: int, token: str, body: dict[str, Any]) -> None:
    """Keep unsent answers of one item, in place of those kept before. Raises UnknownAssignment and NotYet."""
    row = execute(
        session,
        select_columns(Assignment.id, StudyItem.part)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id),
    ).first()
    if row is None:
        raise UnknownAssignment("This transcript is not in your queue; go back to the start page.")
    assignment_id, part = row
    compute_progression(session, annotator_id).check_open(part)
    changed = execute(
        session,
        update(Draft)
        .where(col(Draft.assignment_id) == assignment_id)
        .values(body=body, updated_at=utc_now()),
    )
    if changed.rowcount == 0:
        session.add(Draft(assignment_id=assignment_id, body=body))
        session.flush()
    keep_assignment(session, annotator_id, assignment_id)
