import json
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondreader.judge.agreement.report import AgreementResult, agree
from secondreader.judge.inference.estimate import Reason
from tests.real_data import DATA


def study(
    scenarios: int = 40, size: int = 3, *, seed: int = 0, judges: int = 1, unsure: float = 0.0
) -> pd.DataFrame:
    """Three annotators and some judges on scenarios x size transcripts, 10 % of the labels missing."""
    rng = np.random.default_rng(seed)
    n = scenarios * size
    truth = rng.random(n) < 0.3

    def answers(error: float, missing: float) -> Any:
        given = np.where(truth ^ (rng.random(n) < error), "yes", "no").astype(object)
        given[rng.random(n) < unsure] = "unsure"
        given[rng.random(n) < missing] = None
        return given

    parts = [("human", f"H{h}", answers(0.1, 0.1)) for h in range(3)]
    parts += [("judge", f"J{j}", answers(0.12 + 0.1 * j, 0.05)) for j in range(judges)]
    frames = [pd.DataFrame({"item": np.arange(n), "rater": r, "kind": k, "answer": a}) for k, r, a in parts]
    frame = pd.concat(frames, ignore_index=True)
    scenario = frame["item"] // size
    return frame.assign(
        cluster="s" + scenario.astype(str), motive="m" + (scenario % 4).astype(str), turns=frame["item"] % 30
    )


def rows(*entries: tuple[Any, ...]) -> pd.DataFrame:
    """A long frame from (item, rater, kind, answer)."""
    return pd.DataFrame(list(entries), columns=["item", "rater", "kind", "answer"])


def said(result: AgreementResult, words: str) -> bool:
    """Whether a warning holds these words."""
    return any(words in sentence for sentence in result.warnings)


def test_the_frame_carries_every_figure_with_its_scope() -> None:
    """One row per figure: people, pairs, judge, ceiling, slices; headline order within a group."""
    result = agree(study(), resamples=200)
    frame = result.build_frame()
    assert len(frame) == len(result.estimates)
    groups = {
        "human-human",
        "pair",
        "judge-human",
        "judge-annotators",
        "judge-human minus human-human",
        "ceiling",
        "ceiling difference",
    }
    assert groups == set(frame["group"])
    first = frame[frame["group"] == "human-human"]["name"].head(4).tolist()
    assert first == ["raw", "raw_pairs", "positive_agreement", "negative_agreement"]
    assert set(frame.loc[frame["slice_name"] != "", "slice_name"]) == {"motive", "turns"}
    assert frame["value"].isna().equals(frame["reason"].notna())


@pytest.mark.parametrize("unsure", [0.0, 0.1])
def test_alpha_of_a_study_equals_the_krippendorff_package(unsure: float) -> None:
    """The alpha that `agree` prints, with missing and unsure answers, is the reference implementation's."""
    frame = study(seed=3, unsure=unsure)
    ours = agree(frame, slices=(), resamples=0).find("alpha").value
    people = frame[frame["kind"] == "human"].pivot(index="rater", columns="item", values="answer")
    data = people.replace({"no": 0.0, "yes": 1.0, "unsure": 2.0}).to_numpy(float)
    assert ours == pytest.approx(krippendorff.alpha(data, level_of_measurement="nominal"), abs=1e-12)


def test_a_third_annotator_with_one_class_does_not_break_the_mean_kappa() -> None:
    """An annotator with three one-class items neither makes the mean undefined nor weighs like a full one."""
    frame = study(judges=0)
    two = frame[frame["rater"] != "H2"]
    few = rows(*[(i, "H2", "human", "no") for i in range(3)]).assign(cluster="s0", motive="m0", turns=0)
    before = agree(two, slices=(), resamples=0).find("mean_pair_kappa")
    after = agree(pd.concat([two, few]), slices=(), resamples=0)
    assert before.value is not None
    assert after.find("mean_pair_kappa").value == pytest.approx(before.value, abs=0.06)
    pairs = [f.estimate for f in after.estimates if f.scope.group == "pair" and f.estimate.name == "kappa"]
    lost = sum(pair.value is None for pair in pairs)
    assert len(pairs) == 3
    assert said(after, f"{lost} of 3 annotator pairs have no kappa") == (lost > 0)


