"""Cells of tables: numbers, answers and verdicts by a mapping, and values that must not stand twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from secondreader.runner.formats.table.cells import (
    MAX_COUNT,
    UniqueValues,
    make_table_transcript,
    make_table_verdict,
    map_human_answer,
    read_cell,
    read_count,
    read_number,
    read_raw_cell,
)
from secondreader.runner.formats.table.mapping import JudgeColumn, TableMapping
from secondreader.runner.intake.problems import BadRecord

FIELDS: dict[str, Any] = {
    "item": "id",
    "question": {"id": "q", "text": "?", "answers": {"yes": "Yes", "no": "No"}},
    "answers": {"1": "yes", "0": "no"},
    "unparsed": ["??"],
    "missing": ["", "NA"],
    "humans": [{"column": "h"}],
    "judges": [{"column": "j", "name": "J"}],
}


def make_mapping(**changes: Any) -> TableMapping:
    """The mapping above, changed."""
    return TableMapping.model_validate(FIELDS | changes)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a ", " a "),
        (None, ""),
        (3, "3"),
        (0.5, "0.5"),
        (True, "True"),
        ([1, "a"], '[1,"a"]'),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
    ],
)
def test_a_cell_is_read_as_text(value: Any, text: str) -> None:
    """JSON tables hold more than text; white space goes only where it does not matter."""
    assert read_raw_cell({"a": value}, "a") == text
    assert read_cell({"a": value}, "a") == text.strip()


@pytest.mark.parametrize("record", [None, [], "text", 3])
def test_a_row_must_be_an_object(record: Any) -> None:
    """A JSON list of lists has no columns."""
    with pytest.raises(BadRecord, match="expected an object with columns"):
        read_cell(record, "a")


def test_a_missing_column_is_named_with_those_that_exist() -> None:
    """The list is cut, or a wide table would fill the screen."""
    with pytest.raises(BadRecord, match="x: is missing; there are a, b"):
        read_cell({"a": 1, "b": 2}, "x")
    with pytest.raises(BadRecord) as refused:
        read_cell({f"column {number}": 1 for number in range(1000)}, "x")
    assert len(refused.value.expected) < 250


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "1e999", "many", "1,5"])
def test_what_is_no_number_from_zero_is_refused(text: str) -> None:
    """Python reads some of these as numbers."""
    with pytest.raises(BadRecord, match="expected a number from 0 upwards"):
        read_number({"a": text}, "a")


@pytest.mark.parametrize("text", ["1.5", "1e7", str(MAX_COUNT + 1)])
def test_what_is_no_count_is_refused(text: str) -> None:
    """A database's integer would overflow far beyond the limit."""
    with pytest.raises(BadRecord, match="expected a whole number up to 1,000,000"):
        read_count({"a": text}, "a")


@given(number=st.integers(0, MAX_COUNT))
def test_a_count_is_read_in_any_spelling(number: int) -> None:
    """As text, as a number and with a decimal point."""
    for cell in (str(number), number, f" {number}.0 ", float(number)):
        assert read_count({"a": cell}, "a") == number


@pytest.mark.parametrize("read", [read_number, read_count])
def test_an_optional_column_may_be_empty_or_absent(read: Any) -> None:
    """Absent means that no column is named: one that is named must be there."""
    assert (read({}, None), read({"a": " "}, "a"), read({"a": None}, "a")) == (None, None, None)
    with pytest.raises(BadRecord, match="is missing"):
        read({}, "a")


@pytest.mark.parametrize(
    ("cell", "answer"), [("1", "yes"), ("0", "no"), ("yes", "yes"), ("", None), ("NA", None)]
)
def test_an_answer_is_mapped(cell: str, answer: str | None) -> None:
    """By the table's own values, by stored answers, or as missing."""
    assert map_human_answer(cell, "h", make_mapping()) == answer


@pytest.mark.parametrize("cell", ["2", "Yes", "??", "y" * 100])
def test_an_unknown_answer_is_never_guessed(cell: str) -> None:
    """Capitals count, a judge's unparsed value is none of a person, and a long cell is cut."""
    with pytest.raises(BadRecord, match="h: expected one of yes, no, got") as refused:
        map_human_answer(cell, "h", make_mapping())
    assert len(refused.value.expected) < 90


