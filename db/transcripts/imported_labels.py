"""Imported labels, stored many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, insert_rows, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Label, utc_now
from secondreader.db.transcripts.transcripts import CHUNK_SIZE


@dataclass(frozen=True, slots=True)
class ImportedLabel:
    """One label to be stored."""

    transcript_id: int
    annotator_id: int
    answers: dict[str, Any]
    client_token: str
    """Says which rating it is, uniquely: a second import of the same token adds nothing."""
    pass_no: int = 1
    active_seconds: float | None = None
    position: int | None = None


def add_imported_labels(session: Session, study: StudyRecord, new: Sequence[ImportedLabel]) -> int:
    """Store labels whose token is new; returns how many. The others, and a token's second time in `new`, add nothing.

    Raises StudyError where an annotator has another label of the same transcript and pass.
    """
    known: set[str] = set()
    for start in range(0, len(new), CHUNK_SIZE):
        tokens = [label.client_token for label in new[start : start + CHUNK_SIZE]]
        statement = select_columns(Label.client_token).where(col(Label.client_token).in_(tokens))
        known |= set(execute(session, statement).scalars())
    # reversed twice: of two with one token the first one stays, in the file's order
    rows = {label.client_token: label for label in reversed(new) if label.client_token not in known}
    try:
        insert_rows(
            session, Label, [build_imported_label_row(study, label) for label in reversed(rows.values())]
        )
    # the constraint on annotator, transcript and pass, in words that say what to change in the file
    except IntegrityError:
        raise StudyError(
            "One of these annotators already has a label of one of these transcripts, imported or from the desk; "
            "give the imported annotator another name."
        ) from None
    return len(rows)


def build_imported_label_row(study: StudyRecord, new: ImportedLabel) -> dict[str, Any]:
    """The row of a new label."""
    return {
        "study_id": study.id,
        "transcript_id": new.transcript_id,
        "annotator_id": new.annotator_id,
        "client_token": new.client_token,
        "answers": new.answers,
        # nobody was given this transcript here: it stands in no queue
        "assignment_id": None,
        "pass_no": new.pass_no,
        "revision": 1,
        "evidence": [],
        "confidence": None,
        "note": "",
        "contested": False,
        "active_seconds": new.active_seconds,
        "position": new.position,
        "codebook_hash": study.codebook_hash,
        "created_at": utc_now(),
    }
