"""The assignments that come before the main queue: qualification items of known answers, then the norming round.

They stand at the front of everybody's queue, so that one look at the first assignment tells whether there are any.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Assignment, Label, Study, StudyItem

ONBOARDING_PARTS = ("qualification", "calibration")
FIRST_PART_QUERY = (
    select_columns(StudyItem.part)
    .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
    .where(col(Assignment.annotator_id) == bindparam("annotator_id"))
    .order_by(col(Assignment.position))
    # the first position alone: a study without such parts pays one quick look
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class OnboardingAssignment:
    """One assignment of a part before the main queue."""

    assignment_id: int
    token: str
    position: int
    pass_no: int
    """The round, in qualification."""
    part: str
    study_item_id: int
    control_item: dict[str, Any]
    """The right answers and the reason, {"answers": {...}, "why": "..."}; {} in the norming round."""


def has_onboarding(session: Session, annotator_id: int) -> bool:
    """Whether the person's queue begins with qualification or the norming round."""
    return execute(session, FIRST_PART_QUERY, {"annotator_id": annotator_id}).scalar() in ONBOARDING_PARTS


def list_onboarding_assignments(session: Session, annotator_id: int, part: str) -> list[OnboardingAssignment]:
    """The person's assignments of one early part, in their order."""
    rows = execute(
        session,
        select_columns(
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
    return [
        replace(assignment, control_item=assignment.control_item or {})
        for assignment in (OnboardingAssignment(*row) for row in rows)
    ]


def load_onboarding_labels(
    session: Session, assignments: list[OnboardingAssignment], *, first: bool = False
) -> dict[int, Label]:
    """The label that counts of each assignment, by assignment id: the latest revision, or the first one."""
    ids = [assignment.assignment_id for assignment in assignments]
    # the last one that a dict is given for a key stays
    order = col(Label.revision).desc() if first else col(Label.revision)
    rows = session.exec(select(Label).where(col(Label.assignment_id).in_(ids)).order_by(order))
    return {label.assignment_id: label for label in rows if label.assignment_id is not None}


def load_rules(session: Session, annotator_id: int) -> Rules:
    """The rules of the person's study."""
    stored = execute(
        session,
        select_columns(Study.rules)
        .join(Annotator, col(Annotator.study_id) == col(Study.id))
        .where(col(Annotator.id) == annotator_id),
    ).scalar()
    # a researcher of all studies has no study, and so the defaults
    return parse_rules(stored or {})
