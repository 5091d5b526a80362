"""Pairs of slices, and sets side by side."""

import numpy as np
import pandas as pd

from secondreader.judge.data.slices import cut_attributes
from secondreader.judge.disagreement.slice_pairs import build_two_way_slices, join_slices


def test_pairs_join_different_attributes_with_enough_items() -> None:
    """Values of one attribute exclude each other; nested and small pairs are no children."""
    n = 160
    table = pd.DataFrame(
        {"a": ["x", "y"] * (n // 2), "b": ["p"] * 80 + ["q"] * 80, "copy": ["x", "y"] * (n // 2)}
    )
    pairs = build_two_way_slices(cut_attributes(table), np.ones(n, dtype=bool))
    labels = [one.label for one in pairs.slices]
    assert "a = x and b = p" in labels
    assert not any("a =" in label and "copy =" in label for label in labels)
    assert build_two_way_slices(cut_attributes(table), np.arange(n) < 30).slices == ()
    position = labels.index("a = x and b = p")
    assert pairs.columns[:, position].sum() == 40
    assert (pairs.slices[position].attribute, pairs.slices[position].value) == ("a; b", "x; p")


def test_joined_sets_keep_what_was_not_cut() -> None:
    """Slices, columns and reasons of both sets stay."""
    one = cut_attributes(pd.DataFrame({"a": ["x", "y"]}))
    two = cut_attributes(pd.DataFrame({"id": ["1", "1"], "a": ["u", "v"]}))
    both = join_slices([one, two])
    assert both.columns.shape == (2, len(one.slices) + len(two.slices))
    assert [part.attribute for part in both.uncut] == ["id"]
