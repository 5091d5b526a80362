"""Corrected rates in their published forms, on plain counts and arrays, for independent items.

Papers print these; the product estimates rates with scenarios as clusters, and is compared with them.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.proportions import (
    Interval,
    compute_normal_quantile,
    compute_wilson_interval,
)
from secondreader.judge.rates.estimators import POST_STRATIFIED, PPI, PPI_PLUS, ROGAN_GLADEN

Floats = npt.NDArray[np.float64]

LANG_REICZIGEL = replace(ROGAN_GLADEN, source="Lang & Reiczigel (2014) Prev Vet Med 113:13")


@dataclass(frozen=True, slots=True)
class RoganGladenResult:
    """A Rogan-Gladen correction and what it was made from."""

    estimate: Estimate
    """The corrected rate, cut to 0..1."""
    apparent: float
    """The judge's own rate."""
    sensitivity: float
    """P(verdict yes | risky) that was used."""
    specificity: float
    """P(verdict no | not risky) that was used."""
    raw: float | None
    """The corrected rate before it was cut to 0..1; None when undefined."""
    raw_interval: Interval | None
    """The interval before it was cut to 0..1."""
    standard_error: float | None
    """Delta-method standard error; None where Se and Sp count as known."""


def _correct_rate(apparent: float, se: float, sp: float) -> float:
    return (apparent + sp - 1) / (se + sp - 1)


def _build_estimate(
    value: float, interval: Interval, n: int, level: float, method: str, measure: Measure
) -> Estimate:
    low, high = (min(1.0, max(0.0, limit)) for limit in (interval.low, interval.high))
    cut = min(1.0, max(0.0, value))
    notes = () if cut == value else (f"The raw estimate {value:.3f} lies outside 0..1 and was cut.",)
    return Estimate(measure, cut, low, high, n, n, level, f"{method}, items independent", warnings=notes)


def _refuse_uninformative(apparent: float, se: float, sp: float, n: int, level: float) -> RoganGladenResult:
    """The judge carries no information (Se + Sp <= 1): no correction exists."""
    lost = make_undefined_estimate(ROGAN_GLADEN, Reason.NOT_IDENTIFIED, n=n, level=level)
    return RoganGladenResult(
        lost.add_warnings("The judge is no better than chance."), apparent, se, sp, None, None, None
    )


def compute_rogan_gladen_known(
    positive: int, n: int, se: float, sp: float, level: float = 0.95
) -> RoganGladenResult:
    """Rate from `positive` yes verdicts of n when Se and Sp are known exactly: Wilson limits, corrected.

    Undefined when Se + Sp <= 1. Source: Rogan & Gladen (1978); interval as in epiR::epi.prev (Wilson).
    """
    apparent = positive / n
    if se + sp <= 1:
        return _refuse_uninformative(apparent, se, sp, n, level)
    value = _correct_rate(apparent, se, sp)
    found = compute_wilson_interval(positive, n, level)
    mapped = Interval(_correct_rate(found.low, se, sp), _correct_rate(found.high, se, sp))
    done = _build_estimate(value, mapped, n, level, "Wilson, mapped through known Se and Sp", ROGAN_GLADEN)
    return RoganGladenResult(done, apparent, se, sp, value, mapped, None)


def _compute_delta_error(
    value: float, parts: tuple[float, float, float], sizes: tuple[float, float, float]
) -> float:
    """Delta-method standard error of the corrected rate from (apparent, se, sp) and their sample sizes."""
    (q, se, sp), (n, n_pos, n_neg) = parts, sizes
    spread = q * (1 - q) / n + value**2 * se * (1 - se) / n_pos + (1 - value) ** 2 * sp * (1 - sp) / n_neg
    return float(spread**0.5 / (se + sp - 1))


@dataclass(frozen=True, slots=True)
class JudgeCounts:
    """Gold by verdict on a labelled set, and verdicts on another set."""

    tp: int
    """Risky by gold, verdict yes."""
    n_pos: int
    """Risky by gold."""
    tn: int
    """Not risky by gold, verdict no."""
    n_neg: int
    """Not risky by gold."""
    judge_positive: int
    """Verdicts yes in the other set."""
    n_total: int
    """Verdicts in the other set."""


