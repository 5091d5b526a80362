"""What the adjudicator's page does, without a screen: like `service`, one exchange for each letter of the browser.

Who asks is looked up as an adjudicator in the database for every operation, so no letter of somebody else gets through.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from secondreader.annotate.exchange.desk import Packet, Sent, Short, Token
from secondreader.annotate.exchange.keymap import answer_keys
from secondreader.db.adjudication.decisions import DecisionError, DecisionInput, submit_decision
from secondreader.db.adjudication.items import (
    AdjudicationItem,
    NotAdjudicator,
    SplitQuestion,
    UnknownItem,
    adjudication_item,
    adjudication_queue,
    chair_of,
)
from secondreader.db.core.desk_errors import DeskError, StudyClosed
from secondreader.db.core.engine import reading
from secondreader.db.core.unavailable import DatabaseUnavailable, Engine, faults_in_words
from secondreader.db.desk.labels import DeskStudy, desk_study

MAX_REASON = 10_000
Kind = Literal["ambiguous", "guideline gap", "annotator error", "contested"]

KINDS = (
    (
        "ambiguous",
        "Ambiguous",
        "m",
        "The transcript itself can be read in several ways; one answer is still better.",
    ),
    (
        "guideline gap",
        "Guideline gap",
        "p",
        "The guideline does not say what to answer here; the next version should.",
    ),
    (
        "annotator error",
        "Reader's error",
        "e",
        "The guideline is clear, and a reader overlooked or mistook something.",
    ),
    (
        "contested",
        "Contested",
        "x",
        "Careful readers would still split: no answer is right, the split is the finding.",
    ),
)
"""(kind, what the button says, its key, what it means)"""

ACTIONS = {
    "next message": "j",
    "previous message": "k",
    "open what is folded": "o",
    "next question": "v",
    "reason": "n",
    "back": "u",
    "later": "d",
    "list": "l",
    "guideline": "g",
    "search the guideline": "/",
    "save": "Enter",
    "save while typing a reason": "Ctrl Enter",
    "help": "?",
}


class Decision(Sent):
    """What the adjudicator says of one question of one transcript."""

    question: Short
    answer: Short | None = None
    """None with the kind contested."""
    kind: Kind
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    revision: Annotated[int, Field(ge=0)]
    """The revision of the question that was on the screen; 0 before the first decision."""
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """The version of the transcript's readings that was on the screen."""


class Operation(Sent):
    """One decision to save; `id` names its acknowledgement and makes it idempotent."""

    id: Token
    op: Literal["decide"]
    token: Token
    """The place in this person's list."""
    decision: Decision


class Letter(Sent):
    """One message of the browser; the fields as in `service.Letter`."""

    number: Annotated[int, Field(ge=0)]
    operations: tuple[Operation, ...] = Field(default=(), max_length=200)
    wanted: tuple[Token, ...] = Field(default=(), max_length=4)
    begin: bool = False


def opening(engine: Engine, annotator_id: int) -> Packet:
    """All that a fresh page needs: study, list, and the transcripts at hand."""
    try:
        with faults_in_words(), reading(engine) as session:
            chair = chair_of(session, annotator_id)
            study = desk_study(session, chair.study_id)
            places = [(entry.token, entry.state) for entry in adjudication_queue(session, annotator_id)]
            items = [adjudication_item(session, annotator_id, token) for token in at_hand(places)]
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "trouble": str(error)}
    return {
        "number": 0,
        "study": study_packet(study),
        "queue": [list(place) for place in places],
        "items": [item_packet(item) for item in items],
    }


def exchange(engine: Engine, annotator_id: int, sent: Any) -> Packet:
    """Do what one letter asks and answer it. A letter that makes no sense is answered with a sentence."""
    try:
        letter = Letter.model_validate(sent)
    except ValidationError:
        say = "This page sent something that the desk does not know; reload it."
        return {"number": 0, "trouble": say, "unreadable": True}
    acknowledged = [perform(engine, annotator_id, operation) for operation in letter.operations]
    packet: Packet = {"number": letter.number, "acks": acknowledged}
    if letter.begin:
        return opening(engine, annotator_id) | packet
    return packet | wanted_items(engine, annotator_id, letter.wanted)


def wanted_items(engine: Engine, annotator_id: int, tokens: Sequence[str]) -> Packet:
    """The transcripts asked for; those that are not in this person's list are named as gone."""
    if not tokens:
        return {}
    items, gone, say = [], [], ""
    try:
        with faults_in_words(), reading(engine) as session:
            for token in tokens:
                try:
                    items.append(item_packet(adjudication_item(session, annotator_id, token)))
                except UnknownItem as error:
                    gone.append(token)
                    say = str(error)
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "trouble": str(error)}
    return {"items": items} | ({"missing": gone, "say": say} if gone else {})


def perform(engine: Engine, annotator_id: int, operation: Operation) -> Packet:
    """Save one decision in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with faults_in_words():
            saved = submit_decision(engine, annotator_id, decision_input(operation))
    except (DeskError, DatabaseUnavailable) as error:
        return {"id": operation.id, "ok": False, "why": why(error), "say": str(error)}
    return {"id": operation.id, "ok": True, "revision": saved.revision}


def why(error: Exception) -> str:
    """What the page does about an error: try again, ask again, or let the person decide."""
    kinds: list[tuple[type[Exception], str]] = [
        (DatabaseUnavailable, "again"),
        (StudyClosed, "closed"),
        (NotAdjudicator, "role"),
        (UnknownItem, "unknown"),
        (DecisionError, "decision"),
    ]
    return next((name for kind, name in kinds if isinstance(error, kind)), "conflict")


def decision_input(operation: Operation) -> DecisionInput:
    """The database's form of a decision."""
    given = operation.decision
    return DecisionInput(
        token=operation.token,
        client_token=operation.id,
        question=given.question,
        answer=given.answer,
        kind=given.kind,
        reason=given.reason,
        expected_revision=given.revision,
        expected_version=given.version,
    )


def at_hand(places: Sequence[tuple[str, str]]) -> list[str]:
    """Tokens of the first two places that are not settled."""
    return [token for token, state in places if state != "settled"][:2]


def study_packet(study: DeskStudy) -> Packet:
    """The study as the browser may know it: questions and kinds with their keys, never its name or id."""
    keys = answer_keys(study.codebook)
    return {
        "title": study.title,
        "notice": study.notice,
        "open": study.status in {"open", "closed"},
        "guideline": study.guideline,
        "unit": study.codebook.unit,
        "questions": [
            one.model_dump(mode="json") | {"keys": keys[one.id]} for one in study.codebook.questions
        ],
        "kinds": [dict(zip(("kind", "label", "key", "meaning"), one, strict=True)) for one in KINDS],
        "actions": ACTIONS,
    }


def item_packet(item: AdjudicationItem) -> Packet:
    """One transcript for the browser, with what readers said and this person's own decisions."""
    return {
        "token": item.token,
        "content": item.content,
        "questions": [question_packet(one) for one in item.questions],
        "notes": list(item.notes),
        "evidence": list(item.evidence),
        "contested": item.is_contested,
        "version": item.version,
    }


def question_packet(one: SplitQuestion) -> Packet:
    """One question of a transcript, with the adjudicator's own latest decision."""
    packet: Packet = {"id": one.question, "given": list(one.answers), "revision": one.revision}
    if one.decision is not None:
        own = one.decision
        packet["decision"] = {"answer": own.answer, "kind": own.kind, "reason": own.reason}
        packet["changed"] = own.has_changed
    return packet
