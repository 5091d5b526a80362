from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from secondreader.judge.inference.bootstrap import (
    MOST_RESAMPLED_CLUSTERS,
    BootstrapDesign,
    SampledCoefficients,
    compute_acceleration,
    compute_jackknife_error,
    sample_coefficients,
    subtract_paired,
)
from secondreader.judge.inference.cluster_sums import Cohort, compute_group_cluster_sums
from secondreader.judge.inference.estimate import Estimate, Reason
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.proportions import compute_wilson_interval
from secondreader.judge.inference.tallies import AnswerCodes

FORMULA = AgreementFormula("group", AnswerCodes(2, 1, 0))


def labels(clusters: int, size: int, seed: int = 0, error: float = 0.15) -> Any:
    """Random 0/1 labels of 3 annotators, items x 3."""
    rng = np.random.default_rng(seed)
    truth = rng.random(clusters * size) < 0.3
    return (truth[:, None] ^ (rng.random((clusters * size, 3)) < error)).astype(np.int8)


def sampled(matrix: Any, clusters: int, *, seed: int = 0, resamples: int = 2000) -> SampledCoefficients:
    """The group figures of a matrix whose items are spread evenly over clusters."""
    cluster = np.repeat(np.arange(clusters), len(matrix) // clusters)
    cohort = Cohort(cluster, clusters, np.ones(len(matrix)))
    return sample_coefficients(
        compute_group_cluster_sums(matrix, 2, cohort), FORMULA, BootstrapDesign(clusters, resamples, seed)
    )


def estimate(figures: SampledCoefficients, name: str) -> Estimate:
    """One figure with its interval."""
    return figures.build_estimates()[figures.find_index(name)]


def test_the_same_seed_gives_the_same_digits() -> None:
    """Two runs with one seed are equal, another seed differs."""
    matrix = labels(40, 5)
    one, two, other = (sampled(matrix, 40, seed=s).build_estimates() for s in (1, 1, 2))
    assert one == two
    assert one != other


def test_every_replicate_draws_as_many_clusters_as_there_are() -> None:
    """Rows of the weight matrix sum to the number of clusters and differ from each other."""
    counts = BootstrapDesign(37, 500, 3).counts
    assert (counts.sum(axis=1) == 37).all()
    assert len(np.unique(counts, axis=0)) > 490
    assert counts.mean() == pytest.approx(1.0)


def test_bca_equals_scipy_for_a_mean() -> None:
    """For a plain share of independent items our limits are close to scipy's BCa."""
    rng = np.random.default_rng(5)
    matrix = np.repeat((rng.random(200) < 0.2).astype(np.int8)[:, None], 2, axis=1)
    matrix[:60, 1] = rng.integers(0, 2, 60)
    ours = estimate(sampled(matrix, 200, resamples=9999), "raw")
    agree = (matrix[:, 0] == matrix[:, 1]).astype(float)
    theirs = stats.bootstrap((agree,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(1))
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.006)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.006)


def test_acceleration_equals_the_textbook_formula() -> None:
    """Acceleration of a skewed jackknife sample equals Efron and Tibshirani's eq. 14.15."""
    values = np.random.default_rng(0).exponential(size=(50, 1))
    gap = values.mean() - values
    assert compute_acceleration(values)[0] == pytest.approx((gap**3).sum() / (6 * (gap**2).sum() ** 1.5))


def test_jackknife_error_of_a_mean_is_its_standard_error() -> None:
    """The jackknife of a mean gives s / sqrt(n)."""
    values = np.random.default_rng(0).normal(size=30)
    without = (values.sum() - values) / 29
    assert compute_jackknife_error(without[:, None])[0] == pytest.approx(stats.sem(values))


def test_clustered_items_have_wider_intervals() -> None:
    """Five copies of each item in a scenario do not count as five items."""
    alone = estimate(sampled(labels(60, 1), 60), "raw")
    copied = estimate(sampled(np.repeat(labels(60, 1), 5, axis=0), 60), "raw")
    assert copied.low == pytest.approx(alone.low)
    assert copied.n == 5 * alone.n
    assert copied.n_clusters == alone.n_clusters == 60


