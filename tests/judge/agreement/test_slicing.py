import numpy as np
import pandas as pd
import pytest

from secondreader.judge.agreement.slicing import MOST_VALUES, iterate_slices
from secondreader.judge.data.frame import FrameError


def test_every_value_of_an_attribute_is_a_slice() -> None:
    """Two motives give two masks; a missing value belongs to neither."""
    found = list(iterate_slices(pd.DataFrame({"motive": ["a", "b", None, "a"]}), None))
    assert [(s.name, s.value, s.use.tolist()) for s in found] == [
        ("motive", "a", [True, False, False, True]),
        ("motive", "b", [False, True, False, False]),
    ]


def test_numbers_are_cut_at_their_terciles() -> None:
    """Ninety lengths give three slices of thirty; three turns stay three values."""
    columns = pd.DataFrame({"length": np.arange(90.0), "turns": np.arange(90) % 3})
    found = list(iterate_slices(columns, None))
    assert [int(s.use.sum()) for s in found] == [30] * 6
    assert [s.value for s in found if s.name == "turns"] == ["0", "1", "2"]


def test_attributes_with_one_or_too_many_values_are_no_slices() -> None:
    """A constant and an id column give no slice."""
    n = MOST_VALUES + 1
    columns = pd.DataFrame({"same": ["x"] * n, "id": [f"i{k}" for k in range(n)]})
    assert list(iterate_slices(columns, None)) == []


def test_a_slice_column_that_is_not_there_is_an_error() -> None:
    """A wrong name says which names there are."""
    with pytest.raises(FrameError, match="no slice column 'motif': choose from motive"):
        list(iterate_slices(pd.DataFrame({"motive": ["a", "b"]}), ["motif"]))
