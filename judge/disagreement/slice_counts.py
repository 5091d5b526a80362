"""How many items and scenarios lie in and out of slices, and whether that is enough for a test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.data.slices import Mask, Singles
from secondreader.judge.inference.permutation import Outcome, build_membership

FEWEST_ITEMS = 20
FEWEST_SCENARIOS = 8


@dataclass(frozen=True, slots=True)
class UntestedSlice:
    """A slice that was not tested, and why."""

    slice: str
    """Label of the slice, or name of the attribute."""
    statistic: str
    """error, false_positive, false_negative, unparsed, or all."""
    reason: str
    """One sentence."""


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
        """How many items and scenarios a slice has on each side, and how many a test needs."""
        return (
            f"{self.n_in[position]} items of {self.scenarios_in[position]} scenarios inside and "
            f"{self.n_out[position]} of {self.scenarios_out[position]} outside: "
            f"at least {FEWEST_ITEMS} items of {FEWEST_SCENARIOS} scenarios are needed on both sides"
        )


def count_slices(outcome: Outcome, columns: Singles) -> SliceCounts:
    """Support of columns (eligible items, slices) in one outcome."""
    sums = build_membership(outcome.cluster, outcome.n_clusters) @ columns
    size = np.bincount(outcome.cluster, minlength=outcome.n_clusters)[:, None]
    # float32 counts stop being exact at 2^24 items
    n_in = columns.sum(axis=0, dtype=np.float64).astype(np.int64)
    # sums are whole numbers in float32: half a unit is a safe threshold
    return SliceCounts(n_in, len(columns) - n_in, (sums > 0.5).sum(axis=0), (sums < size - 0.5).sum(axis=0))
