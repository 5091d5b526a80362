"""Slices from attributes: values, terciles, pairs, and support."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.disagreement.slices import (
    build_one_way_slices,
    build_two_way_slices,
    count_slices,
    join_slices,
)
from secondreader.judge.inference.permutation import make_outcome


def test_every_value_is_a_slice_and_missing_is_one_too() -> None:
    """Values sort, whole numbers lose their .0, items without a value stay visible."""
    table = pd.DataFrame({"motive": ["b", "a", None, "a"], "level": [1.0, 2.0, 1.0, np.nan]})
    seen = build_one_way_slices(table)
    assert [one.label for one in seen.slices] == [
        "motive = a",
        "motive = b",
        "motive = missing",
        "level = 1",
        "level = 2",
        "level = missing",
    ]
    np.testing.assert_array_equal(seen.columns[:, 0], [0, 1, 0, 1])


def test_numbers_are_cut_at_terciles() -> None:
    """Ninety lengths make three slices of thirty, named by their range; missing ones are apart."""
    seen = build_one_way_slices(pd.DataFrame({"length": [*range(1, 91), np.nan]}))
    assert [one.label for one in seen.slices] == [
        "length 1 to 30",
        "length 31 to 60",
        "length 61 to 90",
        "length = missing",
    ]
    assert seen.columns.sum(axis=0).tolist() == [30, 30, 30, 1]


@given(st.lists(st.one_of(st.none(), st.integers(-5, 30).map(float)), min_size=1, max_size=60))
def test_the_slices_of_an_attribute_share_out_the_items(values: list[float | None]) -> None:
    """Every item is in exactly one slice of each attribute."""
    seen = build_one_way_slices(pd.DataFrame({"x": pd.Series(values, dtype="float64")}))
    np.testing.assert_array_equal(seen.columns.sum(axis=1), 1)


def test_an_attribute_with_too_many_values_is_listed_as_untested() -> None:
    """A run id is no attribute; it is named rather than dropped silently."""
    seen = build_one_way_slices(pd.DataFrame({"run": [f"r{k}" for k in range(100)]}))
    assert not seen.slices
    assert "100 values" in seen.untested[0].reason


def test_pairs_join_different_attributes_with_enough_items() -> None:
    """Values of one attribute exclude each other; nested and small pairs are no children."""
    n = 160
    table = pd.DataFrame(
        {"a": ["x", "y"] * (n // 2), "b": ["p"] * 80 + ["q"] * 80, "copy": ["x", "y"] * (n // 2)}
    )
    pairs = build_two_way_slices(build_one_way_slices(table), np.ones(n, dtype=bool))
    labels = [one.label for one in pairs.slices]
    assert "a = x and b = p" in labels
    assert not any("a =" in label and "copy =" in label for label in labels)
    assert build_two_way_slices(build_one_way_slices(table), np.arange(n) < 30).slices == ()
    place = labels.index("a = x and b = p")
    assert pairs.columns[:, place].sum() == 40


def test_support_needs_items_and_scenarios_on_both_sides() -> None:
    """Forty items of four scenarios are too few scenarios, and the reason says the counts."""
    cluster = np.arange(200) // 10
    outcome = make_outcome(
        "error",
        np.ones(200, dtype=bool),
        np.zeros(200, dtype=bool),
        np.zeros(200, dtype=int),
        cluster,
        np.ones(200),
    )
    columns = np.stack([cluster < 4, cluster < 8, np.arange(200) % 10 == 0], axis=1).astype(np.float32)
    seen = count_slices(outcome, columns)
    assert seen.is_sufficient.tolist() == [False, True, True]
    assert seen.scenarios_out.tolist() == [16, 12, 20]
    assert "40 items of 4 scenarios inside" in seen.explain_shortage(0)


def test_joined_sets_keep_what_was_not_tested() -> None:
    """Slices, columns and reasons of both sets stay."""
    one = build_one_way_slices(pd.DataFrame({"a": ["x", "y"]}))
    two = build_one_way_slices(pd.DataFrame({"id": ["1", "2"], "a": ["u", "v"]}))
    both = join_slices([one, two])
    assert both.columns.shape == (2, len(one.slices) + len(two.slices))


def test_an_empty_table_has_no_slices() -> None:
    """No attribute, no slice, no error."""
    seen = build_one_way_slices(pd.DataFrame(index=pd.RangeIndex(5)))
    assert seen.slices == ()
    assert seen.columns.shape == (5, 0)
