import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secondreader.runner.models.schema_examples import make_example
from secondreader.runner.models.script import (
    ChatRequest,
    ReplyRule,
    RequestConditions,
    Script,
    ScriptedCall,
    ScriptedReply,
    ScriptedUsage,
    ScriptError,
    ScriptPlayer,
    UnscriptedRequest,
    WeightedReply,
    load_script,
)
from secondreader.runner.models.scripted_server import DEMO_SCRIPT

WriteScript = Callable[[str], Path]


def asked(last: str, *, model: str = "m", seed: int | None = None, **extra: Any) -> ChatRequest:
    """A request with one user message."""
    return ChatRequest(
        {"model": model, "seed": seed, "messages": [{"role": "user", "content": last}], **extra}
    )


def answered(path: Path, request: ChatRequest) -> str | None:
    """The text that the script answers."""
    return ScriptPlayer(load_script(path)).answer_request(request).text


def test_the_first_rule_that_matches_answers(write_script: WriteScript) -> None:
    """Rules are tried in order, and all conditions of one must hold."""
    path = write_script(
        """
        - {when: {model: "m.*", last: hello, role: user, turn: 1, seed: [3, 4]}, reply: {text: seeded}}
        - {when: {last: "^hello (\\\\w+)"}, reply: {text: "hi {1} {2}"}}
        - {when: {tools: [look]}, reply: {text: has look}}
        - {when: {structured: true}, reply: {text: schema}}
        - {reply: {text: other}}
        """
    )
    look = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    assert answered(path, asked("hello you", seed=3)) == "seeded"
    assert answered(path, asked("hello you", seed=5)) == "hi you {2}"
    assert answered(path, asked("x", tools=look)) == "has look"
    assert answered(path, asked("x", response_format={})) == "schema"
    assert answered(path, asked("x")) == "other"


def test_any_searches_the_whole_conversation(write_script: WriteScript) -> None:
    """`any` finds an earlier message, `last` does not, and `turn` counts the answers so far."""
    path = write_script(
        """
        - {when: {last: key}, reply: {text: in the last}}
        - {when: {any: key, turn: [2, 3]}, reply: {text: earlier}}
        """
    )
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "the key"}]},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "go on"},
    ]
    assert answered(path, ChatRequest({"model": "m", "messages": messages})) == "earlier"
    assert answered(path, ChatRequest({"model": "m", "messages": messages[:1]})) == "in the last"
    with pytest.raises(UnscriptedRequest):
        answered(path, asked("nothing"))


def test_a_choice_varies_with_the_seed_and_repeats_with_it(write_script: WriteScript) -> None:
    """Different seeds draw different replies in about the weights' shares; the same seed always the same."""
    path = write_script(
        """
        - name: draw
          choose:
            - {weight: 3, reply: {text: often}}
            - {weight: 1, reply: {text: seldom}}
        """
    )
    first = [answered(path, asked("x", seed=seed)) for seed in range(200)]
    assert first == [answered(path, asked("x", seed=seed)) for seed in range(200)]
    assert 120 <= first.count("often") <= 180


def test_a_sequence_counts_the_same_request(write_script: WriteScript) -> None:
    """A sequence goes on with each repetition of one request, stays at its end, and other requests start anew."""
    path = write_script("- {sequence: [{text: a}, {text: b}]}")
    scripted = ScriptPlayer(load_script(path))
    assert [scripted.answer_request(asked("x")).text for _ in range(3)] == ["a", "b", "b"]
    assert scripted.answer_request(asked("y")).text == "a"


