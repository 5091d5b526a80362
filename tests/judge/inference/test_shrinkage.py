"""Shrunken slice rates: the conjugate posterior and the fitted prior."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from secondreader.judge.inference.shrinkage import BetaPrior, fit_prior, shrink_rate


def test_posterior_is_the_conjugate_one() -> None:
    """9 of 30 under Beta(2, 18)."""
    shrunken = shrink_rate(9, 30, BetaPrior(2, 18))
    assert shrunken.mean == pytest.approx(0.22, abs=1e-10)
    assert shrunken.low == pytest.approx(0.1177434205541909, abs=1e-10)
    assert shrunken.high == pytest.approx(0.343429993046482, abs=1e-10)
    assert beta.sf(0.10, shrunken.a, shrunken.b) == pytest.approx(0.9919950281119831, abs=1e-10)


def test_prior_recovers_the_beta_that_made_the_slices() -> None:
    """Many slices drawn from Beta(2, 18) give back about 2 and 18."""
    rng = np.random.default_rng(1)
    n = rng.integers(50, 200, 4000)
    prior = fit_prior(rng.binomial(n, rng.beta(2, 18, 4000)), n)
    assert prior.a == pytest.approx(2, rel=0.1)
    assert prior.b == pytest.approx(18, rel=0.1)


def test_without_spread_every_slice_gets_the_common_rate() -> None:
    """Equal rates leave nothing to tell the slices apart."""
    prior = fit_prior([10, 20, 30], [100, 200, 300])
    assert shrink_rate(10, 100, prior).mean == pytest.approx(0.1, abs=0.002)


def test_a_lone_slice_is_hardly_pulled() -> None:
    """With one slice there is nobody to borrow from, with none the prior is Jeffreys'."""
    assert shrink_rate(45, 100, fit_prior([45], [100])).mean == pytest.approx(0.45, abs=0.01)
    assert fit_prior([], []) == BetaPrior(0.5, 0.5)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=2, max_size=12))
def test_shrunken_rates_stay_between_own_and_common(pairs: list[tuple[int, int]]) -> None:
    """A posterior mean lies between the slice's own rate and the prior's mean."""
    k = np.array([min(pair) for pair in pairs])
    n = np.array([max(1, pair[1]) for pair in pairs])
    k = np.minimum(k, n)
    prior = fit_prior(k, n)
    common = prior.a / (prior.a + prior.b)
    for wrong, size in zip(k, n, strict=True):
        shrunken = shrink_rate(wrong, size, prior)
        own = wrong / size
        assert min(own, common) - 1e-9 <= shrunken.mean <= max(own, common) + 1e-9
        assert shrunken.low <= shrunken.mean <= shrunken.high


def test_impossible_counts_are_refused() -> None:
    """More wrong verdicts than verdicts are an error."""
    with pytest.raises(ValueError, match="0 <= k <= n"):
        shrink_rate(5, 3, BetaPrior(1, 1))
