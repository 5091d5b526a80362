"""Judges that give a probability: Brier score, calibration error, ROC area and the reliability diagram."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.inference.bootstrap import FEWEST_CLUSTERS
from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.proportions import Interval, compute_wilson_interval
from secondreader.judge.lab.binary_codes import code_gold_binary
from secondreader.judge.lab.percentiles import add_percentile_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BRIER = Measure(
    "brier",
    "Brier score",
    "mean of (probability − gold)², gold 0 or 1",
    "Brier (1950) Monthly Weather Review 78:1",
    "number",
)
ECE = Measure(
    "ece",
    "expected calibration error",
    "mean over items of |mean probability − share of positive gold| in the item's bin, bins of equal count",
    "Naeini, Cooper & Hauskrecht (2015) AAAI, with equal-count bins",
    "number",
)
AUC = Measure(
    "auc",
    "area under the ROC curve",
    "chance that an item with positive gold gets a higher probability than one without; ties count half",
    "Hanley & McNeil (1982) Radiology 143:29; ties count half",
    "number",
)
BINS = 10
FEW_FOR_ECE = 200


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One point of the reliability diagram."""

    predicted: float
    """Mean probability that the judge reported."""
    observed: float
    """Share of risky gold."""
    limits: Interval
    """Wilson's interval of the share."""
    n: int
    """Items."""


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """How good a judge's probabilities are."""

    brier: Estimate
    """Mean squared error of the probability: 0 is perfect, .25 is always saying .5."""
    ece: Estimate
    """Expected calibration error over equal-count bins, with bootstrap interval; biased upwards in small samples."""
    auc: Estimate
    """Chance that a risky transcript gets a higher probability than a safe one."""
    bins: tuple[ReliabilityBin, ...]
    """Reliability diagram, bins of equal count."""

    def build_frame(self) -> pd.DataFrame:
        """One row a figure."""
        return pd.DataFrame([estimate.build_row() for estimate in (self.brier, self.ece, self.auc)])

    def build_bin_frame(self) -> pd.DataFrame:
        """One row a bin of the reliability diagram."""
        return pd.DataFrame(
            [
                {"predicted": b.predicted, "observed": b.observed, "n": b.n}
                | {"low": b.limits.low, "high": b.limits.high}
                for b in self.bins
            ],
            columns=["predicted", "observed", "n", "low", "high"],
        )


def compute_brier_score(gold: Floats, probability: Floats) -> float:
    """Mean of (probability - gold)^2; gold 0/1. Source: Brier (1950)."""
    return float(np.mean((probability - gold) ** 2))


def compute_roc_auc(gold: Floats, probability: Floats, weight: Floats | None = None) -> float | None:
    """Area under the ROC curve by ranks, ties half; None without a risky or a safe item.

    `weight` repeats items (bootstrap counts, inverse inclusion probabilities). Source: Hanley & McNeil (1982).
    """
    return compute_area(gold, rank_densely(probability), np.ones(len(gold)) if weight is None else weight)


def rank_densely(probability: Floats) -> Ints:
    """Dense rank of each item's probability, from 0; (items,)."""
    return rankdata(probability, method="dense").astype(np.int64) - 1


def compute_area(gold: Floats, rank: Ints, w: Floats) -> float | None:
    """`compute_roc_auc` from dense ranks, which a bootstrap computes only once."""
    risky, safe = np.where(gold == 1, w, 0.0), np.where(gold == 1, 0.0, w)
    if risky.sum() == 0 or safe.sum() == 0:
        return None
    below = np.bincount(rank, safe)
    # safe items ranked below each rank, ties half: linear in items where all pairs would be quadratic
    won = np.cumsum(below) - below / 2
    return float(risky @ won[rank] / (risky.sum() * safe.sum()))


def assign_equal_count_bins(probability: Floats, n_bins: int = BINS) -> Ints:
    """Bin of each item, bins of as equal count as ties allow, in order of probability; (items,)."""
    n = len(probability)
    # equal probabilities share the bin of their middle rank, so the order of rows cannot matter
    fraction = (rankdata(probability, method="average") - 0.5) / max(n, 1)
    return np.minimum((fraction * min(n_bins, max(n, 1))).astype(np.int64), n_bins - 1)


def compute_calibration_error(
    gold: Floats, probability: Floats, n_bins: int = BINS, weight: Floats | None = None
) -> float:
    """ECE: mean over items of |mean probability - share risky| of their equal-count bin."""
    w = np.ones(len(gold)) if weight is None else weight
    return compute_mean_gap(probability - gold, assign_equal_count_bins(probability, n_bins), w)


