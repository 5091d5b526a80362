"""Slices: every value of every attribute as a 0/1 column over items, and pairs of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.inference.permutation import Outcome, Singles, build_membership

Mask = NDArray[np.bool_]

FEWEST_ITEMS = 20
FEWEST_SCENARIOS = 8
# a numeric attribute with fewer distinct values is a code, not a measure
FEWEST_NUMBERS = 6
MOST_VALUES = 60
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Slice:
    """A subset of items named by one or two attributes."""

    label: str
    """What a reader sees: "motive = shutdown", "length 120 to 480", "motive = shutdown and model = b"."""
    attributes: tuple[str, ...]
    """The attributes that name it."""
    kind: str
    """one-way, two-way or term: the family of tests that it belongs to."""
    parents: tuple[int, ...] = ()
    """Positions of the two one-way slices that a two-way slice is made of."""


@dataclass(frozen=True, slots=True)
class UntestedSlice:
    """A slice that no test was made for, and why."""

    slice: str
    """Label of the slice, or name of the attribute."""
    statistic: str
    """error, false_positive, false_negative, unparsed, or all."""
    reason: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class SliceSet:
    """Slices with their columns."""

    slices: tuple[Slice, ...]
    """In column order."""
    columns: Singles
    """1 for items in the slice, else 0; shape (items, slices)."""
    untested: tuple[UntestedSlice, ...] = ()
    """Attributes that could not be made into slices."""

    def take(self, positions: NDArray[np.intp]) -> "SliceSet":
        """The slices at these positions; parents no longer refer to anything."""
        kept = tuple(replace(self.slices[place], parents=()) for place in positions)
        return SliceSet(kept, self.columns[:, positions])


def build_one_way_slices(table: pd.DataFrame) -> SliceSet:
    """Every value of every column of `table` (one row per item); numbers are cut at terciles.

    Items without a value form a slice of their own, "missing".
    """
    slices: list[Slice] = []
    columns: list[Mask] = []
    untested: list[UntestedSlice] = []
    for name in table.columns:
        labels, codes = label_attribute_values(str(name), table[name])
        if len(labels) > MOST_VALUES:
            why = f"{name} has {len(labels)} values, more than {MOST_VALUES}: group them before testing"
            untested.append(UntestedSlice(str(name), "all", why))
            continue
        for code, label in enumerate(labels):
            slices.append(Slice(label, (str(name),), "one-way"))
            columns.append(codes == code)
    return SliceSet(tuple(slices), stack_masks(columns, len(table)), tuple(untested))


def stack_masks(columns: Sequence[Mask], n: int) -> Singles:
    """Masks side by side as single-precision columns, shape (n, k)."""
    return np.stack(columns, axis=1).astype(np.float32) if columns else np.zeros((n, 0), dtype=np.float32)


def label_attribute_values(name: str, values: pd.Series) -> tuple[list[str], NDArray[np.intp]]:
    """Labels of an attribute's slices, and the slice of each item."""
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number and values.nunique() >= FEWEST_NUMBERS:
        return label_terciles(name, values.to_numpy(dtype=np.float64, na_value=np.nan))
    text = values.map(lambda value: format_value(value), na_action="ignore").astype(object)
    codes, names = pd.factorize(text.where(text.notna(), MISSING), sort=True)
    return [f"{name} = {value}" for value in names], codes


def format_value(value: object) -> str:
    """A value as a reader would write it: 3.0 is 3."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def label_terciles(name: str, values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.intp]]:
    """A numeric attribute in thirds of its items (equal values stay together), plus missing."""
    known = ~np.isnan(values)
    cuts = np.unique(np.quantile(values[known], [1 / 3, 2 / 3], method="inverted_cdf"))
    codes = np.searchsorted(cuts, values, side="left")
    codes[~known] = len(cuts) + 1
    used, codes = np.unique(codes, return_inverse=True)
    labels = []
    for place, code in enumerate(used):
        inside = values[codes == place]
        is_missing = code == len(cuts) + 1
        labels.append(f"{name} = {MISSING}" if is_missing else f"{name} {inside.min():g} to {inside.max():g}")
    return labels, codes.astype(np.intp)


def build_two_way_slices(singles: SliceSet, use: Mask) -> SliceSet:
    """Every pair of one-way slices of different attributes with at least 20 items in `use` (items,)."""
    slices: list[Slice] = []
    columns: list[Singles] = []
    counted = singles.columns[use]
    sizes, shared = counted.sum(axis=0), counted.T @ counted
    for i, first in enumerate(singles.slices):
        for j in range(i + 1, len(singles.slices)):
            second = singles.slices[j]
            # a child that is all of a parent is the parent
            nested = shared[i, j] in (sizes[i], sizes[j])
            if first.attributes == second.attributes or nested or shared[i, j] < FEWEST_ITEMS:
                continue
            label = f"{first.label} and {second.label}"
            slices.append(Slice(label, first.attributes + second.attributes, "two-way", (i, j)))
            columns.append(singles.columns[:, i] * singles.columns[:, j])
    table = np.stack(columns, axis=1) if columns else np.zeros((len(singles.columns), 0), dtype=np.float32)
    return SliceSet(tuple(slices), table)


def join_slices(parts: Sequence[SliceSet]) -> SliceSet:
    """Slice sets side by side; parents must lie in the first."""
    return SliceSet(
        tuple(one for part in parts for one in part.slices),
        np.concatenate([part.columns for part in parts], axis=1),
        tuple(one for part in parts for one in part.untested),
    )


@dataclass(frozen=True, slots=True)
class SliceCounts:
    """How many items and scenarios of one outcome lie in and out of each slice; shapes (slices,)."""

    n_in: NDArray[np.int64]
    """Items in."""
    n_out: NDArray[np.int64]
    """Items out."""
    scenarios_in: NDArray[np.int64]
    """Scenarios with an item in."""
    scenarios_out: NDArray[np.int64]
    """Scenarios with an item out."""

    @property
    def is_sufficient(self) -> Mask:
        """At least 20 items and 8 scenarios in and out."""
        items = np.minimum(self.n_in, self.n_out) >= FEWEST_ITEMS
        scenarios = np.minimum(self.scenarios_in, self.scenarios_out) >= FEWEST_SCENARIOS
        return np.asarray(items & scenarios)

    def explain_shortage(self, position: int) -> str:
        """Why a slice lacks support."""
        return (
            f"{self.n_in[position]} items of {self.scenarios_in[position]} scenarios inside and "
            f"{self.n_out[position]} of {self.scenarios_out[position]} outside: "
            f"at least {FEWEST_ITEMS} items of {FEWEST_SCENARIOS} scenarios are needed on both sides"
        )


def count_slices(outcome: Outcome, columns: Singles) -> SliceCounts:
    """Support of columns (eligible items, slices) in one outcome."""
    sums = build_membership(outcome.cluster, outcome.n_clusters) @ columns
    size = np.bincount(outcome.cluster, minlength=outcome.n_clusters)[:, None]
    n_in = columns.sum(axis=0, dtype=np.float64).astype(np.int64)
    return SliceCounts(n_in, len(columns) - n_in, (sums > 0.5).sum(axis=0), (sums < size - 0.5).sum(axis=0))
