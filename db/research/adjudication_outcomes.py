"""What adjudicators settled, for the researcher: who decided what and why, and the gold that follows from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col

from secondreader.db.adjudication.disputes import (
    FirstRating,
    RatedItem,
    find_open_questions,
    group_by_item,
    list_rated_items,
)
from secondreader.db.adjudication.items import has_changed
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Adjudication, Annotator, StudyItem, Transcript
from secondreader.db.research.items import ItemRecord
from secondreader.db.research.progress import AssignmentRow
from secondreader.db.research.ratings import LabelRow


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision as it is stored."""

    decision_id: int
    item_id: int
    """The study item."""
    question: str
    annotator_id: int
    adjudicator: str
    answer: str
    """Empty where the item stays contested."""
    kind: str
    reason: str
    seen: list[int]
    """Ids of the labels that it was about."""
    decided_at: datetime

    @property
    def key(self) -> tuple[int, str, int]:
        """What a newer decision replaces: the same adjudicator's on the same question of the same item."""
        return self.item_id, self.question, self.annotator_id


@dataclass(frozen=True, slots=True)
class AdjudicationDecision:
    """One decision of one adjudicator on one question of one item."""

    item: str
    """The transcript's public id."""
    question: str
    adjudicator: str
    answer: str | None
    """None: contested, the split is the finding."""
    kind: str
    """One of `secondreader.db.adjudication.decisions.KINDS`."""
    reason: str
    decided_at: datetime
    is_latest: bool
    """The adjudicator has not corrected it since."""
    answers: dict[str, int]
    """How many annotators had chosen each answer at that time."""
    has_changed: bool
    """The annotators' answers have changed since."""
    is_after_unblinding: bool
    """Made when judge and people could be compared already; the adjudicator's own page stays blind."""


@dataclass(frozen=True, slots=True)
class AdjudicationSummary:
    """How far the adjudication of one question is."""

    n_split: int
    """Items whose annotators disagree or marked them as contested, once no label is missing."""
    n_waiting: int
    """Of these, items that no adjudicator has decided."""
    n_decided: int
    """Items with a decision, answer or contested."""
    n_contested: int
    """Of these, items that stay contested, those included on which adjudicators differ."""
    n_disputed: int
    """Items on which adjudicators differ."""
    n_changed: int
    """Decided items on which the annotators' answers have changed since."""
    n_after_unblinding: int
    """Decided items of which a decision that counts was made after unblinding."""
    kinds: dict[str, int]
    """Decisions that count, by kind."""


def load_decisions(session: Session, study: StudyRecord, item_id: int | None = None) -> list[DecisionRow]:
    """Every decision ever made in a study, or on one item of it, oldest first."""
    statement = (
        select_columns(
            Adjudication.id,
            Adjudication.study_item_id,
            Adjudication.question,
            Adjudication.annotator_id,
            Annotator.name,
            Adjudication.answer,
            Adjudication.kind,
            Adjudication.reason,
            Adjudication.seen,
            Adjudication.created_at,
        )
        .join(Annotator, col(Annotator.id) == col(Adjudication.annotator_id))
        .where(col(Annotator.study_id) == study.id)
        .order_by(col(Adjudication.id))
    )
    if item_id is not None:
        statement = statement.where(col(Adjudication.study_item_id) == item_id)
    return [DecisionRow(*row) for row in execute(session, statement)]


def list_decisions(
    session: Session, study: StudyRecord, item: str | None = None
) -> list[AdjudicationDecision]:
    """Every decision ever made in a study, or on one item of it (public id), oldest first."""
    item_id = None if item is None else find_item_id(session, study, item)
    if item is not None and item_id is None:
        return []
    rated = list_rated_items(session, study.id, parse_rules(study.rules), item_id=item_id)
    return build_decisions(load_decisions(session, study, item_id), rated, study.unblinded_adjudication_id)


def find_item_id(session: Session, study: StudyRecord, item: str) -> int | None:
    """The id of a study's item by its transcript's public id."""
    statement = (
        select_columns(StudyItem.id)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(col(StudyItem.study_id) == study.id, col(Transcript.public_id) == item)
    )
    row_id: int | None = execute(session, statement).scalar()
    return row_id


def build_decisions(
    decisions: Sequence[DecisionRow], rated_items: Iterable[RatedItem], unblinded_adjudication_id: int | None
) -> list[AdjudicationDecision]:
    """Stored decisions, oldest first, beside the annotators' answers at that time and now."""
    items = {item.item_id: item for item in rated_items}
    newest = {row.key: row.decision_id for row in decisions}
    return [
        build_adjudication_decision(
            items[row.item_id],
            row,
            is_latest=newest[row.key] == row.decision_id,
            is_after_unblinding=unblinded_adjudication_id is not None
            and row.decision_id > unblinded_adjudication_id,
        )
        for row in decisions
    ]


