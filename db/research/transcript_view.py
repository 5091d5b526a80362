"""One transcript with everything that was said about it, for the researcher."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.content import Content
from secondreader.db.core.tables import Annotator, Label, Study, StudyItem, Transcript, Verdict
from secondreader.db.transcripts.transcripts import get_unredacted_content


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
    leaks: list[dict[str, Any]]
    verdicts: tuple[Verdict, ...]
    labels: tuple[tuple[str, Label], ...]
    """(annotator, label), every revision, oldest first."""


def load_transcript_view(session: Session, study: Study, item: str) -> TranscriptView | None:
    """Everything about one item of the study's pool; None if the pool has no such item."""
    transcript = session.exec(
        select(Transcript)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(StudyItem.study_id == study.id, Transcript.public_id == item)
    ).first()
    if transcript is None:
        return None
    verdicts = session.exec(
        select(Verdict).where(Verdict.transcript_id == transcript.id).order_by(col(Verdict.id))
    ).all()
    labels = session.exec(
        select(Annotator.name, Label)
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .where(Label.study_id == study.id, Label.transcript_id == transcript.id)
        .order_by(col(Label.id))
    ).all()
    return TranscriptView(
        item=transcript.public_id,
        cluster=transcript.cluster,
        content=get_unredacted_content(transcript),
        model=transcript.model,
        condition=transcript.condition,
        attributes=transcript.attributes,
        hidden=transcript.hidden,
        leaks=transcript.leaks,
        verdicts=tuple(verdicts),
        labels=tuple((name, label) for name, label in labels),
    )
