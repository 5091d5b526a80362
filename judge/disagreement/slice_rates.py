"""Rates of wrong verdicts in and out of slices: weighted, with an interval that allows for scenarios."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.inference.permutation import Floats, Outcome, Singles, build_membership
from secondreader.judge.inference.proportions import compute_newcombe_interval


@dataclass(frozen=True, slots=True)
class SliceSide:
    """One side of many slices, in or out; arrays have shape (slices,)."""

    n: Floats
    """Items."""
    wrong: Floats
    """Wrong verdicts."""
    rate: Floats
    """Weighted rate of wrong verdicts; NaN without items."""
    effective: Floats
    """Independent items with the same precision: n over the design effect, at most n."""


@dataclass(frozen=True, slots=True)
class SliceRates:
    """Rates of one outcome in and out of many slices; arrays have shape (slices,)."""

    inside: SliceSide
    """Within the slices."""
    outside: SliceSide
    """Everything else."""
    expected: Floats
    """Wrong verdicts inside if the judge erred there as elsewhere on items of the same gold answer."""
    low: Floats
    """Lower 95 % limit of inside.rate - outside.rate."""
    high: Floats
    """Upper 95 % limit of the difference."""

    @property
    def difference(self) -> Floats:
        """Inside less outside rate."""
        return np.asarray(self.inside.rate - self.outside.rate)

    @property
    def ratio(self) -> Floats:
        """Inside over outside rate; NaN where nothing is wrong outside."""
        below = np.where(self.outside.rate > 0, self.outside.rate, np.nan)
        return np.asarray(self.inside.rate / below)


def divide_or_nan(above: Floats, below: Floats) -> Floats:
    """Above / below, NaN where below is 0."""
    result = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def compute_side(outcome: Outcome, columns: Singles) -> SliceSide:
    """Counts and weighted rates of the items that the columns hold.

    The design effect is the linearised variance over scenarios (Cochran 1977, section 9A.6) divided by that
    of as many independent items; below 1, or without variation, it is taken as 1.
    """
    n = columns.sum(axis=0, dtype=np.float64)
    # counts are unweighted, rates weighted: a report prints both
    wrong = (outcome.wrong.astype(np.float32) @ columns).astype(np.float64)
    weighted = columns * outcome.weight.astype(np.float32)[:, None]
    mass = weighted.sum(axis=0, dtype=np.float64)
    hits = weighted * outcome.wrong[:, None]
    rate = divide_or_nan(hits.sum(axis=0, dtype=np.float64), mass)
    by_scenario = build_membership(outcome.cluster, outcome.n_clusters)
    scores = by_scenario @ hits - np.nan_to_num(rate) * (by_scenario @ weighted)
    variance = divide_or_nan((scores**2).sum(axis=0), mass**2)
    binomial = divide_or_nan(rate * (1 - rate), n)
    # an effect below 1 is chance: no interval may get shorter than that of independent items
    effect = np.nan_to_num(divide_or_nan(variance, np.nan_to_num(binomial)), nan=1.0)
    return SliceSide(n, wrong, rate, n / np.maximum(effect, 1.0))


def compute_slice_rates(outcome: Outcome, columns: Singles) -> SliceRates:
    """Rates in and out of 0/1 columns (eligible items, slices).

    The interval of the difference is Newcombe's (1998, method 10) with effective sample sizes.
    """
    inside, outside = compute_side(outcome, columns), compute_side(outcome, 1 - columns)
    limits = [
        compute_newcombe_interval(p1 * n1, n1, p2 * n2, n2) if n1 > 0 and n2 > 0 else None
        for p1, n1, p2, n2 in zip(
            inside.rate.tolist(),
            inside.effective.tolist(),
            outside.rate.tolist(),
            outside.effective.tolist(),
            strict=True,
        )
    ]
    return SliceRates(
        inside,
        outside,
        compute_expected_wrong(outcome, columns),
        np.array([limit.low if limit else np.nan for limit in limits]),
        np.array([limit.high if limit else np.nan for limit in limits]),
    )


def compute_expected_wrong(outcome: Outcome, columns: Singles) -> Floats:
    """Items inside by gold answer, times the weighted rate outside among items of that answer.

    An answer that nobody has outside takes its rate over all items.
    """
    expected = np.zeros(columns.shape[1])
    weight = outcome.weight.astype(np.float32)
    for answer in np.unique(outcome.gold):
        mine = outcome.gold == answer
        part, hit = columns[mine], weight[mine] * outcome.wrong[mine]
        # a slice may hold every item of one gold answer: then no rate of it exists outside
        everyone = divide_or_nan(np.array([hit.sum()]), np.array([weight[mine].sum()]))[0]
        rate = divide_or_nan(
            (hit @ (1 - part)).astype(np.float64), (weight[mine] @ (1 - part)).astype(np.float64)
        )
        expected += part.sum(axis=0, dtype=np.float64) * np.where(np.isnan(rate), everyone, rate)
    return expected


def compute_mean_inside(values: Floats, columns: Singles) -> NDArray[np.float64]:
    """Mean of the known values (items,) that each column holds; NaN without any."""
    known = ~np.isnan(values)
    part = columns[known]
    return divide_or_nan((values[known] @ part).astype(np.float64), part.sum(axis=0, dtype=np.float64))
