"""What is known of the items of a study besides their ratings: scenario, stratum, inclusion probability, slice columns."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Assignment, Study, StudyItem, Transcript
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts

MAIN_COLUMNS = (
    "item",
    "rater",
    "kind",
    "answer",
    "cluster",
    "stratum",
    "inclusion_probability",
    "seconds",
    "position",
)
FRAME_COLUMNS = (*MAIN_COLUMNS, "pass_no", "state", "score")
"""Columns of the long frame before the slice columns; no slice column may have such a name."""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is known of one pool item besides its readings."""

    item: str
    """The transcript's public id."""
    transcript_id: int
    cluster: str
    stratum: str | None
    inclusion_probability: float | None
    slices: dict[str, Any]


def load_item_records(session: Session, study: Study, *, drawn_only: bool = False) -> list[ItemRecord]:
    """The pool in import order; attributes, model, attempt and condition become slice columns.

    Qualification, attention and calibration items are not of the pool, and what was excluded for a leak is not either.
    """
    left_out = find_excluded_transcripts(session, study.id)
    statement = (
        select_columns(
            Transcript.public_id,
            Transcript.id,
            Transcript.cluster,
            StudyItem.stratum,
            StudyItem.inclusion_probability,
            Transcript.model,
            Transcript.condition,
            Transcript.attributes,
        )
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) == "pool")
        .order_by(col(StudyItem.id))
    )
    if drawn_only:
        statement = statement.where(col(StudyItem.inclusion_probability).is_not(None))
    return [
        ItemRecord(
            item, row_id, cluster, stratum, probability, build_slice_columns(model, condition, attributes)
        )
        for item, row_id, cluster, stratum, probability, model, condition, attributes in execute(
            session, statement
        )
        if row_id not in left_out
    ]


def build_slice_columns(
    model: str | None, condition: dict[str, Any], attributes: dict[str, Any]
) -> dict[str, Any]:
    """Slice columns of one transcript; names that the frame uses itself get a trailing underscore."""
    columns = {**condition, **attributes} | ({"model": model} if model else {})
    return {name + "_" if name in FRAME_COLUMNS else name: value for name, value in columns.items()}


def load_queued_items(session: Session, annotator_id: int) -> dict[str, int]:
    """Transcript ids by the tokens of one annotator's queue."""
    rows = execute(
        session,
        select_columns(Assignment.token, StudyItem.transcript_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id),
    )
    return {token: transcript_id for token, transcript_id in rows}
