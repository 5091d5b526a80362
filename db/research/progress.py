"""The people of a study, their assignments, and how far each of them is."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Assignment, Guess
from secondreader.db.research.ratings import LabelRow, load_labels, select_latest


@dataclass(frozen=True, slots=True)
class AnnotatorRow:
    """One person of a study, under a pseudonym."""

    annotator_id: int
    name: str
    role: str
    source: str
    """desk or import."""

    @property
    def labels_at_desk(self) -> bool:
        """Whether the person has a queue; adjudicators and imported annotators have none."""
        return self.role == "annotator" and self.source == "desk"


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One item in one annotator's queue."""

    assignment_id: int
    token: str
    annotator_id: int
    item_id: int
    """The study item."""
    position: int
    pass_no: int
    guess: str | None
    """Which model the annotator took it for, in their words; None where they were not asked."""


@dataclass(frozen=True, slots=True)
class AnnotatorProgress:
    """How far one annotator is."""

    annotator_id: int
    name: str
    role: str
    source: str
    n_labelled: int
    n_assigned: int
    median_seconds: float | None


def load_annotators(session: Session, study: StudyRecord) -> list[AnnotatorRow]:
    """Everybody in a study, by name."""
    rows = execute(
        session,
        select_columns(Annotator.id, Annotator.name, Annotator.role, Annotator.source)
        .where(col(Annotator.study_id) == study.id)
        .order_by(col(Annotator.name)),
    )
    return [AnnotatorRow(*row) for row in rows]


def load_assignments(session: Session, study: StudyRecord) -> list[AssignmentRow]:
    """The queues of a study's annotators, each in its order, with the guesses that were made of the model."""
    rows = execute(
        session,
        select_columns(
            Assignment.id,
            Assignment.token,
            Assignment.annotator_id,
            Assignment.study_item_id,
            Assignment.position,
            Assignment.pass_no,
            Guess.text,
        )
        .join(Annotator, col(Annotator.id) == col(Assignment.annotator_id))
        # There is one guess an assignment at the most, so that this join repeats no row.
        .outerjoin(Guess, col(Guess.assignment_id) == col(Assignment.id))
        .where(col(Annotator.study_id) == study.id)
        .order_by(col(Assignment.annotator_id), col(Assignment.position)),
    )
    return [AssignmentRow(*row) for row in rows]


def list_annotator_progress(session: Session, study: StudyRecord) -> list[AnnotatorProgress]:
    """Progress of every annotator of the study, by name."""
    latest = select_latest(load_labels(session, study))
    return build_annotator_progress(load_annotators(session, study), load_assignments(session, study), latest)


def build_annotator_progress(
    annotators: Sequence[AnnotatorRow], assignments: Iterable[AssignmentRow], latest: Iterable[LabelRow]
) -> list[AnnotatorProgress]:
    """Progress of these annotators, from their queues and latest labels; imported annotators have nothing assigned."""
    n_assigned = Counter(assignment.annotator_id for assignment in assignments)
    labels: dict[int, list[LabelRow]] = defaultdict(list)
    for label in latest:
        labels[label.annotator_id].append(label)
    return [
        AnnotatorProgress(
            annotator_id=person.annotator_id,
            name=person.name,
            role=person.role,
            source=person.source,
            n_labelled=len(labels[person.annotator_id]),
            n_assigned=n_assigned[person.annotator_id],
            median_seconds=compute_median_seconds(labels[person.annotator_id]),
        )
        for person in annotators
    ]


def compute_median_seconds(labels: Iterable[LabelRow]) -> float | None:
    """Median active time of these labels; None where none was measured."""
    seconds = [label.active_seconds for label in labels if label.active_seconds is not None]
    return statistics.median(seconds) if seconds else None
