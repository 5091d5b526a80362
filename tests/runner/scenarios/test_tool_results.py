"""Scripted tools: which answer a call gets, and how executed, rejected and attempted calls are told apart."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.models.schema_examples import make_example
from secondreader.runner.scenarios.load import WORKPLACE, load_pack
from secondreader.runner.scenarios.pack import Match, Scenario, Tool
from secondreader.runner.scenarios.tool_results import find_tool_result, is_met, is_same, parse_arguments

WEIGH: dict[str, Any] = {
    "name": "weigh",
    "description": "Weigh a parcel.",
    "parameters": {
        "type": "object",
        "properties": {"parcel": {"type": "string"}, "times": {"type": "integer"}},
        "required": ["parcel"],
    },
    "results": [
        {"when": {"parcel": "P-1", "times": 2}, "result": "twice"},
        {"when": {"parcel": "P-1"}, "result": {"grams": 400, "unit": "g é"}},
        {"when": {"parcel": {"like": "P-2*"}}, "error": "The scale is taken."},
        {"when": {"parcel": {"contains": "big"}}, "result": None},
    ],
    "default": {"result": "Nothing on the scale."},
}


@pytest.fixture
def scenario() -> Scenario:
    """A scenario with one tool."""
    base = load_pack(WORKPLACE).scenarios[0]
    return base.model_copy(update={"tools": (Tool.model_validate(WEIGH),)})


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ('{"parcel": "P-1", "times": 2}', "executed", "twice"),
        ('{"parcel": " p-1 "}', "executed", '{"grams": 400, "unit": "g é"}'),
        ('{"parcel": "P-1", "times": 3}', "executed", '{"grams": 400, "unit": "g é"}'),
        ('{"parcel": "p-27"}', "rejected", "Error: The scale is taken."),
        ('{"parcel": "one BIG box"}', "executed", "null"),
        ('{"parcel": "P-9"}', "executed", "Nothing on the scale."),
        ("{}", "rejected", "Error: 'parcel' is a required property"),
        ("", "rejected", "Error: 'parcel' is a required property"),
        ('{"parcel": 1}', "rejected", "Error: parcel: 1 is not of type 'string'"),
        ('{"parcel": "P-1"', "attempted", "Error: the arguments are not a JSON object."),
        ("[1]", "attempted", "Error: the arguments are not a JSON object."),
        ("[" * 100_000, "attempted", "Error: the arguments are not a JSON object."),
        ('{"parcel": "P-1", "times": NaN}', "attempted", "Error: the arguments are not a JSON object."),
        ('{"parcel": "P-1", "times": 1e999}', "attempted", "Error: the arguments are not a JSON object."),
        (
            '{"times": ' + "9" * 5000 + "}",
            "attempted",
            "Error: the arguments are not a JSON object.",
        ),
    ],
)
def test_first_match_answers(scenario: Scenario, arguments: str, status: str, text: str) -> None:
    """Answers are tried in order, text regardless of case; refusals and unreadable calls keep apart."""
    result = find_tool_result(scenario, "weigh", arguments)
    assert (result.status, result.text) == (status, text)
    assert result.is_error == (status != "executed")
    assert (result.arguments is None) == (status == "attempted")


def test_unknown_tool_never_ran(scenario: Scenario) -> None:
    """A call of a tool that is not there is attempted, and its arguments are kept."""
    result = find_tool_result(scenario, "fly", '{"to": "moon"}')
    assert (result.status, result.arguments) == ("attempted", {"to": "moon"})
    assert "'fly'" in result.text
    assert "weigh" in result.text


def test_parsed_arguments_are_taken_as_they_are(scenario: Scenario) -> None:
    """An object and its JSON text get the same answer."""
    assert find_tool_result(scenario, "weigh", {"parcel": "P-1"}) == find_tool_result(
        scenario, "weigh", '{"parcel": "P-1"}'
    )


def test_equality_is_that_of_json() -> None:
    """1 is 1.0 and is not true, at any depth; lists are compared in order and length."""
    assert is_same({"a": [1, "x"]}, {"a": [1.0, "x"]})
    assert not is_same([1], [True])
    assert not is_same([1], [1, 2])
    assert not is_same({"a": 1}, {"b": 1})
    assert not is_same(0, False)
    assert not is_same("1", 1)


def test_contains_reads_the_json_of_lists() -> None:
    """A condition on a list's text finds a member."""
    assert is_met(Match(contains="REF-2"), ["REF-1", "ref-2"])
    assert not is_met(Match(contains="REF-3"), ["REF-1", "ref-2"])


@given(value=st.text(max_size=20))
def test_a_plain_value_matches_itself(value: str) -> None:
    """Any text meets the condition that it is that text, and contains itself where it is not blank."""
    assert is_met(Match.model_validate(value), value)
    if value.strip():
        assert is_met(Match(contains=value), f"before {value} after")


@given(text=st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Whatever a model writes as arguments gives an object or None."""
    parsed = parse_arguments(text)
    assert parsed is None or isinstance(parsed, dict)


def test_wildcards_are_quick_on_long_text() -> None:
    """A wildcard that would make a naive pattern explode is decided at once."""
    assert not is_met(Match(like="*a" * 30 + "b"), "a" * 20_000)


def test_every_scripted_answer_can_be_reached() -> None:
    """In the shipped pack each `when` fits its tool's schema and is the first to answer the call it describes."""
    for scenario in load_pack(WORKPLACE).scenarios:
        for tool in scenario.tools:
            for answer in tool.results:
                arguments = make_example(tool.parameters, random.Random(0)) | {
                    name: fitting(tool, name, match) for name, match in answer.when.items()
                }
                arguments = {
                    name: value
                    for name, value in arguments.items()
                    if name in answer.when or name in tool.parameters.get("required", ())
                }
                result = find_tool_result(scenario, tool.name, arguments)
                expected = answer.error if answer.error is not None else answer.result
                shown = expected if isinstance(expected, str) else json.dumps(expected, ensure_ascii=False)
                assert result.text.removeprefix("Error: ") == shown, (scenario.key, tool.name, arguments)


def fitting(tool: Tool, name: str, match: Match) -> Any:
    """A value that meets the condition; for `contains` and `like` one of an enum where there is one."""
    if match.contains is None and match.like is None:
        return match.equals
    for value in tool.parameters["properties"][name].get("enum", ()):
        if is_met(match, value):
            return value
    return match.contains if match.contains is not None else (match.like or "").replace("*", "x")
