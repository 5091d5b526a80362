"""What adjudicators settled, for the researcher: who decided what and why, and the gold that follows from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from secondreader.db.adjudication.disputes import RatedItem, find_open_questions, list_rated_items
from secondreader.db.adjudication.items import has_changed
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import get_study_id
from secondreader.db.core.tables import Adjudication, Annotator, Study, StudyItem, Transcript


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
    """How many readers had given each answer then."""
    has_changed: bool
    """Readers answer otherwise now."""
    is_after_unblinding: bool
    """Made when judge and people could be compared already; the adjudicator's own page stays blind."""


@dataclass(frozen=True, slots=True)
class AdjudicationSummary:
    """How far the adjudication of one question is."""

    n_split: int
    """Items on which its readers differ, or which a reader marked as contested, once nobody is awaited."""
    n_waiting: int
    """Of these, items that no adjudicator has decided."""
    n_decided: int
    """Items with a decision, answer or contested."""
    n_contested: int
    """Of these, items that stay contested, those included on which adjudicators differ."""
    n_disputed: int
    """Items on which adjudicators differ."""
    n_changed: int
    """Decided items on which readers answer otherwise now."""
    n_after_unblinding: int
    """Decided items of which a decision that counts was made after unblinding."""
    kinds: dict[str, int]
    """Decisions that count, by kind."""


def list_decisions(session: Session, study: Study, item: str | None = None) -> list[AdjudicationDecision]:
    """Every decision ever made in a study, or on one item of it (public id), oldest first."""
    statement = (
        select(Adjudication, Annotator.name)
        .join(Annotator, col(Annotator.id) == col(Adjudication.annotator_id))
        .join(StudyItem, col(StudyItem.id) == col(Adjudication.study_item_id))
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(StudyItem.study_id == study.id)
        .order_by(col(Adjudication.id))
    )
    rows = session.exec(statement if item is None else statement.where(Transcript.public_id == item)).all()
    items = load_rated_items(session, study, rows[0][0].study_item_id if rows and item is not None else None)
    newest = {get_decision_key(row): row.id for row, _ in rows}
    return [
        build_adjudication_decision(
            study, items[row.study_item_id], row, name, is_latest=newest[get_decision_key(row)] == row.id
        )
        for row, name in rows
    ]


def load_rated_items(session: Session, study: Study, item_id: int | None = None) -> dict[int, RatedItem]:
    """The labelled items of the main queue, or one of them, by id."""
    found = list_rated_items(session, get_study_id(study), parse_rules(study.rules), item_id=item_id)
    return {one.item_id: one for one in found}


def get_decision_key(row: Adjudication) -> tuple[int, str, int]:
    """What a newer decision replaces: the same adjudicator's on the same question of the same item."""
    return row.study_item_id, row.question, row.annotator_id


def build_adjudication_decision(
    study: Study, item: RatedItem, row: Adjudication, name: str, *, is_latest: bool
) -> AdjudicationDecision:
    """A stored decision beside what readers said then and say now."""
    unblinded = study.unblinded_adjudication_id
    return AdjudicationDecision(
        item=item.public_id,
        question=row.question,
        adjudicator=name,
        answer=row.answer or None,
        kind=row.kind,
        reason=row.reason,
        decided_at=row.created_at,
        is_latest=is_latest,
        answers=dict(sorted(Counter(item.get_answers_at_labels(row.question, row.seen).values()).items())),
        has_changed=has_changed(item, row),
        is_after_unblinding=unblinded is not None and (row.id or 0) > unblinded,
    )


def load_adjudicated_answers(session: Session, study: Study, question: str) -> dict[str, str | None]:
    """What adjudicators settled, by item (public id): an answer, or None where the item stays contested.

    The latest decision of each adjudicator counts. Where adjudicators differ the item is contested: who was
    later decides nothing.
    """
    rows = execute(
        session,
        select_columns(Transcript.public_id, Adjudication.annotator_id, Adjudication.answer)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .join(Adjudication, col(Adjudication.study_item_id) == col(StudyItem.id))
        .where(col(StudyItem.study_id) == study.id, col(Adjudication.question) == question)
        .order_by(col(Adjudication.id)),
    )
    latest: dict[str, dict[int, str]] = {}
    for item, adjudicator, answer in rows:
        latest.setdefault(item, {})[adjudicator] = answer
    return {item: find_common_answer(answers.values()) for item, answers in latest.items()}


def find_common_answer(answers: Iterable[str]) -> str | None:
    """The one answer on which all agree; None where they do not, or where it is that the item is contested."""
    given = set(answers)
    return (given.pop() or None) if len(given) == 1 else None


def summarize_adjudication(session: Session, study: Study, question: str) -> AdjudicationSummary:
    """How many items of a question are split, decided and contested."""
    book = Codebook.model_validate(study.codebook)
    split = {
        one.public_id
        for one in load_rated_items(session, study).values()
        if (one.n_awaited == 0 or study.status == "closed") and question in find_open_questions(one, book)
    }
    made = [one for one in list_decisions(session, study) if one.is_latest and one.question == question]
    answers: dict[str, set[str | None]] = {}
    for one in made:
        answers.setdefault(one.item, set()).add(one.answer)
    return AdjudicationSummary(
        n_split=len(split),
        n_waiting=len(split - set(answers)),
        n_decided=len(answers),
        n_contested=sum(given == {None} or len(given) > 1 for given in answers.values()),
        n_disputed=sum(len(given) > 1 for given in answers.values()),
        n_changed=len({one.item for one in made if one.has_changed}),
        n_after_unblinding=len({one.item for one in made if one.is_after_unblinding}),
        kinds=dict(sorted(Counter(one.kind for one in made).items())),
    )


def load_guideline_gaps(session: Session, study: Study) -> Sequence[AdjudicationDecision]:
    """The decisions that count and blame the guideline, in the codebook's order of questions."""
    order = [question["id"] for question in study.codebook["questions"]]
    found = [one for one in list_decisions(session, study) if one.is_latest and one.kind == "guideline gap"]
    return sorted(found, key=lambda one: order.index(one.question))
