"""Estimators of a rate: identities between them, edge cases, and variances computed another way."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from secondreader.judge.inference.estimate import Reason
from secondreader.judge.inference.proportions import compute_wilson_interval
from secondreader.judge.rates.estimators import (
    GOLD_ONLY,
    NAIVE,
    NO,
    PPI,
    PPI_PLUS,
    ROGAN_GLADEN,
    UNPARSED,
    UNSURE,
    YES,
    JudgedItems,
    LinearisedRate,
    build_rate_estimate,
    compute_cluster_variance,
    compute_linear_limits,
    compute_logit_limits,
    compute_student_quantile,
    estimate_gold_only,
    estimate_naive,
    estimate_post_stratified,
    estimate_ppi,
    estimate_rate_difference,
    estimate_rogan_gladen,
    warn_of_few_clusters,
)

ESTIMATORS = [
    estimate_naive,
    estimate_gold_only,
    estimate_post_stratified,
    estimate_ppi,
    estimate_rogan_gladen,
]
GAP = float("nan")


def judge_items(
    verdict: list[int],
    gold: list[float],
    weight: list[float] | None = None,
    cluster: list[int] | None = None,
) -> JudgedItems:
    """Items with weight 1 and a scenario each unless stated otherwise."""
    n = len(verdict)
    return JudgedItems(
        np.array(verdict, dtype=np.int64),
        np.array(gold, dtype=np.float64),
        np.ones(n) if weight is None else np.array(weight, dtype=np.float64),
        np.arange(n) if cluster is None else np.array(cluster, dtype=np.int64),
    )


def draw_study(seed: int, n: int = 60, labelled: float = 0.5) -> JudgedItems:
    """A random study of 12 scenarios with unequal weights; some verdicts are unsure or unparsed."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    verdict = np.where(rng.random(n) < 0.8, truth, ~truth).astype(np.int64)
    verdict[rng.random(n) < 0.1] = UNSURE
    gold = np.where(rng.random(n) < labelled, truth.astype(np.float64), np.nan)
    return JudgedItems(verdict, gold, rng.uniform(1, 5, n), rng.integers(0, 12, n))


def select_all(judged: JudgedItems) -> np.ndarray:
    """Every item is a member."""
    return np.ones(len(judged.gold), dtype=bool)


def reorder(judged: JudgedItems, order: np.ndarray) -> JudgedItems:
    """The same items in another order."""
    return JudgedItems(judged.verdict[order], judged.gold[order], judged.weight[order], judged.cluster[order])


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_no_member_has_no_rate(estimate) -> None:  # type: ignore[no-untyped-def]
    """An empty group is undefined for want of items, and its influence is zero everywhere."""
    judged = draw_study(1)
    rate = estimate(judged, np.zeros(len(judged.gold), dtype=bool))
    assert rate.value is None
    assert rate.reason is Reason.NO_ITEMS
    assert rate.influence.shape == judged.gold.shape
    assert not rate.influence.any()


@pytest.mark.parametrize("estimate", ESTIMATORS[1:4])
def test_members_without_gold_do_not_identify_a_rate(estimate) -> None:  # type: ignore[no-untyped-def]
    """Verdicts alone say nothing of the gold rate."""
    judged = judge_items([YES, NO, YES], [GAP, GAP, GAP])
    rate = estimate(judged, select_all(judged))
    assert (rate.value, rate.reason) == (None, Reason.NOT_IDENTIFIED)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(ESTIMATORS))
