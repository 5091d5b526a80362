"""What the desk does, without a screen: one exchange takes what the browser sends and gives what it needs.

The browser keeps the conversation's state and repeats what was not acknowledged, so an exchange may be lost, doubled or
late: every operation is idempotent, and nothing here remembers anything between two calls.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from secondreader.annotate.keymap import ACTION_KEYS, answer_keys
from secondreader.db.codebook import CodebookError
from secondreader.db.desk import (
    BlindItem,
    DeskError,
    DeskStudy,
    LabelInput,
    QueueEntry,
    StudyClosed,
    UnknownAssignment,
    blind_item,
    desk_study,
    progress,
    queue,
    save_draft,
    submit_label,
)
from secondreader.db.engine import reading, writing
from secondreader.db.faults import DatabaseUnavailable, Engine, faults_in_words

MAX_NOTE = 10_000
MAX_EVIDENCE = 10_000
PAUSE_EVERY = 20
"""Labels of one sitting after which the page suggests a pause."""

Token = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
Short = Annotated[str, Field(max_length=200)]
Packet = dict[str, Any]
"""JSON for the browser."""


class Sent(BaseModel):
    """Anything that the browser sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reading(Sent):
    """What a person has said of one transcript so far."""

    answers: dict[Short, Short] = Field(default_factory=dict, max_length=50)
    evidence: tuple[Annotated[int, Field(ge=0, lt=1_000_000)], ...] = Field(
        default=(), max_length=MAX_EVIDENCE
    )
    confidence: Annotated[int, Field(ge=1, le=3)] | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""
    active_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    revision: Annotated[int, Field(ge=0)] = 0
    """The revision that was on the screen; 0 before the first label."""


class Operation(Sent):
    """One thing to do; `id` names its acknowledgement and, for a submit, makes it idempotent."""

    id: Token
    op: Literal["submit", "draft"]
    token: Token
    """The place in this person's queue."""
    reading: Reading


class Letter(Sent):
    """One message of the browser."""

    number: Annotated[int, Field(ge=0)]
    """Counts up in one page; echoed, so that a late answer is not mistaken for a new one."""
    operations: tuple[Operation, ...] = Field(default=(), max_length=200)
    wanted: tuple[Token, ...] = Field(default=(), max_length=4)
    """Transcripts that the browser does not hold yet."""
    begin: bool = False
    """A page that starts anew: it needs study and queue again."""


def opening(engine: Engine, annotator_id: int, study_id: int | None) -> Packet:
    """All that a fresh page needs: study, queue, and the transcripts at hand."""
    try:
        with faults_in_words(), reading(engine) as session:
            study = desk_study(session, require_study(study_id))
            entries = queue(session, annotator_id)
            items = [blind_item(session, annotator_id, token) for token in at_hand(entries)]
            done = progress(session, annotator_id)
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "trouble": str(error)}
    return {
        "number": 0,
        "study": study_packet(study),
        "queue": [[entry.token, entry.is_labelled] for entry in entries],
        "items": [item_packet(item) for item in items],
        "seconds": list(done.own_seconds),
    }


def exchange(engine: Engine, annotator_id: int, study_id: int | None, sent: Any) -> Packet:
    """Do what one letter asks and answer it. A letter that makes no sense is answered with a sentence."""
    try:
        letter = Letter.model_validate(sent)
    except ValidationError:
        say = "This page sent something that the desk does not know; reload it."
        return {"number": 0, "trouble": say, "unreadable": True}
    acknowledged = [perform(engine, annotator_id, operation) for operation in letter.operations]
    packet: Packet = {"number": letter.number, "acks": acknowledged}
    if letter.begin:
        return opening(engine, annotator_id, study_id) | packet
    return packet | wanted_items(engine, annotator_id, letter.wanted)


def wanted_items(engine: Engine, annotator_id: int, tokens: Sequence[str]) -> Packet:
    """The transcripts asked for; those of somebody else's queue are left out with a sentence."""
    if not tokens:
        return {}
    try:
        with faults_in_words(), reading(engine) as session:
            return {"items": [item_packet(blind_item(session, annotator_id, token)) for token in tokens]}
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "trouble": str(error)}


def perform(engine: Engine, annotator_id: int, operation: Operation) -> Packet:
    """Carry out one operation in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with faults_in_words():
            if operation.op == "draft":
                with writing(engine) as session:
                    save_draft(
                        session, annotator_id, operation.token, operation.reading.model_dump(mode="json")
                    )
                return {"id": operation.id, "ok": True}
            saved = submit_label(engine, annotator_id, label_input(operation))
            return {"id": operation.id, "ok": True, "revision": saved.revision}
    except (DeskError, CodebookError, DatabaseUnavailable) as error:
        return {"id": operation.id, "ok": False, "why": why(error), "say": str(error)}


def why(error: Exception) -> str:
    """What the page does about an error: try again, ask again, or let the person decide."""
    kinds: list[tuple[type[Exception], str]] = [
        (DatabaseUnavailable, "again"),
        (StudyClosed, "closed"),
        (UnknownAssignment, "unknown"),
        (CodebookError, "answers"),
    ]
    return next((name for kind, name in kinds if isinstance(error, kind)), "conflict")


def label_input(operation: Operation) -> LabelInput:
    """The database's form of a submit."""
    given = operation.reading
    return LabelInput(
        token=operation.token,
        client_token=operation.id,
        answers=dict(given.answers),
        evidence=given.evidence,
        confidence=given.confidence,
        note=given.note,
        active_seconds=given.active_seconds,
        expected_revision=given.revision,
    )


def require_study(study_id: int | None) -> int:
    """The study of a visitor. Raises DeskError for one who belongs to none."""
    if study_id is None:
        raise DeskError("Your link belongs to no study; ask the researcher for a desk link.")
    return study_id


def at_hand(entries: Sequence[QueueEntry]) -> list[str]:
    """Tokens of the first two open places; of the last place where nothing is open."""
    todo = [entry.token for entry in entries if not entry.is_labelled]
    return todo[:2] if todo else [entry.token for entry in entries[-1:]]


def study_packet(study: DeskStudy) -> Packet:
    """The study as the browser may know it: its questions with their keys, never its name or id."""
    keys = answer_keys(study.codebook)
    return {
        "title": study.title,
        "notice": study.notice,
        "open": study.status == "open",
        "guideline": study.guideline,
        "questions": [
            question.model_dump(mode="json") | {"keys": keys[question.id]}
            for question in study.codebook.questions
        ],
        "actions": ACTION_KEYS,
        "pause": PAUSE_EVERY,
    }


def item_packet(item: BlindItem) -> Packet:
    """One transcript for the browser, with the person's own answers and the draft that belongs to them."""
    packet: Packet = {
        "token": item.token,
        "content": item.content,
        "answers": item.answers,
        "evidence": list(item.evidence),
        "confidence": item.confidence,
        "note": item.note,
        "revision": item.revision,
    }
    # A draft begun before the latest submit is out of date: another window has answered since.
    if item.draft is not None and item.draft.get("revision", 0) == item.revision:
        packet["draft"] = item.draft
    return packet
