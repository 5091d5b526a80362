"""The audit log: append-only, each event's hash covers the one before, so that a gap or a change shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Annotator, AuditEvent, Study, utc_now

GENESIS = "0" * 64
RESEARCHER = "researcher"
"""Who acts where nobody is named."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the log."""

    event_id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str


def append_event(session: Session, actor: str, action: str, subject: str, **detail: Any) -> str:
    """Add one event to the chain inside the caller's transaction and return its hash.

    Reads only the last event's hash, which is all that the desk's connection may see of the log.
    """
    # two events that both followed the same one would break the chain
    wait_turn(session, Lock.AUDIT)
    last = select_columns(AuditEvent.hash).order_by(col(AuditEvent.id).desc()).limit(1)
    previous = execute(session, last).scalar() or GENESIS
    event = AuditEvent(
        at=utc_now(),
        actor=actor,
        action=action,
        subject=subject,
        detail=detail,
        previous_hash=previous,
        hash="",
    )
    event.hash = compute_event_hash(event)
    session.add(event)
    # the next event of this transaction must see this one's hash
    session.flush()
    return event.hash


def compute_event_hash(event: AuditEvent) -> str:
    """SHA-256 over all that the event says and the hash before it."""
    return compute_content_hash(
        [event.at.isoformat(), event.actor, event.action, event.subject, event.detail, event.previous_hash]
    )


def find_first_broken_event(session: Session) -> int | None:
    """Id of the first event whose hash does not follow from its content and predecessor; None if all do."""
    previous = GENESIS
    # by id, not by time: ids only grow, clocks may be set back
    for event in session.exec(select(AuditEvent).order_by(col(AuditEvent.id))):
        if event.previous_hash != previous or event.hash != compute_event_hash(event):
            return event.id
        previous = event.hash
    return None


def list_events(
    session: Session, *, subject: str | None = None, limit: int = 100, offset: int = 0
) -> list[EventRow]:
    """Events, newest first; of one subject only where it is named."""
    statement = (
        select_columns(
            AuditEvent.id,
            AuditEvent.at,
            AuditEvent.actor,
            AuditEvent.action,
            AuditEvent.subject,
            AuditEvent.detail,
            AuditEvent.hash,
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(limit)
        .offset(offset)
    )
    if subject is not None:
        statement = statement.where(col(AuditEvent.subject) == subject)
    return [EventRow(*row) for row in execute(session, statement)]


def resolve_subject_names(session: Session, audit_events: Iterable[EventRow]) -> dict[str, str]:
    """Subjects of events -> what people call them now, such as "study pilot" and "Ada of study pilot"."""
    subjects = {event.subject for event in audit_events}
    studies = parse_subject_ids(subjects, "study")
    people = parse_subject_ids(subjects, "annotator")
    rows = execute(session, select_columns(Study.id, Study.name).where(col(Study.id).in_(studies)))
    names = {f"study {row_id}": f"study {name}" for row_id, name in rows}
    rows = execute(
        session,
        select_columns(Annotator.id, Annotator.name, Study.name)
        .outerjoin(Study, col(Study.id) == col(Annotator.study_id))
        .where(col(Annotator.id).in_(people)),
    )
    return names | {
        f"annotator {row_id}": f"{name} of study {study}" if study else name for row_id, name, study in rows
    }


def parse_subject_ids(subjects: Iterable[str], kind: str) -> set[int]:
    """The ids in subjects such as "study 3"."""
    parts = (subject.split(" ") for subject in subjects)
    return {int(part[1]) for part in parts if len(part) == 2 and part[0] == kind and part[1].isdecimal()}


def count_events(session: Session) -> int:
    """How many events there are."""
    return int(execute(session, select_columns(func.count(col(AuditEvent.id)))).scalar_one())
