"""Who is compared with whom: figures against scikit-learn and plain counts, and what is left undefined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, recall_score

from secondreader.judge.agreement.comparisons import (
    LabelledItems,
    compare_human_pairs,
    compare_humans,
    compare_judge_with_annotators,
    compare_judge_with_gold,
    compare_pair,
    compare_repeats,
    compute_ceiling,
    compute_mean_pair_kappa,
    parse_numbers,
    select_gold_items,
    select_judged_items,
    select_labelled_items,
    select_shared_with_judge,
)
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import resolve_gold
from secondreader.judge.data.unsure import Recoding, build_recoding
from secondreader.judge.inference.bootstrap import BootstrapDesign, SampledCoefficients
from secondreader.judge.inference.estimate import Reason

NAMES = np.array(["no", "yes", None], dtype=object)


def build_ratings(
    human: np.ndarray, verdict: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Ratings:
    """Ratings of codes (items, raters): 0 no, 1 yes, -1 missing; two items a scenario."""
    n = len(human)
    parts = [("human", f"h{h}", human[:, h]) for h in range(human.shape[1])]
    if verdict is not None:
        parts += [("judge", f"j{j}", verdict[:, j]) for j in range(verdict.shape[1])]
    frames = [
        pd.DataFrame(
            {"item": [f"t{i:03}" for i in range(n)], "rater": rater, "kind": kind, "answer": NAMES[codes]}
        )
        for kind, rater, codes in parts
    ]
    frame = pd.concat(frames, ignore_index=True).dropna(subset="answer")
    position = frame["item"].str[1:].astype(int)
    frame = frame.assign(cluster="s" + (position // 2).astype(str))
    return read_frame(frame if weight is None else frame.assign(inclusion_probability=1 / weight[position]))


def draw_codes(seed: int, n: int = 40, raters: int = 3, missing: float = 0.2) -> np.ndarray:
    """Correlated codes with gaps; the first two columns have an answer throughout."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 1)) < 0.4
    codes = (truth ^ (rng.random((n, raters)) < 0.2)).astype(int)
    codes[:, 2:][rng.random((n, max(raters - 2, 0))) < missing] = -1
    return codes


def prepare(ratings: Ratings, resamples: int = 50) -> tuple[LabelledItems, Recoding]:
    """The labelled items with majority gold, and the coding that keeps unsure apart."""
    labelled = select_labelled_items(ratings, resolve_gold(ratings, None), resamples, 0)
    return labelled, build_recoding(ratings, "category")


def get_value(sampled: SampledCoefficients, name: str) -> float:
    """The point value of one figure."""
    return float(sampled.values[sampled.find_index(name)])


def get_support(sampled: SampledCoefficients, name: str) -> int:
    """How many items one figure divides by."""
    return int(sampled.support[sampled.find_index(name)])


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_a_pair_has_the_kappa_of_scikit_learn(seed: int) -> None:
    """Raw agreement and Cohen's kappa of two annotators on the items that both answered."""
    codes = draw_codes(seed)
    labelled, coding = prepare(build_ratings(codes))
    pairs = compare_human_pairs(labelled, coding)
    assert list(pairs) == [(0, 1), (0, 2), (1, 2)]
    for (a, b), sampled in pairs.items():
        both = (codes[:, a] >= 0) & (codes[:, b] >= 0)
        assert get_support(sampled, "kappa") == both.sum()
        assert get_value(sampled, "raw") == pytest.approx((codes[both, a] == codes[both, b]).mean())
        kappa = cohen_kappa_score(codes[both, a], codes[both, b])
        assert get_value(sampled, "kappa") == pytest.approx(kappa)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.floats(1, 100))
def test_weighted_kappa_does_not_depend_on_the_unit(seed: int, factor: float) -> None:
    """Weights act as scikit-learn's sample weights, and a common factor cancels."""
    codes = draw_codes(seed, raters=2)
    weight = np.random.default_rng(seed).uniform(1, 5, len(codes))
    expected = cohen_kappa_score(codes[:, 0], codes[:, 1], sample_weight=weight)
    for unit in (1.0, factor):
        labelled, coding = prepare(build_ratings(codes, weight=weight * unit))
        sampled = compare_pair(labelled, labelled.human[:, 0], labelled.human[:, 1], coding)
        assert get_value(sampled, "kappa") == pytest.approx(expected)
        assert labelled.cohort.weight.mean() == pytest.approx(1)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_swapping_two_raters_keeps_kappa_and_flips_the_bias(seed: int) -> None:
    """Agreement has no direction; the bias index changes its sign."""
    labelled, coding = prepare(build_ratings(draw_codes(seed, raters=2)))
    first, second = labelled.human[:, 0], labelled.human[:, 1]
    there, back = compare_pair(labelled, first, second, coding), compare_pair(labelled, second, first, coding)
    for name in ("raw", "kappa", "ac1", "positive_agreement"):
        assert get_value(there, name) == pytest.approx(get_value(back, name)), name
    assert get_value(there, "bias_index") == pytest.approx(-get_value(back, "bias_index"))


