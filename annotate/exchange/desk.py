"""What the annotator's page does, without a screen: one exchange takes a message and gives a payload.

The browser keeps the conversation's state and repeats what was not acknowledged, so an exchange may be lost, doubled or
late: every operation is idempotent, and nothing here remembers anything between two calls.
"""

from collections.abc import Sequence
from typing import Any

from secondreader.annotate.exchange.desk_view import (
    build_item_payload,
    build_result_payload,
    build_stage_payload,
    build_study_payload,
)
from secondreader.annotate.exchange.messages import (
    UNREADABLE_TEXT,
    DeskMessage,
    LabelOperation,
    parse_message,
)
from secondreader.annotate.exchange.payloads import (
    AckPayload,
    DeskPayload,
    OpeningPayload,
    RefusalCode,
)
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
from secondreader.db.desk.model_guesses import list_open_guesses, save_guess
from secondreader.db.desk.queue_entries import QueueEntry, compute_progress, load_stage_queue
from secondreader.db.desk.shared_queue import refill_queue, take_further_assignments
from secondreader.db.desk.study import load_desk_study
from secondreader.db.desk.withheld_reasoning import (
    check_first_label,
    keep_draft,
    load_study_rules,
    show_reasoning,
)

N_AHEAD = 2
"""Items that come with the opening: the one to show, and the next, so that nobody waits for it."""


def load_opening(engine: Database, annotator_id: int, study_id: int | None, chosen: str = "") -> DeskPayload:
    """All that a fresh page needs: study, stage, its assignments, and the items at hand."""
    try:
        # In a shared queue a person's assignments are taken when they come; it writes, so it has a transaction of its own.
        with translate_database_errors():
            refill_queue(engine, annotator_id)
        with translate_database_errors(), read_session(engine) as session:
            study = load_desk_study(session, require_study(study_id))
            queue = load_stage_queue(session, annotator_id, chosen)
            is_done = queue.stage == "main" and all(entry.is_labelled for entry in queue.entries)
            guesses = list_open_guesses(session, annotator_id, study.rules.guesses) if is_done else []
            progress = compute_progress(session, annotator_id)
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "error": str(error)}
    opening: OpeningPayload = {
        "study": build_study_payload(study),
        "stage": build_stage_payload(queue),
        "result": build_result_payload(queue.progression.qualification),
        "queue": [(entry.token, entry.is_labelled) for entry in queue.entries],
        "own_seconds": list(progress.own_seconds),
        "guess_tokens": guesses,
    }
    tokens = select_first_tokens(queue.entries, is_whole=queue.stage == "discussion")
    return {"number": 0, "opening": opening, **load_wanted_items(engine, annotator_id, study.rules, tokens)}


def handle_message(
    engine: Database, annotator_id: int, study_id: int | None, raw_message: Any
) -> DeskPayload:
    """Do what one message asks and answer it. A message that makes no sense is answered with a sentence."""
    message = parse_message(DeskMessage, raw_message)
    if message is None:
        # Without its number and ids nothing can be acknowledged; the page drops what it has and does not send it again.
        return {"number": 0, "error": UNREADABLE_TEXT, "unreadable": True}
    try:
        with translate_database_errors(), read_session(engine) as session:
            rules = load_study_rules(session, require_study(study_id))
    except (DeskError, DatabaseUnavailable) as error:
        # Every operation is answered, so that the page keeps each of them and knows why.
        refusals = [build_refusal(operation, error) for operation in message.operations]
        return {"number": message.number, "acks": refusals, "error": str(error)}
    # One transaction each: an operation that is refused takes no other with it.
    acks = [perform_operation(engine, annotator_id, rules, operation) for operation in message.operations]
    answer: DeskPayload = {"number": message.number, "acks": acks}
    if message.begin:
        # Loaded after the operations, so that the queue already knows them; the number is the message's, not the opening's.
        return {**load_opening(engine, annotator_id, study_id, message.stage), **answer}
    if rules.queue == "shared" and any(operation.op == "submit" for operation in message.operations):
        answer |= load_new_assignments(engine, annotator_id)
    if not message.wanted:
        return answer
    return {**answer, **load_wanted_items(engine, annotator_id, rules, message.wanted)}


def load_new_assignments(engine: Database, annotator_id: int) -> DeskPayload:
    """In a shared queue, the open assignments once new ones were taken; should this fail, the next message tries again."""
    try:
        with translate_database_errors():
            tokens = take_further_assignments(engine, annotator_id)
    except (DeskError, DatabaseUnavailable):
        return {}  # the label before it is saved and acknowledged all the same
    return {"new_tokens": tokens} if tokens else {}


