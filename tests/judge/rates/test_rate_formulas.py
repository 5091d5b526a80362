import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.estimate import Reason
from tests.reference.rate_formulas import (
    JudgeCounts,
    compute_ppi_mean,
    compute_rogan_gladen_adjusted,
    compute_rogan_gladen_delta,
    compute_rogan_gladen_from_labels,
    compute_rogan_gladen_known,
    compute_stratified_prevalence,
)


def test_brucellosis_example_gives_the_published_prevalence() -> None:
    """23 of 150 positive, Se .96, Sp .89: 5.1 % (epiR manual), with the lower limit cut at 0."""
    found = compute_rogan_gladen_known(23, 150, 0.96, 0.89)
    assert found.estimate.value == pytest.approx(0.0509803922)
    assert found.estimate.low == 0
    assert found.raw_interval is not None
    assert found.raw_interval.low == pytest.approx(-0.00658877917)
    assert found.estimate.high == pytest.approx(0.1289174491)


def test_correction_undoes_the_judges_errors() -> None:
    """Where the counts are exactly those of rate .2, Se .9 and Sp .8, the correction returns .2."""
    counts = JudgeCounts(tp=90, n_pos=100, tn=80, n_neg=100, judge_positive=340, n_total=1000)
    for method in (compute_rogan_gladen_delta, compute_rogan_gladen_adjusted):
        assert method(counts).estimate.value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (JudgeCounts(0, 0, 10, 10, 3, 10), Reason.EMPTY_DENOMINATOR),
        (JudgeCounts(5, 5, 5, 5, 0, 0), Reason.NO_ITEMS),
        (JudgeCounts(2, 10, 5, 10, 3, 10), Reason.NOT_IDENTIFIED),
    ],
)
def test_a_correction_that_does_not_exist_is_undefined(counts: JudgeCounts, reason: Reason) -> None:
    """No gold in a class, no verdicts, or a judge below chance: a reason, never a number."""
    assert compute_rogan_gladen_delta(counts).estimate.reason is reason
    assert compute_rogan_gladen_adjusted(counts).estimate.reason is reason


# rate, judge and sizes of three studies whose judged set is no larger than the labelled one
SETTINGS = [(150, 100, 0.3, 0.9, 0.9), (200, 40, 0.4, 0.95, 0.95), (300, 80, 0.2, 0.85, 0.98)]


def simulated_coverage(
    setting: tuple[int, int, float, float, float], forget_judged: bool, sims: int = 1500
) -> float:
    """Share of studies whose interval holds the true rate of the population behind the judged set."""
    n, n_judged, rate, se, sp = setting
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(sims):
        n_pos = n // 2
        judged_risky = rng.binomial(n_judged, rate)
        yes = rng.binomial(judged_risky, se) + rng.binomial(n_judged - judged_risky, 1 - sp)
        # a million copies of the judged set have its rate without its sampling error
        copies = 10**6 if forget_judged else 1
        tp, tn = rng.binomial(n_pos, se), rng.binomial(n_pos, sp)
        counts = JudgeCounts(tp, n_pos, tn, n_pos, yes * copies, n_judged * copies)
        found = compute_rogan_gladen_adjusted(counts).estimate
        assert found.low is not None
        assert found.high is not None
        held += found.low <= rate <= found.high
    return held / sims


@pytest.mark.parametrize("setting", SETTINGS)
def test_sampling_error_of_the_judged_set_is_counted(setting: tuple[int, int, float, float, float]) -> None:
    """The interval covers at least 93.5 %; one that forgets the judged set's own error covers under 85 %."""
    assert simulated_coverage(setting, forget_judged=False) >= 0.935
    assert simulated_coverage(setting, forget_judged=True) < 0.85


def test_interval_shrinks_with_the_judged_set() -> None:
    """Ten times as many verdicts at the same shares make the interval strictly shorter."""
    labels, verdicts = np.array([1.0] * 50 + [0.0] * 50), np.array([1.0] * 45 + [0.0] * 50 + [1.0] * 5)
    small = compute_rogan_gladen_from_labels(labels, verdicts, np.array([1.0] * 8 + [0.0] * 32)).estimate
    large = compute_rogan_gladen_from_labels(labels, verdicts, np.array([1.0] * 80 + [0.0] * 320)).estimate
    assert small.value == pytest.approx(large.value)
    assert small.low is not None and small.high is not None  # noqa: PT018
    assert large.low is not None and large.high is not None  # noqa: PT018
    assert large.high - large.low < 0.7 * (small.high - small.low)


def test_labelling_everything_leaves_no_error() -> None:
    """With all items labelled the finite-population rate is exact."""
    found = compute_stratified_prevalence([40, 60], [30, 3], [40, 60])
    assert found.standard_error == 0
    assert (found.estimate.low, found.estimate.value, found.estimate.high) == pytest.approx((0.33,) * 3)


def test_a_stratum_without_errors_is_not_certain() -> None:
    """No risky item among 50 labelled judge-negatives still leaves an interval."""
    found = compute_stratified_prevalence([50, 50], [50, 0], [500, 5000])
    assert found.standard_error == 0
    assert found.estimate.high is not None
    assert found.estimate.high > 500 / 5500 + 0.02
    with pytest.raises(ValueError, match="every stratum needs"):
        compute_stratified_prevalence([0, 50], [0, 0], [500, 5000])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=60), st.integers(0, 9))
def test_ppi_power_zero_is_the_labelled_mean(pairs: list[tuple[int, int]], seed: int) -> None:
    """At power 0 predictions do not matter; PPI++'s power lies in 0..1 and never lengthens its own interval."""
    y, f = np.array(pairs, float).T
    other = np.random.default_rng(seed).integers(0, 2, 80)
    assert compute_ppi_mean(y, f, other, power=0).estimate.value == pytest.approx(y.mean())
    assert 0 <= compute_ppi_mean(y, f, other, power=None).power <= 1


def test_constant_predictions_are_not_trusted() -> None:
    """A judge that always says the same gets power 0; without items PPI is undefined."""
    assert compute_ppi_mean([0, 1, 1], [1, 1, 1], [1, 1], power=None).power == 0
    assert compute_ppi_mean([], [], [1]).estimate.reason is Reason.NO_ITEMS
