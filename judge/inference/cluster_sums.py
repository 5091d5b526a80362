"""Additive sums per cluster: every coefficient is a smooth function of these, so one resample serves all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

SMALL_SPAN = 1 << 20
WIDE_KEY = 1 << 40


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """The sums of one set of items, split by cluster."""

    weighted: Floats
    """Sums over each cluster's items times their weight, shape (clusters, columns)."""
    counted: Floats
    """The same with every weight 1; the very same array where all weights are 1."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The items under study with their clusters and weights."""

    cluster: NDArray[np.intp]
    """Cluster index of each item, shape (items,)."""
    n_clusters: int
    """How many clusters are resampled; some may hold no item of this cohort."""
    weight: Floats
    """Inverse inclusion probability of each item, shape (items,)."""

    @property
    def equal_weights(self) -> bool:
        """Whether all items weigh 1."""
        return bool((self.weight == 1).all())

    def select_items(self, use: NDArray[np.bool_]) -> "Cohort":
        """The chosen items in the same clusters."""
        return Cohort(self.cluster[use], self.n_clusters, self.weight[use])


def build_cohort(cluster: NDArray[np.intp], weight: Floats) -> Cohort:
    """A cohort whose clusters are exactly those that hold an item, renumbered from 0."""
    used, codes = np.unique(cluster, return_inverse=True)
    return Cohort(codes.astype(np.intp), len(used), weight)


def code_patterns(matrix: Codes, n_answers: int) -> tuple[NDArray[np.intp], Codes]:
    """The distinct rows of an items x raters matrix (-1 missing) and each item's index into them."""
    key = np.zeros(len(matrix), dtype=np.int64)
    for answers in matrix.T:
        # many raters would overflow 64 bits: renumber the distinct keys so far
        if key.max(initial=0) > WIDE_KEY // (n_answers + 1):
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * (n_answers + 1) + (answers + np.int64(1))
    first, codes = find_distinct(key)
    return codes, matrix[first]


