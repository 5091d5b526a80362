"""The ratings of a study, labels and verdicts, and the long frame that they make: one row a verdict or latest label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Label, StudyItem, Verdict
from secondreader.db.research.items import ItemRecord


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One revision of one label, with who gave it."""

    label_id: int
    annotator: str
    source: str
    """desk or import."""
    annotator_id: int
    transcript_id: int
    assignment_id: int | None
    pass_no: int
    revision: int
    answers: dict[str, Any]
    evidence: list[int]
    note: str
    contested: bool
    active_seconds: float | None
    position: int | None
    labelled_at: datetime
    confidence: int | None


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What the statistics need of one verdict: without its reply, prompt and parameters it is read many times faster."""

    transcript_id: int
    judge: str
    judge_key: str
    state: str
    answers: dict[str, Any]
    score: float | None


def load_labels(session: Session, study: StudyRecord, transcript_id: int | None = None) -> list[LabelRow]:
    """Every revision of every label of a study, or of one transcript in it, in order of revision and id."""
    statement = (
        select_columns(
            Label.id,
            Annotator.name,
            Annotator.source,
            Label.annotator_id,
            Label.transcript_id,
            Label.assignment_id,
            Label.pass_no,
            Label.revision,
            Label.answers,
            Label.evidence,
            Label.note,
            Label.contested,
            Label.active_seconds,
            Label.position,
            Label.created_at,
            Label.confidence,
        )
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .where(col(Label.study_id) == study.id)
        .order_by(col(Label.revision), col(Label.id))
    )
    if transcript_id is not None:
        statement = statement.where(col(Label.transcript_id) == transcript_id)
    return [LabelRow(*row) for row in execute(session, statement)]


def select_latest(labels: Iterable[LabelRow], source: str | None = None) -> list[LabelRow]:
    """The latest revision of each annotator, transcript and pass, in order of id; `labels` come by revision."""
    # A later revision overwrites an earlier one, since labels come by revision.
    newest = {
        (label.annotator_id, label.transcript_id, label.pass_no): label
        for label in labels
        if source is None or label.source == source
    }
    return sorted(newest.values(), key=lambda label: label.label_id)


def load_verdicts(session: Session, study: StudyRecord) -> list[VerdictRow]:
    """Every verdict on a transcript of a study, first repeats only."""
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
        # Later repeats tell of a judge's stability alone, and there may be many of them.
        .where(col(StudyItem.study_id) == study.id, col(Verdict.repeat) == 1)
        .order_by(col(Verdict.id)),
    )
    return [VerdictRow(*row) for row in rows]


def build_rating_rows(
    pool: Iterable[ItemRecord],
    latest: Iterable[LabelRow],
    verdicts: Iterable[VerdictRow],
    question: str,
    source: str,
) -> list[dict[str, Any]]:
    """The long frame as dicts, in the columns of FRAME_COLUMNS and slices.

    `source` says whose labels: "desk" (on the sampled items) or "import" (imported, on any
    item, with inclusion probability 1). They are never mixed: their sampling differs.
    """
    items = {item.transcript_id: item for item in pool}
    return [
        *build_label_rows(items, (label for label in latest if label.source == source), question, source),
        *(
            build_verdict_frame_row(verdict, items[verdict.transcript_id], question)
            for verdict in verdicts
            if verdict.transcript_id in items
        ),
    ]


def build_label_rows(
    items: Mapping[int, ItemRecord], labels: Iterable[LabelRow], question: str, source: str
) -> list[dict[str, Any]]:
    """Rows of the long frame for the labels of these items, by transcript id, that answer a question."""
    return [
        build_label_frame_row(label, items[label.transcript_id], question, source)
        for label in labels
        if label.transcript_id in items and question in label.answers
    ]


def build_label_frame_row(
    label: LabelRow, item_record: ItemRecord, question: str, source: str
) -> dict[str, Any]:
    """One label as a row of the long frame; an imported one is of no draw, so it has no stratum and probability 1."""
    is_desk = source == "desk"
    return {
        "item": item_record.item,
        "rater": label.annotator,
        "kind": "human",
        "answer": label.answers[question],
        "cluster": item_record.cluster,
        "stratum": item_record.stratum if is_desk else None,
        "inclusion_probability": item_record.inclusion_probability if is_desk else 1.0,
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