def load_wanted_items(
    engine: Database, annotator_id: int, rules: Rules, tokens: Sequence[str]
) -> DeskPayload:
    """The items asked for; none, and a sentence, where one is not in this annotator's queue."""
    try:
        with translate_database_errors(), read_session(engine) as session:
            # Read in one session, so that all of them are of one moment.
            items = [load_blind_item(session, annotator_id, token) for token in tokens]
            extras = [load_disclosures(session, annotator_id, item) for item in items]
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "error": str(error)}
    return {
        "items": [build_item_payload(item, rules, *extra) for item, extra in zip(items, extras, strict=True)]
    }


def perform_operation(
    engine: Database, annotator_id: int, rules: Rules, operation: LabelOperation
) -> AckPayload:
    """Carry out one operation in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with translate_database_errors():
            if operation.op == "submit":
                revision = save_submission(engine, annotator_id, rules, operation)
                return {"id": operation.id, "ok": True, "revision": revision}
            keep_unsubmitted(engine, annotator_id, rules, operation)
    except (DeskError, CodebookError, DatabaseUnavailable) as error:
        return build_refusal(operation, error)
    return {"id": operation.id, "ok": True}


def build_refusal(operation: LabelOperation, error: Exception) -> AckPayload:
    """The acknowledgement of an operation that was not carried out."""
    return {"id": operation.id, "ok": False, "code": classify_error(error), "text": str(error)}


def keep_unsubmitted(engine: Database, annotator_id: int, rules: Rules, operation: LabelOperation) -> None:
    """Carry out an operation that stores no label. Raises DeskError and DatabaseUnavailable."""
    body, token = operation.label.model_dump(mode="json"), operation.token
    with write_session(engine) as session:
        if operation.op == "draft":
            keep_draft(session, annotator_id, token, body, rules)
        elif operation.op == "show_reasoning":
            show_reasoning(session, annotator_id, token, body)
        else:
            save_guess(session, annotator_id, token, operation.guess)


def save_submission(engine: Database, annotator_id: int, rules: Rules, operation: LabelOperation) -> int:
    """The revision that was saved. Where the assignment went to somebody else, the answers are kept as a draft."""
    label = build_label_input(operation)
    if rules.reasoning_after:
        with read_session(engine) as session:
            check_first_label(session, annotator_id, label)
    try:
        return submit_label(engine, annotator_id, label).revision
    except AssignmentTaken:
        # The label's own transaction is rolled back by now; what was answered must not be lost with it.
        with write_session(engine) as session:
            body = operation.label.model_dump(mode="json")
            keep_draft(session, annotator_id, operation.token, body, rules)
        raise


def classify_error(error: Exception) -> RefusalCode:
    """What the page does about an error: try again, ask again, or let the person decide."""
    # Subclasses before DeskError, which is what remains: another window was faster.
    codes: list[tuple[type[Exception], RefusalCode]] = [
        (DatabaseUnavailable, "retry"),
        (StudyClosed, "closed"),
        (NotReachedYet, "not reached"),
        (AssignmentTaken, "taken"),
        (UnknownAssignment, "unknown"),
        (CodebookError, "invalid"),
    ]
    return next((code for kind, code in codes if isinstance(error, kind)), "conflict")


def build_label_input(operation: LabelOperation) -> LabelInput:
    """The database's form of a submit."""
    label = operation.label
    return LabelInput(
        token=operation.token,
        client_token=operation.id,
        answers=dict(label.answers),
        evidence=label.evidence,
        confidence=label.confidence,
        note=label.note,
        contested=label.contested,
        active_seconds=label.active_seconds,
        expected_revision=label.revision,
    )


def require_study(study_id: int | None) -> int:
    """The study of a visitor. Raises DeskError for one who belongs to none."""
    if study_id is None:
        raise DeskError("Your link belongs to no study; ask the researcher for a desk link.")
    return study_id


def select_first_tokens(entries: Sequence[QueueEntry], *, is_whole: bool = False) -> list[str]:
    """Tokens of the first open assignments; of the last one where nothing is open.

    With `is_whole` the stage is gone through from its first assignment, labelled as they all are.
    """
    # Whoever is through can still look back from the last one, which is then at hand.
    todo = [entry.token for entry in entries if is_whole or not entry.is_labelled]
    return todo[:N_AHEAD] if todo else [entry.token for entry in entries[-1:]]