def build_adjudication_decision(
    item: RatedItem, row: DecisionRow, *, is_latest: bool, is_after_unblinding: bool
) -> AdjudicationDecision:
    """One stored decision on an item."""
    return AdjudicationDecision(
        item=item.public_id,
        question=row.question,
        adjudicator=row.adjudicator,
        answer=row.answer or None,
        kind=row.kind,
        reason=row.reason,
        decided_at=row.decided_at,
        is_latest=is_latest,
        answers=dict(sorted(Counter(item.get_answers_at_labels(row.question, row.seen).values()).items())),
        has_changed=has_changed(item, row.question, row.seen),
        is_after_unblinding=is_after_unblinding,
    )


def build_rated_items(
    study: StudyRecord,
    items: Iterable[ItemRecord],
    assignments: Iterable[AssignmentRow],
    labels: Iterable[LabelRow],
) -> list[RatedItem]:
    """The labelled items of the main queue, as `list_rated_items` reads them; `labels` come by revision."""
    pool = {item.transcript_id: item for item in items if item.part == "pool"}
    ratings = (
        (pool[label.transcript_id].item_id, pool[label.transcript_id].item, label_to_first_rating(label))
        for label in labels
        if label.transcript_id in pool and label.pass_no == 1 and label.source == "desk"
    )
    pairs = (
        (assignment.item_id, assignment.annotator_id) for assignment in assignments if assignment.pass_no == 1
    )
    return group_by_item(ratings, pairs, parse_rules(dict(study.rules)))


def label_to_first_rating(label: LabelRow) -> FirstRating:
    """What adjudication needs of a label."""
    evidence = tuple(label.evidence)
    return FirstRating(
        label.label_id, label.annotator_id, label.answers, evidence, label.note, label.contested
    )


def settle_answers(
    decisions: Iterable[DecisionRow], items: Iterable[ItemRecord], question: str
) -> dict[str, str | None]:
    """What adjudicators settled, by item (public id): an answer, or None where the item stays contested.

    The latest decision of each adjudicator counts. Where adjudicators differ the item is contested: who was
    later decides nothing.
    """
    public_ids = {item.item_id: item.item for item in items}
    latest: dict[str, dict[int, str]] = {}
    for row in decisions:
        if row.question == question:
            latest.setdefault(public_ids[row.item_id], {})[row.annotator_id] = row.answer
    return {item: find_common_answer(answers.values()) for item, answers in latest.items()}


def find_common_answer(answers: Iterable[str]) -> str | None:
    """The one answer on which all agree; None where they do not, or where it is that the item is contested."""
    distinct = set(answers)
    # a contested item is stored as the empty answer
    return (distinct.pop() or None) if len(distinct) == 1 else None


def summarize_adjudication(
    study: StudyRecord, rated_items: Sequence[RatedItem], decisions: Sequence[DecisionRow], question: str
) -> AdjudicationSummary:
    """How many items of a question are split, decided and contested."""
    book = Codebook.model_validate(study.codebook)
    split = {
        item.public_id
        for item in rated_items
        if (item.n_awaited == 0 or study.status == "closed") and question in find_open_questions(item, book)
    }
    current = [
        decision
        for decision in build_decisions(decisions, rated_items, study.unblinded_adjudication_id)
        if decision.is_latest and decision.question == question
    ]
    answers: dict[str, set[str | None]] = {}
    for decision in current:
        answers.setdefault(decision.item, set()).add(decision.answer)
    return AdjudicationSummary(
        n_split=len(split),
        n_waiting=len(split - set(answers)),
        n_decided=len(answers),
        n_contested=sum(choices == {None} or len(choices) > 1 for choices in answers.values()),
        n_disputed=sum(len(choices) > 1 for choices in answers.values()),
        n_changed=len({decision.item for decision in current if decision.has_changed}),
        n_after_unblinding=len({decision.item for decision in current if decision.is_after_unblinding}),
        kinds=dict(sorted(Counter(decision.kind for decision in current).items())),
    )


def load_guideline_gaps(session: Session, study: StudyRecord) -> Sequence[AdjudicationDecision]:
    """The decisions that count and blame the guideline, in the codebook's order of questions."""
    order = [question["id"] for question in study.codebook["questions"]]
    gaps = [
        decision
        for decision in list_decisions(session, study)
        if decision.is_latest and decision.kind == "guideline gap"
    ]
    # a stable sort: within a question the decisions stay oldest first
    return sorted(gaps, key=lambda decision: order.index(decision.question))
