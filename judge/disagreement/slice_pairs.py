"""Pairs of one-way slices, and slice sets side by side."""

from collections.abc import Sequence

import numpy as np

from secondreader.judge.data.slices import Mask, Singles, Slice, SliceSet
from secondreader.judge.disagreement.slice_counts import FEWEST_ITEMS


def build_two_way_slices(singles: SliceSet, use: Mask) -> SliceSet:
    """Every pair of one-way slices of different attributes with at least 20 items in `use` (items,)."""
    slices: list[Slice] = []
    columns: list[Singles] = []
    counted = singles.columns[use]
    # one matrix product counts the items of all pairs at once
    sizes, shared = counted.sum(axis=0), counted.T @ counted
    for i, first in enumerate(singles.slices):
        for j in range(i + 1, len(singles.slices)):
            second = singles.slices[j]
            # a child that is all of a parent is the parent
            nested = shared[i, j] in (sizes[i], sizes[j])
            if first.attributes == second.attributes or nested or shared[i, j] < FEWEST_ITEMS:
                continue
            label = f"{first.label} and {second.label}"
            names, values = first.attributes + second.attributes, first.values + second.values
            slices.append(Slice(label, names, values, "two-way", (i, j)))
            columns.append(singles.columns[:, i] * singles.columns[:, j])
    table = np.stack(columns, axis=1) if columns else np.zeros((len(singles.columns), 0), dtype=np.float32)
    return SliceSet(tuple(slices), table)


def join_slices(parts: Sequence[SliceSet]) -> SliceSet:
    """Slice sets side by side; parents must lie in the first."""
    return SliceSet(
        tuple(piece for part in parts for piece in part.slices),
        np.concatenate([part.columns for part in parts], axis=1),
        tuple(piece for part in parts for piece in part.uncut),
    )
