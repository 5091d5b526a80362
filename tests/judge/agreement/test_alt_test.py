import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from secondreader.judge.agreement.alt_test import (
    compute_clustered_t_test_p,
    compute_t_test_p,
    run_alt_test,
    run_alternative_annotator_test,
)


def crowd(
    seed: int, judge_right: float, human_right: float, n: int = 300, size: int = 1
) -> tuple[np.ndarray, ...]:
    """Four annotators and a judge who err alike within a scenario; answers 0/1."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) // size
    truth = rng.integers(0, 2, n)
    raters = []
    for right in (human_right,) * 4 + (judge_right,):
        hard = rng.normal(0, 1.5, n)[cluster] if size > 1 else np.zeros(n)
        chance = 1 / (1 + np.exp(-(np.log(right / (1 - right)) + hard)))
        raters.append(np.where(rng.random(n) < chance, truth, 1 - truth).astype(float))
    return np.array(raters[:4]), raters[4], cluster


@given(st.lists(st.integers(-1, 1), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_t_test_is_scipys(values: list[int], bound: float) -> None:
    """With one value a cluster the p-value is that of scipy's one-sample t-test."""
    array = np.array(values, float)
    if np.ptp(array) == 0:
        assert compute_t_test_p(array, bound) == (1.0 if array[0] >= bound else 0.0)
    else:
        assert compute_t_test_p(array, bound) == pytest.approx(
            ttest_1samp(array, bound, alternative="less").pvalue
        )


def test_a_judge_better_than_people_passes_and_a_coin_does_not() -> None:
    """Right 95 % against people's 75 % wins every duel; a coin wins none."""
    humans, good, cluster = crowd(1, 0.95, 0.75)
    assert run_alternative_annotator_test(humans, good, cluster=cluster).winning_rate == 1
    coin = np.random.default_rng(2).integers(0, 2, 300).astype(float)
    result = run_alternative_annotator_test(humans, coin, cluster=cluster, epsilon=0.1)
    assert result.winning_rate == 0
    assert result.passes is False
    assert "may not stand in" in result.sentence


def test_a_judge_that_copies_an_annotator_ties_everywhere() -> None:
    """Against the annotator it copies the judge is at least as good on every item, and so is the annotator."""
    humans, _, _ = crowd(3, 0.9, 0.8)
    duel = run_alternative_annotator_test(humans, humans[0]).duels[0]
    assert (duel.judge_wins, duel.annotator_wins) == (1.0, 1.0)


def test_clusters_of_one_change_nothing_and_copies_gain_nothing() -> None:
    """Single-item scenarios give the published p-value; five copies of each item give the same clustered one."""
    humans, judge, _ = crowd(4, 0.8, 0.8)
    plain = run_alternative_annotator_test(humans, judge)
    assert [d.p for d in plain.duels] == pytest.approx([d.p_cluster for d in plain.duels])
    copied = run_alternative_annotator_test(
        np.repeat(humans, 5, axis=1), np.repeat(judge, 5), cluster=np.repeat(np.arange(300), 5)
    )
    for one, five in zip(plain.duels, copied.duels, strict=True):
        assert five.p_cluster == pytest.approx(one.p_cluster)
        assert five.p is not None
        assert one.p is not None
        assert abs(five.p - 0.5) >= abs(one.p - 0.5) - 1e-12


def test_size_holds_by_scenario_where_the_published_test_is_too_eager() -> None:
    """At the null boundary with 100 scenarios x 21, clustered t rejects 3-8 %, the item t-test over 15 %."""
    rng = np.random.default_rng(7)
    cluster = np.repeat(np.arange(100), 21)
    eager = fair = 0
    for _ in range(400):
        lean = rng.normal(0, 0.8, 100)[cluster]
        values = np.where(rng.random(2100) < 0.6, np.sign(lean + rng.normal(0, 0.8, 2100)), 0.0)
        values += 0.2
        eager += compute_t_test_p(values, 0.2) <= 0.05
        fair += compute_clustered_t_test_p(values, cluster, 0.2) <= 0.05
    assert eager / 400 > 0.15
    assert 0.025 <= fair / 400 <= 0.08


def test_few_items_are_listed_and_tested_only_when_asked_by_wilcoxon() -> None:
    """Below 30 items an annotator is not tested unless fewest_items is lowered."""
    humans, judge, _ = crowd(5, 0.9, 0.7, n=25)
    shy = run_alternative_annotator_test(humans, judge)
    assert shy.winning_rate is None
    assert "not tested" in shy.sentence
    assert any("fewer than 30 shared items: h0, h1" in note for note in shy.warnings)
    asked = run_alternative_annotator_test(humans, judge, fewest_items=10)
    assert all(duel.p is not None for duel in asked.duels)


@given(st.integers(0, 1000))
def test_order_of_annotators_and_items_changes_nothing(seed: int) -> None:
    """Permuted rows and columns give the same winning rates and probability."""
    humans, judge, cluster = crowd(6, 0.85, 0.8, size=3)
    humans[0, :40] = np.nan
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(4), rng.permutation(300)
    one = run_alternative_annotator_test(humans, judge, cluster=cluster)
    two = run_alternative_annotator_test(humans[rows][:, columns], judge[columns], cluster=cluster[columns])
    assert (one.winning_rate, one.winning_rate_cluster) == (two.winning_rate, two.winning_rate_cluster)
    assert one.advantage_probability == pytest.approx(two.advantage_probability)


def test_numbers_may_be_scored_by_distance() -> None:
    """With neg_rmse a judge one point off beats an annotator three points off."""
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 9, 100).astype(float)
    humans = np.stack([truth, truth, truth + 3])
    result = run_alternative_annotator_test(humans, truth + 1, score="neg_rmse")
    assert result.duels[2].judge_wins == 1
    assert result.duels[2].rejected


def test_the_long_frame_gives_the_same_and_unsure_counts_as_missing() -> None:
    """Through the long frame, with an unsure verdict left out of every duel."""
    humans, judge, cluster = crowd(9, 0.9, 0.75)
    words = np.array(["no", "yes"])
    rows = [
        pd.DataFrame(
            {
                "item": range(300),
                "cluster": cluster,
                "rater": name,
                "kind": kind,
                "answer": words[a.astype(int)],
            }
        )
        for name, kind, a in [*((f"a{j}", "human", h) for j, h in enumerate(humans)), ("j", "judge", judge)]
    ]
    frame = pd.concat(rows, ignore_index=True)
    result = run_alt_test(frame)
    direct = run_alternative_annotator_test(humans, judge)
    assert result.winning_rate == direct.winning_rate
    assert result.build_frame().n.tolist() == [300] * 4
    frame.loc[frame.index[-1], "answer"] = "unsure"
    assert run_alt_test(frame).build_frame().n.tolist() == [299] * 4
