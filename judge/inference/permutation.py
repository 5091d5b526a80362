"""The scenario permutation: whether a rate is higher in a set of items than chance and the rest explain.

The score of a column x is T = sum_i x_i r_i, r_i being a wrong verdict (0 or 1) less the rate of wrong verdicts
among items of the same gold answer, so slices that differ only in prevalence have the same expectation, 0.
T is split into what lies between scenarios and what lies within them. Whole scenarios trade their residual
sums, the items of a scenario trade their deviations. A column constant within scenarios has only the first
part, a column balanced in every scenario only the second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.intp]

SMALLEST_BAND = 20
# shuffles of each scenario's items; a permutation picks one per scenario, so 8 scenarios give 10^18
POOL_SIZE = 199
BLOCK_CELLS = 16_000_000
NOISE = 1e-6
# above this many values sample the normal limit instead: 10^9 random keys would take minutes and gigabytes
MOST_TRADED = 50_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kind of wrong verdict on the items where it can happen; arrays have shape (items,)."""

    name: str
    """error, false_positive, false_negative or unparsed."""
    index: Indices
    """Positions of the items in the frame's item order."""
    wrong: NDArray[np.bool_]
    """Whether the verdict is wrong in this way."""
    gold: Indices
    """Gold answer code: the rate is standardised within it."""
    cluster: Indices
    """Scenario of each item, 0 to n_clusters - 1, each in use."""
    scenario: Indices
    """Number of each scenario among all scenarios of the frame, shape (n_clusters,)."""
    weight: Floats
    """Inverse inclusion probability, mean 1."""

    @property
    def n_clusters(self) -> int:
        """Scenarios with such an item."""
        return int(self.cluster.max(initial=-1)) + 1


def make_outcome(
    name: str,
    eligible: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    gold: NDArray[np.integer],
    cluster: Indices,
    weight: Floats,
) -> Outcome:
    """The outcome on its eligible items; all arrays have shape (all items,)."""
    index = np.flatnonzero(eligible)
    scenario, cluster_codes = np.unique(cluster[index], return_inverse=True)
    own = weight[index]
    return Outcome(
        name=name,
        index=index,
        wrong=wrong[index],
        gold=np.unique(gold[index], return_inverse=True)[1],
        cluster=cluster_codes,
        scenario=scenario,
        weight=own / own.mean() if len(own) else own,
    )


@dataclass(frozen=True, slots=True)
class Residuals:
    """What an outcome leaves unexplained, per item and per scenario."""

    item: Floats
    """Weighted wrong verdict less its expectation, shape (items,)."""
    size: Floats
    """Eligible items, shape (scenarios,)."""
    total: Floats
    """Sum of `item`, shape (scenarios,)."""
    scale: Floats
    """Expected spread of `total`, shape (scenarios,)."""
    band: Indices
    """Scenarios of one band trade their standardised totals, shape (scenarios,)."""


def compute_expected_rates(outcome: Outcome) -> Floats:
    """Weighted rate of wrong verdicts among the items of the same gold answer, shape (items,)."""
    mass = np.bincount(outcome.gold, weights=outcome.weight)
    wrong = np.bincount(outcome.gold, weights=outcome.weight * outcome.wrong)
    rates: Floats = (wrong / mass)[outcome.gold]
    return rates


def compute_residuals(outcome: Outcome) -> Residuals:
    """Residuals with their spread by scenario: v (1 + (size - 1) rho), rho fitted by moments.

    Scenarios of unequal size or mix of gold answers have sums of unequal spread; standardised sums are
    traded, and only within bands of similar independent variance v (that of its items' gold answers), so that each
    keeps its own spread.
    """
    item = outcome.weight * (outcome.wrong - compute_expected_rates(outcome))
    # the weight may follow from the verdict, so an item's own weight must not decide whom it trades with
    spread = (np.bincount(outcome.gold, weights=item**2) / np.bincount(outcome.gold))[outcome.gold]
    variance = np.bincount(outcome.cluster, weights=spread).astype(np.float64)
    size = np.bincount(outcome.cluster).astype(np.float64)
    total = np.bincount(outcome.cluster, weights=item).astype(np.float64)
    pairs = float((variance * (size - 1)).sum())
    rho = float((total**2 - variance).sum()) / pairs if pairs > 0 else 0.0
    scale = np.sqrt(variance * (1 + (size - 1) * min(max(rho, 0.0), 1.0)))
    return Residuals(item, size, total, scale, assign_bands(variance))


def assign_bands(values: Floats, smallest: int = SMALLEST_BAND) -> Indices:
    """Number neighbouring values in bands of at least `smallest`; equal values share a band."""
    distinct, codes, counts = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    number = np.zeros(len(distinct), dtype=np.intp)
    filled, current = 0, 0
    for k, count in enumerate(counts):
        # start a band only if what is left fills one: a small last band would hardly move
        if filled >= smallest and counts[k:].sum() >= smallest:
            filled, current = 0, current + 1
        number[k] = current
        filled += int(count)
    return number[codes]


