"""Judges that give a probability, and two judge prompts on the same gold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import Gold, gold_of
from secondreader.judge.inference.bootstrap import (
    FEWEST_CLUSTERS,
    MOST_RESAMPLED_CLUSTERS,
    MOST_UNDEFINED,
    BootstrapDesign,
)
from secondreader.judge.inference.estimate import Estimate, Reason, make_undefined_estimate
from secondreader.judge.inference.exact_tests import run_mcnemar_test
from secondreader.judge.inference.proportions import Interval, compute_wilson_interval
from secondreader.judge.rates.estimators import METHOD, compute_cluster_variance, compute_linear_limits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BRIER = "Brier (1950) Monthly Weather Review 78:1"
HANLEY = "Hanley & McNeil (1982) Radiology 143:29; ties count half"
NAEINI = "Naeini, Cooper & Hauskrecht (2015) AAAI, with equal-count bins"
BINS = 10
FEW_FOR_ECE = 200


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One point of the reliability diagram."""

    predicted: float
    """Mean probability that the judge gave."""
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
        return pd.DataFrame([one.build_row() for one in (self.brier, self.ece, self.auc)])

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
    """Place of each item's probability among the different ones, from 0; (items,)."""
    return rankdata(probability, method="dense").astype(np.int64) - 1


def compute_area(gold: Floats, rank: Ints, w: Floats) -> float | None:
    """`compute_roc_auc` of items at these places: a bootstrap weighs the same places again and again."""
    risky, safe = np.where(gold == 1, w, 0.0), np.where(gold == 1, 0.0, w)
    if risky.sum() == 0 or safe.sum() == 0:
        return None
    below = np.bincount(rank, safe)
    won = np.cumsum(below) - below / 2
    return float(risky @ won[rank] / (risky.sum() * safe.sum()))


def assign_equal_count_bins(probability: Floats, n_bins: int = BINS) -> Ints:
    """Bin of each item, bins of as equal count as ties allow, in order of probability; (items,)."""
    n = len(probability)
    # equal probabilities share the bin of their middle rank, so the order of rows cannot matter
    place = (rankdata(probability, method="average") - 0.5) / max(n, 1)
    return np.minimum((place * min(n_bins, max(n, 1))).astype(np.int64), n_bins - 1)


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


def _build_percentile_estimate(
    name: str, value: float, replicates: list[float | None], details: dict[str, object]
) -> Estimate:
    """A figure with the percentile interval of its replicates, refused where over 5 % are undefined."""
    kept = np.array([one for one in replicates if one is not None])
    facts = Estimate(name, value, **details)  # type: ignore[arg-type]
    if facts.n_clusters < FEWEST_CLUSTERS:
        return _refuse_interval(facts, Reason.TOO_FEW_CLUSTERS)
    if len(kept) < (1 - MOST_UNDEFINED) * len(replicates):
        return _refuse_interval(facts, Reason.UNSTABLE_RESAMPLES)
    low, high = np.quantile(kept, [0.025, 0.975])
    return Estimate(name, value, float(low), float(high), **details)  # type: ignore[arg-type]


def _refuse_interval(details: Estimate, reason: Reason) -> Estimate:
    return Estimate(
        details.name,
        details.value,
        n=details.n,
        n_clusters=details.n_clusters,
        source=details.source,
        interval_reason=reason,
    )


