"""Unblinding: the moment from which judge and people may be compared, on record with who, when and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import StudyError
from secondreader.db.core.locks import Lock
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.core.tables import (
    Adjudication,
    Annotator,
    AuditEvent,
    StudyItem,
    Verdict,
    utc_now,
)

UNBLINDED_ACTION = "study unblinded"
INTERIM_KEY = "interim_looks"
"""The plan's word for looking at judge results while labelling goes on."""


class SealedError(StudyError):
    """A comparison of judge and people that is not open yet, in one sentence."""


@dataclass(frozen=True, slots=True)
class Unblinding:
    """Who opened the judge's results, when and why."""

    actor: str
    at: datetime
    why: str


def unblind_study(session: Session, study: StudyRecord, *, actor: str, why: str) -> Unblinding:
    """Open the comparison of judge and people, once. Raises StudyError unless the study is closed and `why` is given."""
    lock_decisions(session, study)
    study = reload_study(session, study)  # it may have been unblinded while this one waited
    if study.frozen_at is None:
        raise StudyError(f"Study {study.name!r} is a draft: there is nothing to unblind.")
    if study.unblinded_at is not None:
        when = study.unblinded_at.strftime("%Y-%m-%d %H:%M UTC")
        raise StudyError(f"Study {study.name!r} was unblinded on {when} already.")
    if study.status != "closed":
        raise StudyError(
            f"Study {study.name!r} is {study.status}: close it before unblinding, so that no label comes after it."
        )
    if not why.strip():
        raise StudyError("Unblinding needs a reason for the audit log.")
    newest = (
        select_columns(func.max(col(Adjudication.id)))
        .join(StudyItem, col(StudyItem.id) == col(Adjudication.study_item_id))
        .where(col(StudyItem.study_id) == study.id)
    )
    last_decision, now = execute(session, newest).scalar() or 0, utc_now()
    # by the last decision's id: a decision's time is that of a clock which may be wrong
    update_study(session, study, unblinded_adjudication_id=last_decision, unblinded_at=now)
    append_event(session, actor, UNBLINDED_ACTION, f"study {study.id}", why=why.strip())
    return Unblinding(actor, now, why.strip())


def lock_decisions(session: Session, study: StudyRecord) -> None:
    """Let decisions that are being stored come first and all others wait, so that an id tells which came before."""
    adjudicators = select_columns(Annotator.id).where(
        col(Annotator.study_id) == study.id, col(Annotator.role) == "adjudicator"
    )
    # in the order of ids, as everywhere, so that no two transactions wait for each other
    for annotator_id in execute(session, adjudicators.order_by(col(Annotator.id))).scalars().all():
        wait_turn(session, Lock.ADJUDICATION, annotator_id)


def allows_interim_looks(study: StudyRecord) -> bool:
    """Whether the frozen plan lets judge and people be compared before the study is closed."""
    return study.plan.get(INTERIM_KEY) is True


def explain_seal(session: Session, study: StudyRecord) -> str | None:
    """Why judge and people may not be compared now, and what to do; None where they may.

    A study that was never frozen holds imported labels only, and without verdicts there is nothing to compare.
    """
    now = reload_study(session, study)
    return describe_seal(now) if is_sealable(now) and has_verdicts(session, now) else None


def is_sealable(study: StudyRecord) -> bool:
    """Whether judge and people may not be compared, once there are verdicts."""
    return study.frozen_at is not None and study.unblinded_at is None and not allows_interim_looks(study)


def describe_seal(study: StudyRecord) -> str:
    """That a study is blind, and what to do."""
    steps = "unblind it" if study.status == "closed" else "close it, then unblind it"
    return (
        f"Study {study.name!r} is blind: judge and people are not compared before it is unblinded; "
        f"{steps} (`secondreader study unblind`)."
    )


def has_verdicts(session: Session, study: StudyRecord) -> bool:
    """Whether any judge has read a transcript of the study."""
    statement = (
        select_columns(Verdict.id)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Verdict.transcript_id))
        .where(col(StudyItem.study_id) == study.id)
        .limit(1)
    )
    return execute(session, statement).first() is not None


def require_unblinded(session: Session, study: StudyRecord) -> None:
    """Raise SealedError where judge and people may not be compared."""
    why = explain_seal(session, study)
    if why is not None:
        raise SealedError(why)


def find_unblinding(session: Session, study: StudyRecord) -> Unblinding | None:
    """The event of a study's unblinding; None before it."""
    event = session.exec(
        select(AuditEvent)
        .where(AuditEvent.action == UNBLINDED_ACTION, AuditEvent.subject == f"study {study.id}")
        .order_by(col(AuditEvent.id))
    ).first()
    return Unblinding(event.actor, event.at, str(event.detail.get("why", ""))) if event else None
