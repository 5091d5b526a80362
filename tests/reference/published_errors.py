"""Published closed-form standard errors for independent items, to compare with other packages' output."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from secondreader.judge.inference.cluster_sums import Codes, Floats
from secondreader.judge.inference.coefficients import compute_conger_chance


@dataclass(frozen=True, slots=True)
class LinearisedCoefficient:
    """A chance-corrected coefficient with its linearised standard error, items independent."""

    observed: float
    """Observed agreement."""
    expected: float
    """Agreement expected by chance."""
    value: float
    """The coefficient; NaN without variation."""
    error: float
    """Standard error."""
    low: float
    """Lower t limit."""
    high: float
    """Upper t limit, cut at 1."""


def linearise_coefficient(
    observed: float, expected: float, terms: Floats, level: float
) -> LinearisedCoefficient:
    """Value and t limits from the items' linearised terms, shape (items,)."""
    value = (observed - expected) / (1 - expected) if expected < 1 else float("nan")
    n = len(terms)
    error = float(np.sqrt(np.square(terms - value).sum() / (n * (n - 1)))) if n > 1 else float("nan")
    half = float(stdtrit(max(n - 1, 1), 0.5 + level / 2)) * error
    return LinearisedCoefficient(observed, expected, value, error, value - half, min(1.0, value + half))


def count_answers(matrix: Codes, n_answers: int) -> Floats:
    """How often each item got each answer, items without answers left out: (items, Q)."""
    counts = np.stack([(matrix == q).sum(axis=1) for q in range(n_answers)], axis=1)
    return np.asarray(counts[counts.sum(axis=1) > 0], dtype=np.float64)


def linearise_with_chance(
    counts: Floats, expected: float, per_item: Floats, level: float
) -> LinearisedCoefficient:
    """Gwet's variance for a coefficient whose expected agreement has the item terms `per_item`.

    Source: Gwet (2014) Handbook of Inter-Rater Reliability, ch. 5; Gwet (2008) eq. 8.
    """
    m = counts.sum(axis=1)
    pairs = np.where(m >= 2, m * (m - 1), 1)
    agreement = (counts * (counts - 1)).sum(axis=1) / pairs
    pairable = m >= 2
    if not pairable.any() or expected >= 1:
        return linearise_coefficient(float("nan"), expected, np.full(len(m), np.nan), level)
    observed = float(agreement.sum() / pairable.sum())
    value = (observed - expected) / (1 - expected)
    terms = len(m) / pairable.sum() * (agreement - expected * pairable) / (1 - expected)
    return linearise_coefficient(
        observed, expected, terms - 2 * (1 - value) * (per_item - expected) / (1 - expected), level
    )


def linearise_ac1(matrix: Codes, n_answers: int, level: float = 0.95) -> LinearisedCoefficient:
    """Gwet's AC1 with its standard error from items x raters codes (-1 missing)."""
    counts = count_answers(matrix, n_answers)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share.mean(axis=0)
    expected = float((mean * (1 - mean)).sum() / (n_answers - 1))
    return linearise_with_chance(counts, expected, share @ (1 - mean) / (n_answers - 1), level)


def linearise_fleiss(matrix: Codes, n_answers: int, level: float = 0.95) -> LinearisedCoefficient:
    """Fleiss' kappa with its standard error; missing answers as in Gwet (2014)."""
    counts = count_answers(matrix, n_answers)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share.mean(axis=0)
    return linearise_with_chance(counts, float((mean**2).sum()), share @ mean, level)


