"""Rows of the tables as plain frozen values: what other folders get in place of rows that a session tracks."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from secondreader.db.core.tables import Study


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as it stood when it was read; `Study` says what the fields mean."""

    id: int
    name: str
    title: str
    notice: str
    status: str
    codebook: Mapping[str, Any]
    codebook_hash: str
    guideline: str
    plan: Mapping[str, Any]
    plan_hash: str | None
    rules: Mapping[str, Any]
    frozen_at: datetime | None
    revealed_at: datetime | None
    unblinded_at: datetime | None
    revealed_label_id: int | None
    unblinded_adjudication_id: int | None


def build_study_record(study: Study) -> StudyRecord:
    """The record of a stored study."""
    return StudyRecord(**{field.name: getattr(study, field.name) for field in fields(StudyRecord)})
