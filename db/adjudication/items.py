"""What an adjudicator may see: items on which annotators disagree, in columns that the blind connection lets through.

Answers, notes and marks come without the people behind them, and another adjudicator's decisions never.
"""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session, col, select

from secondreader.db.adjudication.disputes import RatedItem, find_open_questions, list_rated_items
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import DeskError
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.tables import Adjudication, Annotator, Study, StudyItem, Transcript

EntryState = Literal["open", "settled", "changed"]
"""settled: every question is decided; changed: settled, and annotators have changed their answers since."""


class NotAdjudicator(DeskError):
    """The visitor is no adjudicator of a study."""


class UnknownItem(DeskError):
    """The token is of no item that this adjudicator may settle now."""


@dataclass(frozen=True, slots=True)
class AdjudicatorContext:
    """An adjudicator and the study that they look at."""

    annotator_id: int
    seed: int
    study_id: int
    status: str
    codebook: Codebook
    rules: Rules


@dataclass(frozen=True, slots=True)
class AdjudicationEntry:
    """One assignment in an adjudicator's list."""

    token: str
    state: EntryState


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """The adjudicator's own latest decision on one question of one item."""

    answer: str | None
    """None where the split is the finding."""
    kind: str
    reason: str
    has_changed: bool
    """Annotators answer otherwise now than when it was made."""


@dataclass(frozen=True, slots=True)
class DisputedQuestion:
    """One question to settle."""

    question: str
    answers: tuple[str, ...]
    """The different answers that annotators gave, shuffled, each once."""
    revision: int
    """How many decisions this adjudicator has made on it."""
    decision: OwnDecision | None


@dataclass(frozen=True, slots=True)
class AdjudicationItem:
    """One transcript as an adjudicator may see it."""

    token: str
    content: dict[str, Any]
    """`secondreader.db.core.content.Content` as plain JSON."""
    questions: tuple[DisputedQuestion, ...]
    notes: tuple[str, ...]
    """The annotators' notes, shuffled, each once."""
    evidence: tuple[int, ...]
    """Messages that any annotator marked."""
    is_contested: bool
    """An annotator marked it as one on which competent annotators would split."""
    version: str
    """Changes whenever anything above that annotators said changes."""


def list_adjudication_queue(session: Session, annotator_id: int) -> list[AdjudicationEntry]:
    """What this adjudicator has to settle or has settled, in their own seeded order. Raises NotAdjudicator."""
    adjudicator = load_adjudicator_context(session, annotator_id)
    decided = load_own_decisions(session, annotator_id)
    entries = [
        AdjudicationEntry(
            compute_item_token(adjudicator, item), determine_state(item, questions, decided[item.item_id])
        )
        for item in list_rated_items(session, adjudicator.study_id, adjudicator.rules)
        if (questions := select_questions(adjudicator, item, decided[item.item_id]))
    ]
    # a hash is as good as a shuffle, and stays when an item joins or leaves
    return sorted(entries, key=lambda entry: entry.token)


def load_adjudication_item(session: Session, annotator_id: int, token: str) -> AdjudicationItem:
    """One transcript of this adjudicator's list. Raises NotAdjudicator and UnknownItem."""
    adjudicator = load_adjudicator_context(session, annotator_id)
    item = find_item_by_token(session, adjudicator, token)
    content = execute(
        session, select_columns(Transcript.content).where(col(Transcript.public_id) == item.public_id)
    ).scalar()
    if content is None:
        raise UnknownItem("The text of this transcript is not there; go on with the next one.")
    return build_adjudication_item(
        adjudicator, item, load_own_decisions(session, annotator_id, item.item_id)[item.item_id], content
    )


def load_adjudicator_context(session: Session, annotator_id: int) -> AdjudicatorContext:
    """The adjudicator of this id, asked of the database each time. Raises NotAdjudicator for anybody else."""
    row = execute(
        session,
        select_columns(Annotator.order_seed, Study.id, Study.status, Study.codebook, Study.rules)
        .join(Study, col(Study.id) == col(Annotator.study_id))
        .where(col(Annotator.id) == annotator_id, col(Annotator.role) == "adjudicator"),
    ).first()
    if row is None:
        raise NotAdjudicator("Only an adjudicator of a study can do this; ask the researcher for a link.")
    seed, study_id, status, codebook, rules = row
    return AdjudicatorContext(
        annotator_id, seed, study_id, status, Codebook.model_validate(codebook), parse_rules(rules)
    )


def compute_item_token(adjudicator: AdjudicatorContext, item: RatedItem) -> str:
    """What the browser calls an item, which is also its position in the order: nobody can guess the public id in it."""
    # seeded by adjudicator: two of them cannot tell each other which item they mean
    return compute_content_hash([adjudicator.seed, adjudicator.annotator_id, item.public_id])[:32]


