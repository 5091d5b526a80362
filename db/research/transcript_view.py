"""One transcript with everything that was said about it, for the researcher."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import StudyItem, Transcript, Verdict
from secondreader.db.research.ratings import LabelRow, load_labels
from secondreader.db.transcripts.transcripts import get_unredacted_content


@dataclass(frozen=True, slots=True)
class VerdictDetail:
    """One verdict with what the judge gave as its reasons."""

    judge: str
    state: str
    answers: dict[str, Any]
    evidence: list[int]
    """Indices of messages, from 0."""
    score: float | None
    rationale: str | None
    raw: str | None
    """The judge's reply as it came."""


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """One transcript with everything that was said about it: for the researcher only."""

    item: str
    cluster: str
    content: Content | None
    model: str | None
    condition: dict[str, Any]
    attributes: dict[str, Any]
    hidden: dict[str, Any]
    verdicts: tuple[VerdictDetail, ...]
    labels: tuple[LabelRow, ...]
    """Every revision, oldest first."""


def load_transcript_view(session: Session, study: StudyRecord, item: str) -> TranscriptView | None:
    """Everything about one item of the study's pool; None if the pool has no such item."""
    transcript = session.exec(
        select(Transcript)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(StudyItem.study_id == study.id, Transcript.public_id == item)
    ).first()
    if transcript is None or transcript.id is None:
        return None
    labels = load_labels(session, study, transcript.id)
    return TranscriptView(
        item=transcript.public_id,
        cluster=transcript.cluster,
        content=get_unredacted_content(transcript),
        model=transcript.model,
        condition=transcript.condition,
        attributes=transcript.attributes,
        hidden=transcript.hidden,
        verdicts=tuple(load_verdict_details(session, transcript.id)),
        labels=tuple(sorted(labels, key=lambda label: label.label_id)),
    )


def load_verdict_details(session: Session, transcript_id: int) -> list[VerdictDetail]:
    """Every verdict on a transcript, in the order of storing, repeats too."""
    rows = execute(
        session,
        select_columns(
            Verdict.judge,
            Verdict.state,
            Verdict.answers,
            Verdict.evidence,
            Verdict.score,
            Verdict.rationale,
            Verdict.raw,
        )
        .where(col(Verdict.transcript_id) == transcript_id)
        .order_by(col(Verdict.id)),
    )
    return [VerdictDetail(*row) for row in rows]