def _generate_resamples(codes: Ints, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each item counts in each bootstrap replicate of its clusters."""
    rng = np.random.default_rng(seed)
    clusters = int(codes.max()) + 1
    for _ in range(resamples):
        drawn = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
        yield drawn[codes].astype(np.float64)


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
    if ((probability < 0) | (probability > 1) | np.isnan(probability)).any():
        raise ValueError("a probability lies outside 0..1 or is missing: give numbers from 0 to 1")
    names, sources = ("brier", "ece", "auc"), (BRIER, NAEINI, HANLEY)
    if not len(gold):
        lost = [
            make_undefined_estimate(n, Reason.NO_ITEMS, source=s) for n, s in zip(names, sources, strict=True)
        ]
        return CalibrationResult(lost[0], lost[1], lost[2], ())
    codes = np.unique(np.arange(len(gold)) if cluster is None else cluster, return_inverse=True)[1]
    clusters = int(codes.max()) + 1
    error, place, bins = (
        probability - gold,
        rank_densely(probability),
        assign_equal_count_bins(probability, n_bins),
    )
    square = error**2
    drawn: list[list[float | None]] = [[], [], []]
    for w in _generate_resamples(codes, resamples if clusters >= FEWEST_CLUSTERS else 0, seed):
        drawn[0].append(float(w @ square / w.sum()))
        drawn[1].append(compute_mean_gap(error, bins, w))
        drawn[2].append(compute_area(gold, place, w))
    method = f"scenario-cluster bootstrap percentile, B={resamples}, seed {seed}"
    values = (
        float(square.mean()),
        compute_calibration_error(gold, probability, n_bins),
        compute_roc_auc(gold, probability),
    )
    done = []
    for name, source, value, replicates in zip(names, sources, values, drawn, strict=True):
        known: dict[str, object] = {
            "n": len(gold), "n_clusters": clusters, "source": source, "method": method,
        }  # fmt: skip
        done.append(
            make_undefined_estimate(
                name, Reason.EMPTY_DENOMINATOR, n=len(gold), n_clusters=clusters, source=source
            )
            if value is None
            else _build_percentile_estimate(name, value, replicates, known)
        )
    if len(gold) < FEW_FOR_ECE:
        done[1] = done[1].add_warnings(f"With {len(gold)} items the calibration error is biased upwards.")
    return CalibrationResult(done[0], done[1], done[2], compute_reliability(gold, probability, n_bins))


@dataclass(frozen=True, slots=True)
class PromptComparison:
    """Two judges or judge prompts on the same gold."""

    first_judge: str
    """First judge."""
    second_judge: str
    """Second judge."""
    n: int
    """Items with gold and a readable verdict of both."""
    only_first_right: int
    """Items that only the first judge gets right."""
    only_second_right: int
    """Items that only the second judge gets right."""
    p: float | None
    """McNemar's mid-p on correctness, items independent; None without discordant items."""
    accuracy: Estimate
    """Accuracy of the first minus the second, paired."""
    sensitivity: Estimate
    """Sensitivity of the first minus the second, on the risky items."""
    specificity: Estimate
    """Specificity of the first minus the second, on the safe items."""

    @property
    def sentence(self) -> str:
        """The comparison in plain words."""
        gap = self.accuracy
        if gap.value is None:
            return f"{self.first_judge} and {self.second_judge} share no item with gold: they cannot be compared."
        limits = (
            "" if gap.low is None or gap.high is None else f" [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
        )
        return (
            f"On {self.n} items {self.first_judge} is right {self.only_first_right} times where {self.second_judge} is wrong and wrong "
            f"{self.only_second_right} times where it is right: {100 * gap.value:+.1f} points of accuracy{limits}."
        )

    def build_frame(self) -> pd.DataFrame:
        """One row a difference."""
        return pd.DataFrame([one.build_row() for one in (self.accuracy, self.sensitivity, self.specificity)])


def estimate_paired_difference(name: str, gap: Floats, cluster: Ints, bootstrap: BootstrapDesign) -> Estimate:
    """Mean of item-wise differences (-1, 0, 1) with a scenario-cluster percentile interval.

    `cluster` codes index the plan's clusters; the same plan pairs several differences.
    """
    if not len(gap):
        return make_undefined_estimate(name, Reason.NO_ITEMS, source="paired difference of proportions")
    n_clusters = len(np.unique(cluster))
    known: dict[str, object] = {
        "n": len(gap),
        "n_clusters": n_clusters,
        "source": "paired difference of proportions",
        "method": f"scenario-cluster bootstrap percentile, B={bootstrap.resamples}, seed {bootstrap.seed}",
    }
    drawn: list[float | None] = []
    if n_clusters > MOST_RESAMPLED_CLUSTERS:
        found = compute_linear_limits(
            float(gap.mean()),
            compute_cluster_variance((gap - gap.mean()) / len(gap), cluster) ** 0.5,
            n_clusters - 1,
            0.95,
        )
        return Estimate(name, float(gap.mean()), found.low, found.high, **known | {"method": METHOD})  # type: ignore[arg-type]
    if n_clusters >= FEWEST_CLUSTERS:
        table = np.zeros((bootstrap.n_clusters, 2))
        np.add.at(table, cluster, np.column_stack([gap, np.ones(len(gap))]))
        sums = bootstrap.compute_replicate_sums(table)
        drawn = [float(total / count) if count > 0 else None for total, count in sums]
    return _build_percentile_estimate(name, float(gap.mean()), drawn, known)


def compare_verdicts(
    gold: Floats,
    first_verdicts: Floats,
    second_verdicts: Floats,
    cluster: Ints,
    names: tuple[str, str],
    *,
    bootstrap: BootstrapDesign,
) -> PromptComparison:
    """Two judges' 0/1 verdicts on the same 0/1 gold (items,), NaN where missing; items with all three count."""
    use = ~(np.isnan(gold) | np.isnan(first_verdicts) | np.isnan(second_verdicts))
    truth, first, second, where = gold[use], first_verdicts[use], second_verdicts[use], cluster[use]
    right_one, right_two = first == truth, second == truth
    gap = right_one.astype(np.float64) - right_two
    risky = truth == 1
    b, c = int((gap > 0).sum()), int((gap < 0).sum())
    return PromptComparison(
        first_judge=names[0],
        second_judge=names[1],
        n=int(use.sum()),
        only_first_right=b,
        only_second_right=c,
        p=run_mcnemar_test(b, c).p_midp if b + c else None,
        accuracy=estimate_paired_difference("accuracy_difference", gap, where, bootstrap),
        sensitivity=estimate_paired_difference("sensitivity_difference", gap[risky], where[risky], bootstrap),
        specificity=estimate_paired_difference(
            "specificity_difference", gap[~risky], where[~risky], bootstrap
        ),
    )


def _code_binary(codes: npt.NDArray[np.integer[Any]], ratings: Ratings) -> Floats:
    """Answer codes as 1 positive, 0 other, NaN missing or unsure."""
    blank = (codes < 0) | (codes == ratings.unsure)
    return np.where(blank, np.nan, (codes == ratings.positive).astype(np.float64))


def code_gold_binary(ratings: Ratings, gold: Gold | None = None) -> Floats:
    """Gold as 1 positive, 0 other, NaN where there is none; by default the majority of the annotators without unsure."""
    return _code_binary((gold or gold_of(ratings)).codes, ratings)


def compare_prompts(
    data: pd.DataFrame | Ratings,
    first_judge: str,
    second_judge: str,
    *,
    positive: str = "yes",
    resamples: int = 2000,
    seed: int = 0,
) -> PromptComparison:
    """Two judges (prompt versions) of one long frame on the same majority gold."""
    readings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    columns = [
        _code_binary(readings.verdict[:, readings.find_judge_index(name)], readings)
        for name in (first_judge, second_judge)
    ]
    cluster = readings.cluster.astype(np.int64)
    plan = BootstrapDesign(len(readings.clusters), resamples, seed)
    return compare_verdicts(
        code_gold_binary(readings),
        columns[0],
        columns[1],
        cluster,
        (first_judge, second_judge),
        bootstrap=plan,
    )


def compute_judge_calibration(
    data: pd.DataFrame | Ratings, *, judge: str | None = None, positive: str = "yes", seed: int = 0
) -> CalibrationResult:
    """Calibration of the column `probability` of one judge's rows against majority gold."""
    readings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    rows = readings.judge_rows
    index = readings.find_judge_index(judge)
    mine = rows[(rows["rater"] == index) & (rows["pass_no"] == 1) & rows["probability"].notna()]
    items = mine["item"].to_numpy(np.intp)
    gold = code_gold_binary(readings)[items]
    use = ~np.isnan(gold)
    probability = mine["probability"].to_numpy(np.float64)[use]
    return compute_calibration(
        gold[use], probability, readings.cluster[items][use].astype(np.int64), seed=seed
    )
