"""Two judges, or two prompts of one judge, on the same gold."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.inference.bootstrap import (
    FEWEST_CLUSTERS,
    MOST_RESAMPLED_CLUSTERS,
    BootstrapDesign,
)
from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.exact_tests import run_mcnemar_test
from secondreader.judge.lab.binary_codes import code_answers_binary, code_gold_binary
from secondreader.judge.lab.percentiles import add_percentile_interval
from secondreader.judge.rates.estimators import METHOD, compute_cluster_variance, compute_linear_limits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def make_difference_measure(name: str, label: str, formula: str) -> Measure:
    """A paired difference of shares, first judge less second, as a Measure."""
    return Measure(name, label, formula, "paired difference of proportions", kind="signed")


ACCURACY_DIFFERENCE = make_difference_measure(
    "accuracy_difference",
    "difference in accuracy",
    "share of items that the first judge gets right − share that the second gets right",
)
SENSITIVITY_DIFFERENCE = make_difference_measure(
    "sensitivity_difference", "difference in sensitivity", "the same, on the items with positive gold"
)
SPECIFICITY_DIFFERENCE = make_difference_measure(
    "specificity_difference", "difference in specificity", "the same, on the items whose gold is not positive"
)


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
        """The comparison as one sentence for a report."""
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
        return pd.DataFrame(
            [estimate.build_row() for estimate in (self.accuracy, self.sensitivity, self.specificity)]
        )


def estimate_paired_difference(
    measure: Measure, gap: Floats, cluster: Ints, bootstrap: BootstrapDesign
) -> Estimate:
    """Mean of item-wise differences (-1, 0, 1) with a scenario-cluster percentile interval.

    `cluster` codes index the clusters of `bootstrap`; the same design pairs several differences.
    """
    if not len(gap):
        return make_undefined_estimate(measure, Reason.NO_ITEMS)
    n_clusters = len(np.unique(cluster))
    method = f"scenario-cluster bootstrap percentile, B={bootstrap.resamples}, seed {bootstrap.seed}"
    known = Estimate(measure, float(gap.mean()), n=len(gap), n_clusters=n_clusters, method=method)
    if n_clusters > MOST_RESAMPLED_CLUSTERS:
        # the linearised interval equals the bootstrap there, and costs a thousandth
        spread = compute_cluster_variance((gap - gap.mean()) / len(gap), cluster) ** 0.5
        limits = compute_linear_limits(float(gap.mean()), spread, n_clusters - 1, known.level)
        return replace(known, low=limits.low, high=limits.high, method=METHOD)
    replicates: list[float | None] = []
    if n_clusters >= FEWEST_CLUSTERS:
        table = np.zeros((bootstrap.n_clusters, 2))
        # total and count are resampled together, since a replicate may hold more items than the data
        np.add.at(table, cluster, np.column_stack([gap, np.ones(len(gap))]))
        sums = bootstrap.compute_replicate_sums(table)
        replicates = [float(total / count) if count > 0 else None for total, count in sums]
    return add_percentile_interval(known, replicates)


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
    truth, first, second, scenario = gold[use], first_verdicts[use], second_verdicts[use], cluster[use]
    first_right, second_right = first == truth, second == truth
    # 1 where only the first is right, -1 where only the second is: all that McNemar's test looks at
    gap = first_right.astype(np.float64) - second_right
    risky = truth == 1
    b, c = int((gap > 0).sum()), int((gap < 0).sum())
    return PromptComparison(
        first_judge=names[0],
        second_judge=names[1],
        n=int(use.sum()),
        only_first_right=b,
        only_second_right=c,
        p=run_mcnemar_test(b, c).p_midp if b + c else None,
        accuracy=estimate_paired_difference(ACCURACY_DIFFERENCE, gap, scenario, bootstrap),
        sensitivity=estimate_paired_difference(
            SENSITIVITY_DIFFERENCE, gap[risky], scenario[risky], bootstrap
        ),
        specificity=estimate_paired_difference(
            SPECIFICITY_DIFFERENCE, gap[~risky], scenario[~risky], bootstrap
        ),
    )


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
    ratings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    columns = [
        code_answers_binary(ratings.verdict[:, ratings.find_judge_index(name)], ratings)
        for name in (first_judge, second_judge)
    ]
    cluster = ratings.cluster.astype(np.int64)
    # all clusters of the frame, so that every pair of judges is resampled alike
    bootstrap = BootstrapDesign(len(ratings.clusters), resamples, seed)
    return compare_verdicts(
        code_gold_binary(ratings),
        columns[0],
        columns[1],
        cluster,
        (first_judge, second_judge),
        bootstrap=bootstrap,
    )
