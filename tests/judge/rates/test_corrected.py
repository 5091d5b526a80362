import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondreader.judge.data.columns import FrameError
from secondreader.judge.inference.estimate import Estimate, Reason
from secondreader.judge.rates import estimators as est
from secondreader.judge.rates.corrected import RatesResult, estimate_corrected_rates
from tests.reference.rate_formulas import (
    JudgeCounts,
    compute_rogan_gladen_delta,
    compute_stratified_prevalence,
)


def study(
    seed: int = 0, scenarios: int = 60, size: int = 5, labels: int = 120, shift: float = 0.0
) -> pd.DataFrame:
    """A long frame: one judge on every transcript, one annotator on a random part; model B is riskier by `shift`."""
    rng = np.random.default_rng(seed)
    n = scenarios * size
    cluster = np.repeat(np.arange(scenarios), size)
    model = np.where(np.arange(n) % 2 == 0, "A", "B")
    risk = np.clip(rng.beta(2, 6, scenarios)[cluster] + shift * (model == "B"), 0, 1)
    truth = rng.random(n) < risk
    verdict = np.where(rng.random(n) < np.where(truth, 0.8, 0.9), truth, ~truth)
    base = pd.DataFrame({"item": [f"t{i:04}" for i in range(n)], "cluster": cluster, "model": model})
    judged = base.assign(rater="j", kind="judge", answer=np.where(verdict, "yes", "no"), state="parsed")
    drawn = rng.permutation(n)[:labels]
    human = base.iloc[drawn].assign(rater="h1", kind="human", answer=np.where(truth[drawn], "yes", "no"))
    return pd.concat([judged, human], ignore_index=True)


def value(one: Estimate) -> float:
    """The value of a defined estimate."""
    assert one.value is not None
    return one.value


