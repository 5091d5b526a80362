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
from secondreader.db.core.desk_errors import DeskError
from secondreader.db.core.desk_rules import Rules, gate_question, rules_of
from secondreader.db.core.engine import LABEL_LOCK, execute, pick, wait_turn
from secondreader.db.core.tables import Assignment, Draft, Label, Study
from secondreader.db.desk.labels import BlindItem, LabelInput, place_of, save_draft

FIXED = "fixed"
"""Key of the draft's body that holds the answers given before the reasoning was shown."""

RULES = pick(Study.rules).where(col(Study.id) == bindparam("study_id"))


def is_withheld(item: BlindItem, rules: Rules) -> bool:
    """Whether this person may not see the item's reasoning yet."""
    return rules.reasoning_after is not None and item.revision == 0 and not fixed_of(item.draft)


def fixed_of(draft: Mapping[str, Any] | None) -> dict[str, str]:
    """The answers that a draft's body holds fast."""
    return dict((draft or {}).get(FIXED) or {})


def show_reasoning(session: Session, annotator_id: int, token: str, body: dict[str, Any]) -> None:
    """Fix the answer to the question before the reasoning, from now on; the first answer stays, however often asked.

    Raises UnknownAssignment, and DeskError where that question is not answered.
    """
    codebook, rules = terms_of(session, annotator_id, token)
    question = gate_question(codebook, rules)
    if question is None:
        return
    answer = body.get("answers", {}).get(question.id)
    if answer not in question.values:
        raise DeskError(f"Answer first: {question.text}")
    wait_turn(session, LABEL_LOCK, annotator_id)
    fixed = fixed_of(draft_of(session, annotator_id, token)) or {question.id: answer}
    save_draft(session, annotator_id, token, {**body, FIXED: fixed})


def keep_draft(session: Session, annotator_id: int, token: str, body: dict[str, Any], rules: Rules) -> None:
    """`save_draft` that keeps what `show_reasoning` has fixed. Raises UnknownAssignment."""
    fixed: dict[str, str] = {}
    if rules.reasoning_after:
        wait_turn(session, LABEL_LOCK, annotator_id)
        fixed = fixed_of(draft_of(session, annotator_id, token))
    save_draft(session, annotator_id, token, {**body, FIXED: fixed} if fixed else body)


def check_first_label(session: Session, annotator_id: int, given: LabelInput) -> None:
    """Raise DeskError for a first label that changes a fixed answer, or speaks of reasoning that was not shown."""
    codebook, rules = terms_of(session, annotator_id, given.token)
    if rules.reasoning_after is None or has_label(session, annotator_id, given.token):
        return
    fixed = fixed_of(draft_of(session, annotator_id, given.token))
    if any(given.answers.get(name) != answer for name, answer in fixed.items()):
        raise DeskError(
            "You saw the reasoning after this answer, so it stays for now; submit, then go back and correct it."
        )
    waiting = [one for one in codebook.questions if one.needs_reasoning and one.id in given.answers]
    if waiting and not fixed:
        raise DeskError(f"Show the reasoning before you answer: {waiting[0].text}")


def terms_of(session: Session, annotator_id: int, token: str) -> tuple[Codebook, Rules]:
    """The codebook and the rules under which a place is labelled. Raises UnknownAssignment."""
    place = place_of(session, annotator_id, token)
    return Codebook.model_validate(place.codebook), rules_at(session, place.study_id)


def draft_of(session: Session, annotator_id: int, token: str) -> dict[str, Any] | None:
    """What is kept of a place's unsent answers."""
    found: dict[str, Any] | None = execute(
        session,
        pick(Draft.body)
        .join(Assignment, col(Assignment.id) == col(Draft.assignment_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id),
    ).scalar()
    return found


def has_label(session: Session, annotator_id: int, token: str) -> bool:
    """Whether a place is labelled."""
    found = execute(
        session,
        pick(Label.id)
        .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
        .where(col(Assignment.token) == token, col(Assignment.annotator_id) == annotator_id)
        .limit(1),
    ).first()
    return found is not None


def rules_at(session: Session, study_id: int) -> Rules:
    """The rules of a study, without the rest of it."""
    return rules_of(execute(session, RULES, {"study_id": study_id}).scalar_one())
