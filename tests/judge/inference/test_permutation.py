"""The scenario permutation: exact sizes, invariants, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondreader.judge.inference.permutation import (
    Outcome,
    Scores,
    assign_bands,
    compute_adjusted_p,
    compute_raw_p,
    compute_residuals,
    join_scores,
    make_outcome,
    sample_normal_limit,
    score_columns,
    trade_items,
)

ONE = np.array([1.0])


def outcome(wrong: list[int], cluster: list[int], gold: list[int] | None = None) -> Outcome:
    """An outcome in which every item is eligible and weighs the same."""
    n = len(wrong)
    return make_outcome(
        "error",
        np.ones(n, dtype=bool),
        np.array(wrong, dtype=bool),
        np.array(gold or [0] * n),
        np.array(cluster),
        np.ones(n),
    )


def study(seed: int, scenarios: int = 40, size: int = 5) -> tuple[Outcome, np.ndarray]:
    """Random errors, two columns constant within scenarios and one that varies."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(scenarios), size)
    hard = rng.beta(1.2, 8, scenarios)[cluster]
    seen = outcome(
        list(rng.random(len(cluster)) < hard), list(cluster), list(rng.integers(0, 2, len(cluster)))
    )
    columns = np.stack(
        [
            rng.integers(0, 2, scenarios)[cluster],
            rng.integers(0, 2, scenarios)[cluster],
            rng.integers(0, 2, len(cluster)),
        ],
        axis=1,
    )
    return seen, columns.astype(np.float32)


def test_permutation_p_equals_the_hypergeometric_tail() -> None:
    """With one item a scenario and one gold answer the test is Fisher's exact one-sided test."""
    from scipy.stats import fisher_exact

    wrong = [1] * 9 + [0] * 31 + [1] * 6 + [0] * 54
    columns = np.array([[1.0]] * 40 + [[0.0]] * 60, dtype=np.float32)
    seen = score_columns(outcome(wrong, list(range(100))), columns, 20_000, 1)
    exact = fisher_exact(np.array([[9, 31], [6, 54]]), alternative="greater")[1]
    assert compute_raw_p(seen)[0] == pytest.approx(exact, abs=0.01)


def test_a_column_and_the_rest_have_opposite_scores() -> None:
    """Inside and outside are two views of one difference."""
    seen, columns = study(1)
    one, two = score_columns(seen, columns, 499, 3), score_columns(seen, 1 - columns, 499, 3)
    np.testing.assert_allclose(one.t, -two.t, atol=1e-3)


def test_one_scenario_full_of_errors_is_one_piece_of_evidence() -> None:
    """Thirty errors in a single scenario are no finding; the same errors over thirty scenarios are."""
    cluster = [k // 10 for k in range(300)]
    column = np.array([[1.0 if c < 10 else 0.0] for c in cluster], dtype=np.float32)
    lumped = [1 if c < 1 else 0 for c in cluster]
    spread = [1 if c < 10 and k % 10 == 0 else 0 for k, c in enumerate(cluster)]
    assert compute_raw_p(score_columns(outcome(lumped, cluster), column, 1999, 0))[0] > 0.2
    assert compute_raw_p(score_columns(outcome(spread, cluster), column, 1999, 0))[0] < 0.01


def test_a_transcript_attribute_is_compared_within_scenarios() -> None:
    """A balanced attribute with half the errors of hard scenarios shows nothing; one that holds them all does."""
    cluster = [k // 4 for k in range(160)]
    column = np.array([[float(k % 2)] for k in range(160)], dtype=np.float32)
    hard = [1 if c < 20 and k % 4 in (0, 1) else 0 for k, c in enumerate(cluster)]
    own = [1 if c < 20 and k % 2 == 1 else 0 for k, c in enumerate(cluster)]
    assert compute_raw_p(score_columns(outcome(hard, cluster), column, 999, 0))[0] > 0.3
    assert compute_raw_p(score_columns(outcome(own, cluster), column, 999, 0))[0] == pytest.approx(0.001)


def test_only_prevalence_leaves_no_residual() -> None:
    """Slices with the same rates by gold answer and another prevalence have score 0."""
    gold, wrong, column = [], [], []
    for inside, negatives, positives in ((1, 40, 160), (0, 160, 40)):
        for answer, n, rate in ((0, negatives, 0.05), (1, positives, 0.3)):
            gold += [answer] * n
            wrong += [1] * round(n * rate) + [0] * (n - round(n * rate))
            column += [[float(inside)]] * n
    seen = score_columns(outcome(wrong, list(range(400)), gold), np.array(column, dtype=np.float32), 999, 0)
    assert seen.t[0] == pytest.approx(0, abs=0.15)


def test_same_seed_same_digits_and_order_of_columns_does_not_matter() -> None:
    """A seed fixes every digit; columns are tested alike wherever they stand."""
    seen, columns = study(2)
    one, two = score_columns(seen, columns, 299, 9), score_columns(seen, columns[:, ::-1], 299, 9)
    np.testing.assert_array_equal(one.null, score_columns(seen, columns, 299, 9).null)
    np.testing.assert_allclose(compute_raw_p(one), compute_raw_p(two)[::-1], atol=0.011)


def test_weights_count_an_item_as_often_as_it_stands_for() -> None:
    """The expectation is the weighted rate, so residuals sum to zero under any weights."""
    rng = np.random.default_rng(4)
    seen = make_outcome(
        "error",
        np.ones(200, dtype=bool),
        rng.random(200) < 0.2,
        rng.integers(0, 3, 200),
        rng.integers(0, 30, 200),
        rng.uniform(1, 9, 200),
    )
    assert compute_residuals(seen).total.sum() == pytest.approx(0, abs=1e-9)
    assert seen.weight.mean() == pytest.approx(1)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=200))