def bounds(one: Estimate) -> tuple[float, float]:
    """The limits of an estimate that has an interval."""
    assert one.low is not None
    assert one.high is not None
    return one.low, one.high


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Transcripts, labelled and risky by verdict."""
    gold = frame[frame.kind == "human"].set_index("item").answer
    judged = frame[frame.kind == "judge"].assign(gold=lambda f: f.item.map(gold))
    return judged.groupby("answer").agg(
        size=("item", "size"), n=("gold", "count"), risky=("gold", lambda g: int((g == "yes").sum()))
    )


def test_every_estimator_equals_its_published_form() -> None:
    """On one frame, post-stratified, gold-only, naive and Rogan-Gladen equal the formulas on counts."""
    frame = study()
    rates = estimate_corrected_rates(frame).overall.rates
    table = counts(frame)
    assert value(rates["naive"]) == table["size"]["yes"] / 300
    assert value(rates["gold_only"]) == pytest.approx(table.risky.sum() / 120)
    by_hand = compute_stratified_prevalence(table.n, table.risky, table["size"]).estimate
    assert rates["post_stratified"].value == pytest.approx(by_hand.value)
    sens = table.risky["yes"] / table.risky.sum()
    fpr = (table.n - table.risky)["yes"] / (table.n - table.risky).sum()
    assert value(rates["rogan_gladen"]) == pytest.approx((table["size"]["yes"] / 300 - fpr) / (sens - fpr))


def test_independent_scenarios_give_the_delta_method() -> None:
    """With one transcript a scenario and separate gold, the linearised error is the textbook one within 2 %."""
    rng = np.random.default_rng(2)
    gold = np.concatenate([np.repeat([1.0, 0.0], [200, 400]), np.full(60_000, np.nan)])
    verdict = np.concatenate(
        [np.repeat([1, 0], [170, 30]), np.repeat([1, 0], [60, 340]), rng.integers(0, 2, 60_000)]
    )
    judged = est.JudgedItems(verdict, gold, np.ones(60_600), np.arange(60_600))
    everyone = np.ones(60_600, bool)
    rate = est.estimate_rogan_gladen(judged, everyone)
    assert rate.value is not None

    textbook = compute_rogan_gladen_delta(JudgeCounts(170, 200, 340, 400, int(verdict.sum()), 60_600))
    assert rate.value == pytest.approx(textbook.raw)
    # the labelled 1 % are among the judged, so the two samples are correlated a little
    assert est.compute_cluster_variance(rate.influence, judged.cluster) ** 0.5 == pytest.approx(
        textbook.standard_error, rel=0.02
    )


def test_a_fully_labelled_study_needs_no_judge() -> None:
    """When every transcript is labelled, all estimators that use gold return its share."""
    frame = study(labels=300)
    rates = estimate_corrected_rates(frame).overall.rates
    share = (frame[frame.kind == "human"].answer == "yes").mean()
    for name in ("gold_only", "post_stratified", "ppi", "ppi_plus", "rogan_gladen"):
        assert value(rates[name]) == pytest.approx(share, abs=1e-12)


def test_enriched_draws_are_weighted_back() -> None:
    """Labels drawn 4 times as often from judge-yes give the same headline, and gold-only only by its weights."""
    rng = np.random.default_rng(5)
    frame = study(seed=5, scenarios=400, labels=2000)
    judged, human = frame[frame.kind == "judge"], frame[frame.kind == "human"]
    chance = judged.set_index("item").answer.map({"yes": 0.8, "no": 0.2})
    drawn = human[rng.random(len(human)) < human.item.map(chance)]
    part = pd.concat([judged, drawn.assign(inclusion_probability=drawn.item.map(chance))], ignore_index=True)
    truth = (human.answer == "yes").mean()
    weighted = estimate_corrected_rates(part).overall.rates
    assert (drawn.answer == "yes").mean() > truth + 0.1
    for name in ("gold_only", "post_stratified", "ppi_plus", "rogan_gladen"):
        low, high = bounds(weighted[name])
        assert low <= truth <= high
        assert abs(value(weighted[name]) - truth) < 0.03
    unweighted = estimate_corrected_rates(part.drop(columns="inclusion_probability")).overall.rates
    assert value(unweighted["gold_only"]) > truth + 0.1
    assert value(unweighted["post_stratified"]) == pytest.approx(value(weighted["post_stratified"]))


def test_differences_between_models_are_paired_and_in_points() -> None:
    """A planted shift of 20 points is found, B minus A, and the sentence says percentage points."""
    result = estimate_corrected_rates(study(seed=3, scenarios=300, labels=900, shift=0.2), by=["model"])
    (found,) = result.differences
    assert (found.group, found.reference) == ("B", "A")
    low, high = bounds(found.corrected)
    assert low <= 0.2 <= high
    assert low > 0.1
    assert "percentage points [" in found.sentence
    rates = {g.group: value(g.headline) for g in result.groups}
    assert found.corrected.value == pytest.approx(rates["B"] - rates["A"])
    (turned,) = estimate_corrected_rates(
        study(seed=3, scenarios=300, labels=900, shift=0.2), by=["model"], reference={"model": "B"}
    ).differences
    assert turned.corrected.value == pytest.approx(-value(found.corrected))


def test_order_of_rows_and_names_changes_nothing() -> None:
    """Shuffled rows give the same digits."""
    frame = study(seed=9)
    one = estimate_corrected_rates(frame, by=["model"]).build_frame()
    two = estimate_corrected_rates(frame.sample(frac=1, random_state=1), by=["model"]).build_frame()
    pd.testing.assert_frame_equal(one, two)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([5, 40, 200]))
def test_swapping_yes_and_no_mirrors_every_rate(seed: int, labels: int) -> None:
    """Rates of no are one minus rates of yes, limits swapped, whatever the data."""
    frame = study(seed, labels=labels)
    swapped = frame.assign(answer=frame.answer.map({"yes": "no", "no": "yes"}))
    yes, no = estimate_corrected_rates(frame).overall.rates, estimate_corrected_rates(swapped).overall.rates
    for name, one in yes.items():
        other = no[name]
        assert one.reason == other.reason
        if one.value is None or other.value is None:
            continue
        assert one.value == pytest.approx(1 - other.value, abs=1e-9)
        if one.low is not None and other.high is not None:
            assert one.low == pytest.approx(1 - other.high, abs=1e-9)


def with_verdicts(frame: pd.DataFrame, items: int, answer: str | None, state: str) -> pd.DataFrame:
    """The frame with the verdicts on its first items replaced."""
    chosen = (frame.kind == "judge") & frame.item.isin(sorted(frame.item.unique())[:items])
    return frame.assign(answer=frame.answer.mask(chosen, answer), state=frame.state.mask(chosen, state))


def test_unparsed_verdicts_are_a_stratum_of_their_own() -> None:
    """Twenty unparsed verdicts are counted, bracket the naive rate and stay in the corrected one."""
    result = estimate_corrected_rates(with_verdicts(study(), 20, None, "unparsed")).overall
    assert (result.n_unparsed, result.n_judged) == (20, 300)
    assert result.rates["naive"].n == 280
    assert any("20 of 300 verdicts are unsure or unparsed" in note for note in result.warnings)
    assert result.headline.n == 120


def test_a_verdict_that_nobody_labelled_is_bracketed_or_refused() -> None:
    """Few transcripts without any label in their stratum give a warning with both extremes, many a refusal."""
    frame = study(labels=300)
    for items, defined in ((20, True), (100, False)):
        blank = with_verdicts(frame, items, None, "error")
        unseen = (blank.kind == "human") & blank.item.isin(sorted(blank.item.unique())[:items])
        headline = estimate_corrected_rates(blank[~unseen]).overall.headline
        assert (headline.value is not None) is defined
        assert any("none was labelled" in note for note in headline.warnings)
        if not defined:
            assert headline.reason is Reason.NOT_IDENTIFIED


def test_unsure_gold_is_left_open_with_both_extremes() -> None:
    """Labels of unsure are not guessed: they leave the count and give a bracket."""
    frame = study()
    chosen = frame.index[frame.kind == "human"][:12]
    frame.loc[chosen, "answer"] = "unsure"
    result = estimate_corrected_rates(frame).overall
    assert (result.n_gold, result.n_gold_open) == (108, 12)
    assert result.bracket is not None
    assert result.bracket.low < value(result.headline) < result.bracket.high


def test_too_few_scenarios_have_a_rate_but_no_interval() -> None:
    """Seven scenarios give a value and a refused interval; ten give a warning."""
    seven = estimate_corrected_rates(study(scenarios=7, labels=30)).overall.headline
    assert seven.interval_reason is Reason.TOO_FEW_CLUSTERS
    assert value(seven) >= 0
    ten = estimate_corrected_rates(study(scenarios=10, labels=50)).overall.headline
    assert any("Only 10 scenarios" in note for note in ten.warnings)


def test_without_labels_only_the_naive_rate_is_defined() -> None:
    """A judged study without any label has a naive rate and reasons for the rest."""
    frame = study()
    rates = estimate_corrected_rates(frame[frame.kind == "judge"]).overall.rates
    assert value(rates["naive"]) > 0
    assert {r.reason for name, r in rates.items() if name != "naive"} == {
        Reason.NOT_IDENTIFIED,
        Reason.EMPTY_DENOMINATOR,
    }


def test_no_risky_case_keeps_an_interval_above_zero() -> None:
    """With 0 risky of 120 labels the corrected rate is 0, and its upper limit is not."""
    frame = study()
    frame.loc[frame.kind == "human", "answer"] = "no"
    low, high = bounds(estimate_corrected_rates(frame).overall.headline)
    assert low == 0
    assert 0.01 < high < 0.1


def test_a_wrong_judge_is_warned_of() -> None:
    """A naive rate outside the corrected interval is said to be so."""
    frame = study(seed=4, scenarios=200, labels=600)
    judged = frame.kind == "judge"
    frame.loc[judged & (frame.index % 3 == 0), "answer"] = "yes"
    notes = estimate_corrected_rates(frame).overall.warnings
    assert any("lies above the corrected interval" in note for note in notes)


def test_adjudicated_gold_overrides_the_majority() -> None:
    """Gold given by item is used instead of the labels."""
    frame = study()
    gold = {item: "no" for item in frame[frame.kind == "human"].item}
    assert estimate_corrected_rates(frame, gold=gold).overall.headline.value == 0
    with pytest.raises(FrameError, match="'t0001' is 'maybe', not one of no, yes"):
        estimate_corrected_rates(frame, gold={"t0001": "maybe"})


def test_strata_may_be_refined_by_model() -> None:
    """Verdict x model strata keep the headline within its interval and reject unknown columns."""
    plain, fine = estimate_corrected_rates(study()), estimate_corrected_rates(study(), within=["model"])
    low, high = bounds(plain.overall.headline)
    assert low < value(fine.overall.headline) < high
    assert fine.overall.headline.value != plain.overall.headline.value
    with pytest.raises(FrameError, match="no slice column 'nope'"):
        estimate_corrected_rates(study(), within=["nope"])
    with pytest.raises(FrameError, match="no slice column 'nope'"):
        estimate_corrected_rates(study(), by=["nope"])


def coverage_of(frame_seed: int) -> tuple[RatesResult, float]:
    """One study with its population rate."""
    return estimate_corrected_rates(study(frame_seed, labels=100)), 2 / 8


def test_headline_covers_the_population_rate() -> None:
    """Over 120 partly labelled studies of 60 x 5, at least 91 % of the 95 % intervals hold the true rate."""
    held = 0
    for seed in range(120):
        result, truth = coverage_of(seed)
        low, high = bounds(result.overall.headline)
        held += low <= truth <= high
    assert 0.91 <= held / 120 <= 0.995


def test_result_reads_as_rows_and_a_sentence() -> None:
    """The frame has one row a group and estimator, with method, source and judged count."""
    result = estimate_corrected_rates(study(), by=["model"])
    table = result.build_frame()
    assert len(table) == 3 * 6
    assert set(table.columns) >= {
        "column",
        "group",
        "judged",
        "name",
        "value",
        "low",
        "high",
        "n",
        "method",
        "source",
    }
    assert len(result.build_difference_frame()) == 2
    assert result.overall.sentence.startswith("the judge reports ")
