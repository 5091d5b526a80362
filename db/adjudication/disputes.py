"""Where annotators disagree: the first ratings of the main queue, item by item.

Repeat ratings, qualification, attention and norming items are no part of this, nor are imported labels.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Assignment, Label, StudyItem, Transcript


@dataclass(frozen=True, slots=True)
class FirstRating:
    """One revision of what one annotator said of one item on the first pass."""

    label_id: int
    annotator_id: int
    answers: dict[str, Any]
    evidence: tuple[int, ...]
    note: str
    contested: bool


@dataclass(frozen=True, slots=True)
class RatedItem:
    """One item of the main queue with everything that its annotators said."""

    item_id: int
    public_id: str
    revisions: tuple[FirstRating, ...]
    """Every revision, oldest first."""
    n_awaited: int
    """Annotators who have not answered yet."""

    @property
    def latest(self) -> tuple[FirstRating, ...]:
        """What each annotator says now."""
        # oldest first, so the latest revision of each annotator stays in the dict
        return tuple({rating.annotator_id: rating for rating in self.revisions}.values())

    @property
    def is_contested(self) -> bool:
        """Whether an annotator marked it as one on which competent annotators would split."""
        return any(rating.contested for rating in self.latest)

    def get_answers(self, question: str) -> dict[int, str]:
        """What each annotator answers now, by annotator id."""
        return {
            rating.annotator_id: rating.answers[question]
            for rating in self.latest
            if question in rating.answers
        }

    def get_answers_at_labels(self, question: str, label_ids: Sequence[int]) -> dict[int, str]:
        """What each annotator had answered in these revisions, by annotator id."""
        kept = [
            rating for rating in self.revisions if rating.label_id in label_ids and question in rating.answers
        ]
        return {rating.annotator_id: rating.answers[question] for rating in kept}


@dataclass(slots=True)
class ItemRaters:
    """Who was to read one item, and what came of it."""

    public_id: str = ""
    assigned: set[int] = field(default_factory=set)
    revisions: list[FirstRating] = field(default_factory=list)

    def count_awaited(self, rules: Rules) -> int:
        """How many annotators are missing: of those assigned, or of the quota of a shared queue."""
        done = {rating.annotator_id for rating in self.revisions}
        # in a shared queue nobody is assigned for long: what counts is how many have labelled
        return max(rules.overlap - len(done), 0) if rules.queue == "shared" else len(self.assigned - done)


def list_rated_items(
    session: Session, study_id: int, rules: Rules, *, item_id: int | None = None
) -> list[RatedItem]:
    """The labelled items of a study's main queue, or the one of this id, in order of their ids."""
    ratings = list_first_ratings(session, study_id, item_id)
    return group_by_item(ratings, list_first_assignments(session, study_id, item_id), rules)


def group_by_item(
    ratings: Iterable[tuple[int, str, FirstRating]], assignments: Iterable[tuple[int, int]], rules: Rules
) -> list[RatedItem]:
    """First ratings, as (study item's id, public id, rating), by item; `assignments` are (study item's id, annotator's id)."""
    raters: dict[int, ItemRaters] = defaultdict(ItemRaters)
    for row_id, public_id, rating in ratings:
        raters[row_id].public_id = public_id
        raters[row_id].revisions.append(rating)
    for row_id, annotator_id in assignments:
        # items that nobody has labelled yet are no dispute
        if row_id in raters:
            raters[row_id].assigned.add(annotator_id)
    return [
        RatedItem(row_id, of_item.public_id, tuple(of_item.revisions), of_item.count_awaited(rules))
        for row_id, of_item in sorted(raters.items())
    ]


def list_first_ratings(
    session: Session, study_id: int, item_id: int | None
) -> list[tuple[int, str, FirstRating]]:
    """(study item's id, public id, rating): every revision of every first rating, oldest first."""
    statement = (
        select_columns(
            StudyItem.id,
            Transcript.public_id,
            Label.id,
            Label.annotator_id,
            Label.answers,
            Label.evidence,
            Label.note,
            Label.contested,
        )
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .join(Label, col(Label.transcript_id) == col(StudyItem.transcript_id))
        .join(Annotator, col(Annotator.id) == col(Label.annotator_id))
        .where(
            col(StudyItem.study_id) == study_id,
            col(Label.study_id) == study_id,
            col(StudyItem.part) == "pool",
            col(Label.pass_no) == 1,
            # imported labels were not given blind here: adjudicators settle what happened at this desk
            col(Annotator.source) == "desk",
        )
        # by revision first: ids of different annotators say nothing about each other
        .order_by(col(Label.revision), col(Label.id))
    )
    if item_id is not None:
        statement = statement.where(col(StudyItem.id) == item_id)
    return [
        (row_id, public_id, FirstRating(label_id, reader, answers, tuple(evidence), note, contested))
        for row_id, public_id, label_id, reader, answers, evidence, note, contested in execute(
            session, statement
        )
    ]


def list_first_assignments(session: Session, study_id: int, item_id: int | None) -> list[tuple[int, int]]:
    """(study item's id, annotator's id) of every assignment in a queue, repeats left out."""
    statement = (
        select_columns(Assignment.study_item_id, Assignment.annotator_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(
            col(StudyItem.study_id) == study_id, col(StudyItem.part) == "pool", col(Assignment.pass_no) == 1
        )
    )
    if item_id is not None:
        statement = statement.where(col(StudyItem.id) == item_id)
    return [(row_id, annotator_id) for row_id, annotator_id in execute(session, statement)]


def find_open_questions(item: RatedItem, codebook: Codebook) -> tuple[str, ...]:
    """The questions that call for an adjudicator, in the codebook's order.

    Those on which annotators differ, unsure being an answer like another. Where they differ on none and one of them
    marked the item as contested, every question that must be answered.
    """
    answers_by_question = {
        question.id: set(item.get_answers(question.id).values()) for question in codebook.questions
    }
    disputed = tuple(name for name, answers in answers_by_question.items() if len(answers) > 1)
    if disputed or not item.is_contested:
        return disputed
    return tuple(
        question.id
        for question in codebook.questions
        if answers_by_question[question.id] and not question.optional
    )
