"""Resample scenarios: one matrix of weights for every figure, BCa limits, and when to refuse them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from secondreader.judge.inference.cluster_sums import ClusterSums, Floats
from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.formulas import Formula
from secondreader.judge.inference.proportions import compute_wilson_interval

FEWEST_CLUSTERS = 8
FEW_CLUSTERS = 30
MOST_UNDEFINED = 0.05
# beyond this many clusters the delta interval equals the bootstrap to 1-3 % and costs a thousandth
MOST_RESAMPLED_CLUSTERS = 20_000
BLOCK_CELLS = 1 << 22
# a jackknife sum below this share of its total is what subtraction left of zero
ROUNDING = 1e-11
# figures closer than this are the same figure summed in another order
SAME = 1e-12


@dataclass(frozen=True)
class BootstrapDesign:
    """How intervals are made; the same design gives the same digits."""

    n_clusters: int
    """Clusters that are sampled with replacement."""
    resamples: int = 2000
    """Bootstrap replicates B."""
    seed: int = 0
    """Seed of the generator."""
    level: float = 0.95
    """Nominal coverage."""

    @property
    def resampled(self) -> bool:
        """Whether the bootstrap is used; else the delta (jackknife) interval."""
        return FEWEST_CLUSTERS <= self.n_clusters <= MOST_RESAMPLED_CLUSTERS and self.resamples > 0

    @property
    def method(self) -> str:
        """The method as a report prints it."""
        if self.resampled:
            return f"scenario-cluster bootstrap BCa, B={self.resamples}, seed {self.seed}"
        return "scenario-cluster jackknife, t limits"

    @cached_property
    def counts(self) -> NDArray[np.uint16]:
        """How often each replicate samples each cluster, shape (resamples, clusters)."""
        # counts instead of sampled indices: one matrix product then serves every figure and every slice
        generator = np.random.default_rng(self.seed)
        n = self.n_clusters
        counts = np.empty((self.resamples, n), dtype=np.uint16)
        step = max(1, BLOCK_CELLS // n)
        for start in range(0, self.resamples, step):
            rows = min(step, self.resamples - start)
            picks = generator.integers(0, n, (rows, n), dtype=np.int32)
            picks += np.arange(rows, dtype=np.int32)[:, None] * np.int32(n)
            counts[start : start + rows] = np.bincount(picks.ravel(), minlength=rows * n).reshape(rows, n)
        return counts

    def compute_replicate_sums(self, per_cluster: Floats) -> Floats:
        """Sums of every replicate: (clusters, columns) -> (resamples, columns)."""
        # a slice touches few clusters; rows of zeros would only cost time
        used = np.flatnonzero(per_cluster.any(axis=1))
        per_cluster = per_cluster[used]
        everywhere = len(used) == self.n_clusters
        step = max(1, BLOCK_CELLS // max(len(used), 1))
        blocks = [self.counts[start : start + step] for start in range(0, self.resamples, step)]
        parts = [(b if everywhere else b[:, used]).astype(np.float64) @ per_cluster for b in blocks]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class SampledCoefficients:
    """K figures with their resampling distributions, before they become Estimates."""

    coefficients: tuple[Measure, ...]
    """What the K figures are."""
    values: Floats
    """Point values, shape (K,); NaN where undefined."""
    support: NDArray[np.int64]
    """Items that each figure divides by, shape (K,)."""
    clusters: NDArray[np.int64]
    """Clusters that those items come from, shape (K,)."""
    chance: Floats
    """Agreement expected by chance, shape (K,)."""
    replicates: Floats
    """Bootstrap replicates, shape (B, K); no rows where no bootstrap was made."""
    jackknife: Floats
    """Values without one cluster, shape (clusters, K)."""
    bootstrap: BootstrapDesign
    """How the intervals are made."""
    empty_reason: Reason = Reason.NO_PAIRABLE_ITEMS
    """The reason to give where no item enters any figure."""

    def find_index(self, name: str) -> int:
        """The column of the figure of this name."""
        return [c.name for c in self.coefficients].index(name)

    def build_estimates(self) -> list[Estimate]:
        """All figures with their intervals."""
        limits = self.compute_limits()
        return [self.build_estimate_at(k, limits) for k in range(len(self.coefficients))]

    def compute_limits(self) -> "Limits":
        """Interval limits of all K figures."""
        if len(self.replicates):
            return compute_bca_limits(self.values, self.replicates, self.jackknife, self.bootstrap.level)
        return compute_jackknife_t_limits(self.values, self.jackknife, self.bootstrap.level)

    def build_estimate_at(self, k: int, limits: "Limits") -> Estimate:
        """Figure k as an Estimate: value or reason, limits or why they are refused."""
        what, n, clusters = self.coefficients[k], int(self.support[k]), int(self.clusters[k])
        known: dict[str, Any] = {
            "n": n,
            "n_clusters": clusters,
            "level": self.bootstrap.level,
        }
        if np.isnan(self.values[k]):
            return make_undefined_estimate(what, self.explain_undefined(k), **known)
        value = float(self.values[k])
        if clusters < FEWEST_CLUSTERS:
            return Estimate(what, value, interval_reason=Reason.TOO_FEW_CLUSTERS, **known)
        if limits.flat[k] and what.kind == "chance" and value < 1:
            # a rater who always gives the same answer: the coefficient is 0 in every resample by construction
            return Estimate(what, value, interval_reason=Reason.NO_VARIATION, **known)
        if limits.flat[k]:
            low, high = compute_flat_limits(
                value, what, float(self.chance[k]), clusters, self.bootstrap.level
            )
            method = "Wilson at perfect agreement, each scenario counted once, mapped through the coefficient"
        elif limits.undefined[k] > MOST_UNDEFINED or not np.isfinite(limits.low[k] + limits.high[k]):
            return Estimate(what, value, interval_reason=Reason.UNSTABLE_RESAMPLES, **known)
        else:
            low, high, method = float(limits.low[k]), float(limits.high[k]), self.bootstrap.method
        few = (format_few_clusters_warning(clusters),) if clusters < FEW_CLUSTERS else ()
        return Estimate(what, value, low, high, method=method, warnings=few, **known)

    def explain_undefined(self, k: int) -> Reason:
        """Why figure k is undefined; figure 0 counts the items of the whole comparison."""
        if self.support[k] > 0:
            return Reason.NO_VARIATION
        return self.empty_reason if self.support[0] == 0 else Reason.EMPTY_DENOMINATOR


@dataclass(frozen=True, slots=True)
class Limits:
    """Interval limits of K figures."""

    low: Floats
    """Lower limits, shape (K,)."""
    high: Floats
    """Upper limits, shape (K,)."""
    undefined: Floats
    """Share of undefined replicates, shape (K,)."""
    flat: NDArray[np.bool_]
    """Whether no replicate differs from the value: resampling is blind there."""


def format_few_clusters_warning(clusters: int) -> str:
    """The warning below 30 clusters."""
    return f"only {clusters} scenarios: intervals from fewer than {FEW_CLUSTERS} tend to be too short"


def sample_coefficients(
    cluster_sums: ClusterSums,
    formula: Formula,
    bootstrap: BootstrapDesign,
    empty_reason: Reason = Reason.NO_PAIRABLE_ITEMS,
) -> SampledCoefficients:
    """Evaluate a set of coefficients on the data, on each replicate and without each cluster."""
    total = cluster_sums.weighted.sum(axis=0)
    counted = cluster_sums.counted.sum(axis=0)
    # clusters without an item of this comparison are sampled, but do not count as its clusters
    used = cluster_sums.counted.any(axis=1)
    replicates = np.empty((0, len(formula.coefficients)))
    if bootstrap.resampled:
        replicates = formula.values(bootstrap.compute_replicate_sums(cluster_sums.weighted))
    return SampledCoefficients(
        coefficients=formula.coefficients,
        values=formula.values(total),
        support=np.rint(formula.support(counted)).astype(np.int64),
        clusters=(formula.support(cluster_sums.counted[used]) > 0).sum(axis=0),
        chance=formula.chance(total),
        replicates=replicates,
        jackknife=compute_jackknife_values(cluster_sums.weighted, total, formula),
        bootstrap=bootstrap,
        empty_reason=empty_reason,
    )


def compute_jackknife_values(per_cluster: Floats, total: Floats, formula: Formula) -> Floats:
    """The figures without each cluster in turn, shape (clusters, K)."""
    # in blocks, so that 20,000 clusters times all columns never sit in memory at once
    step = max(1, BLOCK_CELLS // max(per_cluster.shape[1], 1))
    floor = ROUNDING * np.abs(total)
    parts = [np.empty((0, len(formula.coefficients)))]
    for start in range(0, len(per_cluster), step):
        left = total - per_cluster[start : start + step]
        left[np.abs(left) <= floor] = 0.0
        parts.append(formula.values(left))
    return np.concatenate(parts)


def compute_acceleration(jackknife: Floats) -> Floats:
    """BCa's acceleration from jackknife values (clusters, K) -> (K,); 0 without variation."""
    defined = np.isfinite(jackknife)
    n = defined.sum(axis=0)
    mean = np.divide(np.where(defined, jackknife, 0.0).sum(axis=0), n, out=np.zeros(n.shape), where=n > 0)
    gap = np.where(defined, mean - jackknife, 0.0)
    cube, square = (gap**3).sum(axis=0), (gap**2).sum(axis=0)
    a: Floats = np.divide(cube, 6 * square**1.5, out=np.zeros_like(cube), where=square > 0)
    return a


