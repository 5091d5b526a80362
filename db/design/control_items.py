"""Items of known answers: qualification before the study, and attention checks inside it. None of them is sampled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import StudyItem, Transcript


@dataclass(frozen=True, slots=True)
class ControlItem:
    """A transcript whose right answers are known."""

    transcript: str
    """Public id or origin key of a stored transcript that has text."""
    answers: dict[str, str]
    """The right answer by question id: at least one question."""
    why: str = ""
    """The reason, shown after a qualification item; never shown for an attention check."""

    def build_body(self) -> dict[str, Any]:
        """As JSON."""
        return {"transcript": self.transcript, "answers": self.answers, "why": self.why}


def check_control_items(book: Codebook, items: Sequence[ControlItem]) -> None:
    """Raise StudyError for an item named twice, without answers, or with answers that the codebook does not have."""
    # one of the two answers would win by accident of order
    twice = [name for name, n in Counter(item.transcript for item in items).items() if n > 1]
    if twice:
        raise StudyError(f"Control item {twice[0]!r} is named twice; keep one of the two.")
    values = {question.id: question.values for question in book.questions}
    for item in items:
        if not item.answers:
            raise StudyError(f"Control item {item.transcript!r} has no right answer; give one at least.")
        for question, answer in item.answers.items():
            if question not in values:
                raise StudyError(
                    f"Control item {item.transcript!r}: the codebook has no question {question!r}."
                )
            if answer not in values[question]:
                raise StudyError(
                    f"Control item {item.transcript!r}: {question} has no answer {answer!r}, "
                    f"only {', '.join(values[question])}."
                )


def mark_control_items(
    session: Session, study: StudyRecord, items: Sequence[ControlItem], part: str
) -> tuple[int, ...]:
    """Move the items from the pool to `part`, with their answers; returns their study item ids in id order.

    A transcript that is stored but not in the pool joins the study. Raises StudyError for one that is not there or
    has no text.
    """
    return tuple(sorted(mark_control_item(session, study, item, part) for item in items))


def mark_control_item(session: Session, study: StudyRecord, item: ControlItem, part: str) -> int:
    """`mark_control_items` for one item."""
    transcript_id = find_transcript_id(session, item.transcript)
    # the column that the desk may read: it shows them once a qualification item is answered
    known = {"answers": item.answers, "why": item.why}
    row = execute(
        session,
        select_columns(StudyItem.id, StudyItem.part).where(
            col(StudyItem.study_id) == study.id, col(StudyItem.transcript_id) == transcript_id
        ),
    ).first()
    if row is None:
        new = StudyItem(study_id=study.id, transcript_id=transcript_id, part=part, known=known)
        session.add(new)
        session.flush()
        return new.id or 0
    item_id, earlier = row
    # qualification shows the right answer, so the item could not check attention afterwards
    if earlier != "pool":
        raise StudyError(f"Control item {item.transcript!r} is a {earlier} item already; it cannot be both.")
    execute(session, update(StudyItem).where(col(StudyItem.id) == item_id).values(part=part, known=known))
    return int(item_id)


def find_transcript_id(session: Session, name: str) -> int:
    """Id of the transcript with this public id or origin key. Raises StudyError."""
    row = execute(
        session,
        select_columns(Transcript.id, col(Transcript.content).is_not(None))
        .where(or_(col(Transcript.public_id) == name, col(Transcript.origin_key) == name))
        # of two that share a key, the one with the text
        .order_by(col(Transcript.has_text).desc()),
    ).first()
    if row is None:
        raise StudyError(f"Control item {name!r}: no transcript has this id or key; import it first.")
    if not row[1]:
        raise StudyError(f"Control item {name!r}: only verdicts of it are stored, there is no text to read.")
    return int(row[0])
