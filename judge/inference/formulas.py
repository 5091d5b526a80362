"""Sets of coefficients over one layout of sums: what resampling evaluates on data, replicates and jackknife at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.cluster_sums import Floats, GroupSums
from secondreader.judge.inference.coefficients import Coefficient, Comparison, list_coefficients, make_alpha
from secondreader.judge.inference.estimate import Measure
from secondreader.judge.inference.tallies import AnswerCodes, GroupTally, PairTally


class Formula(Protocol):
    """K figures in a fixed order, as functions of sums whose last axis is columns."""

    @property
    def coefficients(self) -> tuple[Measure, ...]:
        """What the K figures are."""

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""

    def chance(self, sums: Floats) -> Floats:
        """Agreement expected by chance, (..., columns) -> (..., K); 0 for what is not corrected."""

    def support(self, sums: Floats) -> Floats:
        """Items that a figure divides by, from unweighted sums, (..., columns) -> (..., K)."""


@dataclass(frozen=True, slots=True)
class AgreementFormula:
    """All coefficients of one kind of comparison."""

    comparison: Comparison
    """What is compared; it fixes the layout of the sums."""
    codes: AnswerCodes
    """The answers."""
    levels: tuple[Level, ...] = ()
    """Further levels of alpha for ordered answers; groups only."""

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """The comparison's coefficients, then alpha at the further levels."""
        # the nominal alpha is among the coefficients of every comparison already
        further = (level for level in self.levels if level != "nominal")
        return (*list_coefficients(self.comparison), *map(make_alpha, further))

    def read_sums(self, sums: Floats) -> GroupTally | PairTally:
        """Wrap sums in the tally of the comparison, which names the quantities that coefficients use."""
        if self.comparison == "group":
            return GroupTally(GroupSums(sums, self.codes.n_answers), self.codes)
        return PairTally(sums, self.codes)

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""
        tally = self.read_sums(sums)
        return stack_figures(what.value(tally) for what in self.coefficients)

    def chance(self, sums: Floats) -> Floats:
        """Agreement expected by chance, (..., columns) -> (..., K); 0 for what is not corrected."""
        # 0 and not NaN: a proportion's limits at perfect agreement are mapped through no chance at all
        tally, nothing = self.read_sums(sums), np.zeros(sums.shape[:-1])
        return stack_figures(what.chance(tally) if what.chance else nothing for what in self.coefficients)

    def support(self, sums: Floats) -> Floats:
        """Items that each figure divides by, (..., columns) -> (..., K)."""
        tally = self.read_sums(sums)
        return stack_figures(what.support(tally) for what in self.coefficients)


def stack_figures(figures: Iterable[Floats]) -> Floats:
    """One array (..., K) from K arrays (...)."""
    return np.stack(list(figures), axis=-1)
