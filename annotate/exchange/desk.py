"""What the desk does, without a screen: one exchange takes what the browser sends and gives what it needs.

The browser keeps the conversation's state and repeats what was not acknowledged, so an exchange may be lost, doubled or
late: every operation is idempotent, and nothing here remembers anything between two calls.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from secondreader.annotate.exchange.payloads import item_packet, study_packet
from secondreader.db.core.codebook import CodebookError
from secondreader.db.core.desk_errors import DeskError, NotYet, PlaceTaken, StudyClosed, UnknownAssignment
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import reading, writing
from secondreader.db.core.unavailable import DatabaseUnavailable, Engine, faults_in_words
from secondreader.db.desk.labels import (
    LabelInput,
    QueueEntry,
    blind_item,
    desk_study,
    progress,
    queue,
    submit_label,
)
from secondreader.db.desk.model_guesses import MAX_GUESS, open_guesses, save_guess
from secondreader.db.desk.shared_queue import further_places, refill
from secondreader.db.desk.stages import practice_result, shown_after, stage_facts, stage_of
from secondreader.db.desk.withheld_reasoning import check_first_label, keep_draft, rules_at, show_reasoning

MAX_NOTE = 10_000
MAX_EVIDENCE = 10_000

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
    contested: bool = False
    """The person thinks that competent readers would genuinely split."""
    active_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    revision: Annotated[int, Field(ge=0)] = 0
    """The revision that was on the screen; 0 before the first label."""


class Operation(Sent):
    """One thing to do; `id` names its acknowledgement and, for a submit, makes it idempotent."""

    id: Token
    op: Literal["submit", "draft", "show_reasoning", "guess"]
    token: Token
    """The place in this person's queue."""
    reading: Reading = Reading()
    guess: Annotated[str, Field(max_length=MAX_GUESS)] = ""
    """For op guess: which model it was, in the person's own words; empty for no idea."""


class Letter(Sent):
    """One message of the browser."""

    number: Annotated[int, Field(ge=0)]
    """Counts up in one page; echoed, so that a late answer is not mistaken for a new one."""
    operations: tuple[Operation, ...] = Field(default=(), max_length=200)
    wanted: tuple[Token, ...] = Field(default=(), max_length=4)
    """Transcripts that the browser does not hold yet."""
    begin: bool = False
    """A page that starts anew: it needs study and queue again."""
    stage: Literal["", "main", "discussion"] = ""
    """With begin: the part to open, where the person may choose."""


def opening(engine: Engine, annotator_id: int, study_id: int | None, chosen: str = "") -> Packet:
    """All that a fresh page needs: study, stage, its places, and the items at hand."""
    try:
        with faults_in_words():
            refill(engine, annotator_id)
        with faults_in_words(), reading(engine) as session:
            study = desk_study(session, require_study(study_id))
            stage = stage_of(session, annotator_id, queue(session, annotator_id), chosen)
            at_first = at_hand(stage.entries, is_whole=stage.name == "discussion")
            found = [blind_item(session, annotator_id, token) for token in at_first]
            items = [
                item_packet(item, study.rules, *shown_after(session, annotator_id, item)) for item in found
            ]
            is_done = stage.name == "main" and all(entry.is_labelled for entry in stage.entries)
            guesses = open_guesses(session, annotator_id, study.rules.guesses) if is_done else []
            done = progress(session, annotator_id)
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "trouble": str(error)}
    return {
        "number": 0,
        "study": study_packet(study),
        "stage": stage_facts(stage),
        "result": practice_result(stage.practice),
        "queue": [[entry.token, entry.is_labelled] for entry in stage.entries],
        "items": items,
        "seconds": list(done.own_seconds),
        "guesses": guesses,
    }


def exchange(engine: Engine, annotator_id: int, study_id: int | None, sent: Any) -> Packet:
    """Do what one letter asks and answer it. A letter that makes no sense is answered with a sentence."""
    try:
        letter = Letter.model_validate(sent)
    except ValidationError:
        say = "This page sent something that the desk does not know; reload it."
        return {"number": 0, "trouble": say, "unreadable": True}
    try:
        with faults_in_words(), reading(engine) as session:
            rules = rules_at(session, require_study(study_id))
    except (DeskError, DatabaseUnavailable) as error:
        refusals = [refusal(operation, error) for operation in letter.operations]
        return {"number": letter.number, "acks": refusals, "trouble": str(error)}
    acknowledged = [perform(engine, annotator_id, rules, operation) for operation in letter.operations]
    packet: Packet = {"number": letter.number, "acks": acknowledged}
    if letter.begin:
        return opening(engine, annotator_id, study_id, letter.stage) | packet
    if rules.queue == "shared" and any(operation.op == "submit" for operation in letter.operations):
        packet |= what_follows(engine, annotator_id)
    return packet | wanted_items(engine, annotator_id, rules, letter.wanted)


