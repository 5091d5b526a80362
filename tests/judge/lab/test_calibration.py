import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from secondreader.judge.inference.estimate import Reason
from secondreader.judge.lab.calibration import (
    assign_equal_count_bins,
    compute_brier_score,
    compute_calibration,
    compute_calibration_error,
    compute_judge_calibration,
    compute_reliability,
    compute_roc_auc,
)
from tests.judge.lab.studies import bounds, two_prompts

PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=60)


@given(PAIRS)
def test_brier_and_auc_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """Equal to scikit-learn, ties included; AUC is undefined with one class."""
    gold, probability = np.array(pairs, float).T
    probability = probability / 20
    assert compute_brier_score(gold, probability) == pytest.approx(
        brier_score_loss(gold, probability, pos_label=1)
    )
    if len(set(gold)) == 2:
        assert compute_roc_auc(gold, probability) == pytest.approx(roc_auc_score(gold, probability))
    else:
        assert compute_roc_auc(gold, probability) is None


@given(PAIRS, st.integers(0, 100))
def test_order_of_rows_and_repeats_by_weight_change_nothing(pairs: list[tuple[int, int]], seed: int) -> None:
    """AUC with weight 2 equals AUC of doubled rows; ECE does not depend on row order."""
    gold, probability = np.array(pairs, float).T
    order = np.random.default_rng(seed).permutation(len(gold))
    assert compute_calibration_error(gold, probability / 20) == pytest.approx(
        compute_calibration_error(gold[order], probability[order] / 20)
    )
    weight = np.where(np.arange(len(gold)) % 2 == 0, 2.0, 1.0)
    doubled = np.repeat(np.arange(len(gold)), weight.astype(int))
    one, two = (
        compute_roc_auc(gold, probability, weight),
        compute_roc_auc(gold[doubled], probability[doubled]),
    )
    assert one == (None if two is None else pytest.approx(two))


def test_bins_hold_equal_counts() -> None:
    """A hundred distinct probabilities in ten bins are ten each; ties stay together."""
    rng = np.random.default_rng(0)
    assert np.bincount(assign_equal_count_bins(rng.random(100))).tolist() == [10] * 10
    assert len(set(assign_equal_count_bins(np.full(50, 0.5)))) == 1


def study(n_scenarios: int, sharp: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gold drawn from the stated probability, pulled towards the ends by `sharp` (1 = calibrated)."""
    rng = np.random.default_rng(seed)
    true = rng.beta(2, 3, n_scenarios * 4)
    gold = (rng.random(len(true)) < true).astype(float)
    odds = (true / (1 - true)) ** sharp
    return gold, odds / (1 + odds), np.repeat(np.arange(n_scenarios), 4)


def test_overconfidence_shows_in_ece_but_not_in_auc() -> None:
    """Sharpened probabilities keep the AUC and raise calibration error and Brier score."""
    honest = compute_calibration(*study(500, 1.0, 1), resamples=200)
    loud = compute_calibration(*study(500, 4.0, 1), resamples=200)
    assert honest.auc.value == pytest.approx(loud.auc.value)
    assert bounds(honest.ece)[1] < bounds(loud.ece)[0]
    assert honest.brier.value is not None
    assert loud.brier.value is not None
    assert honest.brier.value < loud.brier.value
    extremes = loud.build_bin_frame()
    assert extremes.iloc[0].predicted < extremes.iloc[0].low


def test_auc_interval_covers_its_value() -> None:
    """Over 60 studies of 60 x 4 at least 53 of the 95 % intervals hold the AUC of the large population."""
    truth = compute_roc_auc(*study(50_000, 1.0, 99)[:2])
    assert truth is not None
    held = 0
    for seed in range(60):
        low, high = bounds(compute_calibration(*study(60, 1.0, seed), resamples=200).auc)
        held += low <= truth <= high
    assert held >= 53


def test_degenerate_probabilities_have_reasons() -> None:
    """No items, one class, few scenarios, and values outside 0..1."""
    none = np.zeros(0)
    assert compute_calibration(none, none).brier.reason is Reason.NO_ITEMS
    assert compute_reliability(none, none) == ()
    one_class = compute_calibration(np.zeros(40), np.linspace(0, 1, 40), resamples=50)
    assert one_class.auc.reason is Reason.EMPTY_DENOMINATOR
    assert one_class.ece.warnings
    few = compute_calibration(np.array([0.0, 1.0]), np.array([0.2, 0.9]), resamples=50)
    assert few.auc.interval_reason is Reason.TOO_FEW_CLUSTERS
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        compute_calibration(np.array([1.0]), np.array([1.2]))


def test_probabilities_come_from_the_judges_rows() -> None:
    """The long frame's column probability is calibrated against majority gold."""
    frame = two_prompts(0.9, 0.8)
    judge = frame.rater == "v1"
    frame["probability"] = np.where(judge, np.where(frame.answer == "yes", 0.9, 0.1), np.nan)
    found = compute_judge_calibration(frame, judge="v1")
    assert found.brier.n == 240
    assert found.brier.value == pytest.approx(
        0.01
        + 0.8
        * (1 - (frame[judge].answer.to_numpy() == frame[frame.kind == "human"].answer.to_numpy()).mean())
    )
