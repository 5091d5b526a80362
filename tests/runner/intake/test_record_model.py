"""Records against a format's model: which fault is reported, in which words, and for which field."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from secondreader.runner.intake.problems import (
    MAX_SHOWN_PROBLEMS,
    BadRecord,
    ImportProblem,
    ImportRefused,
    make_refusal,
)
from secondreader.runner.intake.record_model import (
    MAX_SHOWN_VALUE,
    Identifier,
    RecordModel,
    describe_kind,
    show_value,
    validate_record,
)


class Step(RecordModel):
    """A nested part."""

    text: str


class Sheet(RecordModel):
    """A record with a field of each kind."""

    id: Identifier = 1
    title: Annotated[str, Field(min_length=1)] = "a"
    count: int = 0
    share: float = 0.0
    is_done: bool = False
    kind: Literal["human", "judge"] = "human"
    steps: Annotated[list[Step], Field(min_length=1)] = [Step(text="a")]  # noqa: RUF012
    extra: dict[str, Any] = {}  # noqa: RUF012
    first: Step = Step(text="a")


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        ([], "", "expected an object, got a list"),
        (None, "", "expected an object, got null"),
        ("text", "", "expected an object, got text"),
        ({"id": None}, "id", "expected text or a whole number, got null"),
        ({"id": True}, "id", "expected text or a whole number, got true"),
        ({"id": 1.5}, "id", "expected text or a whole number, got a number"),
        ({"title": 3}, "title", "expected text, got a number"),
        ({"title": ""}, "title", "is empty"),
        ({"count": "3"}, "count", "expected a whole number, got text"),
        ({"count": 1.5}, "count", "expected a whole number, got a number"),
        ({"share": "much"}, "share", "expected a number, got text"),
        ({"is_done": 1}, "is_done", "expected true or false, got a number"),
        ({"kind": "robot"}, "kind", "expected human or judge, got 'robot'"),
        ({"kind": ["human"]}, "kind", "expected human or judge, got a list"),
        ({"steps": {}}, "steps", "expected a list, got an object"),
        ({"steps": []}, "steps", "is empty"),
        ({"steps": [{"text": "a"}, {}]}, "steps[1].text", "is missing"),
        ({"steps": [{"text": None}]}, "steps[0].text", "expected text, got null"),
        ({"extra": []}, "extra", "expected an object, got a list"),
        ({"first": "a"}, "first", "expected an object, got text"),
        ({"first": {"text": False}}, "first.text", "expected text, got false"),
    ],
)
def test_a_fault_is_named_with_its_field(record: Any, field: str, expected: str) -> None:
    """In JSON's words for kinds, not in Python's."""
    with pytest.raises(BadRecord) as refused:
        validate_record(Sheet, record)
    assert (refused.value.field, refused.value.expected) == (field, expected)


def test_only_the_first_of_several_faults_is_reported() -> None:
    """The others often follow from it."""
    with pytest.raises(BadRecord) as refused:
        validate_record(Sheet, {"title": 3, "count": "3", "kind": "robot"})
    assert str(refused.value) == "title: expected text, got a number"


def test_unknown_fields_are_left_unread() -> None:
    """Other tools write fields of their own."""
    sheet = validate_record(Sheet, {"id": "x", "score": 3})
    assert sheet.id == "x"
    assert not hasattr(sheet, "score")


@given(number=st.integers(-10, 10))
def test_a_whole_number_is_a_number(number: int) -> None:
    """A share of 1 needs no point, and a number is no text."""
    assert validate_record(Sheet, {"share": number}).share == number
    with pytest.raises(BadRecord):
        validate_record(Sheet, {"title": number})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (1, "a number"),
        (0.5, "a number"),
        ("", "text"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_kinds_have_the_names_of_json(value: Any, kind: str) -> None:
    """True is no number, although Python says so."""
    assert describe_kind(value) == kind


@given(value=st.text() | st.integers() | st.floats() | st.lists(st.integers()) | st.booleans())
def test_a_value_is_shown_short(value: Any) -> None:
    """A message repeats at most MAX_SHOWN_VALUE characters of a file."""
    assert len(show_value(value)) <= MAX_SHOWN_VALUE


@pytest.mark.parametrize(
    ("record", "field", "text"),
    [
        (3, "title", "f.csv, record 3, title: is empty"),
        (3, "", "f.csv, record 3, the record: is empty"),
        (0, "", "f.csv, the file: is empty"),
    ],
)
def test_a_problem_is_one_line(record: int, field: str, text: str) -> None:
    """File, record and field, each only where it is known."""
    assert str(ImportProblem("f.csv", record, field, "is empty")) == text


@pytest.mark.parametrize(("count", "noun"), [(1, "1 problem "), (2, "2 problems ")])
def test_a_refusal_counts_its_problems(count: int, noun: str) -> None:
    """And says how the rest can be imported."""
    problems = [ImportProblem("f", number, "a", "is empty") for number in range(1, count + 1)]
    text = str(ImportRefused(problems))
    assert text.startswith(f"nothing was imported: {noun}(--skip-bad imports the rest)")
    assert len(text.splitlines()) == count + 1


@given(count=st.integers(MAX_SHOWN_PROBLEMS + 1, 60))
def test_a_long_refusal_is_cut(count: int) -> None:
    """All are counted and kept; twenty are shown."""
    refused = ImportRefused([ImportProblem("f", number + 1, "a", "is empty") for number in range(count)])
    lines = str(refused).splitlines()
    assert len(lines) == MAX_SHOWN_PROBLEMS + 2
    assert lines[-1] == f"  ... and {count - MAX_SHOWN_PROBLEMS} more"
    assert len(refused.problems) == count


def test_a_whole_file_has_no_rest_to_import() -> None:
    """No hint at --skip-bad where nothing else could be read."""
    text = str(make_refusal(Path("f.json"), "is not UTF-8"))
    assert text == "nothing was imported: 1 problem\n  f.json, the file: is not UTF-8"
    mixed = ImportRefused([ImportProblem("f", 0, "", "is cut"), ImportProblem("f", 2, "a", "is empty")])
    assert "--skip-bad" not in str(mixed)