def linearise_conger(matrix: Codes, n_answers: int, level: float = 0.95) -> LinearisedCoefficient:
    """Conger's kappa (Cohen's for two raters) with its standard error."""
    use = matrix[(matrix >= 0).any(axis=1)][:, (matrix >= 0).any(axis=0)]
    n, raters = use.shape
    given = (use[:, :, None] == np.arange(n_answers)).astype(np.float64)
    answered = given.sum(axis=2)
    per_rater = answered.sum(axis=0)
    share = given.sum(axis=0) / per_rater[:, None]
    expected = float(compute_conger_chance(given.sum(axis=0)))
    adjusted = given - (answered - per_rater / n)[:, :, None] * share
    adjusted *= (n / per_rater)[None, :, None]
    others = raters * share.mean(axis=0) - share
    per_item = (adjusted * others).sum(axis=(1, 2)) / (raters * (raters - 1))
    return linearise_with_chance(count_answers(use, n_answers), expected, per_item, level)


def linearise_alpha(matrix: Codes, n_answers: int, level: float = 0.95) -> LinearisedCoefficient:
    """Nominal Krippendorff alpha with Gwet's standard error; observed agreement as Gwet corrects it."""
    counts = count_answers(matrix, n_answers)
    counts = counts[counts.sum(axis=1) >= 2]
    m = counts.sum(axis=1)
    if not len(m):
        return linearise_coefficient(float("nan"), float("nan"), np.empty(0), level)
    mean_m = float(m.mean())
    per_item = (counts * (counts - 1)).sum(axis=1) / (mean_m * (m - 1))
    plain = float(per_item.mean())
    observed = plain + (1 - plain) / float(m.sum())
    mean = (counts / mean_m).mean(axis=0)
    expected = float((mean**2).sum())
    if expected >= 1:
        return linearise_coefficient(observed, expected, np.full(len(m), np.nan), level)
    # the terms linearise alpha without its small-sample correction, so they are centred there too
    value = (plain - expected) / (1 - expected)
    gap = (m - mean_m) / mean_m
    terms = (per_item - observed * gap - expected) / (1 - expected)
    chance = counts @ mean / mean_m - expected * gap
    terms -= 2 * (1 - value) * (chance - expected) / (1 - expected)
    corrected = (observed - expected) / (1 - expected)
    return linearise_coefficient(observed, expected, terms + corrected - value, level)


@dataclass(frozen=True, slots=True)
class LinearisedTable:
    """AC1 and Cohen's kappa of one table as Gwet's table functions report them."""

    ac1: LinearisedCoefficient
    """Gwet's AC1."""
    kappa: LinearisedCoefficient
    """Cohen's kappa."""


def linearise_table(table: NDArray[np.integer], level: float = 0.95) -> LinearisedTable:
    """AC1 and kappa with errors from a Q x Q table of counts (at least one item).

    The table form divides the variance by n where the item form divides by n - 1 (Gwet 2014, ch. 5).
    """
    cells = np.asarray(table, dtype=np.int64)
    q = len(cells)
    pairs = np.stack(np.divmod(np.repeat(np.arange(q * q), cells.ravel()), q), axis=1).astype(np.int8)
    n = len(pairs)
    shrink = float(np.sqrt((n - 1) / n)) if n else float("nan")
    quantile = float(stdtrit(max(n - 1, 1), 0.5 + level / 2))
    return LinearisedTable(
        ac1=rescale_error(linearise_ac1(pairs, q, level), shrink, quantile),
        kappa=rescale_error(linearise_conger(pairs, q, level), shrink, quantile),
    )


def rescale_error(
    coefficient: LinearisedCoefficient, factor: float, quantile: float
) -> LinearisedCoefficient:
    """The same coefficient with its error multiplied by a factor."""
    error = coefficient.error * factor
    half = quantile * error
    return LinearisedCoefficient(
        coefficient.observed,
        coefficient.expected,
        coefficient.value,
        error,
        coefficient.value - half,
        min(1.0, coefficient.value + half),
    )


