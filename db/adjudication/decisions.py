"""What an adjudicator decides. Decisions are evidence: a correction is a newer row."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session, select

from secondreader.db.adjudication.disputes import RatedItem
from secondreader.db.adjudication.items import (
    AdjudicatorContext,
    DecisionsByQuestion,
    compute_version,
    find_item_by_token,
    load_adjudicator_context,
    load_own_decisions,
    select_questions,
)
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.engine import wait_turn, write_session
from secondreader.db.core.errors import DeskError, StudyClosed
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Adjudication
from secondreader.db.core.text import make_storable

CONTESTED = "contested"
DECISION_KINDS = ("ambiguous", "guideline gap", "annotator error", CONTESTED)
"""Why annotators split; contested means that no answer is right and the split is the finding."""


class DecisionError(DeskError):
    """A decision that does not fit its question."""


class DecisionConflict(DeskError):
    """Something changed since the page was shown: an annotator's answer, or a decision from another window."""


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """One decision. `client_token` makes it idempotent: the browser makes it anew for each intended decision."""

    token: str
    client_token: str
    question: str
    answer: str | None
    """An answer of the codebook; None with the kind contested."""
    kind: str
    """One of DECISION_KINDS."""
    reason: str
    expected_revision: int
    """The revision of the question that the browser showed."""
    expected_version: str
    """The version of the item that the browser showed."""


@dataclass(frozen=True, slots=True)
class SavedDecision:
    """What was committed."""

    adjudication_id: int
    revision: int
    is_replay: bool = False
    """The same client token was saved before; nothing was added."""


def submit_decision(engine: Engine, annotator_id: int, decision_input: DecisionInput) -> SavedDecision:
    """Save one decision in a transaction of its own; when this returns, it is on disk.

    A decision that was saved before (same client token) adds nothing. Raises NotAdjudicator, UnknownItem,
    StudyClosed (the study is paused), DecisionError and DecisionConflict.
    """
    with write_session(engine) as session:
        # two windows of one adjudicator: the second one must see the decision of the first
        wait_turn(session, Lock.ADJUDICATION, annotator_id)
        return save_decision(session, annotator_id, decision_input)


def save_decision(session: Session, annotator_id: int, decision_input: DecisionInput) -> SavedDecision:
    """`submit_decision` inside the caller's transaction: acknowledge only after its commit."""
    adjudicator = load_adjudicator_context(session, annotator_id)
    earlier = session.exec(
        select(Adjudication).where(Adjudication.client_token == decision_input.client_token)
    ).first()
    if earlier is not None:
        return acknowledge_replay(session, annotator_id, earlier)
    # closed: that is when most of the adjudication happens
    if adjudicator.status not in {"open", "closed"}:
        raise StudyClosed("The study is paused; your decision is kept in this browser. Ask the researcher.")
    item = find_item_by_token(session, adjudicator, decision_input.token)
    decided = load_own_decisions(session, annotator_id, item.item_id)[item.item_id]
    row = build_decision(adjudicator, item, decision_input, decided)
    session.add(row)
    session.flush()
    assert row.id is not None
    return SavedDecision(row.id, decision_input.expected_revision + 1)


def acknowledge_replay(session: Session, annotator_id: int, earlier: Adjudication) -> SavedDecision:
    """The acknowledgement of a decision that was saved before. Raises DecisionError for somebody else's token."""
    if earlier.annotator_id != annotator_id or earlier.id is None:
        raise DecisionError("This decision was used before; reload the page and decide again.")
    rows = load_own_decisions(session, annotator_id, earlier.study_item_id)[earlier.study_item_id]
    # the revision that this decision was, not the latest one
    ids = [row.id for row in rows[earlier.question]]
    return SavedDecision(earlier.id, ids.index(earlier.id) + 1, is_replay=True)


def build_decision(
    adjudicator: AdjudicatorContext,
    item: RatedItem,
    decision_input: DecisionInput,
    decisions: DecisionsByQuestion,
) -> Adjudication:
    """The row of one decision. Raises DecisionError and DecisionConflict."""
    names = select_questions(adjudicator, item, decisions)
    if decision_input.question not in names:
        raise DecisionError("This question is not split on this transcript; reload the page.")
    # a decision is about answers that were seen: it must not land on others
    if decision_input.expected_version != compute_version(item, names):
        raise DecisionConflict("An annotator corrected an answer meanwhile; look at it again and decide.")
    if decision_input.expected_revision != len(decisions.get(decision_input.question, [])):
        raise DecisionConflict(
            "You decided this in another window meanwhile; what you see here is not saved."
        )
    return Adjudication(
        study_item_id=item.item_id,
        annotator_id=adjudicator.annotator_id,
        question=decision_input.question,
        answer=check_answer(adjudicator.codebook, decision_input),
        kind=decision_input.kind,
        reason=check_reason(decision_input.reason),
        client_token=decision_input.client_token,
        # tells later whether annotators have changed their minds since
        seen=sorted(label.label_id for label in item.latest),
    )


def check_answer(codebook: Codebook, decision_input: DecisionInput) -> str:
    """The answer to store, empty for contested. Raises DecisionError."""
    if decision_input.kind not in DECISION_KINDS:
        raise DecisionError(f"Choose a kind: {', '.join(DECISION_KINDS)}.")
    if decision_input.kind == CONTESTED:
        # an answer beside "contested" would be gold for some readers of the table and not for others
        if decision_input.answer is not None:
            raise DecisionError("Contested has no answer: choose an answer with another kind, or none.")
        return ""
    values = next(
        question.values for question in codebook.questions if question.id == decision_input.question
    )
    if decision_input.answer not in values:
        raise DecisionError(f"{decision_input.question}: choose one of {', '.join(values)}, or contested.")
    return decision_input.answer


def check_reason(reason: str) -> str:
    """The reason without white space around it. Raises DecisionError for an empty one."""
    text = make_storable(reason).strip()
    if not text:
        raise DecisionError("Write a reason: it is what the next codebook and the report say.")
    return text