def test_open_calls_are_drawn_from_the_offered_tools(write_script: WriteScript) -> None:
    """A call without a name takes an offered tool, and one without arguments gets some that fit its schema."""
    path = write_script("- {reply: {tool_calls: [{}, {name: look, arguments: {far: true}}, {raw: '{'}]}}")
    schema = {"type": "object", "properties": {"to": {"enum": ["Ida"]}}, "required": ["to"]}
    tools = [{"type": "function", "function": {"name": "note", "parameters": schema}}]
    calls = ScriptPlayer(load_script(path)).answer_request(asked("x", tools=tools)).tool_calls
    assert [(call.name, call.raw) for call in calls] == [
        ("note", '{"to": "Ida"}'),
        ("look", '{"far": true}'),
        ("note", "{"),
    ]
    with pytest.raises(UnscriptedRequest, match="offers none"):
        ScriptPlayer(load_script(path)).answer_request(asked("x"))


def test_examples_fit_their_schema() -> None:
    """Every JSON type, bounds, const, default and nesting give a value that the schema takes."""
    import random

    import jsonschema  # type: ignore[import-untyped]

    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 3, "maximum": 4},
            "list": {"type": "array", "items": {"type": "number"}, "minItems": 2},
            "flag": {"type": "boolean"},
            "none": {"type": "null"},
            "fixed": {"const": "c"},
            "usual": {"type": "string", "default": "d"},
            "inner": {
                "type": "object",
                "properties": {"deep": {"type": ["string", "null"]}},
                "required": ["deep"],
            },
        },
        "required": ["n", "list", "inner", "fixed", "none"],
    }
    for seed in range(20):
        jsonschema.validate(make_example(schema, random.Random(seed)), schema)
    assert make_example(True, random.Random(0)) == {}


@pytest.mark.parametrize(
    ("rules", "line", "said"),
    [
        ("- {when: {modle: m}, reply: {text: x}}", 4, "rules[0].when.modle"),
        ("- {reply: {text: x}, choose: [{reply: {text: y}}]}", 4, "exactly one of reply, choose, sequence"),
        ("- {when: {last: '('}, reply: {text: x}}", 4, "not a regular expression"),
        ("- {reply: {text: x}}\n- {when: {turn: 1}}", 5, "rules[1]"),
        ("- {reply: {status: 42}}", 4, "rules[0].reply.status"),
        ("- {reply: {tool_calls: [{name: a, arguments: {}, raw: x}]}}", 4, "keep one of the two"),
        ("- {reply: {text: x}}\n- &a {reply: {text: y}}", 5, "anchors"),
    ],
)
def test_mistakes_are_told_with_line_and_field(
    write_script: WriteScript, rules: str, line: int, said: str
) -> None:
    """Every mistake of a script names its file, line and field."""
    with pytest.raises(ScriptError) as caught:
        load_script(write_script(rules))
    assert said in str(caught.value)
    assert line in {problem.line for problem in caught.value.problems}


def test_a_missing_script_is_told(tmp_path: Path) -> None:
    """A missing file is reported in a sentence."""
    with pytest.raises(ScriptError, match="cannot be read"):
        load_script(tmp_path / "none.yaml")


def test_the_shipped_script_can_be_read() -> None:
    """The demo's script is a valid one with an agent and a judge."""
    assert load_script(DEMO_SCRIPT).models == ("demo-agent", "demo-judge")


def test_every_field_is_documented() -> None:
    """docs/running.md names each field of a script."""
    text = (Path(__file__).parents[3] / "docs" / "running.md").read_text(encoding="utf-8")
    for part in (
        Script,
        ReplyRule,
        RequestConditions,
        ScriptedReply,
        WeightedReply,
        ScriptedCall,
        ScriptedUsage,
    ):
        for name in part.model_fields:
            assert re.search(rf"\b{name}\b", text), f"{part.__name__}.{name}"


def test_the_example_in_the_docs_is_a_script(tmp_path: Path) -> None:
    """The YAML block of docs/running.md can be loaded and answers."""
    text = (Path(__file__).parents[3] / "docs" / "running.md").read_text(encoding="utf-8")
    path = tmp_path / "example.yaml"
    path.write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert answered(path, asked("a note to Ida")) == "slow down"
    assert answered(path, asked("else")) == "Done."