@dataclass(frozen=True, slots=True)
class KappaTestResult:
    """Cohen's kappa of one table with its large-sample errors, items independent."""

    observed: float
    """Observed agreement."""
    expected: float
    """Agreement expected by chance."""
    kappa: float
    """Cohen's kappa; NaN without variation."""
    error: float
    """Standard error."""
    low: float
    """Lower normal limit."""
    high: float
    """Upper normal limit."""
    error_null: float
    """Standard error under kappa = 0."""
    z: float
    """kappa / error_null."""
    p_two_sided: float
    """Two-sided p of kappa = 0."""


def run_kappa_test(table: NDArray[np.number], n: float | None = None, level: float = 0.95) -> KappaTestResult:
    """Cohen's kappa from a Q x Q table of counts, or of shares or percentages of `n` items.

    Source: Fleiss, Cohen & Everitt (1969) Psychol Bull 72:323, eqs. 13-14.
    """
    cells = np.asarray(table, dtype=np.float64)
    total = float(cells.sum())
    p, n = cells / total, total if n is None else n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float(np.trace(p)), float(rows @ columns)
    if expected >= 1:
        nan = float("nan")
        return KappaTestResult(observed, expected, nan, nan, nan, nan, nan, nan, nan)
    kappa = (observed - expected) / (1 - expected)
    both = rows[None, :] + columns[:, None]
    diagonal = np.diag(p) @ np.square(1 - (rows + columns) * (1 - kappa))
    off = (1 - kappa) ** 2 * (np.square(both) * p * (1 - np.eye(len(p)))).sum()
    bias = (kappa - expected * (1 - kappa)) ** 2
    error = float(np.sqrt(max(diagonal + off - bias, 0.0) / n) / (1 - expected))
    spread = expected + expected**2 - float((rows * columns * (rows + columns)).sum())
    null = float(np.sqrt(max(spread, 0.0) / n) / (1 - expected))
    half = float(ndtri(0.5 + level / 2)) * error
    z = kappa / null if null > 0 else float("nan")
    return KappaTestResult(
        observed, expected, kappa, error, kappa - half, kappa + half, null, z, float(2 * ndtr(-abs(z)))
    )


@dataclass(frozen=True, slots=True)
class FleissTestResult:
    """Fleiss' kappa of complete data as first published."""

    kappa: float
    """Fleiss' kappa; NaN without variation."""
    z: float
    """kappa / its standard error under chance."""
    category_kappa: Floats
    """Kappa of each answer against the rest, shape (Q,)."""
    free_marginal_kappa: float
    """Randolph's kappa: expected agreement 1 / Q."""
    observed: float
    """Mean share of agreeing rater pairs."""
    percent_unanimous: float
    """Items on which all raters agree, in percent."""


def run_fleiss_test(counts: NDArray[np.number]) -> FleissTestResult:
    """Fleiss' kappa from items x Q counts; every item needs the same number m >= 2 of raters.

    Source: Fleiss, Nee & Landis (1979) Psychol Bull 86:974; Randolph (2005). Unequal raters raise ValueError.
    """
    table = np.asarray(counts, dtype=np.float64)
    per_item = table.sum(axis=1)
    m = float(per_item[0]) if len(per_item) else 0.0
    if m < 2 or (per_item != m).any():
        raise ValueError(
            "every item needs the same number of raters, at least 2: use the general form instead"
        )
    n, q = table.shape
    share = table.mean(axis=0) / m
    variance = share * (1 - share)
    observed = float((table * (table - 1)).sum() / (n * m * (m - 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        each = 1 - (table * (m - table)).sum(axis=0) / (n * m * (m - 1) * variance)
        kappa = float((observed - (share**2).sum()) / np.float64(variance.sum()))
        spread = variance.sum() ** 2 - (variance * (1 - 2 * share)).sum()
        error = np.sqrt(2 / (n * m * (m - 1)) * spread) / variance.sum()
        z = float(kappa / error)
    free = (observed - 1 / q) / (1 - 1 / q) if q > 1 else float("nan")
    unanimous = 100 * float((table == m).any(axis=1).mean())
    return FleissTestResult(kappa, z, each, free, observed, unanimous)
