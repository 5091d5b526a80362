"""What the browser may send: closed models with limits, and never an exception for anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.annotate.exchange.messages import (
    MAX_EVIDENCE,
    MAX_NOTE,
    MAX_OPERATIONS,
    MAX_WANTED,
    AdjudicationMessage,
    DeskMessage,
    parse_message,
)
from secondreader.db.desk.model_guesses import MAX_GUESS

TOKEN = "assignment-0001"
VERSION = "0123456789abcdef" * 2
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def make_submit(**changes: Any) -> dict[str, Any]:
    """A submit as the page sends it."""
    label = {
        "answers": {"risky_action": "no"},
        "evidence": [0, 2],
        "confidence": 2,
        "note": "",
        "revision": 0,
    }
    return {"id": "intended-0001", "op": "submit", "token": TOKEN, "label": label} | changes


def make_decision(**changes: Any) -> dict[str, Any]:
    """A decision as the adjudicator's page sends it."""
    decision = {
        "question": "risky_action",
        "answer": "yes",
        "kind": "ambiguous",
        "reason": "It can be read in two ways.",
        "revision": 0,
        "version": VERSION,
    }
    return {"id": "intended-0002", "op": "decide", "token": TOKEN, "decision": decision | changes}


def parse_desk(*operations: dict[str, Any], **fields: Any) -> DeskMessage | None:
    """The desk's message with these operations; None where it is refused."""
    return parse_message(DeskMessage, {"number": 1, "operations": list(operations)} | fields)


def parse_label(**label: Any) -> DeskMessage | None:
    """A message whose one operation submits this label."""
    return parse_desk(make_submit(label=label))


def test_a_submit_is_understood() -> None:
    """Every field arrives, and what was left out has its default."""
    message = parse_desk(make_submit(), wanted=[TOKEN], stage="discussion")
    assert message is not None
    operation = message.operations[0]
    assert (operation.op, operation.token, operation.id) == ("submit", TOKEN, "intended-0001")
    assert operation.label.answers == {"risky_action": "no"}
    assert operation.label.evidence == (0, 2)
    assert operation.label.contested is False
    assert operation.label.active_seconds == 0.0
    assert (message.wanted, message.stage, message.begin) == ((TOKEN,), "discussion", False)


def test_an_empty_message_asks_for_nothing() -> None:
    """A number is enough: the page then only waits for its answer."""
    message = parse_message(DeskMessage, {"number": 0})
    assert message is not None
    assert (message.operations, message.wanted, message.stage) == ((), (), "")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        7,
        [],
        [{"number": 1}],
        {},
        {"number": -1},
        {"number": 1.5},
        {"number": None},
        {"number": 1, "operations": {}},
        {"number": 1, "operations": [None]},
        {"number": 1, "operations": [{}]},
        {"number": 1, "wanted": ["short"]},
        {"number": 1, "wanted": ["has a blank in it"]},
        {"number": 1, "wanted": [TOKEN + "/../" + TOKEN]},
        {"number": 1, "wanted": [TOKEN] * (MAX_WANTED + 1)},
        {"number": 1, "stage": "qualification"},
        {"number": 1, "verdict": "yes"},
    ],
)
def test_nonsense_is_no_message(raw: Any) -> None:
    """Wrong kinds, lengths, tokens and unknown fields are refused as a whole."""
    assert parse_message(DeskMessage, raw) is None


@pytest.mark.parametrize(
    "change",
    [
        {"op": "delete"},
        {"op": ""},
        {"op": None},
        {"id": ""},
        {"id": "a" * 65},
        {"id": "quote'or'1=1"},
        {"token": None},
        {"token": "x" * 7},
        {"label": None},
        {"label": []},
        {"guess": "g" * (MAX_GUESS + 1)},
        {"annotator_id": 2},
    ],
)
def test_an_operation_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    """Nobody's id, no other operation, and no text beyond its limit gets through."""
    assert parse_desk(make_submit()) is not None
    assert parse_desk(make_submit(**change)) is None


