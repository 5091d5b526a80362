"""Rates in and out of slices: weights, design effect, expectation."""

import numpy as np
import pytest

from secondreader.judge.disagreement.slice_rates import compute_mean_inside, compute_slice_rates
from secondreader.judge.inference.permutation import Outcome, make_outcome
from secondreader.judge.inference.proportions import compute_newcombe_interval


def outcome(
    wrong: np.ndarray, cluster: np.ndarray, gold: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Outcome:
    """An outcome in which every item is eligible."""
    n = len(wrong)
    return make_outcome(
        "error",
        np.ones(n, dtype=bool),
        wrong.astype(bool),
        np.zeros(n, dtype=int) if gold is None else gold,
        cluster,
        np.ones(n) if weight is None else weight,
    )


def test_independent_items_have_newcombes_interval() -> None:
    """One item a scenario: 12 of 40 against 18 of 260 keeps its items as effective sample."""
    wrong = np.r_[np.ones(12), np.zeros(28), np.ones(18), np.zeros(242)]
    column = (np.arange(300) < 40).astype(np.float32)[:, None]
    seen = compute_slice_rates(outcome(wrong, np.arange(300)), column)
    limits = compute_newcombe_interval(12, 40, 18, 260)
    assert seen.difference[0] == pytest.approx(0.3 - 18 / 260)
    assert seen.ratio[0] == pytest.approx(13 / 3)
    assert seen.low[0] == pytest.approx(limits.low, abs=1e-4)
    assert seen.high[0] == pytest.approx(limits.high, abs=1e-4)


def test_scenarios_that_err_as_one_widen_the_interval() -> None:
    """Five copies of each item are worth one item."""
    wrong = np.repeat(np.r_[np.ones(12), np.zeros(28), np.ones(18), np.zeros(242)], 5)
    column = np.repeat(np.arange(300) < 40, 5).astype(np.float32)[:, None]
    seen = compute_slice_rates(outcome(wrong, np.repeat(np.arange(300), 5)), column)
    assert seen.inside.effective[0] == pytest.approx(40, rel=1e-4)
    assert seen.low[0] == pytest.approx(compute_newcombe_interval(12, 40, 18, 260).low, abs=1e-3)


def test_rates_are_weighted_and_counts_are_not() -> None:
    """An item drawn with probability 1/9 counts nine times in the rate, once in the count."""
    wrong = np.array([1, 0] * 20)
    seen = compute_slice_rates(
        outcome(wrong, np.arange(40), weight=np.array([9.0, 1.0] * 20)), np.ones((40, 1), np.float32)
    )
    assert seen.inside.rate[0] == pytest.approx(0.9)
    assert seen.inside.wrong[0] == 20
    assert np.isnan(seen.outside.rate[0])
    assert np.isnan(seen.low[0])


def test_expected_errors_follow_the_slices_gold_answers() -> None:
    """A slice of positives is held against the misses elsewhere, not against the errors elsewhere."""
    gold = np.r_[np.ones(50), np.ones(50), np.zeros(100)].astype(int)
    wrong = np.r_[np.ones(20), np.zeros(30), np.ones(20), np.zeros(30), np.zeros(100)]
    column = (np.arange(200) < 50).astype(np.float32)[:, None]
    seen = compute_slice_rates(outcome(wrong, np.arange(200), gold), column)
    assert seen.expected[0] == pytest.approx(20)
    assert seen.outside.rate[0] == pytest.approx(20 / 150)


def test_means_leave_unknown_values_out() -> None:
    """Items with one label have no human disagreement and do not count as agreed."""
    values = np.array([np.nan, 1.0, 0.0, np.nan])
    columns = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=np.float32)
    seen = compute_mean_inside(values, columns)
    assert seen[0] == pytest.approx(0.5)
    assert np.isnan(seen[1])