def build_membership(cluster: Indices, n_clusters: int) -> csr_array:
    """Sums items by scenario: sparse (scenarios, items)."""
    n = len(cluster)
    return csr_array((np.ones(n, dtype=np.float32), (cluster, np.arange(n))), shape=(n_clusters, n))


@dataclass(frozen=True, slots=True)
class Scores:
    """Standardised scores of all columns of one outcome, observed and permuted."""

    t: Floats
    """Observed score less the permutation mean, in permutation standard deviations, shape (columns,)."""
    null: Singles
    """The same for each permutation, shape (permutations, columns)."""
    moves: NDArray[np.bool_]
    """Whether the permutations change the column's score at all, shape (columns,)."""

    def take(self, positions: Indices) -> "Scores":
        """The scores of these columns."""
        return Scores(self.t[positions], self.null[:, positions], self.moves[positions])


def score_columns(outcome: Outcome, columns: Singles, permutations: int, seed: int) -> Scores:
    """Scores of 0/1 columns (items, k) of one outcome under the scenario permutation.

    Random keys belong to the scenarios and items of the frame, not to the outcome: one seed moves the same
    scenarios in every outcome, so the highest score over several outcomes keeps their dependence.
    """
    if columns.shape[1] == 0:
        return Scores(np.zeros(0), np.zeros((permutations, 0), dtype=np.float32), np.zeros(0, dtype=bool))
    rest = compute_residuals(outcome)
    between, within = split_columns(outcome, columns, rest)
    standard = np.divide(rest.total, rest.scale, out=np.zeros_like(rest.total), where=rest.scale > 0)
    deviation = rest.item - (rest.total / rest.size)[outcome.cluster]
    observed = standard @ between
    if within.matrix.size:
        observed[within.columns] += deviation @ within.matrix
    null = permute_scenarios(outcome, standard, between, rest.band, permutations, seed)
    if within.matrix.size:
        null[:, within.columns] += permute_items(outcome, deviation, within.matrix, permutations, seed)
    return standardise(observed, null)


@dataclass(frozen=True, slots=True)
class WithinScenario:
    """The columns that vary within scenarios, as deviations from the scenario's mean."""

    columns: Indices
    """Which columns, shape (k',)."""
    matrix: Singles
    """Deviations, shape (items, k')."""


def split_columns(outcome: Outcome, columns: Singles, rest: Residuals) -> tuple[Floats, WithinScenario]:
    """Scenario means of the columns (times the scenarios' scale) and deviations from them."""
    sums = build_membership(outcome.cluster, outcome.n_clusters) @ columns
    means = sums / rest.size[:, None]
    between = (means - columns.mean(axis=0, dtype=np.float64)) * rest.scale[:, None]
    varies = np.flatnonzero(((sums > 0) & (sums < rest.size[:, None])).any(axis=0))
    matrix = columns[:, varies] - means[:, varies].astype(np.float32)[outcome.cluster]
    return between, WithinScenario(varies, matrix)


def permute_scenarios(
    outcome: Outcome, standard: Floats, between: Floats, band: Indices, permutations: int, seed: int
) -> Singles:
    """Scores between scenarios under permutation, shape (permutations, k)."""
    if len(standard) > MOST_TRADED:
        return sample_normal_limit(between.astype(np.float32), standard, band, permutations, [seed, 0])
    traded = trade_scenarios(outcome, standard, band, permutations, seed)
    return np.asarray(traded @ between.astype(np.float32))


def permute_items(
    outcome: Outcome, deviation: Floats, matrix: Singles, permutations: int, seed: int
) -> Singles:
    """Scores within scenarios under permutation, shape (permutations, k')."""
    if len(deviation) > MOST_TRADED:
        return sample_normal_limit(matrix, deviation, outcome.cluster, permutations, [seed, 1])
    return trade_items(outcome, deviation, matrix, permutations, seed)


def sample_normal_limit(
    matrix: Singles, values: Floats, group: Indices, permutations: int, seed: list[int]
) -> Singles:
    """Draws from the normal limit of values @ matrix when values are permuted within groups.

    Its mean and covariance are those of the permutations; `matrix` is (n, k), `values` and `group` (n,).
    Source: Hoeffding (1951) Ann Math Stat 22:558.
    """
    size = np.bincount(group)
    mean = np.bincount(group, weights=values) / size
    spread = np.bincount(group, weights=(values - mean[group]) ** 2) / np.maximum(size - 1, 1)
    sums = build_membership(group, len(size)) @ matrix
    centred = matrix - (sums / size[:, None]).astype(np.float32)[group]
    covariance = (centred.T @ (centred * spread[group].astype(np.float32)[:, None])).astype(np.float64)
    roots, vectors = np.linalg.eigh(covariance)
    draws = np.random.default_rng(seed).standard_normal((permutations, matrix.shape[1]))
    scores = mean @ sums + (draws * np.sqrt(np.maximum(roots, 0))) @ vectors.T
    return np.asarray(scores, dtype=np.float32)


