"""Strict YAML by itself: scalars, lines, locations and messages; and the schemas that describe tools."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from secondreader.runner.scenarios import strict_yaml
from secondreader.runner.scenarios.strict_yaml import (
    FileProblem,
    InvalidFileError,
    YamlDocument,
    format_location,
    read_yaml,
)
from secondreader.runner.scenarios.tool_results import is_same, parse_arguments, value_to_text
from secondreader.runner.scenarios.tool_schema import find_schema_problems, list_schema_keywords, shorten
from secondreader.runner.scenarios.validation import require_unique


def read_text(path: Path, text: str) -> YamlDocument:
    """The document in a file with this text."""
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", "True"),
        ("yes", "yes"),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-0", 0),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", ".5"),
        ("1.", "1."),
        (".inf", ".inf"),
        ("12:30", "12:30"),
        ("2026-03-01", "2026-03-01"),
        ("'12'", "12"),
        ("1234567890123456", "1234567890123456"),
    ],
)
def test_only_scalars_of_json_have_a_type(tmp_path: Path, text: str, value: Any) -> None:
    """Everything else stays the text that somebody wrote."""
    read = read_text(tmp_path / "f.yaml", f"a: {text}\n").value["a"]
    assert (read, type(read)) == (value, type(value))


def test_every_value_has_its_line(tmp_path: Path) -> None:
    """A value with a key has the key's line; one that is not written has that of what is around it."""
    document = read_text(tmp_path / "f.yaml", "a:\n  - x\n  - b:\n      1\nc: 2\n")
    assert document.value == {"a": ["x", {"b": 1}], "c": 2}
    locations: list[tuple[str | int, ...]] = [
        ("a",),
        ("a", 0),
        ("a", 1, "b"),
        ("c",),
        ("a", 1, "lost", "x"),
        ("d",),
    ]
    assert [document.find_line(location) for location in locations] == [1, 2, 3, 5, 3, 1]


@pytest.mark.parametrize("key", ["12", "true", "null", "[a]", "{a: 1}", "1.5"])
def test_a_key_is_text(tmp_path: Path, key: str) -> None:
    """Others are problems and left out; the rest is read on."""
    document = read_text(tmp_path / "f.yaml", f"ok: 1\n? {key}\n: 2\nlast: 3\n")
    assert document.value == {"ok": 1, "last": 3}
    assert [(problem.line, problem.expected) for problem in document.problems] == [
        (2, "has a key that is not text; put it in quotes")
    ]


@given(location=st.lists(st.integers(0, 9) | st.from_regex(r"[a-z_]{1,5}", fullmatch=True), max_size=5))
def test_a_location_is_written_without_a_leading_point(location: list[str | int]) -> None:
    """Positions stand in brackets, and every part is there."""
    text = format_location(tuple(location))
    assert not text.startswith(".")
    assert text.replace("[", ".").replace("]", "").lstrip(".") == ".".join(map(str, location))


def test_problems_are_sorted_by_line(tmp_path: Path) -> None:
    """One problem stands on the first line of the message, several below it."""
    problems = [
        FileProblem(9, "b", "is empty"),
        FileProblem(2, "", "is missing"),
        FileProblem(9, "a", "is long"),
    ]
    assert str(InvalidFileError(tmp_path / "f", problems)).splitlines()[1:] == [
        "  line 2, the file: is missing",
        "  line 9, a: is long",
        "  line 9, b: is empty",
    ]
    assert str(InvalidFileError(Path("f"), [FileProblem(0, "", "is empty")])) == "f: is empty"


def test_a_file_may_be_exactly_as_long_as_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more is refused."""
    monkeypatch.setattr(strict_yaml, "MAX_BYTES", 8)
    assert read_text(tmp_path / "f.yaml", "a: 12345").value == {"a": 12345}
    with pytest.raises(InvalidFileError, match="split it"):
        read_text(tmp_path / "f.yaml", "a: 123456")


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "object", "properties": {}}, None),
        ({"type": "object", "properties": {"pattern": {"enum": ["$ref"]}}}, None),
        ({}, "should say type: object and properties"),
        ({"type": "string", "properties": {}}, "should say type: object and properties"),
        ({"type": "object", "properties": {"a": {"type": "wrong"}}}, "is not a JSON schema"),
        (
            {"type": "object", "properties": {}, "required": ["b"]},
            "names 'b', which properties does not have",
        ),
        ({"type": "object", "properties": {"a": {"pattern": "a+"}}}, r"uses pattern"),
        ({"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/x"}]}}}, r"uses \$ref"),
        ({"type": "object", "properties": {}, "patternProperties": {"a": {}}}, "uses patternProperties"),
    ],
)
def test_a_tool_has_a_schema_of_its_own(schema: dict[str, Any], problem: str | None) -> None:
    """An object with properties, without patterns and references; data inside it may hold any word."""
    problems = [text for _, text in find_schema_problems(schema)]
    if problem is None:
        assert problems == []
    else:
        assert len(problems) == 1
        assert re.search(problem, problems[0])


def test_names_of_arguments_are_no_keywords() -> None:
    """Nor is anything inside a default or an example."""
    schema = {"properties": {"type": {"default": {"pattern": 1}}, "x": {"items": [{"minimum": 1}]}}}
    assert set(list_schema_keywords(schema)) == {"properties", "default", "items", "minimum"}


@given(message=st.text(max_size=700))
def test_a_message_is_cut_at_300_characters(message: str) -> None:
    """Shorter ones stay."""
    short = shorten(message)
    assert len(short) == min(len(message), 300)
    assert (short == message) == (len(message) <= 300)


def test_a_duplicate_is_reported_where_it_comes_again() -> None:
    """Every repetition names the first."""
    require_unique([], "key")
    require_unique(["a", "b"], "key")
    with pytest.raises(ValidationError) as refused:
        require_unique(["a", "b", "a", "{a}", "a"], "key")
    assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [
        ((2, "key"), "'a' stands twice, first as number 1 of the list"),
        ((4, "key"), "'a' stands twice, first as number 1 of the list"),
    ]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([1, [2.0]], [1.0, [2]], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_equality_is_deep_and_knows_kinds(left: Any, right: Any, same: bool) -> None:
    """In both directions."""
    assert is_same(left, right) == is_same(right, left) == same


@given(
    value=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=4),
        st.integers() | st.booleans() | st.text(st.characters(codec="utf-8"), max_size=4),
    )
)
def test_arguments_written_as_json_are_read_back(value: dict[str, Any]) -> None:
    """As text, as text with space around it, and as the object itself."""
    assert parse_arguments(value_to_text(value)) == parse_arguments(f" {json.dumps(value)}\n") == value
    assert parse_arguments(value) is value
