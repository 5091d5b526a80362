import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from secondreader.judge.inference.coefficients import get_coefficient
from secondreader.judge.inference.estimate import Reason
from secondreader.judge.inference.proportions import (
    Interval,
    compute_newcombe_interval,
    compute_wilson_interval,
    estimate_proportion,
)
from tests.reference.intervals import (
    compute_agresti_coull_interval,
    compute_clopper_pearson_interval,
    compute_corrected_wilson_interval,
    compute_jeffreys_interval,
)

RAW = get_coefficient("raw")
METHODS = (
    compute_wilson_interval,
    compute_corrected_wilson_interval,
    compute_clopper_pearson_interval,
    compute_jeffreys_interval,
    compute_agresti_coull_interval,
)


def rounded(interval: Interval) -> tuple[float, float]:
    """Both limits to the four digits that papers print."""
    return round(interval.low, 4), round(interval.high, 4)


@pytest.mark.parametrize(
    ("k", "n", "score", "corrected"),
    [
        (81, 263, (0.2553, 0.3662), (0.2535, 0.3682)),
        (15, 148, (0.0624, 0.1605), (0.0598, 0.1644)),
        (0, 20, (0.0, 0.1611), (0.0, 0.2005)),
        (1, 29, (0.0061, 0.1718), (0.0018, 0.1963)),
    ],
)
def test_score_intervals_are_those_that_newcombe_printed(
    k: int, n: int, score: tuple[float, float], corrected: tuple[float, float]
) -> None:
    """Newcombe (1998) Table I, methods 3 and 4, to the printed digits."""
    assert rounded(compute_wilson_interval(k, n)) == score
    assert rounded(compute_corrected_wilson_interval(k, n)) == corrected


def test_difference_interval_is_the_one_that_newcombe_printed() -> None:
    """Newcombe (1998) Stat Med 17:873, Table II, method 10: 56/70 - 48/80 and 9/10 - 3/10."""
    assert rounded(compute_newcombe_interval(56, 70, 48, 80)) == (0.0524, 0.3339)
    assert rounded(compute_newcombe_interval(9, 10, 3, 10)) == (0.1705, 0.8090)


@given(st.integers(1, 400), st.data())
def test_every_interval_holds_its_share_and_mirrors(n: int, data: st.DataObject) -> None:
    """Limits lie in 0..1 around k/n, and swapping yes and no mirrors them."""
    k = data.draw(st.integers(0, n))
    for method in METHODS:
        one, other = method(k, n), method(n - k, n)
        assert 0 <= one.low <= k / n + 1e-12
        assert k / n - 1e-12 <= one.high <= 1
        assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@given(st.integers(1, 200), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_scipy_gives_the_same_limits(n: int, data: st.DataObject, level: float) -> None:
    """Wilson and Clopper-Pearson equal scipy's binomtest to 1e-9."""
    k = data.draw(st.integers(0, n))
    test = binomtest(k, n)
    for ours, theirs in (
        (compute_wilson_interval, test.proportion_ci(level, method="wilson")),
        (compute_corrected_wilson_interval, test.proportion_ci(level, method="wilsoncc")),
        (compute_clopper_pearson_interval, test.proportion_ci(level, method="exact")),
    ):
        mine = ours(k, n, level)
        assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize("p", [0.02, 0.1, 0.3])
def test_exact_interval_never_covers_less_than_its_level(p: float) -> None:
    """Summed over all outcomes of 60 items, Clopper-Pearson covers at least 95 %."""
    held = [k for k in range(61) if (i := compute_clopper_pearson_interval(k, 60)).low <= p <= i.high]
    assert sum(binom.pmf(k, 60, p) for k in held) >= 0.95


def test_no_items_is_undefined_and_bad_counts_are_refused() -> None:
    """Nothing counted has a reason; more positives than items is an error in one sentence."""
    assert estimate_proportion(RAW, 0, 0).reason is Reason.NO_ITEMS
    assert estimate_proportion(RAW, 52, 60).sentence == "raw = 0.867 [0.758, 0.931], n = 60"
    with pytest.raises(ValueError, match="3 positives of 2 items"):
        compute_wilson_interval(3, 2)
    with pytest.raises(ValueError, match="level is 95"):
        compute_wilson_interval(1, 2, 95)
