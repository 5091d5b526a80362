"""Counts for lists of studies, people and judges: for the researcher only."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func
from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Label, Study, StudyItem, Transcript, Verdict


@dataclass(frozen=True, slots=True)
class StudySummary:
    """One study in numbers."""

    name: str
    status: str
    n_transcripts: int
    """Transcripts in the pool."""
    n_with_text: int
    """Those that people can read; of the others only ratings are known."""
    n_drawn: int
    """Drawn for labelling."""
    n_annotators: int
    """People, imported annotators included."""
    n_labels: int
    """Labels, revisions not counted."""
    n_verdicts: int
    """Verdicts on transcripts of the pool, first repeats only."""


@dataclass(frozen=True, slots=True)
class JudgeSummary:
    """One judge's verdicts on one study's pool, first repeats only."""

    name: str
    n_verdicts: int
    n_unparsed: int
    n_errors: int


def count_by_study(session: Session, statement: Select[Any]) -> dict[int, int]:
    """Rows of (study id, count) as a dict."""
    return {study_id: count for study_id, count in execute(session, statement)}


def summarize_studies(session: Session) -> list[StudySummary]:
    """All studies, oldest first."""
    item, label = col(StudyItem.study_id), col(Label.study_id)
    text, drawn = col(Transcript.content), col(StudyItem.inclusion_probability)
    of_text = col(Transcript.id) == col(StudyItem.transcript_id)
    of_verdict = col(Verdict.transcript_id) == col(StudyItem.transcript_id)
    person = col(Annotator.study_id)
    pool = count_by_study(session, select_columns(item, func.count()).group_by(item))
    with_text = count_by_study(
        session, select_columns(item, func.count(text)).join(Transcript, of_text).group_by(item)
    )
    n_drawn = count_by_study(session, select_columns(item, func.count(drawn)).group_by(item))
    people = count_by_study(
        session, select_columns(person, func.count()).where(person.is_not(None)).group_by(person)
    )
    labels = count_by_study(
        session, select_columns(label, func.count()).where(col(Label.revision) == 1).group_by(label)
    )
    verdicts = count_by_study(
        session,
        select_columns(item, func.count(col(Verdict.id)))
        .join(Verdict, of_verdict)
        .where(col(Verdict.repeat) == 1)
        .group_by(item),
    )
    # in the order of StudySummary's fields
    counts = (pool, with_text, n_drawn, people, labels, verdicts)
    return [
        StudySummary(study.name, study.status, *(count.get(study.id or 0, 0) for count in counts))
        for study in session.exec(select(Study).order_by(col(Study.id)))
    ]


def list_judges(session: Session, study: StudyRecord) -> list[JudgeSummary]:
    """The judges whose verdicts the study's pool holds, the one with most that could be read first."""
    state, name = col(Verdict.state), col(Verdict.judge)
    statement = (
        select_columns(
            name,
            func.count(),
            func.sum(case((state == "unparsed", 1), else_=0)),
            func.sum(case((state == "error", 1), else_=0)),
        )
        .join(StudyItem, col(StudyItem.transcript_id) == col(Verdict.transcript_id))
        .where(col(StudyItem.study_id) == study.id, col(Verdict.repeat) == 1)
        .group_by(name)
        .order_by(name)
    )
    judges = [JudgeSummary(*row) for row in execute(session, statement)]
    return sorted(
        judges,
        key=lambda judge: (
            # most readable verdicts first; the name makes the order the same each time
            judge.n_unparsed + judge.n_errors - judge.n_verdicts,
            -judge.n_verdicts,
            judge.name,
        ),
    )


def list_invited_people(session: Session, study: StudyRecord | None) -> list[tuple[str, int]]:
    """(name, id) of those who come in by a link (None: the researchers); imported annotators are left out."""
    statement = (
        select_columns(Annotator.name, Annotator.id)
        .where(
            col(Annotator.study_id) == study.id if study else col(Annotator.study_id).is_(None),
            col(Annotator.source) == "desk",
        )
        .order_by(col(Annotator.name))
    )
    return [(name, row_id) for name, row_id in execute(session, statement)]


def list_annotators(session: Session, study: StudyRecord) -> dict[str, int]:
    """Ids of those who label at the desk, by name in its order; imported annotators and adjudicators are left out."""
    rows = execute(
        session,
        select_columns(Annotator.name, Annotator.id)
        .where(
            col(Annotator.study_id) == study.id,
            col(Annotator.role) == "annotator",
            col(Annotator.source) == "desk",
        )
        .order_by(col(Annotator.name)),
    )
    return {name: row_id for name, row_id in rows}