def test_order_of_the_items_does_not_matter(seed: int, estimate) -> None:  # type: ignore[no-untyped-def]
    """Shuffled items have the same rate, the same influences item by item and the same variance."""
    judged = draw_study(seed)
    order = np.random.default_rng(seed + 1).permutation(len(judged.gold))
    shuffled = reorder(judged, order)
    before, after = estimate(judged, select_all(judged)), estimate(shuffled, select_all(shuffled))
    assert before.reason is after.reason
    assume(before.value is not None)
    assert after.value == pytest.approx(before.value)
    assert after.influence == pytest.approx(before.influence[order])
    assert compute_cluster_variance(after.influence, shuffled.cluster) == pytest.approx(
        compute_cluster_variance(before.influence, judged.cluster)
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1000), st.sampled_from(ESTIMATORS))
def test_the_unit_of_the_weights_does_not_matter(seed: int, factor: float, estimate) -> None:  # type: ignore[no-untyped-def]
    """Inverse probabilities count relative to each other, so a common factor cancels."""
    judged = draw_study(seed)
    scaled = JudgedItems(judged.verdict, judged.gold, judged.weight * factor, judged.cluster)
    before, after = estimate(judged, select_all(judged)), estimate(scaled, select_all(scaled))
    assert after.value == pytest.approx(before.value)
    assert after.influence == pytest.approx(before.influence, abs=1e-12)
    assert after.extra == pytest.approx(before.extra)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(ESTIMATORS))
def test_influences_add_up_to_zero(seed: int, estimate) -> None:  # type: ignore[no-untyped-def]
    """A linearised estimate is centred: what pushes it up balances what pushes it down."""
    judged = draw_study(seed)
    rate = estimate(judged, select_all(judged))
    assert float(rate.influence.sum()) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("estimate", [*ESTIMATORS[:3], estimate_rogan_gladen])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_influence_is_the_slope_of_the_rate(estimate, seed: int) -> None:  # type: ignore[no-untyped-def]
    """Adding a few copies of an item moves the rate by the item's influence, to first order."""
    judged = draw_study(seed, 80, 1.0)
    judged = JudgedItems(judged.verdict, judged.gold, np.ones(80), judged.cluster)
    copies = 400
    repeated = reorder(judged, np.repeat(np.arange(80), copies))
    base = estimate(judged, select_all(judged))
    for position in (0, 17, 44):
        order = np.r_[np.repeat(np.arange(80), copies), position]
        longer = reorder(judged, order)
        moved = estimate(longer, select_all(longer)).value - estimate(repeated, select_all(repeated)).value
        assert moved * copies == pytest.approx(base.influence[position], abs=3e-4)


def test_items_outside_the_group_do_not_enter() -> None:
    """Changing verdicts and gold of other items leaves every rate of the group alone."""
    judged = draw_study(7)
    member = np.arange(60) < 40
    verdict, gold = judged.verdict.copy(), judged.gold.copy()
    verdict[40:], gold[40:] = YES, 1.0
    altered = JudgedItems(verdict, gold, judged.weight, judged.cluster)
    for estimate in ESTIMATORS:
        before, after = estimate(judged, member), estimate(altered, member)
        assert after.value == pytest.approx(before.value), before.name
        assert not after.influence[40:].any(), before.name


def test_the_naive_rate_leaves_undecided_verdicts_out() -> None:
    """Two yes of three decided; unsure and unparsed neither count nor move the rate."""
    judged = judge_items([YES, YES, NO, UNSURE, UNPARSED], [GAP] * 5)
    rate = estimate_naive(judged, select_all(judged))
    assert rate.value == pytest.approx(2 / 3)
    assert (rate.n, rate.n_clusters) == (3, 3)
    assert rate.influence.tolist() == pytest.approx([1 / 9, 1 / 9, -2 / 9, 0, 0])
    only_unsure = judge_items([UNSURE, UNPARSED], [1, 0])
    assert estimate_naive(only_unsure, select_all(only_unsure)).reason is Reason.NO_ITEMS


def test_the_naive_variance_is_the_binomial_of_independent_items() -> None:
    """With a scenario an item, the cluster variance is p q / (n - 1)."""
    judged = judge_items([YES] * 6 + [NO] * 14, [GAP] * 20)
    rate = estimate_naive(judged, select_all(judged))
    assert compute_cluster_variance(rate.influence, judged.cluster) == pytest.approx(0.3 * 0.7 / 19)


def test_gold_alone_is_the_weighted_mean() -> None:
    """An item drawn with probability 1/3 counts three times; verdicts are not used."""
    judged = judge_items([NO, NO, NO, YES], [1, 0, 0, GAP], [3, 1, 1, 100])
    rate = estimate_gold_only(judged, select_all(judged))
    assert rate.value == pytest.approx(0.6)
    assert rate.n == 3
    assert rate.measure is GOLD_ONLY


