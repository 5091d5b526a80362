"""Judges that give a probability, and two judge prompts on the same gold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from secondreader.judge.data.frame import Readings, read_frame
from secondreader.judge.inference.bootstrap import (
    FEWEST_CLUSTERS,
    MOST_RESAMPLED_CLUSTERS,
    MOST_UNDEFINED,
    Plan,
)
from secondreader.judge.inference.estimate import Estimate, Reason, undefined
from secondreader.judge.inference.exact_tests import mcnemar
from secondreader.judge.inference.proportions import Interval, wilson
from secondreader.judge.rates.corrected import majority_codes
from secondreader.judge.rates.estimators import METHOD, linear_limits, variance

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

    def frame(self) -> pd.DataFrame:
        """One row a figure."""
        return pd.DataFrame([one.row() for one in (self.brier, self.ece, self.auc)])

    def bin_frame(self) -> pd.DataFrame:
        """One row a bin of the reliability diagram."""
        return pd.DataFrame(
            [
                {"predicted": b.predicted, "observed": b.observed, "n": b.n}
                | {"low": b.limits.low, "high": b.limits.high}
                for b in self.bins
            ],
            columns=["predicted", "observed", "n", "low", "high"],
        )


def brier_score(gold: Floats, probability: Floats) -> float:
    """Mean of (probability - gold)^2; gold 0/1. Source: Brier (1950)."""
    return float(np.mean((probability - gold) ** 2))


def roc_auc(gold: Floats, probability: Floats, weight: Floats | None = None) -> float | None:
    """Area under the ROC curve by ranks, ties half; None without a risky or a safe item.

    `weight` repeats items (bootstrap counts, inverse inclusion probabilities). Source: Hanley & McNeil (1982).
    """
    return area(gold, dense_places(probability), np.ones(len(gold)) if weight is None else weight)


def dense_places(probability: Floats) -> Ints:
    """Place of each item's probability among the different ones, from 0; (items,)."""
    return rankdata(probability, method="dense").astype(np.int64) - 1


def area(gold: Floats, place: Ints, w: Floats) -> float | None:
    """`roc_auc` of items at these places: a bootstrap weighs the same places again and again."""
    risky, safe = np.where(gold == 1, w, 0.0), np.where(gold == 1, 0.0, w)
    if risky.sum() == 0 or safe.sum() == 0:
        return None
    below = np.bincount(place, safe)
    won = np.cumsum(below) - below / 2
    return float(risky @ won[place] / (risky.sum() * safe.sum()))


def equal_count_bins(probability: Floats, n_bins: int = BINS) -> Ints:
    """Bin of each item, bins of as equal count as ties allow, in order of probability; (items,)."""
    n = len(probability)
    # equal probabilities share the bin of their middle rank, so the order of rows cannot matter
    place = (rankdata(probability, method="average") - 0.5) / max(n, 1)
    return np.minimum((place * min(n_bins, max(n, 1))).astype(np.int64), n_bins - 1)


def calibration_error(
    gold: Floats, probability: Floats, n_bins: int = BINS, weight: Floats | None = None
) -> float:
    """ECE: mean over items of |mean probability - share risky| of their equal-count bin."""
    w = np.ones(len(gold)) if weight is None else weight
    return mean_gap(probability - gold, equal_count_bins(probability, n_bins), w)


def mean_gap(error: Floats, bins: Ints, w: Floats) -> float:
    """`calibration_error` of items in these bins."""
    gap = np.abs(np.bincount(bins, w * error))
    return float(gap.sum() / w.sum())