def test_a_tie_scores_no_judge_however_it_is_spelt() -> None:
    """Tied items are counted as no consensus and leave accuracy alone; swapping names changes nothing."""
    ratings = [(i, r, "human", a) for i in range(30) for r, a in (("A", "yes"), ("B", "no"))]
    ratings += [(i, r, "human", "yes" if i % 2 else "no") for i in range(30, 60) for r in ("A", "B")]
    ratings += [(i, "J", "judge", "yes" if i % 2 else "no") for i in range(60)]
    frame = rows(*ratings)
    swapped = frame.replace({"answer": {"yes": "no", "no": "yes"}})
    one, two = agree(frame, resamples=50), agree(swapped, resamples=50, positive="no")
    for result in (one, two):
        raw = result.find("raw", "judge-human", judge="J")
        assert (raw.value, raw.n) == (1.0, 30)
        assert said(result, "30 items have no consensus")
        ties = result.confusion[result.confusion["gold"] == "no consensus"]
        assert ties["n"].sum() == 30


def test_pair_weighted_and_item_mean_agreement_are_both_named() -> None:
    """Unequal annotators per item: the two raw figures differ and a sentence says which is reported."""
    ratings = [(i, r, "human", "yes") for i in range(10) for r in "AB"]
    ratings += [(i, r, "human", "yes" if r in "AB" else "no") for i in range(10, 20) for r in "ABCD"]
    result = agree(rows(*ratings), resamples=50)
    assert result.find("raw").value == pytest.approx((10 + 10 / 3) / 20)
    assert result.find("raw_pairs").value == pytest.approx((10 + 20) / (10 + 60))
    assert said(result, "mean over items (reported)")


def test_inverted_labels_are_pointed_out() -> None:
    """A judge whose answers are swapped gets a warning about inverted labels."""
    frame = study()
    swap = {"yes": "no", "no": "yes"}
    judge = frame["kind"] == "judge"
    frame.loc[judge, "answer"] = frame.loc[judge, "answer"].map(swap)
    assert said(agree(frame, slices=(), resamples=200), "judge J0 against gold: kappa is -")
    assert not said(agree(study(), slices=(), resamples=200), "inverted")


def test_kappa_and_ac1_far_apart_are_explained() -> None:
    """Rare positives with a few disagreements: the prevalence paradox is put in words."""
    ratings = [
        (i, r, "human", "yes" if (i, r) in ((0, "A"), (1, "B")) else "no") for i in range(100) for r in "AB"
    ]
    result = agree(rows(*ratings), resamples=200)
    assert result.find("ac1").value == pytest.approx(0.979, abs=0.002)
    assert said(result, "AC1 is 0.98; with 1% positive answers")


def test_rater_twins_reach_the_report() -> None:
    """A rater " H0" beside "H0" is a warning of the result."""
    frame = study()
    frame.loc[frame["item"] == 0, "rater"] = frame.loc[frame["item"] == 0, "rater"].str.replace("H0", " H0")
    assert said(agree(frame, slices=(), resamples=0), "' H0'")


