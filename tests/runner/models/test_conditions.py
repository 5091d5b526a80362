"""Conditions of a script's rules, groups and calls: which request meets which rule, and what the reply then holds."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import ValidationError

from secondreader.runner.models.schema_examples import MAX_DEPTH, make_example
from secondreader.runner.models.script import (
    ChatRequest,
    ReplyRule,
    RequestConditions,
    Script,
    ScriptedCall,
    ScriptedReply,
    ScriptPlayer,
    UnscriptedRequest,
    WeightedReply,
    check_pattern,
    content_to_text,
    fill_call,
    fill_groups,
    is_among,
    match_conditions,
)

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
SEND = {"type": "function", "function": {"name": "send"}}
CONVERSATION: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Order 12 please."},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "order 13."}]},
]


def make_request(**fields: Any) -> ChatRequest:
    """A request with the conversation above, changed by `fields`."""
    return ChatRequest({"model": "tiny-1", "seed": 5, "messages": CONVERSATION, **fields})


def make_player(*rules: ReplyRule) -> ScriptPlayer:
    """A script of these rules at work."""
    return ScriptPlayer(Script(name="s", models=("m",), rules=rules))


@pytest.mark.parametrize(
    ("when", "fields", "is_met"),
    [
        ({}, {}, True),
        ({"model": "tiny-."}, {}, True),
        ({"model": "tiny"}, {}, False),
        ({"role": "user"}, {}, True),
        ({"role": "tool"}, {}, False),
        ({"role": "user"}, {"messages": []}, False),
        ({"turn": 2}, {}, True),
        ({"turn": 1}, {}, False),
        ({"turn": (1, 2)}, {}, True),
        ({"turn": 1}, {"messages": None}, True),
        ({"seed": 5}, {}, True),
        ({"seed": (4, 6)}, {}, False),
        ({"seed": 5}, {"seed": None}, False),
        ({"seed": 5}, {"seed": "5"}, False),
        ({"tools": ("look",)}, {"tools": [LOOK, SEND]}, True),
        ({"tools": ("look", "send")}, {"tools": [LOOK]}, False),
        ({"tools": ()}, {"tools": [LOOK]}, False),
        ({"tools": ()}, {}, True),
        ({"tools": ("look",)}, {"tools": None}, False),
        ({"structured": True}, {"response_format": {"type": "json_object"}}, True),
        ({"structured": True}, {}, False),
        ({"structured": False}, {}, True),
        ({"last": "order 13"}, {}, True),
        ({"last": "Order 12"}, {}, False),
        ({"any": "Order 12"}, {}, True),
        ({"any": "^And\norder"}, {}, True),
        ({"any": "Order 12", "last": "nothing"}, {}, False),
        ({"last": ""}, {"messages": []}, False),
    ],
)
def test_all_conditions_must_hold(when: dict[str, Any], fields: dict[str, Any], is_met: bool) -> None:
    """Each condition alone, met and missed, with requests that lack the field."""
    assert (match_conditions(RequestConditions(**when), make_request(**fields)) is not None) == is_met


@pytest.mark.parametrize(
    ("when", "groups"),
    [
        ({"any": r"Order (\d+)"}, ("12",)),
        ({"any": r"Order (\d+)", "last": r"order (\d+)"}, ("13",)),
        ({"any": r"Order (\d+)", "last": "order"}, ("12",)),
        ({"last": r"(order) (\d+)( at once)?"}, ("order", "13", "")),
        ({"any": "Order"}, ()),
    ],
)
def test_the_last_pattern_with_groups_gives_them(when: dict[str, Any], groups: tuple[str, ...]) -> None:
    """A pattern without groups leaves those of the one before; a group that took no part is empty."""
    assert match_conditions(RequestConditions(**when), make_request()) == groups


@pytest.mark.parametrize(
    ("text", "groups", "expected"),
    [
        (None, ("a",), None),
        ("{1}-{2}", ("a", "b"), "a-b"),
        ("{1}{1}", ("a",), "aa"),
        ("{2}", ("a",), "{2}"),
        ("{0} {x} {}", ("a",), "{0} {x} {}"),
        ("{1}", ("{2}", "b"), "{2}"),
        ('{"at": {1}}', ("7",), '{"at": 7}'),
    ],
)
def test_groups_are_filled_in_once(text: str | None, groups: tuple[str, ...], expected: str | None) -> None:
    """A number without a group stays, and what a request wrote is not filled in again."""
    assert fill_groups(text, groups) == expected


@given(text=st.text(max_size=30))
def test_without_groups_a_text_stays(text: str) -> None:
    """Braces in any text are safe."""
    assert fill_groups(text, ()) == text


@pytest.mark.parametrize(
    ("value", "allowed", "expected"),
    [
        (1, None, True),
        (None, None, True),
        (1, 1, True),
        (1, 2, False),
        (1, (1, 2), True),
        (3, (1, 2), False),
        (1, (), False),
        (None, 1, False),
    ],
)
def test_a_value_is_among_the_allowed_ones(value: int | None, allowed: Any, expected: bool) -> None:
    """Nothing allowed explicitly allows all; an empty list allows nothing."""
    assert is_among(value, allowed) == expected


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "(?P<a"])
def test_a_bad_pattern_is_refused(pattern: str) -> None:
    """When the script is read, not when the first request comes."""
    with pytest.raises(ValueError, match="is not a regular expression"):
        check_pattern(pattern)
    with pytest.raises(ValidationError, match="is not a regular expression"):
        RequestConditions(last=pattern)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reply": {"text": "a"}, "sequence": [{"text": "b"}]},
        {"reply": {"text": "a"}, "choose": [{"reply": {"text": "b"}}]},
        {"sequence": []},
        {"choose": []},
    ],
)
def test_a_rule_has_exactly_one_kind_of_reply(fields: dict[str, Any]) -> None:
    """None, two, or an empty list would leave the reply open."""
    with pytest.raises(ValidationError):
        ReplyRule.model_validate(fields)


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 199},
        {"status": 600},
        {"delay": -1},
        {"delay": 601},
        {"usage": {"prompt": -1, "completion": 0}},
        {"txt": "a"},
    ],
)
def test_a_reply_is_checked(reply: dict[str, Any]) -> None:
    """Values that no server sends, and misspelled fields."""
    with pytest.raises(ValidationError):
        ScriptedReply.model_validate(reply)


@pytest.mark.parametrize("weight", [0, -1])
def test_a_weight_is_above_zero(weight: float) -> None:
    """A choice that can never come is a mistake."""
    with pytest.raises(ValidationError):
        WeightedReply.model_validate({"weight": weight, "reply": {"text": "a"}})


def test_a_call_has_arguments_or_their_text() -> None:
    """With both, one of them would silently win."""
    with pytest.raises(ValidationError, match="stands beside arguments"):
        ScriptedCall(name="look", arguments={}, raw="{}")


def test_a_request_that_no_rule_meets_is_unscripted() -> None:
    """The error names the script."""
    player = make_player(ReplyRule(when=RequestConditions(model="other"), reply=ScriptedReply(text="a")))
    with pytest.raises(UnscriptedRequest, match="No rule of the script 's' matches"):
        player.answer_request(make_request())


def test_a_call_without_a_name_needs_an_offered_tool() -> None:
    """It cannot invent one."""
    with pytest.raises(UnscriptedRequest, match="the request offers none"):
        fill_call(ScriptedCall(), make_request(), random.Random(1))


def test_a_call_is_filled_from_what_is_offered() -> None:
    """Given names, arguments and raw texts stay; the rest comes from the tool's schema."""
    request, rng = make_request(tools=[SEND]), random.Random(1)
    assert fill_call(ScriptedCall(), request, rng).name == "send"
    assert fill_call(ScriptedCall(raw="{"), request, rng) == ScriptedCall(name="send", raw="{")
    written = fill_call(ScriptedCall(name="other", arguments={"to": "Zoë"}), request, rng)
    assert (written.name, written.raw) == ("other", '{"to": "Zoë"}')