def find_item_by_token(session: Session, adjudicator: AdjudicatorContext, token: str) -> RatedItem:
    """The item that a token names, if it is there to be settled. Raises UnknownItem."""
    rows = execute(
        session,
        select_columns(StudyItem.id, Transcript.public_id)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(col(StudyItem.study_id) == adjudicator.study_id, col(StudyItem.part) == "pool"),
    )
    for item_id, public_id in rows:
        # tokens are computed, not stored: the desk's role may add no column for them
        if compute_item_token(adjudicator, RatedItem(item_id, public_id, (), 0)) == token:
            items = list_rated_items(session, adjudicator.study_id, adjudicator.rules, item_id=item_id)
            decided = load_own_decisions(session, adjudicator.annotator_id, item_id)[item_id]
            if items and select_questions(adjudicator, items[0], decided):
                return items[0]
            raise UnknownItem("The annotators agree on this transcript by now; reload the page.")
    raise UnknownItem("This transcript is not in your list; reload the page.")


DecisionsByQuestion = dict[str, list[Adjudication]]
"""One adjudicator's decisions on one item, by question, oldest first."""


def load_own_decisions(
    session: Session, annotator_id: int, item_id: int | None = None
) -> defaultdict[int, DecisionsByQuestion]:
    """One adjudicator's decisions by item id."""
    statement = select(Adjudication).where(Adjudication.annotator_id == annotator_id)
    if item_id is not None:
        statement = statement.where(Adjudication.study_item_id == item_id)
    decisions: defaultdict[int, DecisionsByQuestion] = defaultdict(dict)
    for row in session.exec(statement.order_by(col(Adjudication.id))):
        decisions[row.study_item_id].setdefault(row.question, []).append(row)
    return decisions


def select_questions(
    adjudicator: AdjudicatorContext, item: RatedItem, decisions: DecisionsByQuestion
) -> tuple[str, ...]:
    """What there is to settle, or was settled by this adjudicator; empty while annotators are awaited.

    A closed study takes no more labels: nobody is awaited there.
    """
    # a decision on half of the labels could be turned by those that are still to come
    is_complete = item.n_awaited == 0 or adjudicator.status == "closed"
    now = find_open_questions(item, adjudicator.codebook) if is_complete else ()
    return tuple(
        question.id
        for question in adjudicator.codebook.questions
        if question.id in now or question.id in decisions
    )


def determine_state(item: RatedItem, questions: Sequence[str], decisions: DecisionsByQuestion) -> EntryState:
    """How far this adjudicator is with an item."""
    if any(question not in decisions for question in questions):
        return "open"
    latest = [decisions[question][-1] for question in questions]
    return (
        "changed"
        if any(has_changed(item, decision.question, decision.seen) for decision in latest)
        else "settled"
    )


def has_changed(item: RatedItem, question: str, seen: Sequence[int]) -> bool:
    """Whether annotators answer otherwise now than in the labels that a decision had seen."""
    return item.get_answers(question) != item.get_answers_at_labels(question, seen)


def build_adjudication_item(
    adjudicator: AdjudicatorContext, item: RatedItem, decisions: DecisionsByQuestion, content: str
) -> AdjudicationItem:
    """The item without its annotators: every list is shuffled by itself, so that nothing in it belongs to anybody."""
    names = select_questions(adjudicator, item, decisions)
    questions = tuple(
        DisputedQuestion(
            question=name,
            answers=shuffle_texts(adjudicator, item, name, item.get_answers(name).values()),
            revision=len(decisions.get(name, [])),
            decision=build_own_decision(item, decisions[name][-1]) if name in decisions else None,
        )
        for name in names
    )
    return AdjudicationItem(
        token=compute_item_token(adjudicator, item),
        # the same redacted text that the annotators had
        content=json.loads(content),
        questions=questions,
        notes=shuffle_texts(
            adjudicator, item, "note", (rating.note for rating in item.latest if rating.note)
        ),
        evidence=tuple(sorted({index for rating in item.latest for index in rating.evidence})),
        is_contested=item.is_contested,
        version=compute_version(item, names),
    )


def shuffle_texts(
    adjudicator: AdjudicatorContext, item: RatedItem, list_name: str, texts: Any
) -> tuple[str, ...]:
    """Each text once, in an order that is seeded by adjudicator, item and list."""
    # sorted before the shuffle: the order of labels must not show through the seed
    kept = sorted(set(texts))
    random.Random(f"{adjudicator.seed}:{adjudicator.annotator_id}:{item.public_id}:{list_name}").shuffle(kept)
    return tuple(kept)


def compute_version(item: RatedItem, questions: Sequence[str]) -> str:
    """A hash of nothing but what the page shows of the annotators: it cannot tell how many there are."""
    answers = [[name, sorted(set(item.get_answers(name).values()))] for name in questions]
    notes = sorted({rating.note for rating in item.latest if rating.note})
    marks = sorted({index for rating in item.latest for index in rating.evidence})
    return compute_content_hash([answers, notes, marks, item.is_contested])[:32]


def build_own_decision(item: RatedItem, row: Adjudication) -> OwnDecision:
    """A stored decision as its maker sees it again."""
    return OwnDecision(row.answer or None, row.kind, row.reason, has_changed(item, row.question, row.seen))
