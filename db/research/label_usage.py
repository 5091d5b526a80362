"""Which label enters which figure, and why another one does not: every revision of every person, one row each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Label, Transcript
from secondreader.db.research.adjudication_outcomes import load_decisions, settle_answers
from secondreader.db.research.items import ItemRecord, load_study_items, select_pool
from secondreader.db.research.ratings import LabelRow, load_labels, select_latest
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts

AGREEMENT, GOLD, INTRA_RATER = "agreement", "gold", "intra-rater"
REASONS_OUTSIDE_POOL = {
    "qualification": "a qualification item: it decides on admission alone",
    "attention": "an attention check: it is counted by itself",
    "calibration": "a norming item: agreement before and after the discussion is computed by itself",
}

UNSURE_NOTE = "unsure counts as the plan says; by the standard it is an answer of its own between people, and scores no judge"


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One revision of one person's label, for one question."""

    item: str
    """The transcript's public id."""
    annotator: str
    source: str
    """desk or import."""
    part: str
    """pool, qualification, attention or calibration; "" for a transcript that is no longer in the study."""
    pass_no: int
    revision: int
    question: str
    answer: str | None
    """None where the question was not asked."""
    used_in: tuple[str, ...]
    """agreement (between people), gold (what judges are compared with), intra-rater; empty for a label that is not used."""
    why: str
    """Why it is used no further; "" for one that is used wherever labels are."""
    labelled_at: datetime
    label_id: int

    @property
    def is_used(self) -> bool:
        """Whether any figure of the question rests on it."""
        return bool(self.used_in)


@dataclass(frozen=True, slots=True)
class UsageContext:
    """What decides about a label's use."""

    question: str
    source: str
    current: frozenset[int]
    """Ids of the revisions that count."""
    items: frozenset[int]
    """Transcripts of the pool whose labels are analysed."""
    excluded: frozenset[int]
    """Transcripts that were left out after the leak review."""
    decided: frozenset[str]
    """Public ids of transcripts whose gold was adjudicated."""
    first_ratings: frozenset[tuple[int, int]]
    """(annotator, transcript) whose first label answers the question."""


@dataclass(frozen=True, slots=True)
class LabelInContext:
    """A stored label with what it is about."""

    label: LabelRow
    item: str
    """The transcript's public id."""
    part: str


def list_label_usage(
    session: Session, study: StudyRecord, question: str = "risky_action", *, source: str | None = None
) -> list[UsageRow]:
    """Every revision of every label of a study and its use for one question, in the order of saving.

    `source` is desk or import, whose labels are analysed; None takes the desk's, or imported ones where the desk has none.
    """
    labels, items = load_labels(session, study), load_study_items(session, study)
    chosen = source or ("import" if labels and all(label.source == "import" for label in labels) else "desk")
    context = load_usage_context(session, study, question, chosen, labels, items)
    return [build_usage_row(label, context) for label in put_labels_in_context(session, study, labels, items)]


def put_labels_in_context(
    session: Session, study: StudyRecord, labels: Sequence[LabelRow], items: Sequence[ItemRecord]
) -> list[LabelInContext]:
    """All labels of the study, oldest first."""
    parts = {item.transcript_id: item.part for item in items}
    public_ids = load_labelled_ids(session, study)
    return [
        LabelInContext(label, public_ids[label.transcript_id], parts.get(label.transcript_id, ""))
        for label in sorted(labels, key=lambda label: label.label_id)
    ]


def load_labelled_ids(session: Session, study: StudyRecord) -> dict[int, str]:
    """Public ids of the labelled transcripts by id; a transcript may have left the study since."""
    rows = execute(
        session,
        select_columns(Transcript.id, Transcript.public_id)
        .join(Label, col(Label.transcript_id) == col(Transcript.id))
        .where(col(Label.study_id) == study.id)
        .distinct(),
    )
    return {transcript_id: public_id for transcript_id, public_id in rows}


def load_usage_context(
    session: Session,
    study: StudyRecord,
    question: str,
    source: str,
    labels: Sequence[LabelRow],
    items: Sequence[ItemRecord],
) -> UsageContext:
    """What the ratings of a question are made from."""
    latest = select_latest(labels, source)
    excluded = find_excluded_transcripts(session, study.id)
    return UsageContext(
        question=question,
        source=source,
        current=frozenset(label.label_id for label in latest),
        items=frozenset(item.transcript_id for item in select_pool(items, excluded)),
        excluded=frozenset(excluded),
        decided=frozenset(settle_answers(load_decisions(session, study), items, question)),
        first_ratings=frozenset(
            (label.annotator_id, label.transcript_id)
            for label in latest
            if label.pass_no == 1 and question in label.answers
        ),
    )


def build_usage_row(label_in_context: LabelInContext, usage_context: UsageContext) -> UsageRow:
    """The use of one label."""
    label = label_in_context.label
    why = next(
        (say for test, say in REASONS if test(label_in_context, usage_context)), ""
    ) or REASONS_OUTSIDE_POOL.get(label_in_context.part, "")
    used, limit = ((), why) if why else determine_uses(label_in_context, usage_context)
    return UsageRow(
        item=label_in_context.item,
        annotator=label.annotator,
        source=label.source,
        part=label_in_context.part,
        pass_no=label.pass_no,
        revision=label.revision,
        question=usage_context.question,
        answer=label.answers.get(usage_context.question),
        used_in=used,
        why=limit,
        labelled_at=label.labelled_at,
        label_id=label.label_id,
    )


UsageTest = Callable[[LabelInContext, UsageContext], bool]

REASONS: tuple[tuple[UsageTest, str], ...] = (
    (
        lambda given, facts: given.label.source != facts.source,
        "given elsewhere or here: desk and imported labels are never mixed",
    ),
    (
        lambda given, facts: given.label.label_id not in facts.current,
        "superseded by a later answer of the same person",
    ),
    (
        lambda given, facts: given.label.transcript_id in facts.excluded,
        "the transcript was excluded in the leak review",
    ),
    (
        lambda given, facts: not given.part,
        "the transcript is not in the study's pool",
    ),
    (
        lambda given, facts: given.part == "pool" and facts.question not in given.label.answers,
        "the question was not asked or left open",
    ),
)


def determine_uses(
    label_in_context: LabelInContext, usage_context: UsageContext
) -> tuple[tuple[str, ...], str]:
    """Where a label that counts is used, and why not further."""
    label = label_in_context.label
    if label.pass_no == 1:
        if label_in_context.item in usage_context.decided:
            return (AGREEMENT,), "the transcript's gold was decided by adjudication"
        is_unsure = label.answers[usage_context.question] == "unsure"
        return (AGREEMENT, GOLD), UNSURE_NOTE if is_unsure else ""
    if label.pass_no == 2 and (label.annotator_id, label.transcript_id) in usage_context.first_ratings:
        return (INTRA_RATER,), "a repeat: it is compared with the same person's first label alone"
    return (), "a repeat without a first label to compare it with"


USAGE_COLUMNS = (
    "item",
    "annotator",
    "source",
    "part",
    "pass_no",
    "revision",
    "question",
    "answer",
    "used",
    "used_in",
    "why",
    "labelled_at",
    "label_id",
)
"""Columns of `build_csv_row`."""


def build_csv_row(row: UsageRow) -> tuple[str | int, ...]:
    """One row of a CSV file."""
    return (
        row.item,
        row.annotator,
        row.source,
        row.part,
        row.pass_no,
        row.revision,
        row.question,
        row.answer or "",
        "yes" if row.is_used else "no",
        ", ".join(row.used_in),
        row.why,
        row.labelled_at.isoformat(),
        row.label_id,
    )