def test_sequences_of_two_rules_do_not_share_their_count() -> None:
    """Each rule counts for itself, and each conversation has its own count; the last reply repeats."""
    replies = (ScriptedReply(text="1"), ScriptedReply(text="2"))
    player = make_player(
        ReplyRule(when=RequestConditions(seed=1), sequence=replies), ReplyRule(sequence=replies)
    )
    seeds = [1, 2, 1, 1, 2, 3]
    assert [player.answer_request(make_request(seed=seed)).text for seed in seeds] == [
        "1",
        "1",
        "2",
        "2",
        "2",
        "1",
    ]


@given(seed=st.integers(0, 10**6), name=st.text(max_size=5))
def test_a_choice_depends_on_request_and_rule_alone(seed: int, name: str) -> None:
    """Two players agree, whatever they answered before."""
    choices = tuple(WeightedReply(reply=ScriptedReply(text=text)) for text in "abcd")
    first, second = (make_player(ReplyRule(name=name, choose=choices)) for _ in range(2))
    first.answer_request(make_request(seed=seed + 1))
    request = make_request(seed=seed)
    assert first.answer_request(request) == second.answer_request(request)


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"messages": "hello"}, []),
        ({"messages": ["hello", None, {"content": "a"}]}, ["a"]),
        ({"messages": [{"role": "user"}]}, [""]),
    ],
)
def test_odd_conversations_are_read(fields: dict[str, Any], texts: list[str]) -> None:
    """Entries that are no objects are left out; a message without content has no text."""
    assert make_request(**fields).texts == texts


