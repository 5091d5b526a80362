"""Guesses of the model with the model that it was; for the researcher alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from secondreader.db.research.items import ItemRecord
from secondreader.db.research.progress import AnnotatorRow, AssignmentRow


@dataclass(frozen=True, slots=True)
class GuessRow:
    """One guess with what it was about; for the researcher alone."""

    annotator_id: int
    annotator: str
    transcript_id: int
    model: str | None
    text: str
    """As it was typed; NO_IDEA where the person had none."""


def build_guess_rows(
    assignments: Iterable[AssignmentRow], annotators: Iterable[AnnotatorRow], items: Iterable[ItemRecord]
) -> list[GuessRow]:
    """Every guess with the model that wrote the transcript, in the order of annotators and transcripts."""
    names = {person.annotator_id: person.name for person in annotators}
    by_id = {item.item_id: item for item in items}
    rows = [
        GuessRow(
            assignment.annotator_id,
            names[assignment.annotator_id],
            by_id[assignment.item_id].transcript_id,
            by_id[assignment.item_id].model,
            assignment.guess,
        )
        for assignment in assignments
        if assignment.guess is not None
    ]
    return sorted(rows, key=lambda row: (row.annotator_id, row.transcript_id))