def test_post_stratified_by_hand() -> None:
    """Yes: 6 of 10 items, gold 2 of 3; no: 4 of 10 items, gold 1 of 4."""
    judged = judge_items([YES] * 6 + [NO] * 4, [1, 1, 0, GAP, GAP, GAP, 1, 0, 0, 0])
    rate = estimate_post_stratified(judged, select_all(judged))
    assert rate.value == pytest.approx(0.6 * 2 / 3 + 0.4 / 4)
    assert (rate.n, rate.warnings) == (7, ())
    smooth = [2.5 / 4, 1.5 / 5]
    extra = 0.36 * (smooth[0] * (1 - smooth[0]) - 2 / 9) / 3
    extra += 0.16 * (smooth[1] * (1 - smooth[1]) - 3 / 16) / 4
    assert rate.extra == pytest.approx(extra)


@pytest.mark.parametrize(("unparsed", "identified"), [(2, True), (3, False)])
def test_at_most_a_fifth_of_the_items_may_lack_a_labelled_verdict(unparsed: int, identified: bool) -> None:
    """Exactly 20 % is bracketed by both extremes, more is refused."""
    decided = 10 - unparsed
    judged = judge_items(
        [YES] * 4 + [NO] * (decided - 4) + [UNPARSED] * unparsed,
        [1, 1, 1, 0] + [0] * (decided - 4) + [GAP] * unparsed,
    )
    rate = estimate_post_stratified(judged, select_all(judged))
    assert (rate.value is not None) is identified
    assert len(rate.warnings) == 1
    assert rate.warnings[0].startswith(f"{unparsed / 10:.1%} of the items")
    if identified:
        # 3 of 8 labelled are risky, and the unlabelled verdicts take that rate
        assert rate.value == pytest.approx(3 / 8)
        assert "30.0% and 50.0%" in rate.warnings[0]


def test_refined_strata_replace_the_verdict() -> None:
    """With a stratum of its own, an item is averaged within it; without, within its verdict."""
    coarse = judge_items([YES] * 4, [1, GAP, 0, 0])
    fine = JudgedItems(coarse.verdict, coarse.gold, coarse.weight, coarse.cluster, np.array([0, 0, 1, 1]))
    assert estimate_post_stratified(coarse, select_all(coarse)).value == pytest.approx(1 / 3)
    assert estimate_post_stratified(fine, select_all(fine)).value == pytest.approx(1 / 2)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_power_zero_is_gold_alone_in_rate_and_influence(seed: int) -> None:
    """PPI that ignores the verdicts is the weighted mean of gold."""
    judged = draw_study(seed)
    everyone = select_all(judged)
    plain, powered = estimate_gold_only(judged, everyone), estimate_ppi(judged, everyone, 0.0)
    assume(plain.value is not None)
    assert powered.value == pytest.approx(plain.value)
    assert powered.influence == pytest.approx(plain.influence)


def test_ppi_is_the_mean_verdict_plus_the_rectifier() -> None:
    """Verdicts .5 on average (unsure is one half); labelled items are .25 riskier than their verdicts."""
    judged = judge_items([YES, NO, UNSURE, UNPARSED], [1, GAP, 1, GAP])
    rate = estimate_ppi(judged, select_all(judged), 1.0)
    assert rate.measure is PPI
    assert rate.value == pytest.approx(0.5 + (0 + 0.5) / 2)
    assert estimate_ppi(judged, select_all(judged)).measure is PPI_PLUS


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_fitted_power_is_the_regression_slope(seed: int) -> None:
    """PPI++ equals PPI at the weighted least-squares slope of gold on verdict, cut to 0..1."""
    judged = draw_study(seed)
    everyone, known = select_all(judged), judged.labelled
    x = np.array([0.0, 1.0, 0.5, 0.5])[judged.verdict[known]]
    assume(np.ptp(x) > 0)
    slope = np.polyfit(x, judged.gold[known], 1, w=np.sqrt(judged.weight[known]))[0]
    fixed = estimate_ppi(judged, everyone, float(np.clip(slope, 0, 1)))
    assert estimate_ppi(judged, everyone).value == pytest.approx(fixed.value)


