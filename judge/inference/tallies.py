"""What coefficients need from a comparison's sums: shares of answers, pairs that agree, the cells of a table.

A tally computes each of these once, whichever coefficients are made of it; leading axes of all arrays are
clusters or resamples.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from secondreader.judge.inference.alpha import Level, compute_alpha_agreement, compute_squared_distance
from secondreader.judge.inference.cluster_sums import Floats, GroupSums
from secondreader.judge.inference.ratios import compute_ratio


@dataclass(frozen=True, slots=True)
class AnswerCodes:
    """The answers of a comparison, coded 0..Q-1 in its sums."""

    n_answers: int
    """Number of answers Q."""
    positive: int
    """Code of the positive answer."""
    negative: int
    """Code of the negative answer."""
    numbers: tuple[float, ...] = ()
    """The answers as numbers, for interval and ratio alpha; default their codes."""


class Tally(Protocol):
    """What both kinds of tally know, so that one coefficient serves both."""

    @property
    def codes(self) -> AnswerCodes:
        """The answers."""

    @property
    def raw(self) -> Floats:
        """Share of rater pairs that agree, (...)."""

    @property
    def specific(self) -> Floats:
        """Specific agreement on each answer, (..., Q)."""

    @property
    def shares(self) -> Floats:
        """Share of each answer over all raters, (..., Q)."""

    @property
    def items(self) -> Floats:
        """Items with at least two answers, (...)."""

    @property
    def occurrences(self) -> Floats:
        """Of these, items on which each answer occurs, (..., Q)."""

    def compute_alpha_parts(self, level: Level) -> tuple[Floats, Floats]:
        """Observed and expected agreement of Krippendorff's alpha, (...) each."""


@dataclass(frozen=True)
class GroupTally:
    """Any number of raters, missing answers allowed."""

    sums: GroupSums
    """Sums over items."""
    codes: AnswerCodes
    """The answers."""

    @cached_property
    def raw(self) -> Floats:
        """Share of rater pairs that agree, mean over items."""
        return compute_ratio(self.sums.agreement, self.sums.pairable)

    @cached_property
    def specific(self) -> Floats:
        """Specific agreement on each answer, (..., Q).

        The chance that a second rater gives the answer that a first one gave (Cicchetti & Feinstein 1990,
        pooled over rater pairs).
        """
        # the coincidence matrix is symmetric, so rows serve as well as columns
        coincidence = self.sums.coincidence
        return compute_ratio(np.diagonal(coincidence, axis1=-2, axis2=-1), coincidence.sum(axis=-1))

    @cached_property
    def shares(self) -> Floats:
        """Share of each answer, mean over items, (..., Q)."""
        return compute_ratio(self.sums.answer_shares, self.sums.answered[..., None])

    @property
    def items(self) -> Floats:
        """Items with at least two answers."""
        return self.sums.pairable

    @property
    def occurrences(self) -> Floats:
        """Items with at least two answers on which each answer occurs, (..., Q)."""
        return self.sums.occurrences

    def compute_alpha_parts(self, level: Level) -> tuple[Floats, Floats]:
        """Observed and expected agreement of Krippendorff's alpha, (...) each."""
        coincidence = self.sums.coincidence
        numbers = np.array(self.codes.numbers or range(self.codes.n_answers), dtype=np.float64)
        distance = compute_squared_distance(level, numbers, coincidence.sum(axis=-1))
        return compute_alpha_agreement(coincidence, self.sums.values, distance)


@dataclass(frozen=True, slots=True)
class BinaryTable:
    """A table folded to positive against the rest; each shape (...)."""

    both: Floats
    """Both raters positive: a, true positives."""
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
    # every other answer counts as not positive, unsure too where it is an answer of its own
    rest = np.delete(np.delete(cells, positive, axis=-1), positive, axis=-2)
    return BinaryTable(both, first, second, rest.sum(axis=(-2, -1)))


@dataclass(frozen=True)
class PairTally:
    """Two raters from the cells of their table; rows are the first rater, gold where there is one."""

    sums: Floats
    """Cells and, in the last column, the number of items without weights, (..., Q * Q + 1)."""
    codes: AnswerCodes
    """The answers."""

    @cached_property
    def cells(self) -> Floats:
        """The table, (..., Q, Q)."""
        return self.sums[..., :-1].reshape(*self.sums.shape[:-1], self.codes.n_answers, self.codes.n_answers)

    @cached_property
    def items(self) -> Floats:
        """Items that both answered."""
        return np.asarray(self.cells.sum(axis=(-2, -1)))

    @cached_property
    def raw(self) -> Floats:
        """Share of items with the same answer."""
        return compute_ratio(np.trace(self.cells, axis1=-2, axis2=-1), self.items)

    @cached_property
    def specific(self) -> Floats:
        """Specific agreement on each answer, (..., Q)."""
        both = self.cells + np.swapaxes(self.cells, -2, -1)
        return compute_ratio(np.diagonal(both, axis1=-2, axis2=-1), both.sum(axis=-1))

    @cached_property
    def rows(self) -> Floats:
        """The first rater's share of each answer, (..., Q)."""
        return compute_ratio(self.cells.sum(axis=-1), self.items[..., None])

    @cached_property
    def columns(self) -> Floats:
        """The second rater's share of each answer, (..., Q)."""
        return compute_ratio(self.cells.sum(axis=-2), self.items[..., None])

    @cached_property
    def shares(self) -> Floats:
        """Share of each answer over both raters, (..., Q)."""
        return (self.rows + self.columns) / 2

    @cached_property
    def folded(self) -> BinaryTable:
        """The table as positive against the rest."""
        return fold_cells(self.cells, self.codes.positive)

    @property
    def occurrences(self) -> Floats:
        """Items on which either rater gave an answer, (..., Q)."""
        diagonal = np.diagonal(self.cells, axis1=-2, axis2=-1)
        # an item on which both gave the answer stands in its row and its column
        return np.asarray(self.cells.sum(axis=-1) + self.cells.sum(axis=-2) - diagonal)

    def compute_alpha_parts(self, level: Level) -> tuple[Floats, Floats]:
        """Observed and expected agreement of Krippendorff's alpha, (...) each."""
        coincidence = self.cells + np.swapaxes(self.cells, -2, -1)
        numbers = np.array(self.codes.numbers or range(self.codes.n_answers), dtype=np.float64)
        distance = compute_squared_distance(level, numbers, coincidence.sum(axis=-1))
        # two answers an item, counted without weights
        return compute_alpha_agreement(coincidence, 2 * self.sums[..., -1], distance)