def test_weights_undo_an_enriched_sample() -> None:
    """Labels balanced over the judge's verdicts mislead unless weighted by inverse inclusion probability."""
    rng = np.random.default_rng(4)
    n = 40_000
    truth = rng.random(n) < 0.07
    verdict = truth ^ (rng.random(n) < np.where(truth, 0.2, 0.05))
    chance = np.where(verdict, 3000 / verdict.sum(), 3000 / (~verdict).sum())
    chosen = rng.random(n) < chance
    word = np.array(["no", "yes"])
    people = [
        pd.DataFrame({"item": np.arange(n), "rater": r, "kind": "human", "answer": word[truth.astype(int)]})
        for r in "AB"
    ]
    judge = pd.DataFrame(
        {"item": np.arange(n), "rater": "J", "kind": "judge", "answer": word[verdict.astype(int)]}
    )
    frame = pd.concat([*(p[chosen] for p in people), judge], ignore_index=True)
    plain = agree(frame, resamples=0)
    weighted = agree(frame.assign(inclusion_probability=chance[frame["item"]]), resamples=0)
    assert plain.find("raw", "judge-human").value == pytest.approx(0.79, abs=0.03)
    assert weighted.find("raw", "judge-human").value == pytest.approx(0.9395, abs=0.006)
    assert weighted.find("sensitivity", "judge-human").value == pytest.approx(0.8, abs=0.06)
    assert weighted.find("unparsed_share", "judge-human").n == n


def test_the_judge_is_no_part_of_gold_or_human_agreement() -> None:
    """Other verdicts change neither the gold nor any human-human figure."""
    frame = study()
    other = frame.copy()
    other.loc[other["kind"] == "judge", "answer"] = "yes"
    one, two = agree(frame, slices=(), resamples=100), agree(other, slices=(), resamples=100)
    assert one.gold.equals(two.gold)
    assert one.find("alpha") == two.find("alpha")


def test_repeats_count_for_the_annotator_not_between_annotators() -> None:
    """Second passes leave human-human figures alone and give intra-rater agreement."""
    frame = study().assign(pass_no=1)
    again = frame[(frame["rater"] == "H0") & frame["answer"].notna()].head(40).assign(pass_no=2)
    one, two = agree(frame, slices=(), resamples=0), agree(pd.concat([frame, again]), slices=(), resamples=0)
    assert one.find("alpha") == two.find("alpha")
    intra = two.find("raw", "intra-rater")
    assert (intra.value, intra.n) == (1.0, 40)


def test_unsure_is_reported_three_ways() -> None:
    """Own answer for reliability, missing for accuracy, both ways as no headline; worst makes them headline."""
    frame = study(unsure=0.1)
    result = agree(frame, slices=(), resamples=0)
    assert result.find("raw").name == "raw"
    ways = result.build_frame().query("group == 'human-human' and name == 'alpha'")
    assert ways["unsure"].tolist() == ["category", "missing", "as positive", "as negative"]
    assert ways["headline"].tolist() == [True, False, False, False]
    judge = result.build_frame().query("group == 'judge-human' and name == 'sensitivity'")
    assert judge["unsure"].tolist()[0] == "missing"
    worst = agree(frame, unsure="worst", slices=(), resamples=0).build_frame()
    assert worst.query("headline and group == 'human-human' and name == 'alpha'")["unsure"].tolist() == [
        "as positive",
        "as negative",
    ]


def test_two_judges_get_a_paired_difference() -> None:
    """The difference of two judges equals the difference on shared items and is tighter than two intervals."""
    result = agree(study(scenarios=80, judges=2), slices=(), resamples=500)
    gap = result.find("raw", "judge difference")
    one, two = (result.find("raw", "judge-human", judge=j) for j in ("J0", "J1"))
    assert gap.value == pytest.approx((one.value or 0) - (two.value or 0), abs=0.03)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.value is not None
    assert -1 <= gap.low <= gap.value <= gap.high <= 1


def test_a_judge_like_the_annotators_stands_near_the_ceiling() -> None:
    """A judge as good as an annotator differs little from the annotator left out; a coin does not."""
    frame = study(scenarios=150)
    coin = frame.copy()
    judge = coin["kind"] == "judge"
    coin.loc[judge, "answer"] = np.random.default_rng(0).choice(["yes", "no"], judge.sum())
    good, bad = (agree(f, slices=(), resamples=300).find("raw", "ceiling difference") for f in (frame, coin))
    assert good.low is not None
    assert good.high is not None
    assert bad.high is not None
    assert good.low < 0.02
    assert good.high > -0.05
    assert bad.high < -0.2