def trade_scenarios(
    outcome: Outcome, standard: Floats, band: Indices, permutations: int, seed: int
) -> Singles:
    """Standardised scenario sums in permuted order within bands, shape (permutations, scenarios)."""
    base = np.argsort(band, kind="stable")
    everyone = int(outcome.scenario.max(initial=-1)) + 1
    # keys of the whole frame, then those of this outcome: one seed moves the same scenarios everywhere
    keys = (
        np.random.default_rng([seed, 0])
        .random((everyone, permutations), dtype=np.float32)
        .T[:, outcome.scenario]
    )
    # the band in front of the key sorts within bands; 1/2 leaves float32 precision for the key
    order = np.argsort(keys * 0.5 + band, axis=1)
    traded = np.empty(keys.shape, dtype=np.float32)
    traded[:, base] = standard[order]
    return traded


def trade_items(
    outcome: Outcome, deviation: Floats, matrix: Singles, permutations: int, seed: int
) -> Singles:
    """Within-scenario scores when the items of each scenario trade deviations: (permutations, k')."""
    base = np.argsort(outcome.cluster, kind="stable")
    pool = np.empty((POOL_SIZE, len(base)), dtype=np.float32)
    keys = np.random.default_rng([seed, 1]).random(
        (int(outcome.index.max()) + 1, POOL_SIZE), dtype=np.float32
    )
    # scenario + key / 2 orders by scenario, then key, and is exact in float64; what lies by scenario already sorts fast
    own = outcome.cluster[base].astype(np.float64)
    for row, key in zip(pool, keys[outcome.index[base]].T, strict=True):
        row[base] = deviation[base[np.argsort(own + key / 2, kind="stable")]]
    everyone = int(outcome.scenario.max()) + 1
    picks = np.random.default_rng([seed, 2]).integers(0, POOL_SIZE, (everyone, permutations), dtype=np.int16)
    picks = picks.T[:, outcome.scenario]
    scores = np.empty((permutations, matrix.shape[1]), dtype=np.float32)
    step = max(1, BLOCK_CELLS // len(base))
    positions = np.arange(len(base))
    for start in range(0, permutations, step):
        chosen = picks[start : start + step][:, outcome.cluster]
        scores[start : start + step] = pool[chosen, positions] @ matrix
    return scores


def standardise(observed: Floats, null: Singles) -> Scores:
    """Scores in units of their permutation mean and standard deviation, 0 where nothing moves."""
    mean = null.mean(axis=0, dtype=np.float64)
    spread = null.std(axis=0, dtype=np.float64)
    moves = spread > NOISE
    safe = np.where(moves, spread, 1.0)
    t = np.where(moves, (observed - mean) / safe, 0.0)
    scaled = ((null - mean) / safe * moves).astype(np.float32)
    return Scores(t, scaled, moves)


def compute_raw_p(scores: Scores) -> Floats:
    """One-sided permutation p of each column alone, shape (columns,).

    (1 + permutations at least as high) / (B + 1): Phipson & Smyth (2010) SAGMB 9:39.
    """
    reached = (scores.null >= (scores.t - NOISE).astype(np.float32)).sum(axis=0)
    return np.asarray((1 + reached) / (len(scores.null) + 1))


def compute_adjusted_p(scores: Scores, family: Indices, share: Floats) -> Floats:
    """One-sided p adjusted for all columns by max-T, shape (columns,).

    `family` (columns,) numbers the families of tests, `share` (families,) how much of the error each may
    spend, sum 1. Within a family the highest score decides (Westfall & Young 1993, algorithm 2.5);
    between families the smallest family p over its share does, by the same permutations, so the chance
    of any false flag in all families together is the level.
    """
    b = len(scores.null)
    best = np.full(b, np.inf)
    spent = np.ones(len(scores.t))
    for number, part in enumerate(share):
        mine = np.flatnonzero(family == number)
        if len(mine) == 0:
            continue
        highest = np.sort(scores.null[:, mine].max(axis=1))
        own = scores.null[:, mine].max(axis=1)
        best = np.minimum(best, count_at_least(highest, own) / b / part)
        reached = count_at_least(highest, (scores.t[mine] - NOISE).astype(np.float32))
        spent[mine] = (1 + reached) / (b + 1) / part
    # between families: compare each spent share with the smallest one of every permutation
    lowest = np.sort(best)
    reached = np.searchsorted(lowest, spent * (1 + 1e-12), side="right")
    return np.minimum((1 + reached) / (b + 1), 1.0)


def count_at_least(ordered: Singles, values: Singles) -> Indices:
    """How many of the ordered values are at least as high as each value."""
    return len(ordered) - np.searchsorted(ordered, values, side="left")


def join_scores(parts: list[Scores]) -> Scores:
    """The columns of several outcomes side by side."""
    return Scores(
        np.concatenate([part.t for part in parts]),
        np.concatenate([part.null for part in parts], axis=1),
        np.concatenate([part.moves for part in parts]),
    )
