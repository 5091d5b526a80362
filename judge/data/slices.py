"""Slices: every attribute cut once, with one label a slice, for every part of a report."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import Ratings

Mask = NDArray[np.bool_]
Singles = NDArray[np.float32]
Kind = Literal["one-way", "two-way", "term"]

MISSING = "missing"
FEW_NUMBERS = 6
"""A numeric attribute with at most so many distinct values is a code, not a measure: it is not cut."""
MOST_VALUES = 60


@dataclass(frozen=True, slots=True)
class Slice:
    """A subset of items named by one or two attributes."""

    label: str
    """What a report prints: "motive = shutdown", "length 120 to 480", "motive = shutdown and model = b"."""
    attributes: tuple[str, ...]
    """The attributes that name it."""
    values: tuple[str, ...]
    """The value, or the range, of each attribute: "shutdown", "120 to 480"."""
    kind: Kind = "one-way"
    """One-way slices of an attribute share out the items; terms overlap; two-way slices are pairs of one-way ones."""
    parents: tuple[int, ...] = ()
    """Positions of the two one-way slices that a two-way slice is made of."""

    @property
    def attribute(self) -> str:
        """The attributes as one name."""
        return "; ".join(self.attributes)

    @property
    def value(self) -> str:
        """The values as one text."""
        return "; ".join(self.values)


MemberSlice = tuple[Slice, Mask]
"""A slice and whether an item belongs to it, shape (items,)."""


@dataclass(frozen=True, slots=True)
class UncutAttribute:
    """An attribute that makes no slices, or not all that it could, and why."""

    attribute: str
    """Its name."""
    reason: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class SliceSet:
    """Slices with their members."""

    slices: tuple[Slice, ...]
    """In column order."""
    columns: Singles
    """1 for items in the slice, else 0; shape (items, slices)."""
    uncut: tuple[UncutAttribute, ...] = ()
    """Attributes that make no slices, or not all."""

    def take(self, positions: Sequence[int] | NDArray[np.intp]) -> "SliceSet":
        """The slices at these positions; parents no longer refer to anything."""
        chosen = tuple(replace(self.slices[position], parents=()) for position in positions)
        return SliceSet(chosen, self.columns[:, np.asarray(positions, dtype=np.intp)])

    def select_kind(self, kind: Kind) -> "SliceSet":
        """The slices of one kind."""
        return self.take([position for position, piece in enumerate(self.slices) if piece.kind == kind])

    def list_members(self) -> Iterator[MemberSlice]:
        """Each slice with whether an item belongs to it, shape (items,)."""
        for position, piece in enumerate(self.slices):
            yield piece, self.columns[:, position] > 0


def cut_slices(ratings: Ratings, names: Iterable[str] | None = None) -> SliceSet:
    """The slices of every attribute of a frame, or of the named ones; an unknown name raises FrameError."""
    return cut_attributes(select_attributes(ratings.slices, names), ratings.lists)


def cut_attributes(table: pd.DataFrame, lists: Collection[str] = ()) -> SliceSet:
    """Every attribute (column of one row an item) cut into slices; missing values make a slice of their own.

    Numbers, written as text too, are cut at their terciles where there are more than six different ones; every other
    value is a slice. The attributes in `lists` name several values in a cell, and each of these is a slice.
    """
    pieces: list[tuple[Slice, Mask]] = []
    uncut: list[UncutAttribute] = []
    for column in table.columns:
        name = str(column)
        # an attribute either makes slices or says why it makes none: nothing vanishes
        members, reason = (
            cut_list(name, table[column]) if name in lists else cut_attribute(name, table[column])
        )
        pieces += members
        if reason:
            uncut.append(UncutAttribute(name, reason))
    masks = [mask for _, mask in pieces]
    return SliceSet(tuple(piece for piece, _ in pieces), stack_masks(masks, len(table)), tuple(uncut))


def select_attributes(table: pd.DataFrame, names: Iterable[str] | None) -> pd.DataFrame:
    """The named columns, or all for None; an unknown name raises FrameError."""
    if names is None:
        return table
    chosen = list(names)
    unknown = [name for name in chosen if name not in table.columns]
    if unknown:
        known = ", ".join(map(str, table.columns)) or "none"
        raise FrameError(f"the frame has no slice column {unknown[0]!r}: choose from: {known}")
    return table[chosen]


def stack_masks(masks: Sequence[Mask], n: int) -> Singles:
    """Masks side by side as single-precision columns, shape (n, k)."""
    # permutation tests multiply them with sums of scenarios: single precision is exact for 0 and 1 and twice as fast
    return np.stack(masks, axis=1).astype(np.float32) if masks else np.zeros((n, 0), dtype=np.float32)


def cut_attribute(name: str, values: pd.Series) -> tuple[list[MemberSlice], str]:
    """The slices of an attribute, or none and why: bands of numbers, else one for each value; the missing ones last."""
    codes, distinct = code_values(values)
    # a table's numbers are stored as text: they are cut like others, or one attribute would be cut in two ways
    numbers = parse_numbers(distinct)
    if numbers is not None and len(np.unique(numbers)) > FEW_NUMBERS:
        members = cut_bands(name, np.append(numbers, np.nan)[codes])
    elif len(distinct) > MOST_VALUES:
        return [], f"{name} has {len(distinct)} values, more than {MOST_VALUES}: group them before testing"
    else:
        members = split_values(name, codes, distinct)
    if (codes < 0).any():
        # the table may itself use the word "missing" as a value
        taken = any(piece.value == MISSING for piece, _ in members)
        members.append((make_slice(name, f"{MISSING} value" if taken else MISSING), codes < 0))
    if len(members) < 2:
        return [], f"{name} has {'one value' if members else 'no value'}: there is nothing to compare it with"
    return members, ""


def code_values(values: pd.Series) -> tuple[NDArray[np.intp], list[object]]:
    """Index of each item's value among the distinct ones, -1 where it is missing or blank; and the distinct values."""
    plain = values.astype(object)
    # a table's empty cell is stored as empty text
    blank = plain.map(lambda value: isinstance(value, str) and not value.strip()).astype(bool)
    codes, distinct = pd.factorize(plain.mask(blank), use_na_sentinel=True)
    return codes, list(distinct)


