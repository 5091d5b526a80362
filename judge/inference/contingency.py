"""Two readers and one table: coefficients of a Q x Q table as functions of its cells."""

from dataclasses import dataclass

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats
from secondreader.judge.inference.coefficients import (
    AGRESTI,
    BYRT,
    CICCHETTI,
    COHEN,
    FLEISS,
    GWET,
    KRIPPENDORFF,
    TINY,
    Coefficient,
    compute_alpha_agreement,
    compute_ratio,
    compute_squared_distance,
    correct_for_chance,
)


@dataclass(frozen=True, slots=True)
class BinaryTable:
    """A table folded to positive against the rest; each shape (...)."""

    both: Floats
    """Both readers positive: a, true positives."""
    first: Floats
    """Only the first (reference) positive: b, false negatives of the second."""
    second: Floats
    """Only the second positive: c, false positives."""
    neither: Floats
    """Neither positive: d, true negatives."""

    @property
    def total(self) -> Floats:
        """All items."""
        return self.both + self.first + self.second + self.neither


def fold_cells(cells: Floats, positive: int) -> BinaryTable:
    """Fold (..., Q, Q) cells to positive against the rest."""
    both = cells[..., positive, positive]
    first = cells[..., positive, :].sum(axis=-1) - both
    second = cells[..., :, positive].sum(axis=-1) - both
    rest = np.delete(np.delete(cells, positive, axis=-1), positive, axis=-2)
    return BinaryTable(both, first, second, rest.sum(axis=(-2, -1)))


@dataclass(frozen=True, slots=True)
class TableFormula:
    """Agreement of two readers from the cells of their table (rows: the first or reference reader)."""

    n_answers: int
    """Number of answers Q."""
    positive: int
    """Code of the positive answer."""
    negative: int
    """Code of the negative answer."""

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Raw first, then specific agreement, the indices, and what corrects for chance."""
        return (
            Coefficient("raw", AGRESTI, "proportion"),
            Coefficient("positive_agreement", CICCHETTI, "proportion"),
            Coefficient("negative_agreement", CICCHETTI, "proportion"),
            Coefficient("prevalence_index", BYRT, "signed"),
            Coefficient("bias_index", BYRT, "signed"),
            Coefficient("ac1", GWET, "chance"),
            Coefficient("alpha", KRIPPENDORFF, "chance"),
            Coefficient("kappa", COHEN, "chance"),
            Coefficient("pabak", BYRT, "chance"),
            Coefficient("fleiss", FLEISS, "chance"),
        )

    def reshape_cells(self, sums: Floats) -> Floats:
        """The cells, (..., Q * Q + 1) -> (..., Q, Q)."""
        return sums[..., :-1].reshape(*sums.shape[:-1], self.n_answers, self.n_answers)

    def compute_observed(self, sums: Floats) -> Floats:
        """Observed agreement or the index itself, (..., columns) -> (..., K)."""
        cells = self.reshape_cells(sums)
        total = cells.sum(axis=(-2, -1))
        raw = compute_ratio(np.trace(cells, axis1=-2, axis2=-1), total)
        folded = fold_cells(cells, self.positive)
        both = cells + np.swapaxes(cells, -2, -1)
        specific = compute_ratio(np.diagonal(both, axis1=-2, axis2=-1), both.sum(axis=-1))
        return np.stack(
            [
                raw,
                specific[..., self.positive],
                specific[..., self.negative],
                compute_ratio(folded.both - folded.neither, total),
                compute_ratio(folded.first - folded.second, total),
                *[raw] * 5,
            ],
            axis=-1,
        )

    def chance(self, sums: Floats) -> Floats:
        """Expected agreement, (..., columns) -> (..., K); 0 where nothing is corrected."""
        cells = self.reshape_cells(sums)
        total = cells.sum(axis=(-2, -1))[..., None]
        rows, columns = compute_ratio(cells.sum(axis=-1), total), compute_ratio(cells.sum(axis=-2), total)
        share = (rows + columns) / 2
        zero = np.zeros(sums.shape[:-1])
        nominal = compute_squared_distance("nominal", np.arange(self.n_answers, dtype=np.float64), share)
        alpha = compute_alpha_agreement(cells + np.swapaxes(cells, -2, -1), 2 * sums[..., -1], nominal)[1]
        ac1 = (share * (1 - share)).sum(axis=-1) / max(self.n_answers - 1, TINY)
        kappa = (rows * columns).sum(axis=-1)
        same = np.square(share).sum(axis=-1)
        return np.stack([*[zero] * 5, ac1, alpha, kappa, zero + 1 / self.n_answers, same], axis=-1)

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""
        return correct_for_chance(self.compute_observed(sums), self.chance(sums))

    def support(self, sums: Floats) -> Floats:
        """Items that each figure divides by, (..., columns) -> (..., K)."""
        cells = self.reshape_cells(sums)
        total = cells.sum(axis=(-2, -1))
        either = [
            cells[..., q, :].sum(axis=-1) + cells[..., :, q].sum(axis=-1) - cells[..., q, q]
            for q in (self.positive, self.negative)
        ]
        return np.stack([total, *either, *[total] * 7], axis=-1)