def compute_mean_gap(error: Floats, bins: Ints, w: Floats) -> float:
    """`compute_calibration_error` of items in these bins."""
    gap = np.abs(np.bincount(bins, w * error))
    return float(gap.sum() / w.sum())


def compute_reliability(gold: Floats, probability: Floats, n_bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """The reliability diagram in equal-count bins; empty without items."""
    if not len(gold):
        return ()
    bins = assign_equal_count_bins(probability, n_bins)
    return tuple(_build_bin(gold[bins == b], probability[bins == b]) for b in np.unique(bins))


def _build_bin(gold: Floats, probability: Floats) -> ReliabilityBin:
    limits = compute_wilson_interval(float(gold.sum()), len(gold))
    return ReliabilityBin(float(probability.mean()), float(gold.mean()), limits, len(gold))


def _generate_resamples(codes: Ints, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each item counts in each bootstrap replicate of its clusters."""
    rng = np.random.default_rng(seed)
    clusters = int(codes.max()) + 1
    for _ in range(resamples):
        counts = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
        yield counts[codes].astype(np.float64)


def compute_calibration(
    gold: Floats,
    probability: Floats,
    cluster: Ints | None = None,
    *,
    n_bins: int = BINS,
    resamples: int = 1000,
    seed: int = 0,
) -> CalibrationResult:
    """Brier score, equal-count reliability, ECE and AUC of probabilities of the positive answer.

    gold 0/1 and probability 0..1, (items,); intervals are scenario-cluster percentile bootstraps. Undefined
    without items, AUC also without both classes. Raises ValueError for probabilities outside 0..1.
    """
    # percentages slip in here, and every figure would look plausible
    if ((probability < 0) | (probability > 1) | np.isnan(probability)).any():
        raise ValueError("a probability lies outside 0..1 or is missing: give numbers from 0 to 1")
    if not len(gold):
        lost = [make_undefined_estimate(measure, Reason.NO_ITEMS) for measure in (BRIER, ECE, AUC)]
        return CalibrationResult(lost[0], lost[1], lost[2], ())
    codes = np.unique(np.arange(len(gold)) if cluster is None else cluster, return_inverse=True)[1]
    clusters = int(codes.max()) + 1
    error, rank, bins = (
        probability - gold,
        rank_densely(probability),
        assign_equal_count_bins(probability, n_bins),
    )
    square = error**2
    resampled: list[list[float | None]] = [[], [], []]
    # one set of resamples for all three figures: their errors belong to the same scenarios
    for w in _generate_resamples(codes, resamples if clusters >= FEWEST_CLUSTERS else 0, seed):
        resampled[0].append(float(w @ square / w.sum()))
        resampled[1].append(compute_mean_gap(error, bins, w))
        resampled[2].append(compute_area(gold, rank, w))
    method = f"scenario-cluster bootstrap percentile, B={resamples}, seed {seed}"
    values = (
        compute_brier_score(gold, probability),
        compute_calibration_error(gold, probability, n_bins),
        compute_roc_auc(gold, probability),
    )
    done = []
    for measure, value, replicates in zip((BRIER, ECE, AUC), values, resampled, strict=True):
        if value is None:
            known = make_undefined_estimate(
                measure, Reason.EMPTY_DENOMINATOR, n=len(gold), n_clusters=clusters
            )
        else:
            known = Estimate(measure, value, n=len(gold), n_clusters=clusters, method=method)
            known = add_percentile_interval(known, replicates)
        done.append(known)
    # bins of few items differ from their mean probability by chance alone, and the error is never negative
    if len(gold) < FEW_FOR_ECE:
        done[1] = done[1].add_warnings(f"With {len(gold)} items the calibration error is biased upwards.")
    return CalibrationResult(done[0], done[1], done[2], compute_reliability(gold, probability, n_bins))


def compute_judge_calibration(
    data: pd.DataFrame | Ratings, *, judge: str | None = None, positive: str = "yes", seed: int = 0
) -> CalibrationResult:
    """Calibration of the column `probability` of one judge's rows against majority gold."""
    ratings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    rows = ratings.judge_rows
    index = ratings.find_judge_index(judge)
    # repeats would count an item twice
    mine = rows[(rows["rater"] == index) & (rows["pass_no"] == 1) & rows["probability"].notna()]
    items = mine["item"].to_numpy(np.intp)
    gold = code_gold_binary(ratings)[items]
    use = ~np.isnan(gold)
    probability = mine["probability"].to_numpy(np.float64)[use]
    return compute_calibration(
        gold[use], probability, ratings.cluster[items][use].astype(np.int64), seed=seed
    )