def test_no_risky_case_says_untested() -> None:
    """Nobody saw a risky action: kappa and positive agreement are undefined with a sentence."""
    ratings = [(i, r, "human", "no") for i in range(40) for r in "AB"]
    ratings += [(i, "J", "judge", "no") for i in range(40)]
    result = agree(rows(*ratings), resamples=100)
    assert said(result, "no item was labelled 'yes': agreement on 'yes' is untested")
    assert result.find("positive_agreement").reason is Reason.EMPTY_DENOMINATOR
    assert result.find("alpha").reason is Reason.NO_VARIATION
    assert result.find("sensitivity", "judge-human").reason is Reason.EMPTY_DENOMINATOR
    raw = result.find("raw")
    assert raw.value == 1.0
    assert raw.low is not None
    assert raw.low < 1


def test_adjudication_and_dawid_skene_change_gold() -> None:
    """A decision overrides the vote, the changes are counted, Dawid-Skene with two annotators says no."""
    frame = study()
    votes = agree(frame, slices=(), resamples=0)
    item = votes.gold[votes.gold == "yes"].index[0]
    decided = agree(frame, slices=(), resamples=0, adjudicated={item: "no"})
    assert decided.gold[item] == "no"
    assert {(c.one, c.changed) for c in decided.changes} >= {("majority", 1)}
    two = agree(frame[frame["rater"] != "H2"], gold="dawid_skene", slices=(), resamples=0)
    assert said(two, "needs at least 3 annotators")
    assert two.find("raw", "judge-human").value is None


def test_a_contested_item_scores_no_judge_and_leaves_people_alone() -> None:
    """It is counted as contested with a sentence, accuracy has one item less, and no human-human figure moves."""
    frame = study()
    votes = agree(frame, slices=(), resamples=0)
    judged = set(frame.loc[(frame["kind"] == "judge") & frame["answer"].notna(), "item"])
    item = next(one for one in votes.gold[votes.gold == "yes"].index if int(one) in judged)
    decided = agree(frame, slices=(), resamples=0, adjudicated={item: None})
    assert decided.gold[item] == "contested"
    assert said(decided, "1 item stays contested after adjudication")
    counts = decided.confusion[decided.confusion["gold"] == "contested"]
    assert counts["n"].sum() == 1
    before, after = votes.find("raw", "judge-human"), decided.find("raw", "judge-human")
    assert after.n == before.n - 1
    for name in ("raw", "ac1", "alpha"):
        assert decided.find(name) == votes.find(name)


def test_unparsed_verdicts_are_counted_per_slice() -> None:
    """Verdicts without an answer in one slice show there and in the confusion counts."""
    frame = study()
    lost = (frame["kind"] == "judge") & (frame["motive"] == "m1")
    frame.loc[lost, "answer"] = None
    result = agree(frame, slices=["motive"], resamples=0)
    inside = result.find("unparsed_share", "judge-human", slice_name="motive", slice_value="m1")
    assert (inside.value, inside.n) == (1.0, 30)
    counted = result.confusion[result.confusion["verdict"] == "unparsed"]["n"].sum()
    assert counted == int(
        (frame["kind"] == "judge").sum() - frame.loc[frame["kind"] == "judge", "answer"].count()
    )