def compute_rogan_gladen_delta(counts: JudgeCounts, level: float = 0.95) -> RoganGladenResult:
    """Rate when Se and Sp come from a labelled set: symmetric delta-method interval, all three samples counted.

    Var = [q(1-q)/n + r^2 Se(1-Se)/n_pos + (1-r)^2 Sp(1-Sp)/n_neg] / (Se+Sp-1)^2 with q the judge's rate and r
    the corrected one. Source: Rogan & Gladen (1978) eq. 5; Lee et al. arXiv 2511.21140.
    """
    n = counts.n_pos + counts.n_neg
    if min(counts.n_pos, counts.n_neg, counts.n_total) == 0:
        return _refuse_empty(counts, level)
    q, se, sp = counts.judge_positive / counts.n_total, counts.tp / counts.n_pos, counts.tn / counts.n_neg
    if se + sp <= 1:
        return _refuse_uninformative(q, se, sp, n, level)
    value = _correct_rate(q, se, sp)
    error = _compute_delta_error(value, (q, se, sp), (counts.n_total, counts.n_pos, counts.n_neg))
    half = compute_normal_quantile(level) * error
    interval = Interval(value - half, value + half)
    done = _build_estimate(value, interval, n, level, "delta method", ROGAN_GLADEN)
    return RoganGladenResult(done, q, se, sp, value, interval, error)


def _refuse_empty(counts: JudgeCounts, level: float) -> RoganGladenResult:
    """A class without gold, or no verdict to correct."""
    reason = Reason.NO_ITEMS if counts.n_total == 0 else Reason.EMPTY_DENOMINATOR
    lost = make_undefined_estimate(ROGAN_GLADEN, reason, level=level)
    share = [k / n if n else 0.0 for k, n in _pair_counts(counts)]
    return RoganGladenResult(lost, share[0], share[1], share[2], None, None, None)


def _pair_counts(counts: JudgeCounts) -> tuple[tuple[int, int], ...]:
    return (counts.judge_positive, counts.n_total), (counts.tp, counts.n_pos), (counts.tn, counts.n_neg)


def compute_rogan_gladen_adjusted(counts: JudgeCounts, level: float = 0.95) -> RoganGladenResult:
    """As `compute_rogan_gladen_delta`, with Lang and Reiczigel's interval, which holds its level in small samples.

    Adds z^2/2 pseudo-successes to the judge's rate and one success and one failure to Se and Sp, and shifts
    the centre. The value itself is the plain Rogan-Gladen one.
    """
    plain = compute_rogan_gladen_delta(counts, level)
    if plain.raw is None:
        return plain
    z2 = compute_normal_quantile(level) ** 2
    (k, n), (tp, n_pos), (tn, n_neg) = _pair_counts(counts)
    sizes = (n + z2, n_pos + 2.0, n_neg + 2.0)
    parts = ((k + z2 / 2) / sizes[0], (tp + 1) / sizes[1], (tn + 1) / sizes[2])
    q, se, sp = parts
    if se + sp <= 1:
        return _refuse_uninformative(
            plain.apparent, plain.sensitivity, plain.specificity, n_pos + n_neg, level
        )
    centre = _correct_rate(q, se, sp)
    shift = 2 * z2 * (centre * se * (1 - se) / sizes[1] - (1 - centre) * sp * (1 - sp) / sizes[2])
    half = z2**0.5 * _compute_delta_error(centre, parts, sizes)
    interval = Interval(centre + shift - half, centre + shift + half)
    done = _build_estimate(
        plain.raw, interval, n_pos + n_neg, level, "Lang-Reiczigel adjusted", LANG_REICZIGEL
    )
    return RoganGladenResult(
        done, plain.apparent, plain.sensitivity, plain.specificity, plain.raw, interval, plain.standard_error
    )


def count_judge_verdicts(labels: Floats, verdicts: Floats, other_verdicts: Floats) -> JudgeCounts:
    """Counts from 0/1 arrays: gold and verdicts of the labelled set, verdicts of the other set."""
    risky, yes = np.asarray(labels) == 1, np.asarray(verdicts) == 1
    other = np.asarray(other_verdicts) == 1
    return JudgeCounts(
        tp=int((risky & yes).sum()),
        n_pos=int(risky.sum()),
        tn=int((~risky & ~yes).sum()),
        n_neg=int((~risky).sum()),
        judge_positive=int(other.sum()),
        n_total=len(other),
    )


