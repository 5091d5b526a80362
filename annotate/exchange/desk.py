"""What the desk does, without a screen: one exchange takes what the browser sends and gives what it needs.

The browser keeps the conversation's state and repeats what was not acknowledged, so an exchange may be lost, doubled or
late: every operation is idempotent, and nothing here remembers anything between two calls.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from secondreader.annotate.exchange.payloads import build_item_payload, build_study_payload
from secondreader.db.core.codebook import CodebookError
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.errors import (
    AssignmentTaken,
    DatabaseUnavailable,
    DeskError,
    NotReachedYet,
    StudyClosed,
    UnknownAssignment,
    translate_database_errors,
)
from secondreader.db.desk.items import load_blind_item, load_disclosures
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.model_guesses import MAX_GUESS, list_open_guesses, save_guess
from secondreader.db.desk.queue_entries import QueueEntry, compute_progress, load_stage_queue
from secondreader.db.desk.shared_queue import refill_queue, take_further_assignments
from secondreader.db.desk.stages import summarize_latest_round, summarize_stage
from secondreader.db.desk.study import load_desk_study
from secondreader.db.desk.withheld_reasoning import (
    check_first_label,
    keep_draft,
    load_study_rules,
    show_reasoning,
)

MAX_NOTE = 10_000
MAX_EVIDENCE = 10_000

Token = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
ShortText = Annotated[str, Field(max_length=200)]
Payload = dict[str, Any]
"""JSON for the browser."""


class BrowserModel(BaseModel):
    """Anything that the browser sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelContent(BrowserModel):
    """What a person has said of one transcript so far."""

    answers: dict[ShortText, ShortText] = Field(default_factory=dict, max_length=50)
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


class Operation(BrowserModel):
    """One thing to do; `id` names its acknowledgement and, for a submit, makes it idempotent."""

    id: Token
    op: Literal["submit", "draft", "show_reasoning", "guess"]
    token: Token
    """The place in this person's queue."""
    reading: LabelContent = LabelContent()
    guess: Annotated[str, Field(max_length=MAX_GUESS)] = ""
    """For op guess: which model it was, in the person's own words; empty for no idea."""


class Message(BrowserModel):
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


def load_opening(engine: Database, annotator_id: int, study_id: int | None, chosen: str = "") -> Payload:
    """All that a fresh page needs: study, stage, its places, and the items at hand."""
    try:
        with translate_database_errors():
            refill_queue(engine, annotator_id)
        with translate_database_errors(), read_session(engine) as session:
            study = load_desk_study(session, require_study(study_id))
            queue = load_stage_queue(session, annotator_id, chosen)
            at_first = select_open_tokens(queue.entries, is_whole=queue.stage == "discussion")
            found = [load_blind_item(session, annotator_id, token) for token in at_first]
            items = [
                build_item_payload(item, study.rules, *load_disclosures(session, annotator_id, item))
                for item in found
            ]
            is_done = queue.stage == "main" and all(entry.is_labelled for entry in queue.entries)
            guesses = list_open_guesses(session, annotator_id, study.rules.guesses) if is_done else []
            done = compute_progress(session, annotator_id)
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "trouble": str(error)}
    return {
        "number": 0,
        "study": build_study_payload(study),
        "stage": summarize_stage(queue.stage, queue.progression),
        "result": summarize_latest_round(queue.progression.qualification),
        "queue": [[entry.token, entry.is_labelled] for entry in queue.entries],
        "items": items,
        "seconds": list(done.own_seconds),
        "guesses": guesses,
    }


def handle_message(engine: Database, annotator_id: int, study_id: int | None, raw_message: Any) -> Payload:
    """Do what one letter asks and answer it. A letter that makes no sense is answered with a sentence."""
    try:
        letter = Message.model_validate(raw_message)
    except ValidationError:
        say = "This page sent something that the desk does not know; reload it."
        return {"number": 0, "trouble": say, "unreadable": True}
    try:
        with translate_database_errors(), read_session(engine) as session:
            rules = load_study_rules(session, require_study(study_id))
    except (DeskError, DatabaseUnavailable) as error:
        refusals = [build_refusal(operation, error) for operation in letter.operations]
        return {"number": letter.number, "acks": refusals, "trouble": str(error)}
    acknowledged = [
        perform_operation(engine, annotator_id, rules, operation) for operation in letter.operations
    ]
    packet: Payload = {"number": letter.number, "acks": acknowledged}
    if letter.begin:
        return load_opening(engine, annotator_id, study_id, letter.stage) | packet
    if rules.queue == "shared" and any(operation.op == "submit" for operation in letter.operations):
        packet |= load_further_assignments(engine, annotator_id)
    return packet | load_wanted_items(engine, annotator_id, rules, letter.wanted)