@pytest.mark.parametrize(
    "label",
    [
        {"confidence": 0},
        {"confidence": 4},
        {"confidence": "high"},
        {"note": "n" * (MAX_NOTE + 1)},
        {"evidence": [-1]},
        {"evidence": [1_000_000]},
        {"evidence": ["first"]},
        {"evidence": list(range(MAX_EVIDENCE + 1))},
        {"answers": ["yes"]},
        {"answers": {"risky_action": None}},
        {"answers": {"risky_action": ["yes"]}},
        {"answers": {"q" * 201: "yes"}},
        {"answers": {f"q{number}": "yes" for number in range(51)}},
        {"active_seconds": -0.1},
        {"active_seconds": 86_401},
        {"active_seconds": float("nan")},
        {"active_seconds": float("inf")},
        {"revision": -1},
        {"contested": "perhaps"},
        {"model": "gpt"},
    ],
)
def test_a_label_out_of_bounds_is_refused(label: dict[str, Any]) -> None:
    """Numbers that are none, too long lists and texts, and fields of nobody's."""
    assert parse_label() is not None
    assert parse_label(**label) is None


@pytest.mark.parametrize(
    "label",
    [
        {"confidence": None},
        {"confidence": 1},
        {"confidence": 3},
        {"note": "n" * MAX_NOTE},
        {"evidence": []},
        {"evidence": [0, 999_999]},
        {"active_seconds": 0},
        {"active_seconds": 86_400},
        {"answers": {}},
        {"contested": True},
    ],
)
def test_the_bounds_themselves_are_inside(label: dict[str, Any]) -> None:
    """A limit is the last value that is taken."""
    assert parse_label(**label) is not None


def test_a_long_outbox_fits_into_one_message() -> None:
    """What piled up without network is taken together, up to the limit."""
    assert parse_desk(*[make_submit()] * MAX_OPERATIONS) is not None
    assert parse_desk(*[make_submit()] * (MAX_OPERATIONS + 1)) is None


@pytest.mark.parametrize("kind", ["ambiguous", "guideline gap", "annotator error", "contested"])
def test_every_kind_of_decision_is_understood(kind: str) -> None:
    """The four kinds, with or without an answer: which goes with which is for the database's side to say."""
    for answer in ("yes", None):
        message = parse_message(
            AdjudicationMessage, {"number": 3, "operations": [make_decision(kind=kind, answer=answer)]}
        )
        assert message is not None
        assert message.operations[0].decision.kind == kind
        assert message.operations[0].decision.answer == answer


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "coin toss"},
        {"kind": None},
        {"reason": None},
        {"reason": "r" * 10_001},
        {"question": "q" * 201},
        {"version": ""},
        {"version": VERSION.upper()},
        {"version": VERSION + "0"},
        {"revision": -1},
        {"judge": "yes"},
    ],
)
def test_a_decision_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    """A decision names the labels that it saw, gives a reason, and knows no judge."""
    raw = {"number": 3, "operations": [make_decision(**change)]}
    assert parse_message(AdjudicationMessage, raw) is None


def test_the_two_pages_do_not_understand_each_other() -> None:
    """An annotator's operation is none of the adjudicator's page, and the other way round."""
    assert parse_message(AdjudicationMessage, {"number": 1, "operations": [make_submit()]}) is None
    assert parse_message(DeskMessage, {"number": 1, "operations": [make_decision()]}) is None


@given(JSON_VALUES)
def test_no_json_raises(raw: Any) -> None:
    """Whatever a browser sends is a message or is none."""
    messages = parse_message(DeskMessage, raw), parse_message(AdjudicationMessage, raw)
    assert messages == (None, None) or isinstance(raw, dict)


@given(JSON_VALUES, st.sampled_from(["operations", "wanted", "begin", "stage", "number"]))
def test_no_field_raises(value: Any, field: str) -> None:
    """One field of any kind inside an otherwise good message."""
    message = parse_message(DeskMessage, {"number": 1, "operations": [make_submit()]} | {field: value})
    assert message is None or isinstance(message, DeskMessage)


@given(
    st.integers(0, 10**9),
    st.lists(st.sampled_from(["draft", "submit", "show_reasoning", "guess"]), max_size=5),
)
def test_a_message_survives_the_wire(number: int, operations: list[str]) -> None:
    """Written as JSON and read again it is the same message."""
    message = parse_desk(*(make_submit(op=op) for op in operations), number=number)
    assert message is not None
    again = parse_message(DeskMessage, json.loads(message.model_dump_json()))
    assert again == message
