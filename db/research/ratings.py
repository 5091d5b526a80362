"""Reads a study back for the researcher: the long frame of the statistics, progress, and single transcripts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.core.canonical import compute_content_hash
from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.study_errors import get_study_id
from secondreader.db.core.tables import (
    Annotator,
    Assignment,
    Label,
    Study,
    StudyItem,
    Transcript,
    Verdict,
)
from secondreader.db.research.adjudication_outcomes import load_adjudicated_answers
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts
from secondreader.db.transcripts.store import get_unredacted_content

MAIN_COLUMNS = (
    "item",
    "rater",
    "kind",
    "answer",
    "cluster",
    "stratum",
    "inclusion_probability",
    "seconds",
    "position",
)
FRAME_COLUMNS = (*MAIN_COLUMNS, "pass_no", "state", "score")
"""Columns of the long frame before the slice columns."""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is known of one pool item besides its readings."""

    item: str
    """The transcript's public id."""
    transcript_id: int
    cluster: str
    stratum: str | None
    inclusion_probability: float | None
    slices: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AnnotatorProgress:
    """How far one annotator is."""

    annotator_id: int
    name: str
    role: str
    source: str
    n_labelled: int
    n_assigned: int
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """One transcript with everything that was said about it: for the researcher only."""

    item: str
    cluster: str
    content: Content | None
    model: str | None
    condition: dict[str, Any]
    attributes: dict[str, Any]
    hidden: dict[str, Any]
    leaks: list[dict[str, Any]]
    verdicts: tuple[Verdict, ...]
    labels: tuple[tuple[str, Label], ...]
    """(annotator, label), every revision, oldest first."""


def load_item_records(session: Session, study: Study, *, drawn_only: bool = False) -> list[ItemRecord]:
    """The pool in import order; attributes, model, attempt and condition become slice columns.

    Qualification, attention and calibration items are not of the pool, and what was excluded for a leak is not either.
    """
    left_out = find_excluded_transcripts(session, study.id)
    statement = (
        select_columns(
            Transcript.public_id,
            Transcript.id,
            Transcript.cluster,
            StudyItem.stratum,
            StudyItem.inclusion_probability,
            Transcript.model,
            Transcript.condition,
            Transcript.attributes,
        )
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) == "pool")
        .order_by(col(StudyItem.id))
    )
    if drawn_only:
        statement = statement.where(col(StudyItem.inclusion_probability).is_not(None))
    return [
        ItemRecord(
            item, row_id, cluster, stratum, probability, build_slice_columns(model, condition, attributes)
        )
        for item, row_id, cluster, stratum, probability, model, condition, attributes in execute(
            session, statement
        )
        if row_id not in left_out
    ]


def build_slice_columns(
    model: str | None, condition: dict[str, Any], attributes: dict[str, Any]
) -> dict[str, Any]:
    """Slice columns of one transcript; names that the frame uses itself get a trailing underscore."""
    columns = {**condition, **attributes} | ({"model": model} if model else {})
    return {name + "_" if name in FRAME_COLUMNS else name: value for name, value in columns.items()}


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


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What the statistics need of one verdict: without its reply, prompt and parameters it is read many times faster."""

    transcript_id: int
    judge: str
    judge_key: str
    state: str
    answers: dict[str, Any]
    score: float | None


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


def list_annotator_progress(session: Session, study: Study) -> list[AnnotatorProgress]:
    """Progress of every annotator of the study, by name; imported readers have nothing assigned."""
    counted = select_columns(Assignment.annotator_id, func.count(col(Assignment.id)))
    assigned = dict(execute(session, counted.group_by(col(Assignment.annotator_id))).all())
    seconds: dict[int, list[float]] = defaultdict(list)
    labelled: dict[int, int] = defaultdict(int)
    for _name, label in load_latest_labels(session, study):
        labelled[label.annotator_id] += 1
        if label.active_seconds is not None:
            seconds[label.annotator_id].append(label.active_seconds)
    people = session.exec(
        select(Annotator).where(Annotator.study_id == study.id).order_by(col(Annotator.name))
    )
    return [
        AnnotatorProgress(
            annotator_id=person.id or 0,
            name=person.name,
            role=person.role,
            source=person.source,
            n_labelled=labelled[person.id or 0],
            n_assigned=assigned.get(person.id, 0),
            median_seconds=compute_median(seconds[person.id or 0]),
        )
        for person in people
    ]


def load_queued_items(session: Session, annotator_id: int) -> dict[str, int]:
    """Transcript ids by the tokens of one annotator's queue."""
    rows = execute(
        session,
        select_columns(Assignment.token, StudyItem.transcript_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id),
    )
    return {token: transcript_id for token, transcript_id in rows}


def compute_median(values: Iterable[float]) -> float | None:
    """The middle value; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def load_transcript_view(session: Session, study: Study, item: str) -> TranscriptView | None:
    """Everything about one item of the study's pool; None if the pool has no such item."""
    transcript = session.exec(
        select(Transcript)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(StudyItem.study_id == study.id, Transcript.public_id == item)
    ).first()
    if transcript is None:
        return None
    verdicts = session.exec(
        select(Verdict).where(Verdict.transcript_id == transcript.id).order_by(col(Verdict.id))
    ).all()
    labels = session.exec(
        select(Annotator.name, Label)
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .where(Label.study_id == study.id, Label.transcript_id == transcript.id)
        .order_by(col(Label.id))
    ).all()
    return TranscriptView(
        item=transcript.public_id,
        cluster=transcript.cluster,
        content=get_unredacted_content(transcript),
        model=transcript.model,
        condition=transcript.condition,
        attributes=transcript.attributes,
        hidden=transcript.hidden,
        leaks=transcript.leaks,
        verdicts=tuple(verdicts),
        labels=tuple((name, label) for name, label in labels),
    )


def compute_data_hash(session: Session, study: Study) -> str:
    """SHA-256 over all that the figures of a study are computed from: items, latest labels, verdicts, adjudications."""
    get_study_id(study)
    facts = {one.transcript_id: one for one in load_item_records(session, study)}
    labels = [
        [name, facts[label.transcript_id].item, label.pass_no, label.answers]
        for name, label in load_latest_labels(session, study)
        if label.transcript_id in facts
    ]
    verdicts = [
        [one.judge_key, facts[one.transcript_id].item, one.state, one.answers]
        for one in load_study_verdicts(session, study)
    ]
    items = [
        [one.item, one.cluster, one.stratum, one.inclusion_probability, one.slices] for one in facts.values()
    ]
    questions = [question["id"] for question in study.codebook["questions"]]
    adjudicated = [[question, load_adjudicated_answers(session, study, question)] for question in questions]
    return compute_content_hash(
        [study.codebook_hash, sorted(items), sorted(labels, key=str), verdicts, adjudicated]
    )
