"""Visible reasoning that waits: shown once a question is answered, and that answer is then fixed for the first label.

A person who has read why an agent acted sees the act itself in another light (halo). A study whose rules name
`reasoning_after` therefore keeps the reasoning on the server until the named question is answered. What was answered
then is kept in the draft, under `fixed`, and the first label must say the same; corrections after it are free.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules, find_question_before_reasoning, parse_rules
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import DeskError
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Assignment, Draft, Label, Study
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import BlindItem
from secondreader.db.desk.labels import LabelInput, load_assignment_context

FIXED_KEY = "fixed"
"""Key of the draft's body that holds the answers given before the reasoning was shown."""

RULES_QUERY = select_columns(Study.rules).where(col(Study.id) == bindparam("study_id"))


def is_withheld(item: BlindItem, rules: Rules) -> bool:
    """Whether this person may not see the item's reasoning yet."""
    return rules.reasoning_after is not None and item.revision == 0 and not get_fixed_answers(item.draft)


def get_fixed_answers(draft: Mapping[str, Any] | None) -> dict[str, str]:
    """The answers that a draft's body holds fast."""
    return dict((draft or {}).get(FIXED_KEY) or {})


def show_reasoning(session: Session, annotator_id: int, token: str, body: dict[str, Any]) -> None:
    """Fix the answer to the question before the reasoning, from now on; the first answer stays, however often asked.

    Raises UnknownAssignment, and DeskError where that question is not answered.
    """
    codebook, rules = load_codebook_and_rules(session, annotator_id, token)
    question = find_question_before_reasoning(codebook, rules)
    if question is None:
        return
    answer = body.get("answers", {}).get(question.id)
    # the server's check: the page's button alone would show the reasoning to whoever asks for it
    if answer not in question.values:
        raise DeskError(f"Answer first: {question.text}")
    wait_turn(session, Lock.LABEL, annotator_id)
    # what was answered before the first look stays, whatever is sent later
    fixed = get_fixed_answers(load_draft(session, annotator_id, token)) or {question.id: answer}
    save_draft(session, annotator_id, token, {**body, FIXED_KEY: fixed})


def keep_draft(session: Session, annotator_id: int, token: str, body: dict[str, Any], rules: Rules) -> None:
    """`save_draft` that keeps what `show_reasoning` has fixed. Raises UnknownAssignment."""
    fixed: dict[str, str] = {}
    # only then is there anything to keep, and the lock is worth its wait
    if rules.reasoning_after:
        wait_turn(session, Lock.LABEL, annotator_id)
        fixed = get_fixed_answers(load_draft(session, annotator_id, token))
    save_draft(session, annotator_id, token, {**body, FIXED_KEY: fixed} if fixed else body)


def check_first_label(session: Session, annotator_id: int, label_input: LabelInput) -> None:
    """Raise DeskError for a first label that changes a fixed answer, or speaks of reasoning that was not shown."""
    codebook, rules = load_codebook_and_rules(session, annotator_id, label_input.token)
    if rules.reasoning_after is None or has_label(session, annotator_id, label_input.token):
        return
    fixed = get_fixed_answers(load_draft(session, annotator_id, label_input.token))
    if any(label_input.answers.get(name) != answer for name, answer in fixed.items()):
        raise DeskError(
            "You saw the reasoning after this answer, so it stays for now; submit, then go back and correct it."
        )
    waiting = [
        question
        for question in codebook.questions
        if question.needs_reasoning and question.id in label_input.answers
    ]
    if waiting and not fixed:
        raise DeskError(f"Show the reasoning before you answer: {waiting[0].text}")


def load_codebook_and_rules(session: Session, annotator_id: int, token: str) -> tuple[Codebook, Rules]:
    """The codebook and the rules under which an assignment is labelled. Raises UnknownAssignment."""
    context = load_assignment_context(session, annotator_id, token)
    return Codebook.model_validate(context.codebook), load_study_rules(session, context.study_id)


def load_draft(session: Session, annotator_id: int, token: str) -> dict[str, Any] | None:
    """What is kept of an assignment's unsent answers."""
    body: dict[str, Any] | None = execute(
        session,
        select_columns(Draft.body)
        .join(Assignment, col(Assignment.id) == col(Draft.assignment_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id),
    ).scalar()
    return body


def has_label(session: Session, annotator_id: int, token: str) -> bool:
    """Whether an assignment is labelled."""
    row = execute(
        session,
        select_columns(Label.id)
        .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id)
        .limit(1),
    ).first()
    return row is not None


def load_study_rules(session: Session, study_id: int) -> Rules:
    """The rules of a study, without the rest of it."""
    return parse_rules(execute(session, RULES_QUERY, {"study_id": study_id}).scalar_one())