def test_a_fingerprint_follows_model_seed_and_conversation() -> None:
    """Temperature and tools do not change it; each of the three does."""
    base = make_request().fingerprint
    assert make_request(temperature=1, tools=[LOOK]).fingerprint == base
    changes: tuple[dict[str, Any], ...] = ({"model": "x"}, {"seed": 6}, {"messages": []})
    others = [make_request(**change).fingerprint for change in changes]
    assert len({base, *others}) == 4


@pytest.mark.parametrize(
    ("content", "text"),
    [("a", "a"), (None, ""), (3, ""), ([{"text": "a"}, "b", {"text": 2}], "a\n2"), ([{"type": "image"}], "")],
)
def test_content_is_read_as_text(content: Any, text: str) -> None:
    """Parts are joined by lines; what is no part is left out."""
    assert content_to_text(content) == text


SCHEMAS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "integer", "minimum": 3, "maximum": 4},
    {"type": "integer", "minimum": -5},
    {"type": "number", "maximum": 100},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["string", "null"]},
    {"type": "array", "minItems": 3, "items": {"type": "boolean"}},
    {"enum": ["a", 2, None]},
    {"const": 0},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "array"}}},
    {"properties": {"a": {"default": "x"}}, "required": ["a"]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
@given(seed=st.integers(0, 1000))
def test_examples_are_valid_and_repeat_with_the_seed(schema: dict[str, Any], seed: int) -> None:
    """A validator accepts every example."""
    example = make_example(schema, random.Random(seed))
    Draft202012Validator(schema).validate(example)
    assert make_example(schema, random.Random(seed)) == example


def test_a_schema_without_end_gives_an_end() -> None:
    """Nesting stops at MAX_DEPTH, and what is no schema gives an empty object."""
    schema: dict[str, Any] = {"type": "object", "required": ["a"]}
    schema["properties"] = {"a": schema}
    example, depth = make_example(schema, random.Random(1)), 0
    while isinstance(example, dict):
        example, depth = example["a"], depth + 1
    assert depth == MAX_DEPTH + 1
    assert make_example(True, random.Random(1)) == {}
