"""How far each annotator of a study is."""

import statistics
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Assignment, Study
from secondreader.db.research.ratings import load_latest_labels


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


def list_annotator_progress(session: Session, study: Study) -> list[AnnotatorProgress]:
    """Progress of every annotator of the study, by name; imported readers have nothing assigned."""
    counted = select_columns(Assignment.annotator_id, func.count(col(Assignment.id)))
    assigned = dict(execute(session, counted.group_by(col(Assignment.annotator_id))).all())
    seconds: dict[int, list[float]] = defaultdict(list)
    labelled: dict[int, int] = defaultdict(int)
    for _name, label in load_latest_labels(session, study):
        labelled[label.annotator_id] += 1
        if label.active_seconds is not None:
            seconds[label.annotator_id].append(label.active_seconds)
    people = session.exec(
        select(Annotator).where(Annotator.study_id == study.id).order_by(col(Annotator.name))
    )
    return [
        AnnotatorProgress(
            annotator_id=person.id or 0,
            name=person.name,
            role=person.role,
            source=person.source,
            n_labelled=labelled[person.id or 0],
            n_assigned=assigned.get(person.id, 0),
            median_seconds=statistics.median(seconds[person.id or 0]) if seconds[person.id or 0] else None,
        )
        for person in people
    ]