def find_distinct(key: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first position of each distinct key and the index of each key among them, in key order."""
    span = int(key.max(initial=0)) + 1
    if span > SMALL_SPAN:
        _, first, codes = np.unique(key, return_index=True, return_inverse=True)
        return first, codes.astype(np.intp)
    # a table over the whole span is faster than sorting as long as it is small
    position = np.full(span, -1, dtype=np.intp)
    # of equal indices numpy keeps the last assignment, so the reversed order leaves the first position
    position[key[::-1]] = np.arange(len(key))[::-1]
    used = np.flatnonzero(position >= 0)
    rank = np.empty(span, dtype=np.intp)
    rank[used] = np.arange(len(used))
    return position[used], rank[key]


def build_group_columns(rows: Codes, n_answers: int) -> Floats:
    """What one item adds to the sums of a group of raters, shape (rows, columns); see GroupSums.

    `rows` is items (or distinct patterns) x raters, -1 missing.
    """
    counts = np.stack([(rows == q).sum(axis=1) for q in range(n_answers)], axis=1).astype(np.float64)
    m = counts.sum(axis=1)
    pairable = m >= 2
    pairs = np.where(pairable, m * (m - 1), 0)
    agreeing = (counts * (counts - 1)).sum(axis=1)
    # an item counts once in raw agreement, however many pairs of raters it has
    per_pair = np.divide(1.0, pairs, out=np.zeros_like(pairs), where=pairable)
    per_value = np.divide(1.0, m, out=np.zeros_like(m), where=m > 0)
    # an answer cannot be paired with itself: subtract 1 on the diagonal
    coincidence = counts[:, :, None] * (counts[:, None, :] - np.eye(n_answers))
    coincidence *= (per_pair * m)[:, None, None]
    marginals = (rows[:, :, None] == np.arange(n_answers)).astype(np.float64)
    parts = [
        np.stack([m > 0, pairable, agreeing * per_pair, agreeing, pairs, m * pairable], axis=1),
        counts * per_value[:, None],
        (counts > 0) & pairable[:, None],
        coincidence.reshape(len(rows), n_answers**2),
        marginals.reshape(len(rows), rows.shape[1] * n_answers),
    ]
    return np.concatenate(parts, axis=1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Named views of the columns of `build_group_columns`; `sums` has shape (..., columns)."""

    sums: Floats
    """Sums over items; leading axes are clusters or resamples."""
    n_answers: int
    """Number of answers Q."""

    def get_columns(self, start: int, width: int) -> Floats:
        """Columns start .. start + width."""
        return self.sums[..., start : start + width]

    @property
    def answered(self) -> Floats:
        """Items with at least one answer."""
        return self.sums[..., 0]

    @property
    def pairable(self) -> Floats:
        """Items with at least two answers."""
        return self.sums[..., 1]

    @property
    def agreement(self) -> Floats:
        """Sum over pairable items of the share of rater pairs that agree."""
        return self.sums[..., 2]

    @property
    def agreeing_pairs(self) -> Floats:
        """Ordered rater pairs that agree."""
        return self.sums[..., 3]

    @property
    def pairs(self) -> Floats:
        """Ordered rater pairs."""
        return self.sums[..., 4]

    @property
    def values(self) -> Floats:
        """Answers on pairable items, never weighted: the sample size of alpha's correction."""
        return self.sums[..., 5]

    @property
    def answer_shares(self) -> Floats:
        """Sum over items of the share of each answer, shape (..., Q)."""
        return self.get_columns(6, self.n_answers)

    @property
    def occurrences(self) -> Floats:
        """Pairable items on which each answer occurs, shape (..., Q)."""
        return self.get_columns(6 + self.n_answers, self.n_answers)

    @property
    def coincidence(self) -> Floats:
        """Krippendorff's coincidence matrix, shape (..., Q, Q)."""
        q = self.n_answers
        return self.get_columns(6 + 2 * q, q * q).reshape(*self.sums.shape[:-1], q, q)

    @property
    def marginals(self) -> Floats:
        """How often each rater gave each answer, shape (..., raters, Q)."""
        q = self.n_answers
        tail = self.sums[..., 6 + 2 * q + q * q :]
        return tail.reshape(*self.sums.shape[:-1], tail.shape[-1] // q, q)


UNWEIGHTED_GROUP_COLUMN = 5


def compute_group_cluster_sums(matrix: Codes, n_answers: int, cohort: Cohort) -> ClusterSums:
    """Sums of a group of raters per cluster, from an items x raters matrix."""
    codes, rows = code_patterns(matrix, n_answers)
    columns = build_group_columns(rows, n_answers)
    counted = spread_weights(codes, len(rows), cohort, np.ones(len(codes))) @ columns
    if cohort.equal_weights:
        return ClusterSums(counted, counted)
    weighted = spread_weights(codes, len(rows), cohort, cohort.weight) @ columns
    # alpha's small-sample correction needs the number of answers, not their weight
    weighted[:, UNWEIGHTED_GROUP_COLUMN] = counted[:, UNWEIGHTED_GROUP_COLUMN]
    return ClusterSums(weighted, counted)


def spread_weights(codes: NDArray[np.intp], n_patterns: int, cohort: Cohort, weight: Floats) -> csr_array:
    """Summed weight of each pattern in each cluster, sparse, shape (clusters, patterns)."""
    return csr_array((weight, (cohort.cluster, codes)), shape=(cohort.n_clusters, n_patterns))


def compute_cell_cluster_sums(first: Codes, second: Codes, n_answers: int, cohort: Cohort) -> ClusterSums:
    """Cells of the Q x Q table of two raters per cluster, shape (clusters, Q * Q + 1).

    Rows of the table are `first` (the reference), columns `second`; items with a missing answer do not
    enter. The last column counts the items, never weighted.
    """
    both = (first >= 0) & (second >= 0)
    codes = first[both].astype(np.intp) * n_answers + second[both]
    answered = cohort.select_items(both)
    counted = tally_codes(codes, n_answers**2, answered, None)
    counted = np.column_stack([counted, counted.sum(axis=1)])
    if cohort.equal_weights:
        return ClusterSums(counted, counted)
    weighted = tally_codes(codes, n_answers**2, answered, answered.weight)
    return ClusterSums(np.column_stack([weighted, counted[:, -1]]), counted)


def tally_codes(codes: NDArray[np.intp], width: int, cohort: Cohort, weight: Floats | None) -> Floats:
    """Summed weight of each code in each cluster, dense, shape (clusters, width)."""
    size = cohort.n_clusters * width
    flat = np.bincount(cohort.cluster * width + codes, weights=weight, minlength=size)
    return flat.reshape(cohort.n_clusters, width).astype(np.float64)


def pool_cluster_sums(parts: list[ClusterSums]) -> ClusterSums:
    """The sums of several tables pooled."""
    weighted = np.sum([part.weighted for part in parts], axis=0)
    # keep the identity that marks equal weights: it halves the work of every later product
    if all(part.weighted is part.counted for part in parts):
        return ClusterSums(weighted, weighted)
    return ClusterSums(weighted, np.sum([part.counted for part in parts], axis=0))
