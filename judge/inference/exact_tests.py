"""Exact tests of paired and unpaired counts, the sign-flip over scenarios, and corrections for many tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc
from scipy.stats import binom, binomtest, fisher_exact

Floats = NDArray[np.float64]

# sums of residuals are equal in exact arithmetic more often than in floating point
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class McNemarResult:
    """Whether two raters of the same items disagree more in one direction than in the other."""

    b: int
    """Items where only the first rater says positive (an over-flag, if the first is the judge)."""
    c: int
    """Items where only the second rater says positive (a miss, if the first is the judge)."""
    chi2: float | None
    """(b-c)^2/(b+c), one degree of freedom; None without discordant items."""
    p: float
    """p of `chi2`; 1 without discordant items."""
    chi2_cc: float | None
    """(|b-c|-1)^2/(b+c), Edwards' continuity correction; None without discordant items."""
    p_cc: float
    """p of `chi2_cc`."""
    p_exact: float
    """Two-sided exact binomial p."""
    p_midp: float
    """Two-sided mid-p: the exact p less the probability of the observed count."""
    share: float | None
    """b/(b+c); None without discordant items."""
    low: float | None
    """Lower Clopper-Pearson limit of `share`."""
    high: float | None
    """Upper Clopper-Pearson limit of `share`."""


def run_mcnemar_test(b: int, c: int, level: float = 0.95) -> McNemarResult:
    """McNemar's test of b against c discordant items; items are taken as independent.

    Source: McNemar (1947) Psychometrika 12:153; mid-p by Fagerland, Lydersen & Laake (2013)
    BMC Med Res Methodol 13:91.
    """
    if b < 0 or c < 0:
        raise ValueError(f"discordant counts {b} and {c}: neither may be negative")
    n = b + c
    if n == 0:
        return McNemarResult(b, c, None, 1.0, None, 1.0, 1.0, 1.0, None, None, None)
    # both tails are alike at one half, so twice the smaller one is the exact p
    smaller = min(b, c)
    tail = float(binom.cdf(smaller, n, 0.5))
    point = float(binom.pmf(smaller, n, 0.5))
    chi2 = (b - c) ** 2 / n
    # the correction may not turn a perfect balance into a difference of one
    chi2_cc = max(abs(b - c) - 1, 0) ** 2 / n
    limits = binomtest(b, n).proportion_ci(level, method="exact")
    return McNemarResult(
        b=b,
        c=c,
        chi2=chi2,
        p=float(chdtrc(1, chi2)),
        chi2_cc=chi2_cc,
        p_cc=float(chdtrc(1, chi2_cc)),
        p_exact=min(1.0, 2 * tail),
        p_midp=min(1.0, 2 * tail - point),
        share=b / n,
        low=float(limits.low),
        high=float(limits.high),
    )


@dataclass(frozen=True, slots=True)
class SliceContrast:
    """Errors in a slice against the rest, as if items were independent."""

    rate_in: float | None
    """Error rate in the slice, 0..1; None for an empty slice."""
    rate_out: float | None
    """Error rate elsewhere; None where there is nothing else."""
    difference: float | None
    """rate_in - rate_out."""
    risk_ratio: float | None
    """rate_in / rate_out; None where nothing is wrong elsewhere."""
    odds_ratio: float | None
    """Sample odds ratio; None where its denominator is 0."""
    fisher_p: float
    """Two-sided Fisher p. Invalid where items of a scenario share the slice: permutation.py is for that."""


def compute_ratio_or_none(above: float, below: float) -> float | None:
    """Above / below, or None where below is 0."""
    return above / below if below else None


def compare_slice_with_rest(errors_in: int, n_in: int, errors_out: int, n_out: int) -> SliceContrast:
    """Rates, difference, ratios and Fisher's exact p of a 2x2 table of independent items.

    Source: Fisher (1935) J R Stat Soc 98:39.
    """
    if not (0 <= errors_in <= n_in and 0 <= errors_out <= n_out):
        raise ValueError(f"{errors_in}/{n_in} and {errors_out}/{n_out}: errors must lie between 0 and n")
    right_in, right_out = n_in - errors_in, n_out - errors_out
    rate_in, rate_out = compute_ratio_or_none(errors_in, n_in), compute_ratio_or_none(errors_out, n_out)
    table = [[errors_in, right_in], [errors_out, right_out]]
    both = rate_in is not None and rate_out is not None
    return SliceContrast(
        rate_in=rate_in,
        rate_out=rate_out,
        difference=rate_in - rate_out if rate_in is not None and rate_out is not None else None,
        risk_ratio=compute_ratio_or_none(rate_in, rate_out)
        if rate_in is not None and rate_out is not None
        else None,
        odds_ratio=compute_ratio_or_none(errors_in * right_out, errors_out * right_in),
        fisher_p=float(fisher_exact(np.array(table))[1]) if both else 1.0,
    )


def check_p_values(p: ArrayLike) -> Floats:
    """p-values as a float vector; raises ValueError outside 0..1."""
    values = np.asarray(p, dtype=np.float64).ravel()
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("a p-value lies outside 0 to 1, or is missing: give probabilities only")
    return values


def adjust_holm(p: ArrayLike) -> Floats:
    """Adjusted p that control the chance of any false rejection, shape (tests,).

    Source: Holm (1979) Scand J Stat 6:65.
    """
    values = check_p_values(p)
    m = len(values)
    order = np.argsort(values)
    stepped = np.maximum.accumulate(values[order] * np.arange(m, 0, -1))
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def compute_sign_flip_p(scenario_sums: ArrayLike, permutations: int = 9_999, seed: int = 0) -> float:
    """Two-sided p that scenario sums are symmetric about 0: each sum's sign is flipped at random.

    `scenario_sums` (scenarios,) holds over-flags minus misses of each scenario. All 2^k patterns are taken where
    they are fewer than `permutations`. Source: Fisher (1935) Design of Experiments, section 21.
    """
    values = np.asarray(scenario_sums, dtype=np.float64)
    # a sum of 0 is the same under either sign: dropping it leaves p as it is and halves the patterns
    values = values[values != 0]
    if len(values) == 0:
        return 1.0
    observed = abs(values.sum()) - TIE
    if 2 ** min(len(values), 60) <= permutations:
        bits = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
        return float((np.abs((2 * bits - 1) @ values) >= observed).mean())
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, (permutations, len(values)), dtype=np.int8) * 2 - 1
    return float((1 + (np.abs(signs @ values) >= observed).sum()) / (permutations + 1))