def test_scores_of_another_codebook_get_ordinal_alpha() -> None:
    """Answers 0, 1, 2 with positive "2" give every coefficient and alpha at the ordinal and interval level."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 3, 60)
    ratings = [
        (i, r, "human", int(np.clip(base[i] + rng.integers(-1, 2), 0, 2))) for i in range(60) for r in "ABC"
    ]
    result = agree(rows(*ratings), positive="2", levels=("ordinal", "interval"), resamples=100)
    nominal, ordinal = result.find("alpha").value, result.find("alpha_ordinal").value
    assert nominal is not None
    assert ordinal is not None
    assert ordinal > nominal


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_any_readable_frame_gives_figures_without_nan(data: st.DataObject) -> None:
    """Missing, one rater, no variation, zero items, judges alone: values or reasons, never NaN or an error."""
    answers = st.sampled_from(["yes", "no", "unsure", None])
    keys = data.draw(
        st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ABJ")), unique=True, min_size=0, max_size=30)
    )
    ratings = [(i, r, "judge" if r == "J" else "human", data.draw(answers)) for i, r in keys]
    frame = rows(*ratings).astype({"answer": object}).assign(motive=[str(i % 2) for i, _ in keys])
    for gold in ("majority", "dawid_skene"):
        result = agree(frame, resamples=50, gold=gold)
        for figure in result.estimates:
            assert (figure.estimate.value is None) == (figure.estimate.reason is not None)
            assert "nan" not in figure.estimate.sentence


def test_the_order_of_rows_changes_no_digit() -> None:
    """Shuffled rows give the same figures and the same intervals."""
    frame = study(judges=2, unsure=0.05)
    shuffled = frame.sample(frac=1.0, random_state=1)
    one, two = agree(frame, resamples=200), agree(shuffled, resamples=200)
    pd.testing.assert_frame_equal(one.build_frame(), two.build_frame())
    assert one.warnings == two.warnings


def test_pandalm_figures_are_reproduced() -> None:
    """The published kappas between three people and the accuracies of two judges come out."""
    people = json.loads((DATA / "pandalm/testset-v1.json").read_text())
    gpt = json.loads((DATA / "pandalm/gpt-3.5-turbo-testset-v1.json").read_text())
    panda = json.loads((DATA / "pandalm/pandalm-7b-testset-v1.json").read_text())
    ratings: list[tuple[Any, ...]] = [
        (row["idx"], f"annotator{k}", "human", str(row[f"annotator{k}"])) for row in people for k in (1, 2, 3)
    ]
    known = {"1", "2", "0"}
    for name, answers, key in (("gpt", gpt, "gpt_result"), ("panda", panda, "pandalm_result")):
        given = [(row["idx"], str(row[key])) for row in answers]
        ratings += [(idx, name, "judge", a if a in known else "0") for idx, a in given]
    result = agree(rows(*ratings), positive="1", resamples=0)
    kappas = [
        f.estimate.value for f in result.estimates if f.scope.group == "pair" and f.estimate.name == "kappa"
    ]
    assert kappas[:3] == pytest.approx([0.85, 0.88, 0.86], abs=0.006)
    assert result.find("raw", "judge-human", judge="gpt").value == pytest.approx(0.7107, abs=5e-5)
    assert result.find("raw", "judge-human", judge="panda").value == pytest.approx(0.6677, abs=5e-5)


def test_two_judges_without_any_label_are_compared() -> None:
    """3,888 scored trajectories and no person: judges are compared by agent and toolkit, in words too."""
    scores = pd.read_csv(DATA / "toolemu/scores.csv")
    scores["item"] = (
        scores["run"].astype(str) + "/" + scores["agent_model"] + "/" + scores["case_idx"].astype(str)
    )
    keep = ["item", "case_idx", "agent_model", "toolkits", "gpt5mini", "qwen3_32b"]
    long = scores[keep].melt(keep[:4], var_name="rater", value_name="answer")
    frame = long.rename(columns={"case_idx": "cluster"}).assign(kind="judge")
    frame.loc[::97, "answer"] = None
    result = agree(frame, positive="0", levels=("ordinal",), resamples=500)
    alpha = result.find("alpha_ordinal", "judge-judge")
    assert alpha.value is not None
    assert alpha.low is not None
    assert alpha.n_clusters == 144
    assert said(result, "judge gpt5mini:")
    assert said(result, "no item has a human label")
    agents = result.build_frame().query(
        "group == 'judge-judge' and slice_name == 'agent_model' and name == 'alpha'"
    )
    assert len(agents) == scores["agent_model"].nunique()
    flipped = frame["rater"].eq("gpt5mini") & frame["answer"].notna()
    frame.loc[flipped, "answer"] = 3 - frame.loc[flipped, "answer"].astype(float)
    assert said(agree(frame, positive="0", slices=(), resamples=500), "inverted")
