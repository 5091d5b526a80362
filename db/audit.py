"""The audit log: append-only, each event's hash covers the one before, so that a gap or a change shows."""

from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.canonical import content_hash
from secondreader.db.engine import execute, pick, wait_turn
from secondreader.db.tables import AuditEvent, utc_now

GENESIS = "0" * 64
AUDIT_LOCK = 7302012
RESEARCHER = "researcher"
"""Who acts where nobody is named."""


def append_event(session: Session, actor: str, action: str, subject: str, **detail: Any) -> str:
    """Add one event to the chain inside the caller's transaction and return its hash.

    Reads only the last event's hash, which is all that the desk's connection may see of the log.
    """
    wait_turn(session, AUDIT_LOCK)
    last = pick(AuditEvent.hash).order_by(col(AuditEvent.id).desc()).limit(1)
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
    event.hash = event_hash(event)
    session.add(event)
    session.flush()
    return event.hash


def event_hash(event: AuditEvent) -> str:
    """SHA-256 over all that the event says and the hash before it."""
    return content_hash(
        [event.at.isoformat(), event.actor, event.action, event.subject, event.detail, event.previous_hash]
    )


def first_broken_event(session: Session) -> int | None:
    """Id of the first event whose hash does not follow from its content and predecessor; None if all do."""
    previous = GENESIS
    for event in session.exec(select(AuditEvent).order_by(col(AuditEvent.id))):
        if event.previous_hash != previous or event.hash != event_hash(event):
            return event.id
        previous = event.hash
    return None


def events(
    session: Session, *, subject: str | None = None, limit: int = 100, offset: int = 0
) -> list[AuditEvent]:
    """Events, newest first; of one subject only where it is named."""
    statement = select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(limit).offset(offset)
    if subject is not None:
        statement = statement.where(AuditEvent.subject == subject)
    return list(session.exec(statement))


def n_events(session: Session) -> int:
    """How many events there are."""
    return int(execute(session, pick(func.count(col(AuditEvent.id)))).scalar_one())
