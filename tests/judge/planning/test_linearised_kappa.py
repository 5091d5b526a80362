"""Kappa as a linearised figure, and the labels that precision needs: other computations and refusals."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from secondreader.judge.inference.estimate import Reason
from secondreader.judge.planning.sample_size import (
    PlanError,
    compute_design_effect,
    compute_labels_for_share,
    estimate_icc,
)
from secondreader.judge.planning.simulation import linearise_kappa, linearise_sensitivity
from secondreader.judge.rates.estimators import UNPARSED, JudgedItems


def draw_items(seed: int, n: int = 80) -> JudgedItems:
    """Weighted items with gold throughout."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    verdict = (truth ^ (rng.random(n) < 0.2)).astype(np.int64)
    return JudgedItems(verdict, truth.astype(np.float64), rng.uniform(1, 4, n), np.arange(n))


@pytest.mark.parametrize("seed", range(5))
def test_linearised_kappa_is_the_weighted_kappa_of_scikit_learn(seed: int) -> None:
    """The value is scikit-learn's with sample weights, and the influences add up to zero."""
    judged = draw_items(seed)
    rate = linearise_kappa(judged)
    expected = cohen_kappa_score(judged.gold.astype(int), judged.verdict, sample_weight=judged.weight)
    assert rate.value == pytest.approx(expected)
    assert float(rate.influence.sum()) == pytest.approx(0, abs=1e-12)


def test_kappa_needs_a_verdict_and_variation() -> None:
    """Unparsed verdicts leave no item, a single class no variation."""
    ones = np.ones(4)
    unread = JudgedItems(np.full(4, UNPARSED), ones, ones, np.arange(4))
    assert linearise_kappa(unread).reason is Reason.NO_ITEMS
    constant = JudgedItems(np.ones(4, dtype=np.int64), ones, ones, np.arange(4))
    assert linearise_kappa(constant).reason is Reason.NO_VARIATION


def test_sensitivity_counts_risky_items_alone() -> None:
    """The weighted share of yes among gold yes; without a risky item there is none."""
    judged = draw_items(9)
    risky = judged.gold == 1
    expected = np.average(judged.verdict[risky] == 1, weights=judged.weight[risky])
    assert linearise_sensitivity(judged).value == pytest.approx(expected)
    safe = JudgedItems(judged.verdict, np.zeros(80), judged.weight, judged.cluster)
    assert linearise_sensitivity(safe).reason is Reason.NO_ITEMS


@pytest.mark.parametrize(
    ("values", "cluster"), [([0, 1], [0, 0]), ([0, 1], [0, 1]), ([1, 1, 1, 1], [0, 0, 1, 1])]
)
def test_a_pilot_without_contrast_has_no_correlation(values: list[int], cluster: list[int]) -> None:
    """A single scenario, scenarios of one item, or equal values: undefined."""
    assert estimate_icc(values, cluster) is None


def test_correlation_is_one_between_and_negative_within() -> None:
    """Scenarios that agree inside have correlation 1; balanced ones have -1 and no design effect."""
    assert estimate_icc([0, 0, 1, 1], ["a", "a", "b", "b"]) == pytest.approx(1)
    assert estimate_icc([0, 1, 0, 1], ["a", "a", "b", "b"]) == pytest.approx(-1)
    assert compute_design_effect(2, -1) == 1
    assert compute_design_effect(5, 0.25) == 2


@pytest.mark.parametrize("within", [0.0, -0.1, 1.01])
def test_the_rate_of_a_class_lies_in_its_range(within: float) -> None:
    """The sentence says the rate and its range."""
    with pytest.raises(PlanError, match="must be above 0 and at most 1"):
        compute_labels_for_share(0.8, 0.1, within=within)
    assert compute_labels_for_share(0.5, 0.1) == 97
