"""Columns of a long frame: ids and answers as codes, one value per item, numbers, look-alike names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class FrameError(ValueError):
    """The long frame cannot be read; the message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class CodedIds:
    """One id column as codes into its sorted distinct values."""

    names: NDArray[Any]
    """Distinct ids as str, sorted, shape (k,)."""
    codes: NDArray[np.intp]
    """Index into `names` of each row."""


def convert_to_text(values: pd.Series) -> pd.Series:
    """Ids or answers as text; whole numbers lose the .0 that a missing value beside them adds."""
    # pandas counts booleans as numeric: True would become "1"
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return values
    whole = values.dropna()
    if (whole % 1 == 0).all():
        return values.astype("Int64")
    return values


def code_ids(values: pd.Series, name: str) -> CodedIds:
    """Code an id column by its sorted distinct text; a missing id is an error."""
    # factorize before turning into text: only the distinct ids are converted, not every row
    codes, uniques = pd.factorize(convert_to_text(values), use_na_sentinel=True)
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise FrameError(f"row {row} has no {name}: give every rating its {name} id")
    return sort_ids(codes, np.array([str(value) for value in uniques], dtype=object))


def sort_ids(codes: NDArray[np.intp], names: NDArray[Any]) -> CodedIds:
    """Renumber codes so that names are sorted and distinct (1 and "1" become one id)."""
    distinct, new_codes = (
        np.unique(names, return_inverse=True) if len(names) else (names, np.zeros(0, dtype=np.intp))
    )
    return CodedIds(distinct, new_codes.astype(np.intp)[codes] if len(codes) else codes.astype(np.intp))


def get_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column, or an all-missing one where the frame has none."""
    if name in frame.columns:
        return frame[name]
    return pd.Series(np.full(len(frame), None, dtype=object), index=frame.index)


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """A column folded to its items."""

    codes: NDArray[np.intp]
    """Index into `values` of each item; -1 where no row of the item has a value."""
    values: NDArray[Any]
    """Distinct values."""
    constant: bool
    """Whether no item has two different values."""
    offender: int
    """An item with two values; -1 where there is none."""

    def expand(self) -> NDArray[Any]:
        """The value of each item, None where it has none; object array."""
        # code -1 (no value) indexes the last entry, which np.empty fills with None
        table = np.empty(len(self.values) + 1, dtype=object)
        table[:-1] = self.values
        return np.asarray(table[self.codes])


def fold_column(values: pd.Series, items: CodedIds) -> ItemColumn:
    """Fold a column to one value per item (the first that is not missing)."""
    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    filled = np.flatnonzero(codes >= 0)
    per_item = np.full(len(items.names), -1, dtype=np.intp)
    # reversed, because of equal indices the last assignment wins: this keeps the first value
    per_item[items.codes[filled[::-1]]] = codes[filled[::-1]]
    other = filled[codes[filled] != per_item[items.codes[filled]]]
    offender = int(items.codes[other[0]]) if len(other) else -1
    return ItemColumn(per_item, np.asarray(uniques, dtype=object), offender < 0, offender)


def fold_constant_column(frame: pd.DataFrame, name: str, items: CodedIds) -> ItemColumn:
    """Fold a column that must be constant within its item, or raise FrameError."""
    folded = fold_column(get_column(frame, name), items)
    if not folded.constant:
        item = items.names[folded.offender]
        raise FrameError(
            f"column {name} has two values for item {item!r}: it must be the same in all its rows"
        )
    return folded


def take_first_values(values: pd.Series, items: CodedIds) -> NDArray[Any]:
    """The first value of each item as an object array, None where there is none."""
    folded = fold_column(values, items)
    return folded.expand()


def read_numbers(frame: pd.DataFrame, name: str, use: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A numeric column of the chosen rows, NaN where missing; text raises FrameError."""
    values = get_column(frame, name)[use]
    if values.isna().all():
        return np.full(len(values), np.nan)
    as_numbers = pd.to_numeric(values, errors="coerce")
    bad = values.notna() & as_numbers.isna()
    if bad.any():
        raise FrameError(f"column {name} holds {values[bad].iloc[0]!r}: give a number or leave it empty")
    return as_numbers.to_numpy(dtype=np.float64)


def describe_near_duplicates(what: str, names: Sequence[str] | NDArray[Any]) -> list[str]:
    """Sentences about names that differ only in white space or letter case."""
    spellings: dict[str, str] = {}
    notes = []
    for name in names:
        # casefold and not lower: it also equates ß and ss
        plain = " ".join(str(name).split()).casefold()
        if plain in spellings:
            notes.append(
                f"{what} {name!r} and {what} {spellings[plain]!r} look alike but count as two; "
                "correct the spelling if they are the same"
            )
        spellings.setdefault(plain, str(name))
    return notes
