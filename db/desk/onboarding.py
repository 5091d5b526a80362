"""The places that come before the main queue: practice items of known answers, then calibration.

They stand at the front of everybody's queue, so that one look at the first place tells whether there are any.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from secondreader.db.core.desk_rules import Rules, rules_of
from secondreader.db.core.engine import execute, pick
from secondreader.db.core.tables import Annotator, Assignment, Label, Study, StudyItem

EARLY = ("qualification", "calibration")
FIRST_PART = (
    pick(StudyItem.part)
    .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
    .where(col(Assignment.annotator_id) == bindparam("annotator_id"))
    .order_by(col(Assignment.position))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class EarlyPlace:
    """One place of an early part."""

    assignment_id: int
    token: str
    position: int
    pass_no: int
    """The round, in qualification."""
    part: str
    study_item_id: int
    known: dict[str, Any]
    """The right answers and the reason, {"answers": {...}, "why": "..."}; {} in calibration."""


def has_early_places(session: Session, annotator_id: int) -> bool:
    """Whether the person's queue begins with practice or calibration."""
    return execute(session, FIRST_PART, {"annotator_id": annotator_id}).scalar() in EARLY


def early_places(session: Session, annotator_id: int, part: str) -> list[EarlyPlace]:
    """The person's places of one early part, in their order."""
    rows = execute(
        session,
        pick(
            Assignment.id,
            Assignment.token,
            Assignment.position,
            Assignment.pass_no,
            StudyItem.part,
            StudyItem.id,
            StudyItem.known,
        )
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id, col(StudyItem.part) == part)
        .order_by(col(Assignment.position)),
    )
    return [replace(place, known=place.known or {}) for place in (EarlyPlace(*row) for row in rows)]


def answers_given(session: Session, places: list[EarlyPlace], *, first: bool = False) -> dict[int, Label]:
    """The label that counts of each place, by assignment id: the latest revision, or the first one."""
    ids = [place.assignment_id for place in places]
    order = col(Label.revision).desc() if first else col(Label.revision)
    rows = session.exec(select(Label).where(col(Label.assignment_id).in_(ids)).order_by(order))
    return {label.assignment_id: label for label in rows if label.assignment_id is not None}


def rules_for(session: Session, annotator_id: int) -> Rules:
    """The rules of the person's study."""
    stored = execute(
        session,
        pick(Study.rules)
        .join(Annotator, col(Annotator.study_id) == col(Study.id))
        .where(col(Annotator.id) == annotator_id),
    ).scalar()
    return rules_of(stored or {})