def test_a_judge_that_is_right_throughout_needs_no_correction() -> None:
    """Sensitivity and specificity 1: Rogan-Gladen is the naive rate."""
    judged = judge_items([YES, YES, NO, NO, NO], [1, GAP, 0, 0, GAP])
    rate = estimate_rogan_gladen(judged, select_all(judged))
    assert rate.value == pytest.approx(0.4)
    assert rate.measure is ROGAN_GLADEN
    assert "post_stratified" in rate.warnings[0]


@pytest.mark.parametrize(
    ("verdict", "gold", "reason"),
    [
        ([YES, NO, YES], [1, 1, GAP], Reason.EMPTY_DENOMINATOR),
        ([YES, NO, YES], [0, 0, GAP], Reason.EMPTY_DENOMINATOR),
        ([YES, NO, UNSURE], [1, GAP, 0], Reason.EMPTY_DENOMINATOR),
        ([YES, NO, YES, NO], [1, 1, 0, 0], Reason.NOT_IDENTIFIED),
        ([NO, YES], [1, 0], Reason.NOT_IDENTIFIED),
        ([UNSURE, UNPARSED], [1, 0], Reason.NO_ITEMS),
    ],
)
def test_rogan_gladen_needs_both_classes_and_a_judge_above_chance(
    verdict: list[int], gold: list[float], reason: Reason
) -> None:
    """One class, a coin or a reversed judge: a reason and no number."""
    judged = judge_items(verdict, gold)
    rate = estimate_rogan_gladen(judged, select_all(judged))
    assert (rate.value, rate.reason) == (None, reason)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_the_cluster_variance_equals_a_plain_loop(seed: int, clusters: int) -> None:
    """Sum over scenarios, square, add up, correct for the scenarios in use."""
    rng = np.random.default_rng(seed)
    influence, cluster = rng.normal(size=30), rng.integers(0, clusters, 30)
    sums = [float(influence[cluster == c].sum()) for c in sorted(set(cluster.tolist()))]
    expected = sum(value**2 for value in sums) * len(sums) / (len(sums) - 1) if len(sums) > 1 else 0.0
    assert compute_cluster_variance(influence, cluster) == pytest.approx(expected)
    # scenarios without influence add neither variance nor degrees of freedom
    longer = np.r_[influence, 0.0], np.r_[cluster, clusters + 5]
    assert compute_cluster_variance(*longer) == pytest.approx(expected)


def test_a_single_scenario_has_no_variance() -> None:
    """Between scenarios nothing can be seen with one of them."""
    assert compute_cluster_variance(np.array([1.0, -0.5]), np.array([3, 3])) == 0.0


@pytest.mark.parametrize(("freedom", "level"), [(7, 0.95), (29, 0.9), (1, 0.5)])
def test_limits_use_students_quantile(freedom: int, level: float) -> None:
    """The half-width is scipy's t quantile times the standard error."""
    quantile = float(stats.t.ppf(0.5 + level / 2, freedom))
    assert compute_student_quantile(freedom, level) == pytest.approx(quantile)
    limits = compute_linear_limits(0.3, 0.1, freedom, level)
    assert [limits.low, limits.high] == pytest.approx([0.3 - quantile / 10, 0.3 + quantile / 10])


@given(st.floats(0.001, 0.999), st.floats(0.0001, 2), st.integers(7, 200))
def test_logit_limits_stay_inside_and_mirror(value: float, spread: float, freedom: int) -> None:
    """Limits hold the value, keep to 0..1, and those of 1 - value are the mirror image."""
    limits = compute_logit_limits(value, spread, freedom, 0.95)
    mirror = compute_logit_limits(1 - value, spread, freedom, 0.95)
    assert 0 <= limits.low <= value + 1e-12
    assert value - 1e-12 <= limits.high <= 1
    assert mirror.low == pytest.approx(1 - limits.high, abs=1e-9)
    assert mirror.high == pytest.approx(1 - limits.low, abs=1e-9)


