"""The ratings of a study in the long frame: one row per verdict and per latest label."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Label, Study, StudyItem, Verdict
from secondreader.db.research.items import ItemRecord, load_item_records


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What the statistics need of one verdict: without its reply, prompt and parameters it is read many times faster."""

    transcript_id: int
    judge: str
    judge_key: str
    state: str
    answers: dict[str, Any]
    score: float | None


def load_rating_rows(
    session: Session, study: Study, question: str = "risky_action", *, source: str = "desk"
) -> list[dict[str, Any]]:
    """The long frame as dicts: one row per verdict and per latest label, in the columns of FRAME_COLUMNS and slices.

    `source` says whose labels: "desk" (given here, on the drawn items) or "import" (given elsewhere, on any
    item, with inclusion probability 1). They are never mixed: their sampling differs.
    """
    facts = {one.transcript_id: one for one in load_item_records(session, study)}
    rows = [
        row
        for one in load_latest_labels(session, study, source)
        if one[1].transcript_id in facts
        and (row := build_label_frame_row(one, facts[one[1].transcript_id], question, source)) is not None
    ]
    rows += [
        build_verdict_frame_row(verdict, facts[verdict.transcript_id], question)
        for verdict in load_study_verdicts(session, study)
        if verdict.transcript_id in facts
    ]
    return rows


def load_latest_labels(session: Session, study: Study, source: str | None = None) -> list[tuple[str, Label]]:
    """(annotator's name, label): the latest revision of each annotator, transcript and pass, in order of id."""
    newest: dict[tuple[int, int, int], tuple[str, Label]] = {}
    statement = (
        select(Annotator.name, Label)
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .where(Label.study_id == study.id)
        .order_by(col(Label.revision), col(Label.id))
    )
    if source is not None:
        statement = statement.where(Annotator.source == source)
    for name, label in session.exec(statement):
        newest[label.annotator_id, label.transcript_id, label.pass_no] = (name, label)
    return sorted(newest.values(), key=lambda pair: pair[1].id or 0)


def load_study_verdicts(session: Session, study: Study) -> list[VerdictRow]:
    """Every verdict on a transcript of the pool, first repeats only."""
    rows = execute(
        session,
        select_columns(
            Verdict.transcript_id,
            Verdict.judge,
            Verdict.judge_key,
            Verdict.state,
            Verdict.answers,
            Verdict.score,
        )
        .join(StudyItem, col(StudyItem.transcript_id) == col(Verdict.transcript_id))
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) == "pool", col(Verdict.repeat) == 1)
        .order_by(col(Verdict.id)),
    )
    return [VerdictRow(*row) for row in rows]


def build_label_frame_row(
    named_label: tuple[str, Label], item_record: ItemRecord, question: str, source: str
) -> dict[str, Any] | None:
    """One label as a row of the long frame; None where the question was not asked."""
    name, label = named_label
    if question not in label.answers:
        return None
    return {
        "item": item_record.item,
        "rater": name,
        "kind": "human",
        "answer": label.answers[question],
        "cluster": item_record.cluster,
        "stratum": item_record.stratum if source == "desk" else None,
        "inclusion_probability": item_record.inclusion_probability if source == "desk" else 1.0,
        "seconds": label.active_seconds,
        "position": label.position,
        "pass_no": label.pass_no,
        "state": None,
        "score": None,
        **item_record.slices,
    }


def build_verdict_frame_row(verdict: VerdictRow, item_record: ItemRecord, question: str) -> dict[str, Any]:
    """One verdict as a row of the long frame; an unparsed one has no answer and keeps its state."""
    return {
        "item": item_record.item,
        "rater": verdict.judge,
        "kind": "judge",
        "answer": verdict.answers.get(question),
        "cluster": item_record.cluster,
        "stratum": item_record.stratum,
        "inclusion_probability": item_record.inclusion_probability,
        "seconds": None,
        "position": None,
        "pass_no": 1,
        "state": verdict.state,
        "score": verdict.score,
        **item_record.slices,
    }