def parse_numbers(values: Sequence[object]) -> NDArray[np.float64] | None:
    """The values as numbers; None where one is no number."""
    numbers = [parse_number(value) for value in values]
    known = [number for number in numbers if number is not None]
    return np.array(known, dtype=np.float64) if len(known) == len(numbers) else None


def parse_number(value: object) -> float | None:
    """A number, or text that is one; None for anything else, true and false included."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    # "inf" in a table is a word
    return None if isinstance(value, str) and not isfinite(number) else number


def cut_bands(name: str, numbers: NDArray[np.float64]) -> list[MemberSlice]:
    """Thirds of the items by their number, NaN in none; equal numbers stay together, so bands may be uneven or fewer."""
    known = ~np.isnan(numbers)
    # a cut at a number that occurs, not between two, is the same for whole and broken numbers
    cuts = np.unique(np.quantile(numbers[known], [1 / 3, 2 / 3], method="inverted_cdf"))
    codes = np.searchsorted(cuts, numbers, side="left")
    if len(np.unique(codes[known])) < 2:
        # two thirds of the items have the largest number: it is a band, and all below it another
        codes = np.searchsorted(cuts, numbers, side="right")
    bands = [known & (codes == code) for code in np.unique(codes[known])]
    ends = [(float(numbers[band].min()), float(numbers[band].max())) for band in bands]
    texts = format_numbers({number for pair in ends for number in pair})
    return [
        (make_band(name, texts[low], texts[high]), band)
        for band, (low, high) in zip(bands, ends, strict=True)
    ]


def make_band(name: str, low: str, high: str) -> Slice:
    """The slice between two numbers; a band of one number is that value."""
    if low == high:
        return make_slice(name, low)
    between = f"{low} to {high}"
    return Slice(f"{name} {between}", (name,), (between,))


def make_slice(name: str, value: str) -> Slice:
    """The slice of one value of one attribute."""
    return Slice(f"{name} = {value}", (name,), (value,))


def format_numbers(numbers: Collection[float]) -> dict[float, str]:
    """Numbers as a person would write them, with enough digits to keep different ones apart."""
    texts: dict[float, str] = {}
    # six digits are easy to read; 17 distinguish any two doubles
    for digits in (6, 9, 12, 15, 17):
        texts = {number: format_number(number, digits) for number in numbers}
        if len(set(texts.values())) == len(texts):
            break
    return texts


def format_number(number: float, digits: int = 12) -> str:
    """A whole number without exponent, another with so many digits."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.{digits}g}"


def split_values(name: str, codes: NDArray[np.intp], distinct: Sequence[object]) -> list[MemberSlice]:
    """One slice for each value, numbers in their order before words."""
    # 3 and 3.0 print the same and are one value
    texts = np.array([format_value(value) for value in distinct], dtype=object)
    return [
        (make_slice(name, text), np.isin(codes, np.flatnonzero(texts == text)))
        for text in sorted(set(texts), key=make_sort_key)
    ]


def format_value(value: object) -> str:
    """A value as a person would write it: 3.0 is 3."""
    return format_number(float(value)) if isinstance(value, float | np.floating) else str(value)


def make_sort_key(text: str) -> tuple[bool, float, str]:
    """Sort key: numbers by value, then text."""
    number = parse_number(text)
    return number is None, number or 0.0, text


def cut_list(name: str, values: pd.Series) -> tuple[list[MemberSlice], str]:
    """One slice for each value that some but not all cells list, at most the 60 most frequent, and a note on the rest."""
    bags = [split_list(value) for value in values.astype(object)]
    counts = Counter(entry for bag in bags for entry in bag)
    # ties by name: the order of a set differs between runs
    useful = sorted(
        (entry for entry in counts if counts[entry] < len(bags)), key=lambda entry: (-counts[entry], entry)
    )
    members = []
    for entry in sorted(useful[:MOST_VALUES]):
        mask = np.fromiter((entry in bag for bag in bags), dtype=bool, count=len(bags))
        members.append((Slice(f"{name.removesuffix('s')} {entry!r}", (name,), (entry,), "term"), mask))
    if not useful:
        return [], f"{name} lists no value that some items have and others lack"
    rest = len(useful) - len(members)
    return members, f"{rest} rare values of {name} make no slice: at most {MOST_VALUES} do" if rest else ""


def split_list(cell: object) -> set[str]:
    """Values named in a cell: a list, or text with commas, semicolons or white space between them."""
    if isinstance(cell, str):
        return {entry for entry in re.split(r"[,;\s]+", cell) if entry}
    if isinstance(cell, Iterable):
        return {str(entry) for entry in cell}
    return set()
