"""Columns of a long frame: ids as codes, one value per item, numbers, names that look alike."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.data.columns import (
    CodedIds,
    FrameError,
    code_ids,
    convert_to_text,
    describe_near_duplicates,
    fold_column,
    fold_constant_column,
    get_column,
    read_numbers,
    sort_ids,
    take_first_values,
)

TWO_ITEMS = CodedIds(np.array(["a", "b"], dtype=object), np.array([0, 1, 0, 1], dtype=np.intp))
"""Items of four rows: a, b, a, b."""


def object_series(*values: Any) -> pd.Series:
    """A column as a file's reader makes it, with values of any kind."""
    return pd.Series(list(values), dtype=object)


def test_whole_numbers_lose_the_decimal_point_that_a_gap_adds() -> None:
    """An id 7 beside a missing one is "7"; 7.5 stays what it is."""
    assert [str(value) for value in convert_to_text(pd.Series([7.0, np.nan, 8.0])).dropna()] == ["7", "8"]
    assert convert_to_text(pd.Series([7.5, 8.0])).tolist() == [7.5, 8.0]


def test_true_and_false_are_no_numbers() -> None:
    """A column of booleans keeps its words."""
    assert code_ids(pd.Series([True, False, True]), "item").names.tolist() == ["False", "True"]


def test_a_number_and_its_text_are_one_id() -> None:
    """1 and "1" come from two tools and mean the same item."""
    ids = code_ids(object_series(1, "1", "0"), "item")
    assert ids.names.tolist() == ["0", "1"]
    assert ids.codes.tolist() == [1, 1, 0]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_id_is_an_error_with_its_row(missing: object) -> None:
    """The first row without an id is named, and what to do about it."""
    with pytest.raises(FrameError, match="row 2 has no rater: give every rating its rater id"):
        code_ids(object_series("x", "y", missing, missing), "rater")


@given(st.lists(st.text(max_size=4), max_size=30))
def test_codes_give_the_ids_back_in_sorted_order(values: list[str]) -> None:
    """Names are sorted and distinct, and indexing them by the codes rebuilds the column."""
    ids = code_ids(object_series(*values), "item")
    assert ids.names.tolist() == sorted(set(values))
    assert [ids.names[code] for code in ids.codes] == values


def test_no_ids_at_all_can_be_sorted() -> None:
    """An empty frame has no id and no code."""
    ids = sort_ids(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=object))
    assert (len(ids.names), len(ids.codes)) == (0, 0)


def test_a_column_that_is_not_there_is_all_missing() -> None:
    """It has the frame's index, so that masks fit."""
    frame = pd.DataFrame({"x": [1, 2]}, index=[5, 9])
    assert get_column(frame, "x").tolist() == [1, 2]
    assert get_column(frame, "y").isna().tolist() == [True, True]
    assert get_column(frame, "y").index.tolist() == [5, 9]


def test_an_item_takes_its_first_value_that_is_not_missing() -> None:
    """A gap in the first row is filled from a later one; an item without any value has None."""
    assert take_first_values(object_series(None, None, "x", None), TWO_ITEMS).tolist() == ["x", None]
    folded = fold_column(object_series("x", "p", "y", "p"), TWO_ITEMS)
    assert folded.expand().tolist() == ["x", "p"]
    assert (folded.constant, folded.offender) == (False, 0)


def test_a_column_must_be_constant_within_its_item_where_that_is_required() -> None:
    """Gaps are no second value; two values are an error that names column and item."""
    frame = pd.DataFrame({"cluster": object_series("s", None, None, "t")})
    assert fold_constant_column(frame, "cluster", TWO_ITEMS).expand().tolist() == ["s", "t"]
    frame.loc[2, "cluster"] = "other"
    with pytest.raises(FrameError, match="column cluster has two values for item 'a'"):
        fold_constant_column(frame, "cluster", TWO_ITEMS)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["x", "y", None])), max_size=25))
def test_folding_equals_a_plain_loop(rows: list[tuple[int, str | None]]) -> None:
    """First values and constancy are those that a loop over the rows gives."""
    items = CodedIds(np.array(list("abcd"), dtype=object), np.array([row[0] for row in rows], dtype=np.intp))
    values = {code: [value for item, value in rows if item == code and value] for code in range(4)}
    folded = fold_column(object_series(*(row[1] for row in rows)), items)
    assert folded.expand().tolist() == [values[code][0] if values[code] else None for code in range(4)]
    assert folded.constant == all(len(set(each)) < 2 for each in values.values())


def test_numbers_are_read_from_the_chosen_rows_alone() -> None:
    """Text that is a number counts, a gap is NaN, and a word in another row does not matter."""
    frame = pd.DataFrame({"seconds": object_series("12.5", None, 3, "soon")})
    use = np.array([True, True, True, False])
    np.testing.assert_array_equal(read_numbers(frame, "seconds", use), [12.5, np.nan, 3.0])
    with pytest.raises(FrameError, match="column seconds holds 'soon': give a number or leave it empty"):
        read_numbers(frame, "seconds", ~use)


def test_a_column_of_gaps_has_no_numbers() -> None:
    """All missing, or no such column: NaN for every chosen row."""
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert np.isnan(read_numbers(frame, "seconds", np.array([True, False, True]))).tolist() == [True, True]


def test_names_that_look_alike_are_each_reported_once() -> None:
    """White space and capitals are compared away; different names and the first spelling get no sentence."""
    notes = describe_near_duplicates("rater", ["Ann", "ann ", "Bob", "STRASSE", "straße"])
    assert [note.split(" look alike")[0] for note in notes] == [
        "rater 'ann ' and rater 'Ann'",
        "rater 'straße' and rater 'STRASSE'",
    ]
    assert describe_near_duplicates("answer", ["yes", "no"]) == []
