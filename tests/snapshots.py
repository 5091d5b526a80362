"""What tests ask of a stored study in one call: rows of the long frame, settled answers, hashes, an analysis."""

from typing import Any

from sqlmodel import Session

from secondreader.db.core.records import StudyRecord
from secondreader.db.research.adjudication_outcomes import AdjudicationSummary
from secondreader.db.research.calibration_rows import NormingMoment
from secondreader.db.research.data_hash import compute_data_hash
from secondreader.db.research.items import ItemRecord
from secondreader.reports.analysis.analyse import analyse
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis


def load_rating_rows(
    session: Session, study: StudyRecord, question: str = "risky_action", *, source: str = "desk"
) -> list[dict[str, Any]]:
    """The long frame of a question as dicts."""
    return load_snapshot(session, study.name).list_rating_rows(question, source)


def load_norming_rows(
    session: Session, study: StudyRecord, question: str = "risky_action", when: NormingMoment = "before"
) -> list[dict[str, Any]]:
    """The long frame of a question on the calibration items."""
    return load_snapshot(session, study.name).list_norming_rows(question, when)


def load_adjudicated_answers(session: Session, study: StudyRecord, question: str) -> dict[str, str | None]:
    """What adjudicators settled, by item."""
    return load_snapshot(session, study.name).settle(question)


def summarize_adjudication(session: Session, study: StudyRecord, question: str) -> AdjudicationSummary:
    """How far the adjudication of a question is."""
    return load_snapshot(session, study.name).summarize_adjudication(question)


def list_drawn_items(session: Session, study: StudyRecord) -> list[ItemRecord]:
    """The items of the pool that were drawn for labelling."""
    return [one for one in load_snapshot(session, study.name).pool if one.inclusion_probability is not None]


def hash_data(session: Session, study: StudyRecord) -> str:
    """The hash of what the main figures are computed from."""
    read = load_snapshot(session, study.name)
    return compute_data_hash(
        read.study, read.items, read.pool, read.latest_labels, read.verdicts, read.decisions
    )


def analyse_study(session: Session, study: StudyRecord, options: AnalysisOptions) -> Analysis:
    """The analysis of a study as it is stored now."""
    return analyse(load_snapshot(session, study.name, texts=options.words), options)
