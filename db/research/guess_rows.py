"""Guesses of the model with the model that it was; for the researcher alone."""

from dataclasses import dataclass

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Assignment, Guess, Study, StudyItem, Transcript


@dataclass(frozen=True, slots=True)
class GuessRow:
    """One guess with what it was about; for the researcher alone."""

    annotator_id: int
    annotator: str
    transcript_id: int
    model: str | None
    text: str
    """As it was typed; NO_IDEA where the person had none."""


def list_guesses(session: Session, study: Study) -> list[GuessRow]:
    """Every guess of a study with the model that wrote the transcript, in the order of annotators and transcripts."""
    rows = execute(
        session,
        select_columns(Annotator.id, Annotator.name, Transcript.id, Transcript.model, Guess.text)
        .join(Assignment, col(Assignment.id) == col(Guess.assignment_id))
        .join(Annotator, col(Annotator.id) == col(Assignment.annotator_id))
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(col(StudyItem.study_id) == study.id)
        .order_by(col(Annotator.id), col(Transcript.id)),
    )
    return [GuessRow(*row) for row in rows]
