"""Intervals of one proportion and of the difference of two, for independent items."""

from dataclasses import dataclass

from scipy.special import ndtri

from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate

NEWCOMBE = "Newcombe (1998) Stat Med 17:857"


@dataclass(frozen=True, slots=True)
class Interval:
    """Two limits of an interval, in the unit of the figure."""

    low: float
    """Lower limit."""
    high: float
    """Upper limit."""


def compute_normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile of a level: 1.96 at 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: give a number between 0 and 1, e.g. 0.95")
    return float(ndtri(0.5 + level / 2))


def check_counts(positives: float, n: float) -> None:
    """Raise ValueError unless 0 <= positives <= n and n > 0."""
    if n <= 0 or not 0 <= positives <= n:
        raise ValueError(f"{positives} positives of {n} items: need 0 <= positives <= n and n > 0")


def compute_wilson_interval(positives: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of positives / n (rates 0..1); n may be a fractional effective size.

    Source: Wilson (1927); method 3 of Newcombe (1998). Raises ValueError when n is not positive.
    """
    check_counts(positives, n)
    # scipy's binomtest(...).proportion_ci takes whole counts alone, and a scenario's effective size is none; for
    # whole counts the two are equal to 1e-15, and this one takes 1 us where scipy, which also tests, takes 180
    z2 = compute_normal_quantile(level) ** 2
    p = positives / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (p * (1 - p) + z2 / (4 * n)) / n) ** 0.5 / (1 + z2 / n)
    # at 0 and n the exact limits are 0 and 1; rounding would leave 1e-17
    low = 0.0 if positives == 0 else max(0.0, centre - half)
    high = 1.0 if positives == n else min(1.0, centre + half)
    return Interval(low, high)


def compute_newcombe_interval(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval:
    """The interval of k1/n1 - k2/n2 for two independent samples, from the two Wilson intervals.

    Source: Newcombe (1998) Stat Med 17:873, method 10.
    """
    p1, p2 = k1 / n1, k2 / n2
    first, second = compute_wilson_interval(k1, n1, level), compute_wilson_interval(k2, n2, level)
    below = ((p1 - first.low) ** 2 + (second.high - p2) ** 2) ** 0.5
    above = ((first.high - p1) ** 2 + (p2 - second.low) ** 2) ** 0.5
    return Interval(p1 - p2 - below, p1 - p2 + above)


def estimate_proportion(measure: Measure, positives: int, n: int, level: float = 0.95) -> Estimate:
    """A share of independent items as an Estimate with Wilson's interval; undefined without items."""
    if n == 0:
        return make_undefined_estimate(measure, Reason.NO_ITEMS, level=level)
    limits = compute_wilson_interval(positives, n, level)
    return Estimate(
        measure=measure,
        value=positives / n,
        low=limits.low,
        high=limits.high,
        n=n,
        n_clusters=n,
        level=level,
        method="Wilson score interval, items independent",
    )
