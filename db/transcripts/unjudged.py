"""What a judge is still to read: the study's transcripts that have text, as they were before redaction."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Study, StudyItem, Transcript
from secondreader.db.transcripts.store import get_unredacted_content


@dataclass(frozen=True, slots=True)
class JudgeableTranscripts:
    """The transcripts of a study, by whether there is something to read."""

    ids: tuple[int, ...]
    """Transcripts with text, in the pool's order."""
    n_without_text: int
    """Transcripts of which only verdicts or labels are known."""


def find_judgeable_transcripts(
    session: Session, study: Study, *, drawn_only: bool = False
) -> JudgeableTranscripts:
    """The study's transcripts, or only those drawn for labelling."""
    statement = (
        select_columns(Transcript.id, col(Transcript.content).is_not(None))
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(col(StudyItem.study_id) == study.id)
        .order_by(col(StudyItem.id))
    )
    if drawn_only:
        statement = statement.where(col(StudyItem.inclusion_probability).is_not(None))
    rows = execute(session, statement).all()
    ids = tuple(row_id for row_id, has_text in rows if has_text)
    return JudgeableTranscripts(ids, len(rows) - len(ids))


def load_original_content(session: Session, transcript_id: int) -> Content | None:
    """One transcript as it was before redaction; None where it has no text."""
    row = session.exec(select(Transcript).where(Transcript.id == transcript_id)).first()
    return get_unredacted_content(row) if row else None