def test_a_judge_against_gold_has_the_recall_of_scikit_learn() -> None:
    """Sensitivity is the recall of yes, specificity that of no, where gold and verdict exist."""
    codes, verdict = draw_codes(4, 80), draw_codes(5, 80, 3)[:, 2:]
    labelled, coding = prepare(build_ratings(codes, verdict))
    sampled = compare_judge_with_gold(labelled, 0, coding)
    use = (labelled.gold >= 0) & (labelled.verdict[:, 0] >= 0)
    gold, judged = labelled.gold[use], labelled.verdict[use, 0]
    assert get_value(sampled, "sensitivity") == pytest.approx(recall_score(gold, judged, pos_label=1))
    assert get_value(sampled, "specificity") == pytest.approx(recall_score(gold, judged, pos_label=0))
    assert get_support(sampled, "sensitivity") == (gold == 1).sum()


def test_gold_of_a_single_class_leaves_the_other_rate_undefined() -> None:
    """Nobody said yes: specificity is a number, sensitivity has a reason."""
    labelled, coding = prepare(build_ratings(np.zeros((30, 2), int), draw_codes(1, 30, 2)[:, :1]))
    figures = {e.name: e for e in compare_judge_with_gold(labelled, 0, coding).build_estimates()}
    assert figures["sensitivity"].reason is Reason.EMPTY_DENOMINATOR
    assert figures["specificity"].value == pytest.approx((labelled.verdict[:, 0] == 0).mean())


def test_one_answer_throughout_has_raw_agreement_and_no_kappa() -> None:
    """Perfect agreement on a constant says nothing beyond chance."""
    labelled, coding = prepare(build_ratings(np.ones((20, 2), int)))
    figures = {e.name: e for e in compare_humans(labelled, coding).build_estimates()}
    assert figures["alpha"].reason is Reason.NO_VARIATION
    assert figures["raw_pairs"].value == 1


@pytest.mark.parametrize(
    ("human", "reason"),
    [
        (np.ones((12, 1), int), Reason.TOO_FEW_RATERS),
        (np.array([[1, -1], [-1, 0]] * 6), Reason.NO_PAIRABLE_ITEMS),
    ],
)
def test_annotators_who_share_no_item_cannot_be_compared(human: np.ndarray, reason: Reason) -> None:
    """A single annotator, or two who never meet: every figure has the reason and none a value."""
    labelled, coding = prepare(build_ratings(human))
    figures = {e.name: e for e in compare_humans(labelled, coding).build_estimates()}
    assert figures["alpha"].reason is reason
    assert figures["alpha"].value is None


def test_judges_alone_have_no_labelled_item() -> None:
    """Without annotators there is no item to compare people on, and pooled pairs are empty."""
    ratings = build_ratings(np.empty((10, 0), int), draw_codes(2, 10, 2))
    labelled, coding = prepare(ratings)
    assert len(labelled.items) == 0
    assert compare_human_pairs(labelled, coding) == {}
    judged = select_judged_items(ratings, [0, 1], 50, 0)
    assert len(judged.items) == 10
    codes = draw_codes(2, 10, 2)
    assert get_value(compare_pair(judged, judged.human[:, 0], judged.human[:, 1], coding), "raw") == (
        pytest.approx((codes[:, 0] == codes[:, 1]).mean())
    )


def test_the_mean_of_pairs_weighs_by_shared_items() -> None:
    """Three pairs with unequal overlap: numpy's weighted average of their kappas."""
    labelled, coding = prepare(build_ratings(draw_codes(8, 60, 3, 0.6)))
    pairs = list(compare_human_pairs(labelled, coding).values())
    mean = compute_mean_pair_kappa(pairs, labelled.bootstrap)
    counts = [get_support(pair, "kappa") for pair in pairs]
    assert len(set(counts)) > 1
    expected = np.average([get_value(pair, "kappa") for pair in pairs], weights=counts)
    assert mean.values[0] == pytest.approx(expected)
    assert mean.support[0] == sum(counts)
    assert mean.replicates.shape == (50, 1)


def test_a_pair_without_kappa_does_not_enter_the_mean() -> None:
    """A constant annotator pair is left out; the mean is that of the defined pairs alone."""
    codes = draw_codes(3, 40, 2)
    labelled, coding = prepare(build_ratings(np.c_[codes, np.ones((40, 2), int)]))
    pairs = compare_human_pairs(labelled, coding)
    assert np.isnan(get_value(pairs[2, 3], "kappa"))
    chosen = [pairs[0, 1], pairs[2, 3]]
    mean = compute_mean_pair_kappa(chosen, labelled.bootstrap)
    assert mean.values[0] == pytest.approx(get_value(pairs[0, 1], "kappa"))


