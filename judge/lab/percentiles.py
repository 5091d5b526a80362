"""An estimate with the percentile interval of its replicates."""

from dataclasses import replace

import numpy as np

from secondreader.judge.inference.bootstrap import FEWEST_CLUSTERS, MOST_UNDEFINED
from secondreader.judge.inference.estimate import Estimate, Reason


def add_percentile_interval(estimate: Estimate, replicates: list[float | None]) -> Estimate:
    """The estimate with 95 % limits, refused below 8 scenarios or where more than 5 % of the replicates are undefined."""
    defined = np.array([value for value in replicates if value is not None])
    if estimate.n_clusters < FEWEST_CLUSTERS:
        return replace(estimate, method="", interval_reason=Reason.TOO_FEW_CLUSTERS)
    # the defined replicates alone would be a biased sample: refuse instead
    if len(defined) < (1 - MOST_UNDEFINED) * len(replicates):
        return replace(estimate, method="", interval_reason=Reason.UNSTABLE_RESAMPLES)
    low, high = np.quantile(defined, [0.025, 0.975])
    return replace(estimate, low=float(low), high=float(high))
