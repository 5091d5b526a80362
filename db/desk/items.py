"""One transcript as an annotator may see it, with their own answers."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import NotReachedYet, UnknownAssignment
from secondreader.db.core.tables import Assignment, Draft, Label, StudyItem, Transcript
from secondreader.db.desk.norming_round import OtherRating, list_other_ratings
from secondreader.db.desk.qualification import Feedback, load_feedback
from secondreader.db.desk.queue_entries import mask_part
from secondreader.db.desk.stages import compute_progression


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


OWN_ASSIGNMENT = and_(
    col(Assignment.token) == bindparam("token"), col(Assignment.annotator_id) == bindparam("annotator_id")
)
"""The assignment that a token names, if it is this person's."""
ITEM_QUERY = (
    select_columns(Assignment.id, Assignment.position, StudyItem.part, Transcript.content, Draft.body)
    .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
    .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
    .outerjoin(Draft, col(Draft.assignment_id) == col(Assignment.id))
    .where(OWN_ASSIGNMENT)
)
LATEST_LABEL_QUERY = (
    select_columns(
        Label.revision, Label.answers, Label.evidence, Label.confidence, Label.note, Label.contested
    )
    .where(col(Label.assignment_id) == bindparam("assignment_id"))
    .order_by(col(Label.revision).desc())
    # revisions are never deleted, so the highest one is the latest
    .limit(1)
)


def load_blind_item(session: Session, annotator_id: int, token: str) -> BlindItem:
    """One item of this annotator's queue, with their own answers. Raises UnknownAssignment and NotReachedYet."""
    row = execute(session, ITEM_QUERY, {"token": token, "annotator_id": annotator_id}).first()
    if row is None or row.content is None:  # of some imports only the verdicts are known
        raise UnknownAssignment("This transcript is not in your queue; go back to the start page.")
    assignment_id, position, part, content, draft = row
    # checked here and not only in the queue: a token from an earlier page may name what is closed now
    compute_progression(session, annotator_id).check_open(part)
    latest = load_latest_label(session, assignment_id)
    return BlindItem(
        token=token,
        position=position,
        # an attention check must not tell itself apart in what the browser receives
        part=mask_part(part),
        # the redacted text: the original is no column of the desk's
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
    """What an annotator said last of one assignment."""

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


def load_disclosures(
    session: Session, annotator_id: int, item: BlindItem
) -> tuple[Feedback | None, list[OtherRating] | None]:
    """What comes to light once an item of a part before the main queue is labelled: the right answers, or the others' ratings."""
    if item.revision and item.part == "qualification":
        return load_feedback(session, annotator_id, item.token), None
    if item.revision and item.part == "calibration":
        try:
            return None, list_other_ratings(session, annotator_id, item.token)
        except NotReachedYet:
            return None, None
    return None, None