def compute_bca_limits(values: Floats, replicates: Floats, jackknife: Floats, level: float) -> Limits:
    """Bias-corrected and accelerated bootstrap limits of K figures at once.

    `values` (K,), `replicates` (B, K) with NaN where undefined, `jackknife` (clusters, K).
    Source: Efron (1987) JASA 82:171; acceleration by Efron & Tibshirani (1993) eq. 14.15.
    """
    ordered = np.sort(replicates, axis=0)
    defined = np.isfinite(ordered).sum(axis=0)
    below = (replicates < values - SAME).sum(axis=0) + (np.abs(replicates - values) <= SAME).sum(axis=0) / 2
    share = below / np.maximum(defined, 1)
    # with no replicate on one side the bias would be infinite: count half a replicate there
    edge = 0.5 / max(len(replicates), 1)
    z0 = ndtri(np.clip(share, edge, 1 - edge))
    a = compute_acceleration(jackknife)
    tails = [
        compute_quantile(ordered, defined, ndtr(shift_quantile(z0, a, z)))
        for z in compute_tail_quantiles(level)
    ]
    last = np.take_along_axis(ordered, np.maximum(defined - 1, 0)[None, :], axis=0)[0]
    return Limits(
        low=tails[0],
        high=tails[1],
        undefined=1 - defined / max(len(replicates), 1),
        flat=(defined > 0) & (last - ordered[0] <= SAME) & (np.abs(last - values) <= SAME),
    )


