"""Which label enters which figure, and why another one does not: every revision of every person, one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import get_study_id
from secondreader.db.core.tables import Annotator, Label, Study, StudyItem, Transcript
from secondreader.db.research.adjudication_outcomes import load_adjudicated_answers
from secondreader.db.research.items import load_item_records
from secondreader.db.research.ratings import load_latest_labels
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts

AGREEMENT, GOLD, INTRA_RATER = "agreement", "gold", "intra-rater"
REASONS_OUTSIDE_POOL = {
    "qualification": "a practice item: it decides on admission alone",
    "attention": "an attention item: it is counted by itself",
    "calibration": "a calibration item: agreement before and after the discussion is computed by itself",
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
    """(annotator, transcript) whose first reading answers the question."""


@dataclass(frozen=True, slots=True)
class LabelInContext:
    """A stored label with what it is about."""

    label: Label
    annotator: str
    source: str
    item: str
    part: str


def list_label_usage(
    session: Session, study: Study, question: str = "risky_action", *, source: str | None = None
) -> list[UsageRow]:
    """Every revision of every label of a study and its use for one question, in the order of saving.

    `source` is desk or import, whose labels are analysed; None takes the desk's, or imported ones where the desk has none.
    """
    found = load_labels_in_context(session, study)
    chosen = source or ("import" if found and all(one.source == "import" for one in found) else "desk")
    facts = load_usage_context(session, study, question, chosen)
    return [build_usage_row(one, facts) for one in found]


def load_labels_in_context(session: Session, study: Study) -> list[LabelInContext]:
    """All labels of the study, oldest first."""
    parts = dict(
        execute(
            session,
            select_columns(StudyItem.transcript_id, StudyItem.part).where(
                col(StudyItem.study_id) == get_study_id(study)
            ),
        ).all()
    )
    rows = session.exec(
        select(Label, Annotator.name, Annotator.source, Transcript.public_id)
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .join(Transcript, col(Transcript.id) == col(Label.transcript_id))
        .where(Label.study_id == study.id)
        .order_by(col(Label.id))
    )
    return [
        LabelInContext(label, name, source, item, parts.get(label.transcript_id, ""))
        for label, name, source, item in rows
    ]


def load_usage_context(session: Session, study: Study, question: str, source: str) -> UsageContext:
    """What the readings of a question are made from."""
    latest = [label for _, label in load_latest_labels(session, study, source)]
    return UsageContext(
        question=question,
        source=source,
        current=frozenset(label.id for label in latest if label.id is not None),
        items=frozenset(one.transcript_id for one in load_item_records(session, study)),
        excluded=frozenset(find_excluded_transcripts(session, study.id)),
        decided=frozenset(load_adjudicated_answers(session, study, question)),
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
        annotator=label_in_context.annotator,
        source=label_in_context.source,
        part=label_in_context.part,
        pass_no=label.pass_no,
        revision=label.revision,
        question=usage_context.question,
        answer=label.answers.get(usage_context.question),
        used_in=used,
        why=limit,
        labelled_at=label.created_at,
        label_id=label.id or 0,
    )


UsageTest = Callable[[LabelInContext, UsageContext], bool]

REASONS: tuple[tuple[UsageTest, str], ...] = (
    (
        lambda given, facts: given.source != facts.source,
        "given elsewhere or here: desk and imported labels are never mixed",
    ),
    (
        lambda given, facts: given.label.id not in facts.current,
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
        return (INTRA_RATER,), "a second reading: it is compared with the same person's first one alone"
    return (), "a repeated reading without a first one to compare it with"


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
