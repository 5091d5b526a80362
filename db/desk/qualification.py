"""Qualification on items of known answers: whoever answers enough of them right goes on, others may try again or stop.

An item is right when every question whose answer is known was answered as known. The first answer counts: the reason is
shown after it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlmodel import Session, col

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import DeskError, UnknownAssignment
from secondreader.db.core.tables import Annotator, Assignment
from secondreader.db.desk.onboarding import (
    OnboardingAssignment,
    list_onboarding_assignments,
    load_onboarding_labels,
    load_rules,
)

AnswersByAssignment = Mapping[int, Mapping[str, Any]]
"""Assignment id -> question id -> answer."""


@dataclass(frozen=True, slots=True)
class QualificationStatus:
    """Where a person stands with the qualification items."""

    state: Literal["none", "open", "passed", "failed"]
    """none: the study has no such items."""
    round: int
    """The round that the figures below are of, from 1."""
    rounds: int
    """How many rounds the study allows."""
    n_right: int
    n_total: int
    threshold: float
    """Share of the items to answer right."""
    n_labelled: int = 0
    """Items answered in this round."""
    earlier: tuple[int, ...] = ()
    """Items answered right in each round before this one."""


class FeedbackAnswer(NamedTuple):
    """One question of known answer."""

    question: str
    answer: str | None
    """None where the question was not answered."""
    right_answer: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person learns after answering a qualification item."""

    answers: tuple[FeedbackAnswer, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AttentionCheckResult:
    """How a person answered the attention checks; never shown at the desk."""

    n_right: int
    n_labelled: int
    n_total: int


def compute_qualification_status(session: Session, annotator_id: int) -> QualificationStatus:
    """Where the person stands: in the latest round that was opened."""
    assignments = list_onboarding_assignments(session, annotator_id, "qualification")
    first = load_onboarding_labels(session, assignments, first=True) if assignments else {}
    answers = {assignment: label.answers for assignment, label in first.items()}
    return build_qualification_status(assignments, answers, load_rules(session, annotator_id))


def build_qualification_status(
    assignments: Sequence[OnboardingAssignment], answers: AnswersByAssignment, rules: Rules
) -> QualificationStatus:
    """Where somebody with these qualification assignments and first answers stands."""
    if not assignments:
        return QualificationStatus("none", 0, 0, 0, 0, rules.qualification_threshold)
    # each round is a pass of its own over the same items
    latest = max(assignment.pass_no for assignment in assignments)
    right = [count_right(assignments, answers, number) for number in range(1, latest + 1)]
    current = [assignment for assignment in assignments if assignment.pass_no == latest]
    n_labelled = sum(assignment.assignment_id in answers for assignment in current)
    is_done = n_labelled == len(current)
    # The tolerance keeps 0.7 of 10 items at 7: the product is 7.000000000000001 for some shares.
    is_enough = right[-1] >= rules.qualification_threshold * len(current) - 1e-9
    state: Literal["open", "passed", "failed"] = (
        "open" if not is_done else "passed" if is_enough else "failed"
    )
    return QualificationStatus(
        state=state,
        round=latest,
        rounds=rules.qualification_rounds,
        n_right=right[-1],
        n_total=len(current),
        threshold=rules.qualification_threshold,
        n_labelled=n_labelled,
        earlier=tuple(right[:-1]),
    )


def count_right(
    assignments: Sequence[OnboardingAssignment], answers: AnswersByAssignment, round_number: int
) -> int:
    """Items of one round that were answered right."""
    return sum(
        assignment.assignment_id in answers
        and is_right(assignment.control_item, answers[assignment.assignment_id])
        for assignment in assignments
        if assignment.pass_no == round_number
    )


def is_right(control_item: dict[str, dict[str, str]], answers: Mapping[str, Any]) -> bool:
    """Whether every question of known answer was answered so."""
    return all(answers.get(question) == right for question, right in control_item["answers"].items())


def load_feedback(session: Session, annotator_id: int, token: str) -> Feedback:
    """Right or wrong for each question of known answer, and the reason.

    Raises UnknownAssignment for an assignment that is no qualification item of this person, and DeskError before it is answered.
    """
    assignments = list_onboarding_assignments(session, annotator_id, "qualification")
    assignment = next((candidate for candidate in assignments if candidate.token == token), None)
    if assignment is None:
        raise UnknownAssignment(
            "This is not one of your qualification transcripts; go back to the start page."
        )
    label = load_onboarding_labels(session, [assignment], first=True).get(assignment.assignment_id)
    if label is None:
        raise DeskError("Answer this transcript first; the right answers are shown after that.")
    answers = tuple(
        FeedbackAnswer(question, label.answers.get(question), right, label.answers.get(question) == right)
        for question, right in assignment.control_item["answers"].items()
    )
    return Feedback(answers, assignment.control_item.get("why", ""))


def open_next_round(session: Session, annotator_id: int) -> bool:
    """Put the next round into the queue if the latest one was failed and the study allows another."""
    state = compute_qualification_status(session, annotator_id)
    # called after every qualification label: most of them end no round
    if state.state != "failed" or state.round >= state.rounds:
        return False
    assignments = list_onboarding_assignments(session, annotator_id, "qualification")
    items = sorted({assignment.study_item_id for assignment in assignments})
    seed = execute(
        session, select_columns(Annotator.order_seed).where(col(Annotator.id) == annotator_id)
    ).scalar_one()
    # another order than before, or one could answer from memory of the sequence
    random.Random(f"round {state.round + 1} of {seed}").shuffle(items)
    session.add_all(
        # Freezing leaves these positions free: round after round, all before the norming round and the main queue.
        Assignment(
            annotator_id=annotator_id,
            study_item_id=item,
            position=state.round * len(items) + offset,
            pass_no=state.round + 1,
        )
        for offset, item in enumerate(items, start=1)
    )
    session.flush()
    return True


def build_attention_result(
    assignments: Sequence[OnboardingAssignment], answers: AnswersByAssignment
) -> AttentionCheckResult:
    """How somebody with these attention assignments and latest answers did so far."""
    return AttentionCheckResult(count_right(assignments, answers, 1), len(answers), len(assignments))