@pytest.mark.parametrize(("value", "hits"), [(0.0, 0), (1.0, 20)])
def test_at_the_ends_wilson_counts_scenarios(value: float, hits: int) -> None:
    """A rate of exactly 0 or 1 has Wilson's interval on freedom + 1 scenarios."""
    assert compute_logit_limits(value, 0.0, 19, 0.95) == compute_wilson_interval(hits, 20, 0.95)


@pytest.mark.parametrize(("raw", "cut"), [(-0.2, 0.0), (1.3, 1.0)])
def test_a_rate_outside_its_range_is_cut_with_a_warning(raw: float, cut: float) -> None:
    """The printed value is inside 0..1 and the sentence holds the raw one."""
    rate = LinearisedRate(ROGAN_GLADEN, raw, np.tile([0.01, -0.01], 20), n=40, n_clusters=40)
    estimate = build_rate_estimate(rate, np.arange(40), 0.95)
    assert estimate.value == cut
    assert f"raw estimate {raw:.3f}" in " ".join(estimate.warnings)
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.high <= 1


@pytest.mark.parametrize(
    ("clusters", "limits", "warned"), [(7, False, False), (8, True, True), (30, True, False)]
)
def test_scenarios_decide_on_interval_and_warning(clusters: int, limits: bool, warned: bool) -> None:
    """Below 8 no interval, below 30 a warning with it."""
    judged = judge_items([YES, NO] * clusters, [GAP] * (2 * clusters), cluster=[*range(clusters)] * 2)
    judged.verdict[0] = NO
    rate = estimate_naive(judged, select_all(judged))
    estimate = build_rate_estimate(rate, judged.cluster, 0.95)
    assert estimate.n_clusters == clusters
    assert (estimate.low is not None) is limits
    assert (estimate.interval_reason is Reason.TOO_FEW_CLUSTERS) is not limits
    assert any("scenarios carry this figure" in text for text in estimate.warnings) is warned
    assert "on the logit scale" in estimate.method


def test_a_warning_of_few_scenarios_keeps_the_figure() -> None:
    """Only the sentences change."""
    judged = draw_study(3)
    estimate = build_rate_estimate(estimate_naive(judged, select_all(judged)), judged.cluster, 0.9)
    warned = warn_of_few_clusters(estimate)
    assert (warned.value, warned.low, warned.level) == (estimate.value, estimate.low, 0.9)
    assert len(warned.warnings) == len(estimate.warnings) + 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_difference_changes_its_sign_with_the_order(seed: int) -> None:
    """First less second is minus second less first, limits included."""
    judged = draw_study(seed, 200)
    half = np.arange(200) < 100
    first, second = estimate_gold_only(judged, half), estimate_gold_only(judged, ~half)
    there = estimate_rate_difference(first, second, judged.cluster, 0.95)
    back = estimate_rate_difference(second, first, judged.cluster, 0.95)
    assert there.value is not None
    assert there.low is not None
    assert back.value == pytest.approx(-there.value)
    assert back.high == pytest.approx(-there.low)
    assert there.measure.kind == "signed"


def test_a_rate_does_not_differ_from_itself() -> None:
    """The influences cancel: the difference is 0 with limits as wide as the smoothing alone."""
    judged = draw_study(5, 200)
    rate = estimate_naive(judged, select_all(judged))
    estimate = estimate_rate_difference(rate, rate, judged.cluster, 0.95)
    assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_a_difference_with_an_undefined_side_says_why() -> None:
    """The reason of the undefined rate is passed on, whichever side it stands on."""
    judged = draw_study(5)
    known = estimate_naive(judged, select_all(judged))
    unknown = LinearisedRate(NAIVE, None, np.zeros(60), reason=Reason.NOT_IDENTIFIED)
    for pair in ((known, unknown), (unknown, known)):
        estimate = estimate_rate_difference(*pair, judged.cluster, 0.95)
        assert (estimate.value, estimate.reason) == (None, Reason.NOT_IDENTIFIED)
