"""Counts of verdicts beside gold, and verdicts that have no answer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.agreement.comparisons import LabelledItems
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold
from secondreader.judge.inference.bootstrap import BootstrapDesign, sample_coefficients
from secondreader.judge.inference.cluster_sums import ClusterSums, Floats, build_cohort, tally_codes
from secondreader.judge.inference.coefficients import PLAIN
from secondreader.judge.inference.estimate import Estimate, Measure, Reason
from secondreader.judge.inference.ratios import compute_ratio

UNPARSED_SHARE = Measure(
    "unparsed_share",
    "verdicts without an answer",
    "verdicts that are unparsed or failed ÷ all verdicts",
    PLAIN,
)


@dataclass(frozen=True, slots=True)
class ShareFormula:
    """One share: column 0 of column 1."""

    measure: Measure
    """What the share is of."""

    @property
    def coefficients(self) -> tuple[Measure, ...]:
        """The share alone."""
        return (self.measure,)

    def values(self, sums: Floats) -> Floats:
        """(..., 2) -> (..., 1)."""
        return compute_ratio(sums[..., 0], sums[..., 1])[..., None]

    def chance(self, sums: Floats) -> Floats:
        """Nothing is expected by chance."""
        return np.zeros((*sums.shape[:-1], 1))

    def support(self, sums: Floats) -> Floats:
        """All verdicts."""
        return sums[..., 1:]


def compute_unparsed_share(
    ratings: Ratings, judge: int, bootstrap: BootstrapDesign, use: NDArray[np.bool_] | None = None
) -> Estimate:
    """Share of a judge's verdicts without an answer, over all judged items, labelled or not."""
    judged = ratings.state[:, judge] > 0
    judged = judged if use is None else judged & use
    cohort = build_cohort(ratings.cluster[judged], np.ones(int(judged.sum())))
    lost = (ratings.state[judged, judge] > 1).astype(np.intp)
    counts = tally_codes(lost, 2, cohort, None)
    sums = np.column_stack([counts[:, 1], counts.sum(axis=1)])
    # judged scenarios outnumber labelled ones, so this share is resampled over its own
    own = BootstrapDesign(cohort.n_clusters, bootstrap.resamples, bootstrap.seed, bootstrap.level)
    return sample_coefficients(
        ClusterSums(sums, sums), ShareFormula(UNPARSED_SHARE), own, Reason.NO_ITEMS
    ).build_estimates()[0]


def build_confusion(ratings: Ratings, labelled: LabelledItems, judges: list[int]) -> pd.DataFrame:
    """Items with a label or a decision by gold answer and verdict per judge: columns judge, gold, verdict, n, weight.

    Gold may be "contested", "no consensus" or "no label", a verdict "unparsed", "error" or "absent": nothing is
    left out.
    """
    q = len(ratings.answers)
    gold_names = [*ratings.answers, "contested", "no consensus", "no label"]
    verdict_names = [*ratings.answers, "unparsed", "error", "absent"]
    gold_rows = np.arange(q + 3)  # negative codes count from the end
    # in the order of VERDICT_STATES: absent, parsed (never looked up), unparsed, error
    state_columns = np.array([q + 2, 0, q, q + 1])
    gold = gold_rows[labelled.gold]
    tables = []
    for judge in judges:
        verdict = labelled.verdict[:, judge]
        column = np.where(verdict >= 0, verdict, state_columns[ratings.state[labelled.items, judge]])
        cells = gold * len(verdict_names) + column
        index = pd.MultiIndex.from_product([gold_names, verdict_names], names=["gold", "verdict"])
        count = np.bincount(cells, minlength=len(index))
        weight = np.bincount(cells, weights=ratings.weight[labelled.items], minlength=len(index))
        table = pd.DataFrame({"n": count, "weight": weight}, index=index).reset_index()
        table.insert(0, "judge", ratings.judges[judge])
        tables.append(table)
    empty = pd.DataFrame(columns=["judge", "gold", "verdict", "n", "weight"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def build_gold_series(ratings: Ratings, gold: Gold) -> pd.Series:
    """The gold answer per item id."""
    table = np.array([*ratings.answers, "contested", "no consensus", None], dtype=object)
    return pd.Series(table[gold.codes], index=pd.Index(ratings.items, name="item"), name="gold", dtype=object)