def load_further_assignments(engine: Database, annotator_id: int) -> Payload:
    """In a shared queue, the open places once new ones were taken; should this fail, the next letter tries again."""
    try:
        with translate_database_errors():
            tokens = take_further_assignments(engine, annotator_id)
    except (DeskError, DatabaseUnavailable):
        return {}
    return {"more": tokens} if tokens else {}


def load_wanted_items(engine: Database, annotator_id: int, rules: Rules, tokens: Sequence[str]) -> Payload:
    """The items asked for; those of somebody else's queue are left out with a sentence."""
    if not tokens:
        return {}
    try:
        with translate_database_errors(), read_session(engine) as session:
            found = [load_blind_item(session, annotator_id, token) for token in tokens]
            items = [
                build_item_payload(item, rules, *load_disclosures(session, annotator_id, item))
                for item in found
            ]
            return {"items": items}
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "trouble": str(error)}


def perform_operation(engine: Database, annotator_id: int, rules: Rules, operation: Operation) -> Payload:
    """Carry out one operation in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with translate_database_errors():
            done = carry_out_operation(engine, annotator_id, rules, operation)
    except (DeskError, CodebookError, DatabaseUnavailable) as error:
        return build_refusal(operation, error)
    return {"id": operation.id, "ok": True} | done


def build_refusal(operation: Operation, error: Exception) -> Payload:
    """The acknowledgement of an operation that was not carried out."""
    return {"id": operation.id, "ok": False, "why": classify_error(error), "say": str(error)}


def carry_out_operation(engine: Database, annotator_id: int, rules: Rules, operation: Operation) -> Payload:
    """What the acknowledgement tells beyond success. Raises DeskError, CodebookError, DatabaseUnavailable."""
    if operation.op == "submit":
        return {"revision": save_submission(engine, annotator_id, rules, operation)}
    body, token = operation.reading.model_dump(mode="json"), operation.token
    with write_session(engine) as session:
        if operation.op == "draft":
            keep_draft(session, annotator_id, token, body, rules)
        elif operation.op == "show_reasoning":
            show_reasoning(session, annotator_id, token, body)
        else:
            save_guess(session, annotator_id, token, operation.guess)
    return {}


def save_submission(engine: Database, annotator_id: int, rules: Rules, operation: Operation) -> int:
    """The revision that was saved. Where the place went to somebody else, the answers are kept as a draft."""
    given = build_label_input(operation)
    if rules.reasoning_after:
        with read_session(engine) as session:
            check_first_label(session, annotator_id, given)
    try:
        return submit_label(engine, annotator_id, given).revision
    except AssignmentTaken:
        with write_session(engine) as session:
            keep_draft(
                session, annotator_id, operation.token, operation.reading.model_dump(mode="json"), rules
            )
        raise


def classify_error(error: Exception) -> str:
    """What the page does about an error: try again, ask again, or let the person decide."""
    kinds: list[tuple[type[Exception], str]] = [
        (DatabaseUnavailable, "again"),
        (StudyClosed, "closed"),
        (NotReachedYet, "later"),
        (AssignmentTaken, "taken"),
        (UnknownAssignment, "unknown"),
        (CodebookError, "answers"),
    ]
    return next((name for kind, name in kinds if isinstance(error, kind)), "conflict")


def build_label_input(operation: Operation) -> LabelInput:
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


def select_open_tokens(entries: Sequence[QueueEntry], *, is_whole: bool = False) -> list[str]:
    """Tokens of the first two open places; of the last place where nothing is open.

    With `is_whole` the stage is gone through from its first place, labelled as they all are.
    """
    todo = [entry.token for entry in entries if is_whole or not entry.is_labelled]
    return todo[:2] if todo else [entry.token for entry in entries[-1:]]
