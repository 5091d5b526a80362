"""A study as a plain value: what every folder gets in place of a row that a session tracks."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Study


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as it stood when it was read; `Study` says what the fields mean."""

    id: int
    name: str
    title: str
    notice: str
    status: str
    codebook: dict[str, Any]
    codebook_hash: str
    guideline: str
    plan: dict[str, Any]
    plan_hash: str | None
    rules: dict[str, Any]
    frozen_at: datetime | None
    revealed_at: datetime | None
    unblinded_at: datetime | None
    revealed_label_id: int | None
    unblinded_adjudication_id: int | None


STUDY_COLUMNS = tuple(getattr(Study, field.name) for field in fields(StudyRecord))


def find_study(session: Session, name: str) -> StudyRecord | None:
    """The study of this name, if there is one."""
    row = execute(session, select_columns(*STUDY_COLUMNS).where(col(Study.name) == name)).first()
    return StudyRecord(*row) if row else None


def reload_study(session: Session, study: StudyRecord) -> StudyRecord:
    """The study as it is now: what changes one asks again, for somebody else may have changed it meanwhile."""
    row = execute(session, select_columns(*STUDY_COLUMNS).where(col(Study.id) == study.id)).one()
    return StudyRecord(*row)


def update_study(session: Session, study: StudyRecord, **values: Any) -> StudyRecord:
    """Store new values of these fields; returns the study with them."""
    # Single fields, so that what others changed in the rest of the row meanwhile stays.
    execute(session, update(Study).where(col(Study.id) == study.id).values(values))
    return replace(study, **values)
