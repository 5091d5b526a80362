"""What is known of the items of a study besides their ratings: scenario, stratum, inclusion probability, slice columns."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Assignment, LeakScan, StudyItem, Transcript
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts
from secondreader.db.transcripts.leak_scans import StoredScan, join_latest_scans

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
    """What is known of one item of a study besides its ratings."""

    item: str
    """The transcript's public id."""
    transcript_id: int
    cluster: str
    stratum: str | None
    inclusion_probability: float | None
    slices: dict[str, Any]
    """Attributes, condition and model."""
    item_id: int
    part: str
    """pool, qualification, attention or calibration."""
    model: str | None
    known: dict[str, Any]
    """The right answers of a qualification or attention item; {} for others."""
    has_text: bool
    """Whether there is something to read."""
    leak_scan: StoredScan | None
    """The transcript's latest scan; None where no scan has looked at it."""


def load_study_items(session: Session, study: StudyRecord) -> list[ItemRecord]:
    """Every item of a study in import order, whatever its part."""
    columns = select_columns(
        Transcript.public_id,
        Transcript.id,
        Transcript.cluster,
        StudyItem.stratum,
        StudyItem.inclusion_probability,
        Transcript.model,
        Transcript.condition,
        Transcript.attributes,
        StudyItem.id,
        StudyItem.part,
        StudyItem.known,
        Transcript.has_text,
        LeakScan.version,
        LeakScan.scanned_at,
        LeakScan.findings,
    )
    rows = execute(session, join_latest_scans(columns, study.id).order_by(col(StudyItem.id)))
    return [
        ItemRecord(
            item=item,
            transcript_id=transcript_id,
            cluster=cluster,
            stratum=stratum,
            inclusion_probability=probability,
            slices=build_slice_columns(model, condition, attributes),
            item_id=item_id,
            part=part,
            model=model,
            known=known or {},
            has_text=has_text,
            leak_scan=StoredScan(version, scanned_at, findings) if scanned_at else None,
        )
        for (
            item,
            transcript_id,
            cluster,
            stratum,
            probability,
            model,
            condition,
            attributes,
            item_id,
            part,
            known,
            has_text,
            version,
            scanned_at,
            findings,
        ) in rows
    ]


def load_item_records(session: Session, study: StudyRecord) -> list[ItemRecord]:
    """The pool in import order, without what was excluded for a leak."""
    excluded = find_excluded_transcripts(session, study.id)
    return select_pool(load_study_items(session, study), excluded)


def select_pool(items: Iterable[ItemRecord], excluded: Container[int]) -> list[ItemRecord]:
    """The items of the pool but for the excluded transcripts; qualification, attention and norming items do not belong to it."""
    return [item for item in items if item.part == "pool" and item.transcript_id not in excluded]


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
