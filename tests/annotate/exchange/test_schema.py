"""The one schema of the wire: written down for the JavaScript side, and true of what is sent."""

from collections.abc import Iterator
from secrets import token_hex

import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]

from secondreader.annotate.exchange import adjudication
from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import DeskPayload, OpeningPayload
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import Database
from tests.annotate.disputes import create_disputes
from tests.annotate.seed import RIGHT, Seeded, seed
from tests.annotate.wire_schema import check_wire
from tests.databases import open_desk, reuse_engine
from tools.wire_types import TARGET, render_declarations


@pytest.fixture
def study(sqlite_target: str) -> Seeded:
    """One qualification item, three others; reasoning that waits, and guesses."""
    rules = Rules(qualification_threshold=1.0, reasoning_after="risky_action", guesses=1)
    return seed(sqlite_target, n_items=4, rules=rules, n_qualification=1)


@pytest.fixture
def desk(study: Seeded) -> Iterator[Database]:
    """The desk's own engine."""
    engine = open_blind_engine(study.target)
    yield engine
    engine.dispose()


def test_the_declarations_of_the_javascript_side_are_current() -> None:
    """`.typing/wire.d.ts` says what the Python models say; `make docs` writes it anew."""
    assert TARGET.read_text(encoding="utf-8") == render_declarations()


def test_every_payload_of_an_annotators_session_fits(desk: Database, study: Seeded) -> None:
    """Openings, items with draft and feedback, acknowledgements, refusals, guesses, and what makes no sense."""
    names: set[str] = set()
    for _ in range(4):
        token = list_open_tokens(load_checked_opening(desk, study))[0]
        for op in ("submit", "draft", "show_reasoning", "submit"):
            payload = send(desk, study, op, token)
            names |= set(payload["acks"][0]) | set(payload["items"][0])
        assert payload["acks"][0]["ok"]
    for token in load_checked_opening(desk, study)["guess_tokens"]:
        assert send(desk, study, "guess", token)["acks"][0]["ok"]
    assert names >= {"draft", "feedback", "revision", "code"}
    for message in ({"number": 1, "begin": True}, {"number": 1, "wanted": [token_hex(8)]}, {"x": "nonsense"}):
        check_wire("DeskPayload", handle_message(desk, study.annotator_id, study.study_id, message))


def send(desk: Database, study: Seeded, op: str, token: str) -> DeskPayload:
    """One operation and the item that it is about; the answer, which must fit."""
    operation = {"id": token_hex(8), "op": op, "token": token, "label": {"answers": RIGHT}}
    message = {"number": 1, "operations": [operation], "wanted": [token]}
    check_wire("DeskMessage", message)
    payload = handle_message(desk, study.annotator_id, study.study_id, message)
    check_wire("DeskPayload", payload)
    return payload


def load_checked_opening(desk: Database, study: Seeded) -> OpeningPayload:
    """What a fresh page gets, which must fit."""
    payload = load_opening(desk, study.annotator_id, study.study_id)
    check_wire("DeskPayload", payload)
    return payload["opening"]


def list_open_tokens(opening: OpeningPayload) -> list[str]:
    """The assignments that are not labelled."""
    return [token for token, is_labelled in opening["queue"] if not is_labelled]


def test_every_payload_of_an_adjudicators_session_fits(sqlite_target: str) -> None:
    """Openings, items before and after a decision, refusals, and transcripts that are not in the list."""
    disputed = create_disputes(seed(sqlite_target, n_items=3), 2)
    engine = open_desk(reuse_engine(sqlite_target))
    opening = adjudication.load_opening(engine, disputed.adjudicator_id)
    check_wire("AdjudicationPayload", opening)
    item = opening["items"][0]
    decision = {
        "question": item["questions"][0]["id"],
        "answer": "no",
        "kind": "ambiguous",
        "reason": "seen",
        "revision": 0,
        "version": item["version"],
    }
    operations = [
        {"id": token_hex(8), "op": "decide", "token": item["token"], "decision": decision} for _ in range(2)
    ]
    wanted = [item["token"], token_hex(8)]
    message = {"number": 2, "operations": operations, "wanted": wanted}
    payload = adjudication.handle_message(engine, disputed.adjudicator_id, message)
    engine.dispose()
    assert [ack["ok"] for ack in payload["acks"]] == [True, False]
    assert payload["missing"]["tokens"] == wanted[1:]
    check_wire("AdjudicationPayload", payload)


def test_a_field_that_the_schema_does_not_name_is_noticed(desk: Database, study: Seeded) -> None:
    """At any depth: whatever slips into a payload fails the tests that check payloads."""
    payload = load_opening(desk, study.annotator_id, study.study_id)
    with pytest.raises(ValidationError, match="verdict"):
        check_wire("DeskPayload", {**payload, "verdict": "yes"})
    payload["items"][0]["content"]["model"] = "a model"
    with pytest.raises(ValidationError, match="a model"):
        check_wire("DeskPayload", payload)