def test_an_unparsed_verdict_has_no_answer() -> None:
    """It is stored as what it is, with the text that nobody could read."""
    verdict = make_table_verdict("??", "J", "j", make_mapping())
    assert (verdict.state, verdict.answers, verdict.raw) == ("unparsed", {}, "??")


def test_a_judge_has_its_own_values() -> None:
    """Its answers come before the general ones, and its unparsed values replace the general ones."""
    judge = JudgeColumn(column="j", name="J", answers={"1": "no"}, unparsed=("!",))
    assert make_table_verdict("1", "J", "j", make_mapping(), judge).answers == {"q": "no"}
    assert make_table_verdict("0", "J", "j", make_mapping(), judge).answers == {"q": "no"}
    assert make_table_verdict("!", "J", "j", make_mapping(), judge).state == "unparsed"
    with pytest.raises(BadRecord, match=r"expected one of yes, no, !, got '\?\?'"):
        make_table_verdict("??", "J", "j", make_mapping(), judge)


def test_another_mapping_is_another_judge() -> None:
    """The same cell would mean another answer; what is only shown does not count."""
    keys = [
        make_table_verdict("1", "J", "j", mapping).judge_key
        for mapping in (make_mapping(), make_mapping(answers={"1": "no"}), make_mapping(text={"t": ""}))
    ]
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]


def test_an_item_has_texts_slices_and_a_cluster() -> None:
    """Columns become messages in the mapping's order, with a heading where there is one."""
    mapping = make_mapping(text={"b": "Answer", "a": ""}, slices=["kind"], cluster="group")
    item = make_table_transcript({"a": "x", "b": "y", "kind": "k", "group": "g"}, "7", mapping)
    assert item.content is not None
    assert [message.text for message in item.content.messages] == ["Answer\n\ny", "x"]
    assert (item.cluster, item.attributes, item.provenance) == ("table:g", {"kind": "k"}, {"item": "7"})


def test_an_item_without_text_columns_has_no_content() -> None:
    """A table of ratings alone; its item is its own cluster, and an empty id is a fault."""
    item = make_table_transcript({}, "7", make_mapping())
    assert (item.content, item.cluster) == (None, "table:7")
    with pytest.raises(BadRecord, match="id: is empty"):
        make_table_transcript({}, "", make_mapping())


@given(values=st.lists(st.sampled_from(["a", "b", "c"]), max_size=6))
def test_a_value_stands_once(values: list[str]) -> None:
    """The first record that repeats is refused and names the earlier one."""
    unique, first = UniqueValues("id"), dict[str, int]()
    for number, value in enumerate(values, start=1):
        if value in first:
            with pytest.raises(BadRecord, match=f"stands twice, first in record {first[value]}$"):
                unique.require_unique(value, number)
        else:
            unique.require_unique(value, number)
            first[value] = number


@pytest.mark.parametrize("other", [" Ann", "Ann ", "Ann\t"])
def test_spellings_may_not_differ_by_white_space(other: str) -> None:
    """Two people would come out of one; equal spellings may come as often as they like."""
    unique = UniqueValues("rater")
    for number in (1, 2, 3):
        unique.require_same_spelling("Ann", number)
    unique.require_same_spelling("ann", 4)
    with pytest.raises(BadRecord, match="'Ann' in record 1 differ by white space alone"):
        unique.require_same_spelling(other, 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"humans": [], "judges": []}, r"needs \[\[humans\]\] or \[\[judges\]\]"),
        ({"humans": [{"column": "J"}]}, "two raters are named 'J'"),
        (
            {"humans": [{"column": "a", "name": "x"}, {"column": "b", "name": "x"}]},
            "two raters are named 'x'",
        ),
        ({"question": {"id": "q", "text": "?", "answers": {"yes": "Yes"}}}, "at least 2"),
        ({"layout": "tall"}, "'wide' or 'long'"),
        ({"itme": "id"}, "Extra inputs are not permitted"),
    ],
)
def test_a_mapping_is_checked(changes: dict[str, Any], message: str) -> None:
    """A slip would otherwise silently do nothing, or mix two raters."""
    with pytest.raises(ValidationError, match=message):
        make_mapping(**changes)
