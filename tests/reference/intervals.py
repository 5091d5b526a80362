"""Intervals of one proportion that the product does not print, in their published closed forms."""

from scipy.special import betaincinv

from secondreader.judge.inference.proportions import Interval, check_counts, compute_normal_quantile


def compute_corrected_wilson_interval(positives: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's interval with continuity correction: method 4 of Newcombe (1998)."""
    check_counts(positives, n)
    z = compute_normal_quantile(level)
    p, q = positives / n, 1 - positives / n
    base = z * z - 1 / n
    below = (2 * n * p + z * z - 1 - z * max(0.0, base - 2 + 4 * p * (n * q + 1)) ** 0.5) / (2 * (n + z * z))
    above = (2 * n * p + z * z + 1 + z * max(0.0, base + 2 + 4 * p * (n * q - 1)) ** 0.5) / (2 * (n + z * z))
    low = 0.0 if positives == 0 else max(0.0, below)
    high = 1.0 if positives == n else min(1.0, above)
    return Interval(low, high)


def compute_clopper_pearson_interval(positives: int, n: int, level: float = 0.95) -> Interval:
    """The exact binomial interval of positives / n; never covers less than the level.

    Source: Clopper & Pearson (1934); method 5 of Newcombe (1998).
    """
    check_counts(positives, n)
    tail = (1 - level) / 2
    low = 0.0 if positives == 0 else float(betaincinv(positives, n - positives + 1, tail))
    high = 1.0 if positives == n else float(betaincinv(positives + 1, n - positives, 1 - tail))
    return Interval(low, high)


def compute_jeffreys_interval(positives: int, n: int, level: float = 0.95) -> Interval:
    """The equal-tailed interval of a Beta(1/2, 1/2) prior, with limits 0 and 1 at the ends.

    Source: Brown, Cai & DasGupta (2001) Statistical Science 16:101, section 3.2.
    """
    check_counts(positives, n)
    tail = (1 - level) / 2
    a, b = positives + 0.5, n - positives + 0.5
    low = 0.0 if positives == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if positives == n else float(betaincinv(a, b, 1 - tail))
    return Interval(low, high)


def compute_agresti_coull_interval(positives: int, n: int, level: float = 0.95) -> Interval:
    """The adjusted Wald interval around Wilson's centre, cut at 0 and 1.

    Source: Agresti & Coull (1998) American Statistician 52:119.
    """
    check_counts(positives, n)
    z = compute_normal_quantile(level)
    size = n + z * z
    p = (positives + z * z / 2) / size
    half = z * (p * (1 - p) / size) ** 0.5
    return Interval(max(0.0, p - half), min(1.0, p + half))
