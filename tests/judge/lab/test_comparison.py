import numpy as np
import pytest

from secondreader.judge.inference.bootstrap import BootstrapDesign
from secondreader.judge.lab.comparison import compare_prompts, compare_verdicts
from tests.judge.lab.studies import bounds, two_prompts


def test_a_better_prompt_is_found_and_an_equal_one_is_not() -> None:
    """Right 95 % against 70 %: p below .001 and an interval above zero; against itself no discordant item."""
    found = compare_prompts(two_prompts(0.95, 0.7), "v1", "v2")
    assert found.p is not None
    assert found.p < 0.001
    assert bounds(found.accuracy)[0] > 0.1
    assert found.accuracy.value == pytest.approx((found.only_first_right - found.only_second_right) / 240)
    assert "points of accuracy [+" in found.sentence
    same = compare_prompts(two_prompts(0.9, 0.9), "v1", "v1")
    assert same.p is None
    assert bounds(same.accuracy) == (0, 0)


def test_overall_gap_is_the_mean_of_the_two_classes_gaps() -> None:
    """Accuracy difference = prevalence-weighted sensitivity and specificity differences."""
    found = compare_prompts(two_prompts(0.9, 0.8, 3), "v1", "v2")
    parts = (found.sensitivity, found.specificity)
    total = sum((part.value or 0) * part.n for part in parts) / found.n
    assert found.accuracy.value == pytest.approx(total)
    assert len(found.build_frame()) == 3


def test_beyond_twenty_thousand_scenarios_the_interval_is_the_bootstraps() -> None:
    """The linearised interval of a large comparison has the width of a bootstrap on a fifth, over root five."""
    rng = np.random.default_rng(6)
    gold = (rng.random(50_000) < 0.3).astype(float)
    one, two = (np.where(rng.random(50_000) < right, gold, 1 - gold) for right in (0.9, 0.8))
    cluster = np.arange(50_000) // 2
    large = compare_verdicts(gold, one, two, cluster, ("a", "b"), bootstrap=BootstrapDesign(25_000, 500))
    small = compare_verdicts(
        gold[:10_000],
        one[:10_000],
        two[:10_000],
        cluster[:10_000],
        ("a", "b"),
        bootstrap=BootstrapDesign(5_000, 500),
    )
    wide, narrow = (high - low for low, high in (bounds(small.accuracy), bounds(large.accuracy)))
    assert wide / narrow == pytest.approx(5**0.5, rel=0.1)
