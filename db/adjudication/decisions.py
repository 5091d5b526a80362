"""What an adjudicator decides. Decisions are evidence: a correction is a newer row."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session, select

from secondreader.db.adjudication.disputes import ReadItem
from secondreader.db.adjudication.items import (
    Chair,
    Decided,
    chair_of,
    item_of,
    own_decisions,
    questions_of,
    version_of,
)
from secondreader.db.core.canonical import plain_text
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_errors import DeskError, StudyClosed
from secondreader.db.core.engine import wait_turn, writing
from secondreader.db.core.tables import Adjudication

ADJUDICATION_LOCK = 7302015
CONTESTED = "contested"
KINDS = ("ambiguous", "guideline gap", "annotator error", CONTESTED)
"""Why readers split; contested means that no answer is right and the split is the finding."""


class DecisionError(DeskError):
    """A decision that does not fit its question."""


class Meanwhile(DeskError):
    """Something changed since the page was shown: a reader's answer, or a decision from another window."""


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """One decision. `client_token` makes it idempotent: the browser makes it anew for each intended decision."""

    token: str
    client_token: str
    question: str
    answer: str | None
    """An answer of the codebook; None with the kind contested."""
    kind: str
    """One of KINDS."""
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


def submit_decision(engine: Engine, annotator_id: int, given: DecisionInput) -> SavedDecision:
    """Save one decision in a transaction of its own; when this returns, it is on disk.

    A decision that was saved before (same client token) adds nothing. Raises NotAdjudicator, UnknownItem,
    StudyClosed (the study is paused), DecisionError and Meanwhile.
    """
    with writing(engine) as session:
        wait_turn(session, ADJUDICATION_LOCK, annotator_id)
        return save_decision(session, annotator_id, given)


def save_decision(session: Session, annotator_id: int, given: DecisionInput) -> SavedDecision:
    """`submit_decision` inside the caller's transaction: acknowledge only after its commit."""
    chair = chair_of(session, annotator_id)
    earlier = session.exec(
        select(Adjudication).where(Adjudication.client_token == given.client_token)
    ).first()
    if earlier is not None:
        return replayed(session, annotator_id, earlier)
    if chair.status not in {"open", "closed"}:
        raise StudyClosed("The study is paused; your decision is kept in this browser. Ask the researcher.")
    item = item_of(session, chair, given.token)
    decided = own_decisions(session, annotator_id, item.item_id)[item.item_id]
    row = new_decision(chair, item, given, decided)
    session.add(row)
    session.flush()
    assert row.id is not None
    return SavedDecision(row.id, given.expected_revision + 1)


def replayed(session: Session, annotator_id: int, earlier: Adjudication) -> SavedDecision:
    """The acknowledgement of a decision that was saved before. Raises DecisionError for somebody else's token."""
    if earlier.annotator_id != annotator_id or earlier.id is None:
        raise DecisionError("This decision was used before; reload the page and decide again.")
    rows = own_decisions(session, annotator_id, earlier.study_item_id)[earlier.study_item_id]
    ids = [row.id for row in rows[earlier.question]]
    return SavedDecision(earlier.id, ids.index(earlier.id) + 1, is_replay=True)


def new_decision(chair: Chair, item: ReadItem, given: DecisionInput, decided: Decided) -> Adjudication:
    """The row of one decision. Raises DecisionError and Meanwhile."""
    names = questions_of(chair, item, decided)
    if given.question not in names:
        raise DecisionError("This question is not split on this transcript; reload the page.")
    if given.expected_version != version_of(item, names):
        raise Meanwhile("A reader corrected an answer meanwhile; look at it again and decide.")
    if given.expected_revision != len(decided.get(given.question, [])):
        raise Meanwhile("You decided this in another window meanwhile; what you see here is not saved.")
    return Adjudication(
        study_item_id=item.item_id,
        annotator_id=chair.annotator_id,
        question=given.question,
        answer=checked_answer(chair.codebook, given),
        kind=given.kind,
        reason=checked_reason(given.reason),
        client_token=given.client_token,
        seen=sorted(one.label_id for one in item.latest),
    )


def checked_answer(codebook: Codebook, given: DecisionInput) -> str:
    """The answer to store, empty for contested. Raises DecisionError."""
    if given.kind not in KINDS:
        raise DecisionError(f"Choose a kind: {', '.join(KINDS)}.")
    if given.kind == CONTESTED:
        if given.answer is not None:
            raise DecisionError("Contested has no answer: choose an answer with another kind, or none.")
        return ""
    values = next(one.values for one in codebook.questions if one.id == given.question)
    if given.answer not in values:
        raise DecisionError(f"{given.question}: choose one of {', '.join(values)}, or contested.")
    return given.answer


def checked_reason(reason: str) -> str:
    """The reason without white space around it. Raises DecisionError for an empty one."""
    text = plain_text(reason).strip()
    if not text:
        raise DecisionError("Write a reason: it is what the next codebook and the report say.")
    return text
