"""What the adjudicator's page does, without a screen: like `service`, one exchange for each letter of the browser.

Who asks is looked up as an adjudicator in the database for every operation, so no letter of somebody else gets through.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from secondreader.annotate.exchange.desk import BrowserModel, Payload, ShortText, Token
from secondreader.annotate.exchange.keymap import assign_answer_keys
from secondreader.db.adjudication.decisions import DecisionError, DecisionInput, submit_decision
from secondreader.db.adjudication.items import (
    AdjudicationItem,
    DisputedQuestion,
    NotAdjudicator,
    UnknownItem,
    list_adjudication_queue,
    load_adjudication_item,
    load_adjudicator_context,
)
from secondreader.db.core.engine import Database, read_session
from secondreader.db.core.errors import DatabaseUnavailable, DeskError, StudyClosed, translate_database_errors
from secondreader.db.desk.study import DeskStudy, load_desk_study

MAX_REASON = 10_000
DecisionKind = Literal["ambiguous", "guideline gap", "annotator error", "contested"]

DECISION_KINDS = (
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


class DecisionContent(BrowserModel):
    """What the adjudicator says of one question of one transcript."""

    question: ShortText
    answer: ShortText | None = None
    """None with the kind contested."""
    kind: DecisionKind
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    revision: Annotated[int, Field(ge=0)]
    """The revision of the question that was on the screen; 0 before the first decision."""
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """The version of the transcript's readings that was on the screen."""


class Operation(BrowserModel):
    """One decision to save; `id` names its acknowledgement and makes it idempotent."""

    id: Token
    op: Literal["decide"]
    token: Token
    """The place in this person's list."""
    decision: DecisionContent


class Message(BrowserModel):
    """One message of the browser; the fields as in `service.Letter`."""

    number: Annotated[int, Field(ge=0)]
    operations: tuple[Operation, ...] = Field(default=(), max_length=200)
    wanted: tuple[Token, ...] = Field(default=(), max_length=4)
    begin: bool = False


def load_opening(engine: Database, annotator_id: int) -> Payload:
    """All that a fresh page needs: study, list, and the transcripts at hand."""
    try:
        with translate_database_errors(), read_session(engine) as session:
            chair = load_adjudicator_context(session, annotator_id)
            study = load_desk_study(session, chair.study_id)
            places = [(entry.token, entry.state) for entry in list_adjudication_queue(session, annotator_id)]
            items = [
                load_adjudication_item(session, annotator_id, token) for token in select_open_tokens(places)
            ]
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "trouble": str(error)}
    return {
        "number": 0,
        "study": build_study_payload(study),
        "queue": [list(place) for place in places],
        "items": [build_item_payload(item) for item in items],
    }


def handle_message(engine: Database, annotator_id: int, raw_message: Any) -> Payload:
    """Do what one letter asks and answer it. A letter that makes no sense is answered with a sentence."""
    try:
        letter = Message.model_validate(raw_message)
    except ValidationError:
        say = "This page sent something that the desk does not know; reload it."
        return {"number": 0, "trouble": say, "unreadable": True}
    acknowledged = [perform_operation(engine, annotator_id, operation) for operation in letter.operations]
    packet: Payload = {"number": letter.number, "acks": acknowledged}
    if letter.begin:
        return load_opening(engine, annotator_id) | packet
    return packet | load_wanted_items(engine, annotator_id, letter.wanted)


def load_wanted_items(engine: Database, annotator_id: int, tokens: Sequence[str]) -> Payload:
    """The transcripts asked for; those that are not in this person's list are named as gone."""
    if not tokens:
        return {}
    items, gone, say = [], [], ""
    try:
        with translate_database_errors(), read_session(engine) as session:
            for token in tokens:
                try:
                    items.append(build_item_payload(load_adjudication_item(session, annotator_id, token)))
                except UnknownItem as error:
                    gone.append(token)
                    say = str(error)
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "trouble": str(error)}
    return {"items": items} | ({"missing": gone, "say": say} if gone else {})


def perform_operation(engine: Database, annotator_id: int, operation: Operation) -> Payload:
    """Save one decision in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with translate_database_errors():
            saved = submit_decision(engine, annotator_id, build_decision_input(operation))
    except (DeskError, DatabaseUnavailable) as error:
        return {"id": operation.id, "ok": False, "why": classify_error(error), "say": str(error)}
    return {"id": operation.id, "ok": True, "revision": saved.revision}


def classify_error(error: Exception) -> str:
    """What the page does about an error: try again, ask again, or let the person decide."""
    kinds: list[tuple[type[Exception], str]] = [
        (DatabaseUnavailable, "again"),
        (StudyClosed, "closed"),
        (NotAdjudicator, "role"),
        (UnknownItem, "unknown"),
        (DecisionError, "decision"),
    ]
    return next((name for kind, name in kinds if isinstance(error, kind)), "conflict")


def build_decision_input(operation: Operation) -> DecisionInput:
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


def select_open_tokens(assignments: Sequence[tuple[str, str]]) -> list[str]:
    """Tokens of the first two places that are not settled."""
    return [token for token, state in assignments if state != "settled"][:2]


def build_study_payload(study: DeskStudy) -> Payload:
    """The study as the browser may know it: questions and kinds with their keys, never its name or id."""
    keys = assign_answer_keys(study.codebook)
    return {
        "title": study.title,
        "notice": study.notice,
        "open": study.status in {"open", "closed"},
        "guideline": study.guideline,
        "unit": study.codebook.unit,
        "questions": [
            one.model_dump(mode="json") | {"keys": keys[one.id]} for one in study.codebook.questions
        ],
        "kinds": [dict(zip(("kind", "label", "key", "meaning"), one, strict=True)) for one in DECISION_KINDS],
        "actions": ACTIONS,
    }


def build_item_payload(item: AdjudicationItem) -> Payload:
    """One transcript for the browser, with what readers said and this person's own decisions."""
    return {
        "token": item.token,
        "content": item.content,
        "questions": [build_question_payload(one) for one in item.questions],
        "notes": list(item.notes),
        "evidence": list(item.evidence),
        "contested": item.is_contested,
        "version": item.version,
    }


def build_question_payload(disputed_question: DisputedQuestion) -> Payload:
    """One question of a transcript, with the adjudicator's own latest decision."""
    packet: Payload = {
        "id": disputed_question.question,
        "given": list(disputed_question.answers),
        "revision": disputed_question.revision,
    }
    if disputed_question.decision is not None:
        own = disputed_question.decision
        packet["decision"] = {"answer": own.answer, "kind": own.kind, "reason": own.reason}
        packet["changed"] = own.has_changed
    return packet