def test_below_eight_clusters_no_interval_is_given() -> None:
    """Seven scenarios give a value and a refusal, eight an interval with a warning, thirty no warning."""
    seven = estimate(sampled(labels(7, 30), 7), "alpha")
    assert seven.value is not None
    assert (seven.low, seven.interval_reason) == (None, Reason.TOO_FEW_CLUSTERS)
    eight, thirty = (
        estimate(sampled(labels(8, 30), 8), "alpha"),
        estimate(sampled(labels(30, 9), 30), "alpha"),
    )
    assert eight.low is not None
    assert "only 8 scenarios" in eight.warnings[0]
    assert thirty.warnings == ()


def test_an_interval_is_refused_where_replicates_are_undefined() -> None:
    """With one positive item in 40 scenarios a third of the replicates lack it: no interval."""
    matrix = np.zeros((40, 2), dtype=np.int8)
    matrix[0] = 1
    matrix[1, 0] = 1
    figure = estimate(sampled(matrix, 40), "alpha")
    assert figure.value is not None
    assert (figure.low, figure.interval_reason) == (None, Reason.UNSTABLE_RESAMPLES)


def test_perfect_agreement_maps_wilson_through_the_coefficient() -> None:
    """At 100 % agreement each scenario counts once and the lower limit is below 1."""
    matrix = np.repeat((np.arange(200) % 4 == 0).astype(np.int8)[:, None], 3, axis=1)
    figures = {e.name: e for e in sampled(matrix, 40).build_estimates()}
    floor = compute_wilson_interval(40, 40).low
    assert figures["raw"].low == pytest.approx(floor)
    assert figures["raw"].high == 1.0
    expected = 0.75**2 + 0.25**2
    assert figures["fleiss"].low == pytest.approx((floor - expected) / (1 - expected))
    assert "Wilson" in figures["ac1"].method


def test_many_clusters_take_the_jackknife() -> None:
    """Beyond 20,000 scenarios the method says jackknife and the width is the bootstrap's to a few percent."""
    n = MOST_RESAMPLED_CLUSTERS
    few, many = sampled(labels(n, 1), n, resamples=400), sampled(labels(n + 500, 1), n + 500)
    one, two = estimate(few, "alpha"), estimate(many, "alpha")
    assert "bootstrap" in one.method
    assert "jackknife" in two.method
    assert one.high is not None
    assert one.low is not None
    assert two.high is not None
    assert two.low is not None
    assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.1)


def test_the_paired_difference_of_a_figure_with_itself_is_zero() -> None:
    """The same figure twice differs by exactly 0 in every replicate; another sample does not."""
    one, two = sampled(labels(40, 5), 40), sampled(labels(40, 5, seed=9, error=0.3), 40)
    same = subtract_paired(one, one, ("raw",))
    assert same.values[0] == 0
    assert (same.replicates == 0).all()
    gap = subtract_paired(one, two, ("raw",)).build_estimates()[0]
    assert gap.low is not None
    assert gap.low > 0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(8, 30), st.integers(1, 4))
def test_limits_hold_no_nan_and_stand_in_order(seed: int, clusters: int, size: int) -> None:
    """Whatever the data, every figure has a value or a reason, and low <= high."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-1, 2, (clusters * size, 3)).astype(np.int8)
    for figure in sampled(matrix, clusters, resamples=200).build_estimates():
        assert (figure.value is None) == (figure.reason is not None)
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.high


@pytest.mark.slow
def test_intervals_cover_at_the_nominal_rate() -> None:
    """400 studies of 60 scenarios x 5: the interval of alpha covers its population value in 92-98 %."""
    truth = sampled(labels(100_000, 5, seed=99), 100_000, resamples=0).values[FORMULA_ALPHA]
    hits = 0
    for seed in range(400):
        figure = estimate(sampled(labels(60, 5, seed=1000 + seed), 60, seed=seed), "alpha")
        assert figure.low is not None
        assert figure.high is not None
        hits += figure.low <= truth <= figure.high
    assert 0.92 <= hits / 400 <= 0.98


FORMULA_ALPHA = [c.name for c in FORMULA.coefficients].index("alpha")