def compute_tail_quantiles(level: float) -> tuple[float, float]:
    """Standard normal quantiles of the two tails."""
    z = float(ndtri(0.5 + level / 2))
    return -z, z


def shift_quantile(z0: Floats, a: Floats, z: float) -> Floats:
    """BCa's shifted normal quantile: z0 + (z0 + z) / (1 - a (z0 + z))."""
    return np.asarray(z0 + (z0 + z) / (1 - a * (z0 + z)))


def compute_quantile(ordered: Floats, defined: NDArray[np.int64], at: Floats) -> Floats:
    """Linear quantile of each column of sorted values whose NaN come last: (B, K), (K,), (K,) -> (K,)."""
    rank = at * np.maximum(defined - 1, 0)
    low = np.floor(rank).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(defined - 1, 0))
    lower = np.take_along_axis(ordered, low[None, :], axis=0)[0]
    upper = np.take_along_axis(ordered, high[None, :], axis=0)[0]
    return np.asarray(lower + (upper - lower) * (rank - low))


def compute_jackknife_error(jackknife: Floats) -> Floats:
    """Standard error from values without one cluster, (clusters, K) -> (K,); NaN values do not enter."""
    defined = np.isfinite(jackknife)
    n = np.maximum(defined.sum(axis=0), 1)
    filled = np.where(defined, jackknife, 0.0)
    gap = np.where(defined, filled - filled.sum(axis=0) / n, 0.0)
    return np.asarray(np.sqrt((n - 1) / n * np.square(gap).sum(axis=0)))


def compute_jackknife_t_limits(values: Floats, jackknife: Floats, level: float) -> Limits:
    """Cluster-jackknife t limits: value +- t(clusters - 1) standard errors.

    Source: Bell & McCaffrey (2002) Survey Methodology 28:169 for the jackknife of clustered data.
    """
    n = max(len(jackknife), 1)
    error = compute_jackknife_error(jackknife)
    half = float(stdtrit(max(n - 1, 1), 0.5 + level / 2)) * error
    lost = 1 - np.isfinite(jackknife).sum(axis=0) / n
    return Limits(values - half, values + half, lost, error <= SAME)


def compute_flat_limits(
    value: float, what: Measure, chance: float, clusters: int, level: float
) -> tuple[float, float]:
    """Limits where every replicate equals the value.

    Wilson's interval of `clusters` agreements out of `clusters` is mapped through
    (raw - chance) / (1 - chance): a scenario counts once, since data without one disagreement cannot
    show how much its transcripts depend on each other.
    """
    floor = compute_wilson_interval(clusters, clusters, level).low
    if what.kind == "signed":
        return max(-1.0, value - (1 - floor)), min(1.0, value + (1 - floor))
    if what.kind == "chance":
        return 1 - (1 - floor) / (1 - chance), 1.0
    limits = compute_wilson_interval(value * clusters, clusters, level)
    return limits.low, limits.high


def subtract_paired(
    minuend: SampledCoefficients, subtrahend: SampledCoefficients, names: tuple[str, ...]
) -> SampledCoefficients:
    """The paired differences of figures resampled with the same weights; each keeps its figure's name."""
    first, second = [minuend.find_index(n) for n in names], [subtrahend.find_index(n) for n in names]
    return SampledCoefficients(
        coefficients=tuple(replace(minuend.coefficients[k], kind="signed") for k in first),
        values=minuend.values[first] - subtrahend.values[second],
        support=np.minimum(minuend.support[first], subtrahend.support[second]),
        clusters=np.minimum(minuend.clusters[first], subtrahend.clusters[second]),
        chance=np.zeros(len(names)),
        empty_reason=minuend.empty_reason,
        replicates=minuend.replicates[:, first] - subtrahend.replicates[:, second],
        jackknife=minuend.jackknife[:, first] - subtrahend.jackknife[:, second],
        bootstrap=minuend.bootstrap,
    )
