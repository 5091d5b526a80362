"""Keeps unsent answers, so that no closed window loses them."""

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import UnknownAssignment
from secondreader.db.core.tables import Assignment, Draft, StudyItem, utc_now
from secondreader.db.desk.stages import compute_progression
from secondreader.db.queues.leases import keep_assignment


def save_draft(session: Session, annotator_id: int, token: str, body: dict[str, Any]) -> None:
    """Keep unsent answers of one item, replacing those stored before. Raises UnknownAssignment and NotReachedYet."""
    row = execute(
        session,
        select_columns(Assignment.id, StudyItem.part)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id),
    ).first()
    if row is None:
        raise UnknownAssignment("This transcript is not in your queue; go back to the start page.")
    assignment_id, part = row
    # a draft of an item that is not open yet would keep an answer from before the qualification
    compute_progression(session, annotator_id).check_open(part)
    changed = execute(
        session,
        update(Draft)
        .where(col(Draft.assignment_id) == assignment_id)
        .values(body=body, updated_at=utc_now()),
    )
    # updated first: all drafts of an item but the first one find a row
    if changed.rowcount == 0:
        session.add(Draft(assignment_id=assignment_id, body=body))
        session.flush()
    # writing shows that somebody is at it: the lease in a shared queue runs anew
    keep_assignment(session, annotator_id, assignment_id)
