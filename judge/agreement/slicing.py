"""Slices of the items as named masks, numbers cut at terciles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.frame import FrameError

MOST_VALUES = 60
FEW_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class SliceItems:
    """The items that share one value of one attribute."""

    name: str
    """Attribute."""
    value: str
    """Value, or the range of a tercile."""
    use: NDArray[np.bool_]
    """Whether an item belongs, shape (items,)."""


def iterate_slices(columns: pd.DataFrame, attributes: Sequence[str] | None) -> Iterator[SliceItems]:
    """Every value of every attribute with two to 60 values; named attributes must exist."""
    names = list(columns.columns) if attributes is None else list(attributes)
    for name in names:
        if name not in columns.columns:
            raise FrameError(
                f"the frame has no slice column {name!r}: choose from {', '.join(columns.columns)}"
            )
        values = cut_terciles(columns[name])
        seen = sorted(values.dropna().unique(), key=str)
        if 2 <= len(seen) <= MOST_VALUES:
            for value in seen:
                yield SliceItems(name, str(value), (values == value).fillna(False).to_numpy(dtype=bool))


def cut_terciles(values: pd.Series) -> pd.Series:
    """Numbers with more than six distinct values cut at their terciles; others as they are."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if not numeric or values.nunique() <= FEW_NUMBERS:
        return values
    cut = pd.qcut(values, 3, duplicates="drop", precision=3)
    return cut.astype(object).where(cut.notna(), None).map(str, na_action="ignore")