def reliability(gold: Floats, probability: Floats, n_bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """The reliability diagram in equal-count bins; empty without items."""
    if not len(gold):
        return ()
    bins = equal_count_bins(probability, n_bins)
    return tuple(_bin(gold[bins == b], probability[bins == b]) for b in np.unique(bins))


def _bin(gold: Floats, probability: Floats) -> ReliabilityBin:
    limits = wilson(float(gold.sum()), len(gold))
    return ReliabilityBin(float(probability.mean()), float(gold.mean()), limits, len(gold))


def _percentile(name: str, value: float, drawn: list[float | None], known: dict[str, object]) -> Estimate:
    """A figure with the percentile interval of its replicates, refused where over 5 % are undefined."""
    kept = np.array([one for one in drawn if one is not None])
    facts = Estimate(name, value, **known)  # type: ignore[arg-type]
    if facts.n_clusters < FEWEST_CLUSTERS:
        return _refuse(facts, Reason.TOO_FEW_CLUSTERS)
    if len(kept) < (1 - MOST_UNDEFINED) * len(drawn):
        return _refuse(facts, Reason.UNSTABLE_RESAMPLES)
    low, high = np.quantile(kept, [0.025, 0.975])
    return Estimate(name, value, float(low), float(high), **known)  # type: ignore[arg-type]


def _refuse(known: Estimate, reason: Reason) -> Estimate:
    return Estimate(
        known.name,
        known.value,
        n=known.n,
        n_clusters=known.n_clusters,
        source=known.source,
        interval_reason=reason,
    )


def _resamples(codes: Ints, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each item counts in each bootstrap replicate of its clusters."""
    rng = np.random.default_rng(seed)
    clusters = int(codes.max()) + 1
    for _ in range(resamples):
        drawn = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
        yield drawn[codes].astype(np.float64)


def calibrate(
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
        lost = [undefined(n, Reason.NO_ITEMS, source=s) for n, s in zip(names, sources, strict=True)]
        return CalibrationResult(lost[0], lost[1], lost[2], ())
    codes = np.unique(np.arange(len(gold)) if cluster is None else cluster, return_inverse=True)[1]
    clusters = int(codes.max()) + 1
    error, place, bins = probability - gold, dense_places(probability), equal_count_bins(probability, n_bins)
    square = error**2
    drawn: list[list[float | None]] = [[], [], []]
    for w in _resamples(codes, resamples if clusters >= FEWEST_CLUSTERS else 0, seed):
        drawn[0].append(float(w @ square / w.sum()))
        drawn[1].append(mean_gap(error, bins, w))
        drawn[2].append(area(gold, place, w))
    method = f"scenario-cluster bootstrap percentile, B={resamples}, seed {seed}"
    values = (float(square.mean()), calibration_error(gold, probability, n_bins), roc_auc(gold, probability))
    done = []
    for name, source, value, replicates in zip(names, sources, values, drawn, strict=True):
        known: dict[str, object] = {
            "n": len(gold), "n_clusters": clusters, "source": source, "method": method,
        }  # fmt: skip
        done.append(
            undefined(name, Reason.EMPTY_DENOMINATOR, n=len(gold), n_clusters=clusters, source=source)
            if value is None
            else _percentile(name, value, replicates, known)
        )
    if len(gold) < FEW_FOR_ECE:
        done[1] = done[1].warn(f"With {len(gold)} items the calibration error is biased upwards.")
    return CalibrationResult(done[0], done[1], done[2], reliability(gold, probability, n_bins))


@dataclass(frozen=True, slots=True)
class PromptComparison:
    """Two judges or judge prompts on the same gold."""

    one: str
    """First judge."""
    two: str
    """Second judge."""
    n: int
    """Items with gold and a readable verdict of both."""
    only_one_right: int
    """Items that only the first judge gets right."""
    only_two_right: int
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
            return f"{self.one} and {self.two} share no item with gold: they cannot be compared."
        limits = (
            "" if gap.low is None or gap.high is None else f" [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
        )
        return (
            f"On {self.n} items {self.one} is right {self.only_one_right} times where {self.two} is wrong and wrong "
            f"{self.only_two_right} times where it is right: {100 * gap.value:+.1f} points of accuracy{limits}."
        )

    def frame(self) -> pd.DataFrame:
        """One row a difference."""
        return pd.DataFrame([one.row() for one in (self.accuracy, self.sensitivity, self.specificity)])


def paired_difference(name: str, gap: Floats, cluster: Ints, plan: Plan) -> Estimate:
    """Mean of item-wise differences (-1, 0, 1) with a scenario-cluster percentile interval.

    `cluster` codes index the plan's clusters; the same plan pairs several differences.
    """
    if not len(gap):
        return undefined(name, Reason.NO_ITEMS, source="paired difference of proportions")
    n_clusters = len(np.unique(cluster))
    known: dict[str, object] = {
        "n": len(gap),
        "n_clusters": n_clusters,
        "source": "paired difference of proportions",
        "method": f"scenario-cluster bootstrap percentile, B={plan.resamples}, seed {plan.seed}",
    }
    drawn: list[float | None] = []
    if n_clusters > MOST_RESAMPLED_CLUSTERS:
        found = linear_limits(
            float(gap.mean()), variance((gap - gap.mean()) / len(gap), cluster) ** 0.5, n_clusters - 1, 0.95
        )
        return Estimate(name, float(gap.mean()), found.low, found.high, **known | {"method": METHOD})  # type: ignore[arg-type]
    if n_clusters >= FEWEST_CLUSTERS:
        table = np.zeros((plan.n_clusters, 2))
        np.add.at(table, cluster, np.column_stack([gap, np.ones(len(gap))]))
        sums = plan.replicate_sums(table)
        drawn = [float(total / count) if count > 0 else None for total, count in sums]
    return _percentile(name, float(gap.mean()), drawn, known)


def compare_verdicts(
    gold: Floats, one: Floats, two: Floats, cluster: Ints, names: tuple[str, str], *, plan: Plan
) -> PromptComparison:
    """Two judges' 0/1 verdicts on the same 0/1 gold (items,), NaN where missing; items with all three count."""
    use = ~(np.isnan(gold) | np.isnan(one) | np.isnan(two))
    truth, first, second, where = gold[use], one[use], two[use], cluster[use]
    right_one, right_two = first == truth, second == truth
    gap = right_one.astype(np.float64) - right_two
    risky = truth == 1
    b, c = int((gap > 0).sum()), int((gap < 0).sum())
    return PromptComparison(
        one=names[0],
        two=names[1],
        n=int(use.sum()),
        only_one_right=b,
        only_two_right=c,
        p=mcnemar(b, c).p_midp if b + c else None,
        accuracy=paired_difference("accuracy_difference", gap, where, plan),
        sensitivity=paired_difference("sensitivity_difference", gap[risky], where[risky], plan),
        specificity=paired_difference("specificity_difference", gap[~risky], where[~risky], plan),
    )


def _binary(codes: npt.NDArray[np.integer[Any]], readings: Readings) -> Floats:
    """Answer codes as 1 positive, 0 other, NaN missing or unsure."""
    blank = (codes < 0) | (codes == readings.unsure)
    return np.where(blank, np.nan, (codes == readings.positive).astype(np.float64))


def gold_binary(readings: Readings) -> Floats:
    """Majority gold as 1 positive, 0 other, NaN for ties and unlabelled items; unsure labels left out."""
    return _binary(majority_codes(readings), readings)


def compare_prompts(
    data: pd.DataFrame | Readings,
    one: str,
    two: str,
    *,
    positive: str = "yes",
    resamples: int = 2000,
    seed: int = 0,
) -> PromptComparison:
    """Two judges (prompt versions) of one long frame on the same majority gold."""
    readings = data if isinstance(data, Readings) else read_frame(data, positive=positive)
    columns = [_binary(readings.verdict[:, readings.judge_index(name)], readings) for name in (one, two)]
    cluster = readings.cluster.astype(np.int64)
    plan = Plan(len(readings.clusters), resamples, seed)
    return compare_verdicts(gold_binary(readings), columns[0], columns[1], cluster, (one, two), plan=plan)


def judge_calibration(
    data: pd.DataFrame | Readings, *, judge: str | None = None, positive: str = "yes", seed: int = 0
) -> CalibrationResult:
    """Calibration of the column `probability` of one judge's rows against majority gold."""
    readings = data if isinstance(data, Readings) else read_frame(data, positive=positive)
    rows = readings.judge_rows
    index = readings.judge_index(judge)
    mine = rows[(rows["rater"] == index) & (rows["pass_no"] == 1) & rows["probability"].notna()]
    items = mine["item"].to_numpy(np.intp)
    gold = gold_binary(readings)[items]
    use = ~np.isnan(gold)
    probability = mine["probability"].to_numpy(np.float64)[use]
    return calibrate(gold[use], probability, readings.cluster[items][use].astype(np.int64), seed=seed)
