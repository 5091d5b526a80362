"""Distances between answers and alpha's two agreements, on every level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.alpha import Level, compute_alpha_agreement, compute_squared_distance
from secondreader.judge.inference.ratios import TINY, compute_ratio, correct_for_chance

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
VALUES = np.array([0.0, 1.0, 3.0])


def test_distances_follow_their_definition() -> None:
    """Nominal counts any difference as 1, interval squares it, ratio divides by the sum first."""
    counts = np.array([2.0, 4.0, 6.0])
    assert compute_squared_distance("nominal", VALUES, counts)[0].tolist() == [0, 1, 1]
    assert compute_squared_distance("interval", VALUES, counts)[0].tolist() == [0, 1, 9]
    assert compute_squared_distance("ratio", VALUES, counts)[1].tolist() == pytest.approx([1, 0, 0.25])
    # ordinal: half of each end and everything between, (2/2 + 4/2)^2 and (2/2 + 4 + 6/2)^2
    assert compute_squared_distance("ordinal", VALUES, counts)[0].tolist() == [0, 9, 64]


@pytest.mark.parametrize("level", LEVELS)
def test_two_zeros_are_no_distance_apart(level: Level) -> None:
    """The ratio of nothing to nothing is no NaN."""
    distance = compute_squared_distance(level, np.zeros(2), np.ones(2))
    assert np.isfinite(distance).all()
    assert np.diag(distance).tolist() == [0, 0]


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3), st.sampled_from(LEVELS))
def test_distances_are_symmetric_and_never_negative(counts: list[int], level: Level) -> None:
    """Whatever the counts, the order of two answers does not matter."""
    distance = compute_squared_distance(level, VALUES, np.array(counts, dtype=np.float64))
    np.testing.assert_allclose(distance, np.swapaxes(distance, -2, -1))
    assert (distance >= 0).all()


@pytest.mark.parametrize("level", LEVELS)
def test_perfect_agreement_is_one_on_every_level(level: Level) -> None:
    """Coincidences on the diagonal alone leave nothing observed."""
    coincidence = np.diag([4.0, 6.0, 2.0])
    distance = compute_squared_distance(level, VALUES, coincidence.sum(axis=-1))
    observed, expected = compute_alpha_agreement(coincidence, np.array(12.0), distance)
    assert observed == pytest.approx(1)
    assert correct_for_chance(observed, expected) == pytest.approx(1)


def test_alpha_without_variation_is_undefined() -> None:
    """One answer everywhere: nothing is expected, so nothing can be corrected."""
    coincidence = np.array([[10.0, 0.0], [0.0, 0.0]])
    distance = compute_squared_distance("nominal", np.array([0.0, 1.0]), coincidence.sum(axis=-1))
    assert np.isnan(correct_for_chance(*compute_alpha_agreement(coincidence, np.array(10.0), distance)))


def test_alpha_of_a_worked_example() -> None:
    """Ten values, two of them off the diagonal: 1 - 9 x 2 / (2 x 5 x 5) = 0.64."""
    coincidence = np.array([[4.0, 1.0], [1.0, 4.0]])
    distance = compute_squared_distance("nominal", np.array([0.0, 1.0]), coincidence.sum(axis=-1))
    alpha = correct_for_chance(*compute_alpha_agreement(coincidence, np.array(10.0), distance))
    assert alpha == pytest.approx(1 - 9 * 2 / 50)


def test_a_denominator_of_rounding_noise_is_zero() -> None:
    """A ratio is NaN at 0 and just above it, and shapes broadcast."""
    ratio = compute_ratio(np.array([1.0, 1.0, 1.0]), np.array([0.0, TINY / 2, 0.5]))
    assert np.isnan(ratio[:2]).all()
    assert ratio[2] == 2
    assert compute_ratio(np.ones((2, 3)), np.array(4.0)).tolist() == [[0.25] * 3] * 2


def test_a_coefficient_is_undefined_where_chance_explains_everything() -> None:
    """(1 - 1) / (1 - 1) is no 1."""
    assert np.isnan(correct_for_chance(np.array(1.0), np.array(1.0)))
    assert correct_for_chance(np.array(0.75), np.array(0.5)) == 0.5