def test_bands_keep_equal_values_together_and_are_never_small(values: list[int]) -> None:
    """Every band has at least 20 scenarios, or is the only one; bands follow the values' order."""
    number = assign_bands(np.array(values, dtype=float))
    counts = np.bincount(number)
    assert len(counts) == 1 or counts.min() >= 20
    by_value = {value: set(number[np.array(values) == value]) for value in values}
    assert all(len(found) == 1 for found in by_value.values())


def test_nothing_moves_without_variation() -> None:
    """No wrong verdict at all, or all of them wrong: the score cannot move and p is 1."""
    column = np.array([[float(k < 20)] for k in range(60)], dtype=np.float32)
    for wrong in ([0] * 60, [1] * 60):
        seen = score_columns(outcome(wrong, list(range(60))), column, 199, 0)
        assert not seen.moves[0]
        assert compute_raw_p(seen)[0] == 1.0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_adjusted_p_is_never_below_p(seed: int) -> None:
    """Searching more can only raise p; one family of one column is not raised at all."""
    seen, columns = study(seed, 20, 3)
    scores = score_columns(seen, columns, 199, seed)
    adjusted = compute_adjusted_p(scores, np.zeros(3, dtype=np.intp), ONE)
    assert (adjusted >= compute_raw_p(scores) - 1e-12).all()
    alone = compute_adjusted_p(scores.take(np.array([0])), np.zeros(1, dtype=np.intp), ONE)
    assert alone[0] == pytest.approx(compute_raw_p(scores)[0], abs=2 / 200)


def test_families_spend_their_share() -> None:
    """A column's p rises the smaller its family's share, and the sum of shares keeps the level."""
    rng = np.random.default_rng(0)
    null = rng.standard_normal((1999, 6)).astype(np.float32)
    scores = Scores(np.full(6, 3.2), null, np.ones(6, dtype=bool))
    family = np.array([0, 0, 0, 1, 1, 1])
    rich = compute_adjusted_p(scores, family, np.array([0.9, 0.1]))
    assert rich[0] < rich[3]
    drawn = rng.standard_normal((2000, 6))
    share = np.array([0.9, 0.1])
    any_flag = [
        (compute_adjusted_p(Scores(row, null, np.ones(6, dtype=bool)), family, share) <= 0.05).any()
        for row in drawn[:400]
    ]
    assert 0.02 <= float(np.mean(any_flag)) <= 0.085


def test_joined_outcomes_move_together() -> None:
    """Copies of one outcome have the same permuted scores, so searching a copy costs nothing."""
    seen, columns = study(5)
    once = score_columns(seen, columns, 499, 2)
    twice = join_scores([once, score_columns(seen, columns, 499, 2)])
    one = compute_adjusted_p(once, np.zeros(3, dtype=np.intp), ONE)
    two = compute_adjusted_p(twice, np.zeros(6, dtype=np.intp), ONE)
    np.testing.assert_allclose(two[:3], one)


def test_the_normal_limit_has_the_permutations_mean_and_spread() -> None:
    """Draws for very large studies agree with traded items in mean, spread and correlation."""
    seen, columns = study(6, 200, 6)
    rest = compute_residuals(seen)
    deviation = rest.item - (rest.total / rest.size)[seen.cluster]
    matrix = np.column_stack([columns[:, 2], columns[:, 2] * columns[:, 0]]).astype(np.float32)
    traded = trade_items(seen, deviation, matrix, 20_000, 0)
    drawn = sample_normal_limit(matrix, deviation, seen.cluster, 20_000, [0])
    np.testing.assert_allclose(drawn.std(axis=0), traded.std(axis=0), rtol=0.08)
    np.testing.assert_allclose(drawn.mean(axis=0), traded.mean(axis=0), atol=0.1 * traded.std(axis=0).max())
    one, two = (
        float(np.mean(np.prod((x - x.mean(axis=0)) / x.std(axis=0), axis=1))) for x in (drawn, traded)
    )
    assert one == pytest.approx(two, abs=0.08)


def test_very_large_studies_take_the_limit() -> None:
    """Sixty thousand scenarios are tested in seconds and give the p of a normal score."""
    rng = np.random.default_rng(0)
    n = 60_000
    columns = rng.integers(0, 2, (n, 2)).astype(np.float32)
    wrong = rng.random(n) < 0.1 + 0.02 * columns[:, 0]
    seen = score_columns(outcome(list(wrong.astype(int)), list(range(n))), columns, 999, 0)
    assert compute_raw_p(seen)[0] == pytest.approx(0.001)
    expected = 0.02 / np.sqrt(0.11 * 0.89 * 4 / n)
    assert seen.t[0] == pytest.approx(expected, abs=3)
    assert compute_raw_p(seen)[1] > 0.01
