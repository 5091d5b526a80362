"""What the adjudicator's page does, without a screen: like `desk`, one exchange for each message of the browser.

Who asks is looked up as an adjudicator in the database for every operation, so no message of somebody else gets through.
"""

from collections.abc import Sequence
from typing import Any

from secondreader.annotate.exchange.adjudication_view import build_item_payload, build_study_payload
from secondreader.annotate.exchange.desk import N_AHEAD
from secondreader.annotate.exchange.messages import (
    UNREADABLE_TEXT,
    AdjudicationMessage,
    DecisionOperation,
    parse_message,
)
from secondreader.annotate.exchange.payloads import (
    AckPayload,
    AdjudicationItemPayload,
    AdjudicationOpeningPayload,
    AdjudicationPayload,
    MissingPayload,
    RefusalCode,
)
from secondreader.db.adjudication.decisions import DecisionError, DecisionInput, submit_decision
from secondreader.db.adjudication.items import (
    AdjudicationEntry,
    NotAdjudicator,
    UnknownItem,
    list_adjudication_queue,
    load_adjudication_item,
    load_adjudicator_context,
)
from secondreader.db.core.engine import Database, read_session
from secondreader.db.core.errors import DatabaseUnavailable, DeskError, StudyClosed, translate_database_errors
from secondreader.db.desk.study import load_desk_study


def load_opening(engine: Database, annotator_id: int) -> AdjudicationPayload:
    """All that a fresh page needs: study, list, and the transcripts at hand."""
    try:
        with translate_database_errors(), read_session(engine) as session:
            context = load_adjudicator_context(session, annotator_id)
            study = load_desk_study(session, context.study_id)
            entries = list_adjudication_queue(session, annotator_id)
    except (DeskError, DatabaseUnavailable) as error:
        return {"number": 0, "error": str(error)}
    opening: AdjudicationOpeningPayload = {
        "study": build_study_payload(study),
        "queue": [(entry.token, entry.state) for entry in entries],
    }
    # The first ones come along, so that a fresh page need not ask again before it shows something.
    at_hand = load_wanted_items(engine, annotator_id, select_first_tokens(entries))
    return {"number": 0, "opening": opening, **at_hand}


def handle_message(engine: Database, annotator_id: int, raw_message: Any) -> AdjudicationPayload:
    """Do what one message asks and answer it. A message that makes no sense is answered with a sentence."""
    message = parse_message(AdjudicationMessage, raw_message)
    if message is None:
        return {"number": 0, "error": UNREADABLE_TEXT, "unreadable": True}
    acks = [perform_operation(engine, annotator_id, operation) for operation in message.operations]
    answer: AdjudicationPayload = {"number": message.number, "acks": acks}
    if message.begin:
        return {**load_opening(engine, annotator_id), **answer}
    if not message.wanted:
        return answer
    return {**answer, **load_wanted_items(engine, annotator_id, message.wanted)}


def load_wanted_items(engine: Database, annotator_id: int, tokens: Sequence[str]) -> AdjudicationPayload:
    """The transcripts asked for; those that are not in this adjudicator's list are named as missing."""
    items: list[AdjudicationItemPayload] = []
    missing: MissingPayload = {"tokens": [], "text": ""}
    try:
        with translate_database_errors(), read_session(engine) as session:
            for token in tokens:
                # An item may leave the list while it is asked for; the others still come.
                try:
                    items.append(build_item_payload(load_adjudication_item(session, annotator_id, token)))
                except UnknownItem as error:
                    missing["tokens"].append(token)
                    missing["text"] = str(error)
    except (DeskError, DatabaseUnavailable) as error:
        return {"items": [], "error": str(error)}
    return {"items": items, "missing": missing} if missing["tokens"] else {"items": items}


def perform_operation(engine: Database, annotator_id: int, operation: DecisionOperation) -> AckPayload:
    """Save one decision in a transaction of its own; its acknowledgement is made after the commit."""
    try:
        with translate_database_errors():
            saved = submit_decision(engine, annotator_id, build_decision_input(operation))
    except (DeskError, DatabaseUnavailable) as error:
        return {"id": operation.id, "ok": False, "code": classify_error(error), "text": str(error)}
    return {"id": operation.id, "ok": True, "revision": saved.revision}


def classify_error(error: Exception) -> RefusalCode:
    """What the page does about an error: try again, ask again, or let the person decide."""
    # What is none of these is a conflict: an annotator or another window changed something meanwhile.
    codes: list[tuple[type[Exception], RefusalCode]] = [
        (DatabaseUnavailable, "retry"),
        (StudyClosed, "closed"),
        (NotAdjudicator, "role"),
        (UnknownItem, "unknown"),
        (DecisionError, "invalid"),
    ]
    return next((code for kind, code in codes if isinstance(error, kind)), "conflict")


def build_decision_input(operation: DecisionOperation) -> DecisionInput:
    """The database's form of a decision."""
    decision = operation.decision
    return DecisionInput(
        token=operation.token,
        client_token=operation.id,  # a repeated message finds its decision by it
        question=decision.question,
        answer=decision.answer,
        kind=decision.kind,
        reason=decision.reason,
        expected_revision=decision.revision,
        expected_version=decision.version,
    )


def select_first_tokens(entries: Sequence[AdjudicationEntry]) -> list[str]:
    """Tokens of the first transcripts that are not settled."""
    return [entry.token for entry in entries if entry.state != "settled"][:N_AHEAD]