def what_follows(engine: Engine, annotator_id: int) -> Packet:
    """In a shared queue, the open places once new ones were taken; should this fail, the next letter tries again."""
    try:
        with faults_in_words():
            tokens = further_places(engine, annotator_id)
    except (DeskError, DatabaseUnavailable):
        return {}
    return {"more": tokens} if tokens else {}


def wanted_items(engine: Engine, annotator_id: int, rules: Rules, tokens: Sequence[str]) -> Packet:
    """The items asked for; those of somebody else's queue are left out with a sentence."""
    if not tokens:
        return {}
    try:
        with faults_in_words(), reading(engine) as session:
            found = [blind_item(session, annotator_id, token) for token in tokens]
            items = [item_packet(item, rules, *shown_after(session, annotator_id, item)) for item in found]
            return {"items": items}
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "trouble": str(error)}


def perform(engine: Engine, annotator_id: int, rules: Rules, operation: Operation) -> Packet:
    """Carry out one operation in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with faults_in_words():
            done = carry_out(engine, annotator_id, rules, operation)
    except (DeskError, CodebookError, DatabaseUnavailable) as error:
        return refusal(operation, error)
    return {"id": operation.id, "ok": True} | done


def refusal(operation: Operation, error: Exception) -> Packet:
    """The acknowledgement of an operation that was not carried out."""
    return {"id": operation.id, "ok": False, "why": why(error), "say": str(error)}


def carry_out(engine: Engine, annotator_id: int, rules: Rules, operation: Operation) -> Packet:
    """What the acknowledgement tells beyond success. Raises DeskError, CodebookError, DatabaseUnavailable."""
    if operation.op == "submit":
        return {"revision": submit(engine, annotator_id, rules, operation)}
    body, token = operation.reading.model_dump(mode="json"), operation.token
    with writing(engine) as session:
        if operation.op == "draft":
            keep_draft(session, annotator_id, token, body, rules)
        elif operation.op == "show_reasoning":
            show_reasoning(session, annotator_id, token, body)
        else:
            save_guess(session, annotator_id, token, operation.guess)
    return {}


def submit(engine: Engine, annotator_id: int, rules: Rules, operation: Operation) -> int:
    """The revision that was saved. Where the place went to somebody else, the answers are kept as a draft."""
    given = label_input(operation)
    if rules.reasoning_after:
        with reading(engine) as session:
            check_first_label(session, annotator_id, given)
    try:
        return submit_label(engine, annotator_id, given).revision
    except PlaceTaken:
        with writing(engine) as session:
            keep_draft(
                session, annotator_id, operation.token, operation.reading.model_dump(mode="json"), rules
            )
        raise


def why(error: Exception) -> str:
    """What the page does about an error: try again, ask again, or let the person decide."""
    kinds: list[tuple[type[Exception], str]] = [
        (DatabaseUnavailable, "again"),
        (StudyClosed, "closed"),
        (NotYet, "later"),
        (PlaceTaken, "taken"),
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
        contested=given.contested,
        active_seconds=given.active_seconds,
        expected_revision=given.revision,
    )


def require_study(study_id: int | None) -> int:
    """The study of a visitor. Raises DeskError for one who belongs to none."""
    if study_id is None:
        raise DeskError("Your link belongs to no study; ask the researcher for a desk link.")
    return study_id


def at_hand(entries: Sequence[QueueEntry], *, is_whole: bool = False) -> list[str]:
    """Tokens of the first two open places; of the last place where nothing is open.

    With `is_whole` the stage is gone through from its first place, labelled as they all are.
    """
    todo = [entry.token for entry in entries if is_whole or not entry.is_labelled]
    return todo[:2] if todo else [entry.token for entry in entries[-1:]]
