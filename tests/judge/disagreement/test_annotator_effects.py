"""Annotators beside the others: bias, drift, and disagreement among them."""

import numpy as np
import pandas as pd
import pytest

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.disagreement.annotator_effects import (
    compare_thirds,
    compute_human_disagreement,
    estimate_annotator_effects,
)
from secondreader.judge.inference.exact_tests import compute_sign_flip_p


def study(lean: float, tired: float = 0.0, n: int = 150) -> Ratings:
    """Four annotators with 5 % slips; `lean` of a's no become yes, `tired` of d's last third become no."""
    rng = np.random.default_rng(7)
    truth = rng.random(n) < 0.4
    rows = []
    for rater in "abcd":
        order = rng.permutation(n)
        says = truth ^ (rng.random(n) < 0.05)
        if rater == "a":
            says |= rng.random(n) < lean
        if rater == "d":
            says &= ~((order >= 2 * n // 3) & (rng.random(n) < tired))
        rows.append(
            pd.DataFrame(
                {
                    "item": [f"i{k}" for k in range(n)],
                    "cluster": [f"s{k // 3}" for k in range(n)],
                    "rater": rater,
                    "kind": "human",
                    "answer": np.where(says, "yes", "no"),
                    "position": order,
                }
            )
        )
    return read_frame(pd.concat(rows))


def test_a_leaning_annotator_is_named_and_the_others_are_not() -> None:
    """A who says yes to a quarter of the rest stands out after Holm; b, c and d do not."""
    seen = {effect.annotator: effect for effect in estimate_annotator_effects(study(lean=0.25))}
    assert seen["a"].bias_p_adjusted < 0.01
    assert seen["a"].more > seen["a"].fewer
    assert all(seen[name].bias_p_adjusted > 0.05 for name in "bcd")


def test_nobody_stands_out_where_all_are_alike() -> None:
    """Random slips are no bias and no drift."""
    for effect in estimate_annotator_effects(study(lean=0)):
        assert min(effect.bias_p_adjusted, effect.drift_p_adjusted, effect.agreement_p_adjusted) > 0.05


def test_a_tired_annotator_drifts() -> None:
    """D's yes-rate and agreement fall in the last third of the order that d saw."""
    seen = estimate_annotator_effects(study(lean=0, tired=0.9))[3]
    assert seen.first_rate is not None
    assert seen.last_rate is not None
    assert seen.last_rate < seen.first_rate
    assert seen.drift_p_adjusted < 0.01
    assert seen.agreement_p_adjusted < 0.01


def test_bias_p_counts_scenarios() -> None:
    """The p is the sign-flip over scenario sums of the extra and the missing yes."""
    ratings = study(lean=0.1)
    own = ratings.human[:, 0] == ratings.positive
    others = (ratings.human[:, 1:] == ratings.positive).sum(axis=1) >= 2
    sums = np.bincount(ratings.cluster, weights=own.astype(float) - others)
    assert estimate_annotator_effects(ratings)[0].bias_p == compute_sign_flip_p(sums)


def test_one_annotator_alone_has_no_others() -> None:
    """Nothing is shared, so rates are unknown and p is 1; no position, no drift."""
    frame = pd.DataFrame({"item": ["a", "b"], "rater": "h", "kind": "human", "answer": ["yes", "no"]})
    (seen,) = estimate_annotator_effects(read_frame(frame))
    assert (seen.n_shared, seen.yes_rate, seen.bias_p_adjusted, seen.first_rate) == (0, None, 1.0, None)


def test_no_annotators_no_effects() -> None:
    """A frame of verdicts only has no annotator to judge."""
    frame = pd.DataFrame({"item": ["a"], "rater": "j", "kind": "judge", "answer": ["yes"]})
    assert estimate_annotator_effects(read_frame(frame)) == ()


def test_thirds_follow_the_order_seen() -> None:
    """Nine items in three thirds: the middle one is not compared."""
    order = np.arange(9, dtype=float)[::-1]
    seen = compare_thirds(order, np.arange(9) >= 6, np.ones(9, dtype=bool))
    assert (seen.first, seen.last) == (1.0, 0.0)
    assert seen.p == pytest.approx(0.1)


def test_human_disagreement_counts_pairs() -> None:
    """Two against one are two of three pairs; one label alone is unknown."""
    human = np.array([[1, 1, 0], [1, 1, 1], [0, -1, -1], [0, 1, -1]], dtype=np.int8)
    np.testing.assert_allclose(compute_human_disagreement(human, 2), [2 / 3, 0, np.nan, 1])