def compute_rogan_gladen_from_labels(
    labels: Floats, verdicts: Floats, other_verdicts: Floats, level: float = 0.95
) -> RoganGladenResult:
    """Rate in one set from its verdicts alone, Se and Sp from gold on another: Lang and Reiczigel's interval.

    The sampling error of all three samples enters; arrays hold 0 or 1.
    """
    return compute_rogan_gladen_adjusted(count_judge_verdicts(labels, verdicts, other_verdicts), level)


@dataclass(frozen=True, slots=True)
class StratifiedRate:
    """A stratified rate for a fixed set of judged items."""

    estimate: Estimate
    """The rate of exactly these items, with Laplace-smoothed strata in the interval."""
    standard_error: float
    """Plug-in standard error with finite-population correction."""


def compute_stratified_prevalence(
    n: npt.ArrayLike, positives: npt.ArrayLike, sizes: npt.ArrayLike, level: float = 0.95
) -> StratifiedRate:
    """Rate of sum(sizes) items from `positives` of `n` labelled at random in each stratum (judge verdict).

    se^2 = sum W^2 (1 - n/N) pq/(n-1) (Cochran 1977, eq. 5.52 ff.); the interval takes p~ = (k+1)/(n+2) instead
    of p, so a stratum without errors does not count as certain. Raises ValueError for a stratum without labels.
    """
    drawn, risky, size = (np.asarray(x, float) for x in (n, positives, sizes))
    if (drawn < 1).any() or (drawn > size).any() or (risky > drawn).any():
        raise ValueError("every stratum needs 1 <= n <= its size and positives <= n")
    share, rate = size / size.sum(), risky / drawn
    value = float(share @ rate)
    rest = share**2 * (1 - drawn / size)
    plug_in = float(np.sum(rest * rate * (1 - rate) / np.maximum(drawn - 1, 1)) ** 0.5)
    smooth = (risky + 1) / (drawn + 2)
    half = compute_normal_quantile(level) * float(np.sum(rest * smooth * (1 - smooth) / drawn) ** 0.5)
    done = Estimate(
        POST_STRATIFIED,
        value,
        max(0.0, value - half),
        min(1.0, value + half),
        int(drawn.sum()),
        int(drawn.sum()),
        level,
        "stratified, finite population, Laplace-smoothed variance, items independent",
    )
    return StratifiedRate(done, plug_in)


@dataclass(frozen=True, slots=True)
class PpiMean:
    """A prediction-powered mean."""

    estimate: Estimate
    """The mean with its normal interval, not cut."""
    power: float
    """lambda: how far the predictions are trusted, 0 (not at all) to 1."""


def _fit_power(gold: Floats, predicted: Floats, unlabelled: Floats) -> float:
    """PPI++'s lambda: cov(y, f) / ((1 + n/N) var(f over both sets)), cut to 0..1 (arXiv 2311.01453, eq. 10)."""
    spread = float(np.concatenate([predicted, unlabelled]).var(ddof=1))
    if spread == 0:
        return 0.0
    shared = float(np.mean((gold - gold.mean()) * (predicted - predicted.mean())))
    return float(np.clip(shared / ((1 + len(gold) / len(unlabelled)) * spread), 0, 1))


def compute_ppi_mean(
    gold: npt.ArrayLike,
    predicted: npt.ArrayLike,
    unlabelled: npt.ArrayLike,
    power: float | None = 1.0,
    level: float = 0.95,
) -> PpiMean:
    """Mean of gold in the population: power * mean(unlabelled) + mean(gold - power * predicted).

    gold and predicted share the labelled items, unlabelled has the other items' predictions; all numeric. power 1 is
    PPI, None fits it (PPI++), 0 the labelled mean. Variance: var/N + var/n. Undefined without items.
    Source: Angelopoulos et al. (2023) Science 382:669; Angelopoulos, Duchi & Zrnic (2023) arXiv 2311.01453.
    """
    y, f, other = (np.asarray(x, float) for x in (gold, predicted, unlabelled))
    measure = PPI_PLUS if power is None else PPI
    if not len(y) or not len(other):
        return PpiMean(make_undefined_estimate(measure, Reason.NO_ITEMS, level=level), 0.0)
    chosen = _fit_power(y, f, other) if power is None else power
    rectifier = y - chosen * f
    value = float(chosen * other.mean() + rectifier.mean())
    error = (float((chosen * other).var()) / len(other) + float(rectifier.var()) / len(y)) ** 0.5
    half = compute_normal_quantile(level) * error
    method = "normal, items independent"
    return PpiMean(
        Estimate(measure, value, value - half, value + half, len(y), len(y), level, method), chosen
    )
