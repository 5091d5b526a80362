"""Exact tests and corrections, against published figures and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, false_discovery_control

from secondreader.judge.inference.exact_tests import (
    adjust_holm,
    compare_slice_with_rest,
    compute_sign_flip_p,
    run_mcnemar_test,
)

BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0,
]  # fmt: skip

counts = st.integers(0, 60)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_mcnemar_reproduces_agresti() -> None:
    """Presidential approval in Agresti: 150 against 86 changed their mind."""
    test = run_mcnemar_test(150, 86)
    assert test.chi2 == pytest.approx(17.3559322, abs=1e-6)
    assert test.p == pytest.approx(3.099293441e-05, abs=1e-10)
    assert test.chi2_cc == pytest.approx(16.81779661, abs=1e-6)
    assert test.p_cc == pytest.approx(4.114562281e-05, abs=1e-10)
    assert test.p_exact == pytest.approx(3.71593614e-05, abs=1e-10)


def test_mcnemar_mid_p_and_share() -> None:
    """14 over-flags against 3 misses: the mid-p is the exact p less the point probability."""
    test = run_mcnemar_test(14, 3)
    assert test.p_exact == pytest.approx(0.012725830078125, abs=1e-12)
    assert test.p_midp == pytest.approx(0.007537841796874994, abs=1e-12)
    assert test.share == pytest.approx(14 / 17)


def test_mcnemar_without_discordant_items_has_no_share() -> None:
    """No disagreement is no evidence: p is 1 and the share is undefined."""
    test = run_mcnemar_test(0, 0)
    assert (test.p_exact, test.p_midp, test.share, test.chi2) == (1.0, 1.0, None, None)


@given(counts, counts)
def test_mcnemar_does_not_depend_on_who_is_first(b: int, c: int) -> None:
    """Swapping the raters mirrors the share and keeps p; the mid-p never exceeds the exact p."""
    one, two = run_mcnemar_test(b, c), run_mcnemar_test(c, b)
    assert one.p_exact == two.p_exact
    assert 0 <= one.p_midp <= one.p_exact <= 1
    if one.share is not None and two.share is not None:
        assert one.share == pytest.approx(1 - two.share)


def test_negative_counts_are_refused() -> None:
    """A negative count is an error of the caller, said in one sentence."""
    with pytest.raises(ValueError, match="neither may be negative"):
        run_mcnemar_test(-1, 2)


def test_slice_against_rest() -> None:
    """12 of 40 against 18 of 260, as R's fisher.test has it."""
    seen = compare_slice_with_rest(12, 40, 18, 260)
    assert seen.difference == pytest.approx(0.23076923076923075)
    assert seen.risk_ratio == pytest.approx(13 / 3)
    assert seen.odds_ratio == pytest.approx(5.761904761904762)
    assert seen.fisher_p == pytest.approx(9.628130958292709e-05, abs=1e-10)


def test_empty_slice_has_no_rate() -> None:
    """Without items there is no rate, no ratio, and nothing is significant."""
    seen = compare_slice_with_rest(0, 0, 3, 9)
    assert (seen.rate_in, seen.difference, seen.risk_ratio, seen.fisher_p) == (None, None, None, 1.0)
    assert compare_slice_with_rest(3, 9, 0, 20).risk_ratio is None


def test_more_errors_than_items_are_refused() -> None:
    """Five errors of three items cannot be."""
    with pytest.raises(ValueError, match="between 0 and n"):
        compare_slice_with_rest(5, 3, 0, 2)


@given(counts, counts)
def test_mcnemar_is_the_binomial_test_of_the_discordant_items(b: int, c: int) -> None:
    """The exact p doubles the smaller tail, and the share lies between quantiles of two beta distributions."""
    test = run_mcnemar_test(b, c)
    if b + c:
        assert test.p_exact == pytest.approx(min(1.0, 2 * binom.cdf(min(b, c), b + c, 0.5)), abs=1e-12)
        low = beta.ppf(0.025, b, c + 1) if b else 0.0
        high = beta.ppf(0.975, b + 1, c) if c else 1.0
        assert (test.low, test.high) == pytest.approx((low, high), abs=1e-9)


def test_holm_rejects_what_bonferroni_does_in_the_paper() -> None:
    """Of the 15 hypotheses of Benjamini & Hochberg (1995), section 3.2, Bonferroni and Holm reject 3."""
    assert int((adjust_holm(BH_1995) <= 0.05).sum()) == 3


@given(p_values)
def test_holm_lies_between_the_false_discovery_rate_and_bonferroni(p: list[float]) -> None:
    """BH <= Holm <= Bonferroni, the smallest p is adjusted by the number of tests, and none falls below its p."""
    step, plain = adjust_holm(p), np.asarray(p)
    assert (false_discovery_control(p) <= step + 1e-12).all()
    assert (step <= np.minimum(plain * len(p), 1) + 1e-12).all()
    assert (step >= plain).all()
    assert step.min() == pytest.approx(min(1.0, plain.min() * len(p)))


def test_p_outside_its_range_is_refused() -> None:
    """A p-value of 1.2 or NaN is an error, not a number to sort."""
    for p in ([0.2, 1.2], [0.1, float("nan")]):
        with pytest.raises(ValueError, match="p-value"):
            adjust_holm(p)


def test_sign_flip_is_exact_for_few_scenarios() -> None:
    """Six scenarios that all lean one way: 2 of 64 sign patterns are as extreme."""
    assert compute_sign_flip_p([1, 2, 1, 3, 1, 1]) == pytest.approx(2 / 64)


def test_sign_flip_counts_scenarios_not_items() -> None:
    """20 misses from one scenario are one piece of evidence; 20 from 20 scenarios are twenty."""
    assert compute_sign_flip_p([-20, 1, 1]) == 1.0
    assert compute_sign_flip_p([-1] * 20) < 0.001


def test_sign_flip_same_seed_same_digits() -> None:
    """The p of a seed never changes, and no scenario leaning anywhere gives 1."""
    sums = np.random.default_rng(3).integers(-3, 4, 50)
    assert compute_sign_flip_p(sums, seed=5) == compute_sign_flip_p(sums, seed=5)
    assert compute_sign_flip_p([0, 0]) == 1.0
