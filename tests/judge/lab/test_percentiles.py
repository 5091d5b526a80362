"""Percentile intervals, and gold and verdicts as 0 and 1."""

import numpy as np
import pandas as pd
import pytest

from secondreader.judge.data.frame import read_frame
from secondreader.judge.data.gold import gold_of
from secondreader.judge.inference.estimate import Estimate, Measure, Reason
from secondreader.judge.lab.binary_codes import code_answers_binary, code_gold_binary
from secondreader.judge.lab.percentiles import add_percentile_interval

MEASURE = Measure("brier", "Brier score", "a formula", "a paper")


def make_estimate(clusters: int) -> Estimate:
    """A figure without interval from so many scenarios."""
    return Estimate(MEASURE, 0.5, n=100, n_clusters=clusters, method="bootstrap")


def test_limits_are_the_outer_fortieths() -> None:
    """Of 0, 1, ..., 200 the limits are 5 and 195."""
    figure = add_percentile_interval(make_estimate(8), [float(value) for value in range(201)])
    assert (figure.low, figure.high, figure.method) == (5.0, 195.0, "bootstrap")


def test_below_eight_scenarios_the_interval_is_refused() -> None:
    """Whatever the replicates are; the method goes with the interval."""
    figure = add_percentile_interval(make_estimate(7), [0.1, 0.2, 0.3])
    assert (figure.low, figure.high, figure.method) == (None, None, "")
    assert figure.interval_reason is Reason.TOO_FEW_CLUSTERS


@pytest.mark.parametrize(("undefined", "is_refused"), [(5, False), (6, True)])
def test_undefined_replicates_are_allowed_up_to_one_in_twenty(undefined: int, is_refused: bool) -> None:
    """Five of a hundred are left out, six refuse the interval."""
    replicates: list[float | None] = [*[None] * undefined, *[0.5] * (100 - undefined)]
    figure = add_percentile_interval(make_estimate(30), replicates)
    assert (figure.interval_reason is Reason.UNSTABLE_RESAMPLES) == is_refused
    assert (figure.low is None) == is_refused


def test_answers_become_one_zero_or_nothing() -> None:
    """Positive is 1, any other answer 0; unsure, ties and missing labels are NaN."""
    rows = [("a", "A", "human", "yes"), ("b", "A", "human", "no"), ("c", "A", "human", "unsure")]
    rows += [("d", "A", "human", "yes"), ("d", "B", "human", "no"), ("e", "J", "judge", "yes")]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    expected = [1.0, 0.0, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(code_gold_binary(ratings), expected)
    np.testing.assert_array_equal(code_answers_binary(ratings.verdict[:, 0], ratings), [*[np.nan] * 4, 1.0])
    decided = code_gold_binary(ratings, gold_of(ratings, {"d": "no"}))
    np.testing.assert_array_equal(decided, [1.0, 0.0, np.nan, 0.0, np.nan])
