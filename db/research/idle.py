"""Assignments that somebody began and left, for the researcher."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Assignment, Draft, Label, StudyItem, Transcript
from secondreader.db.queues.leases import LAPSED, read_database_clock


@dataclass(frozen=True, slots=True)
class IdleAssignment:
    """An assignment without a label that nobody has touched for long."""

    annotator_id: int
    annotator: str
    item: str
    """The transcript's public id."""
    kind: str
    """lease: taken from a shared queue and not labelled in time; draft: answers begun and not sent."""
    since: datetime
    """When the lease ended, or the draft was last changed."""


def list_idle_assignments(session: Session, study: StudyRecord, hours: float = 24.0) -> list[IdleAssignment]:
    """Leases that have ended and drafts untouched for `hours`; by person, in the order of their queue.

    An assignment that somebody else has taken over since is not listed: nobody waits for it.
    """
    now = read_database_clock(session)
    begun = col(Draft.updated_at) <= now - timedelta(hours=hours)
    until = col(Assignment.leased_until)
    ended = and_(until <= now, until != LAPSED)
    rows = execute(
        session,
        select_columns(Annotator.id, Annotator.name, Transcript.public_id, ended, until, Draft.updated_at)
        .join(Assignment, col(Assignment.annotator_id) == col(Annotator.id))
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .outerjoin(Draft, col(Draft.assignment_id) == col(Assignment.id))
        .outerjoin(Label, col(Label.assignment_id) == col(Assignment.id))
        .where(col(StudyItem.study_id) == study.id, col(Label.id).is_(None), or_(ended, begun))
        .order_by(col(Annotator.name), col(Assignment.position)),
    )
    return [
        IdleAssignment(person, name, item, "lease" if is_ended else "draft", lease if is_ended else drafted)
        for person, name, item, is_ended, lease, drafted in rows
    ]