def test_no_pair_has_no_mean() -> None:
    """Without pairs the mean is undefined for want of raters."""
    estimate = compute_mean_pair_kappa([], BootstrapDesign(10, 20)).build_estimates()[0]
    assert (estimate.value, estimate.reason) == (None, Reason.TOO_FEW_RATERS)


def test_a_judge_against_annotators_pools_their_pairs() -> None:
    """Raw agreement is the share of agreeing judge-annotator pairs, n the number of pairs."""
    codes, verdict = draw_codes(6, 50), draw_codes(7, 50, 1)
    labelled, coding = prepare(build_ratings(codes, verdict))
    sampled = compare_judge_with_annotators(labelled, 0, coding)
    known = codes >= 0
    assert get_support(sampled, "raw") == known.sum()
    assert get_value(sampled, "raw") == pytest.approx((codes == verdict)[known].mean())


def test_the_ceiling_uses_the_same_items_for_judge_and_annotator() -> None:
    """Leave one out by a plain loop: ties of the others and missing answers do not enter."""
    codes, verdict = draw_codes(9, 60, 4), draw_codes(10, 60, 3)[:, 2:]
    labelled, coding = prepare(build_ratings(codes, verdict))
    ceiling = compute_ceiling(labelled, 0, coding)
    hits, judge_hits = [], []
    for item, answers in enumerate(codes):
        for h in range(4):
            others = [a for k, a in enumerate(answers) if k != h and a >= 0]
            yes, no = others.count(1), others.count(0)
            if yes == no or answers[h] < 0 or verdict[item, 0] < 0:
                continue
            hits.append(answers[h] == (yes > no))
            judge_hits.append(verdict[item, 0] == (yes > no))
    assert get_value(ceiling.annotator, "raw") == pytest.approx(np.mean(hits))
    assert get_value(ceiling.judge, "raw") == pytest.approx(np.mean(judge_hits))
    assert get_support(ceiling.annotator, "raw") == get_support(ceiling.judge, "raw") == len(hits)


def test_a_single_annotator_has_no_ceiling() -> None:
    """Nobody is left to compare with: the reason is the number of raters."""
    labelled, coding = prepare(build_ratings(draw_codes(1, 20, 1), draw_codes(2, 20, 1)))
    ceiling = compute_ceiling(labelled, 0, coding)
    figures = {e.name: e for e in ceiling.annotator.build_estimates()}
    assert figures["kappa"].reason is Reason.TOO_FEW_RATERS


def test_shared_items_have_the_judge_and_two_annotators() -> None:
    """Items with fewer than two labels, or without a verdict, are left out."""
    human = np.array([[1, 0], [1, -1], [0, 0], [1, 1]] * 5)
    verdict = np.array([[1], [1], [-1], [0]] * 5)
    labelled, coding = prepare(build_ratings(human, verdict))
    shared = select_shared_with_judge(labelled, 0, coding)
    assert shared.items.tolist() == [i for i in range(20) if i % 4 in (0, 3)]
    assert shared.bootstrap is labelled.bootstrap


def test_decided_items_score_a_judge_without_a_label() -> None:
    """Imported gold on an unlabelled item adds it to the judge's items, not to the annotators'."""
    human = np.array([[1], [0], [-1], [-1]] * 3)
    ratings = build_ratings(human, np.ones((12, 1), int))
    gold = resolve_gold(ratings, {"t002": "yes"})
    assert len(select_labelled_items(ratings, gold, 20, 0).items) == 6
    assert select_gold_items(ratings, gold, 20, 0).items.tolist() == [0, 1, 2, 4, 5, 8, 9]


@pytest.mark.parametrize(
    ("answers", "numbers"),
    [
        (("1", "2", "10"), (1.0, 2.0, 10.0)),
        (("1", "two"), ()),
        (("no", "yes"), ()),
        ((), ()),
        (("-1.5",), (-1.5,)),
    ],
)
def test_answers_are_numbers_only_if_each_is(answers: tuple[str, ...], numbers: tuple[float, ...]) -> None:
    """A single word among numbers makes all of them words."""
    assert parse_numbers(answers) == numbers


def test_repeats_compare_the_second_pass_with_the_first() -> None:
    """Second passes count, third ones and those without a first label do not."""
    first = [("t1", 1, "yes"), ("t2", 1, "no"), ("t3", 1, "yes")]
    later = [("t1", 2, "yes"), ("t2", 2, "yes"), ("t4", 2, "no"), ("t3", 3, "no")]
    frame = pd.DataFrame([*first, *later], columns=["item", "pass_no", "answer"])
    ratings = read_frame(frame.assign(rater="a", kind="human"))
    labelled, coding = prepare(ratings)
    sampled = compare_repeats(ratings, labelled, coding)
    assert get_support(sampled, "raw") == 2
    assert get_value(sampled, "raw") == 0.5
