"""Systematic disagreement, from the long frame to the sentence."""

import time
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pytest

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import read_frame
from secondreader.judge.data.gold import gold_of
from secondreader.judge.disagreement.finding import Finding, Findings
from secondreader.judge.disagreement.search import find_disagreements
from tests.real_data import DATA


@dataclass
class Plan:
    """A simulated study: errors at random, but for what is planted in motive m0."""

    scenarios: int = 80
    size: int = 4
    motives: int = 4
    prevalence: float = 0.3
    miss: float = 0.1
    flag: float = 0.1
    miss_m0: float = 0.1
    flag_m0: float = 0.1
    odd_prevalence: float | None = None
    seed: int = 0


def items_of(plan: Plan) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Items with attributes, the truth, and the verdicts."""
    rng = np.random.default_rng(plan.seed)
    scenario = np.repeat(np.arange(plan.scenarios), plan.size)
    n = len(scenario)
    motive = scenario % plan.motives
    prevalence = np.full(n, plan.prevalence)
    if plan.odd_prevalence is not None:
        prevalence[motive % 2 == 1] = plan.odd_prevalence
    truth = rng.random(n) < prevalence
    miss = np.where(motive == 0, plan.miss_m0, plan.miss)
    flag = np.where(motive == 0, plan.flag_m0, plan.flag)
    verdict = truth ^ (rng.random(n) < np.where(truth, miss, flag))
    items = pd.DataFrame(
        {
            "item": [f"i{k:04d}" for k in range(n)],
            "cluster": [f"s{k:03d}" for k in scenario],
            "motive": [f"m{k}" for k in motive],
            "model": [f"a{k}" for k in rng.integers(0, 3, n)],
            "length": rng.integers(50, 5000, n),
        }
    )
    return items, truth, verdict


def says(positive: np.ndarray) -> np.ndarray:
    """Booleans as yes and no."""
    return np.where(positive, "yes", "no")


def long_frame(plan: Plan, raters: str = "abc") -> pd.DataFrame:
    """Annotators who know the truth, and one judge."""
    items, truth, verdict = items_of(plan)
    people = [items.assign(rater=name, kind="human", answer=says(truth)) for name in raters]
    return pd.concat(
        [*people, items.assign(rater="j", kind="judge", answer=says(verdict))], ignore_index=True
    )


def answers_of(frame: pd.DataFrame, rater: str) -> dict[str, str]:
    """The answer of one rater to each item."""
    own = frame[frame["rater"] == rater]
    return {str(item): str(answer) for item, answer in zip(own["item"], own["answer"], strict=True)}


def found(result: Findings, label: str) -> Finding:
    """The finding of a slice."""
    (finding,) = [finding for finding in result.findings if finding.slice == label]
    return finding


def flagged_share(plan: Plan, studies: int) -> float:
    """Share of simulated studies with any finding."""
    hits = 0
    for seed in range(studies):
        plan.seed = seed
        hits += bool(find_disagreements(long_frame(plan, "a"), permutations=299, seed=seed).findings)
    return hits / studies


def test_misses_in_one_motive_are_found_and_described() -> None:
    """The judge misses half of the positives in m0: counts, rates, items and sentence say so."""
    frame = long_frame(Plan(prevalence=0.4, miss_m0=0.6))
    result = find_disagreements(frame)
    finding = found(result, "motive = m0")
    assert (finding.direction, finding.statistic, finding.kind) == ("misses", "false_negative", "one-way")
    answers = frame[frame["motive"] == "m0"].pivot(index="item", columns="rater", values="answer")
    positives = answers[answers["a"] == "yes"]
    assert finding.n_in == len(positives)
    assert finding.wrong_in == int((positives["j"] == "no").sum())
    assert set(finding.items) == set(positives.index[positives["j"] == "no"])
    assert finding.rate_in == pytest.approx(finding.wrong_in / finding.n_in)
    assert finding.expected_wrong == pytest.approx(finding.rate_out * finding.n_in)
    assert finding.rate_out < finding.shrunken_rate < finding.rate_in
    assert finding.low < finding.difference < finding.high
    assert finding.p <= finding.p_adjusted <= 0.05
    assert finding.sentence == (
        f"The judge misses 'yes' where motive = m0: {finding.wrong_in} of {finding.n_in} missed, "
        f"{finding.wrong_out} of {finding.n_out} elsewhere (adjusted p < .001)."
    )
    assert finding.driven_by == ()
    assert {field.name for field in fields(Finding)} - {"without"} <= set(finding.build_row())


def test_over_flags_are_found_with_their_direction() -> None:
    """Errors on negatives alone are over-flags, and the overall direction says so too."""
    result = find_disagreements(long_frame(Plan(flag_m0=0.5, miss=0.05, miss_m0=0.05)))
    assert found(result, "motive = m0").direction == "over-flags"
    assert result.direction.p_scenarios < 0.01
    assert "over-flags more often" in result.direction.sentence


def test_a_slice_wrong_both_ways_is_found_where_direction_is_silent() -> None:
    """39 against 56 errors in one slice: no direction test sees it, the error rate does."""
    result = find_disagreements(long_frame(Plan(prevalence=0.5, miss_m0=0.45, flag_m0=0.45)))
    assert result.direction.p_scenarios > 0.05
    assert found(result, "motive = m0").statistic == "error"
    assert "The errors show no clear direction" in result.direction.sentence


def test_prevalence_alone_raises_nothing() -> None:
    """Sensitivity and specificity equal everywhere, prevalence 4 % against 50 %: evalaudit calls 75 % of these critical."""
    plan = Plan(prevalence=0.04, odd_prevalence=0.5, scenarios=100, size=2)
    assert flagged_share(plan, 50) <= 0.12


def test_unequal_error_rates_by_gold_answer_and_prevalence_raise_nothing() -> None:
    """Misses .3 and over-flags .02 everywhere: the raw error rate follows prevalence, the judge does not."""
    plan = Plan(
        prevalence=0.04,
        odd_prevalence=0.5,
        miss=0.3,
        miss_m0=0.3,
        flag=0.02,
        flag_m0=0.02,
        scenarios=100,
        size=2,
    )
    assert flagged_share(plan, 50) <= 0.12


def test_random_errors_raise_no_length_or_slice_finding() -> None:
    """A judge at random is rarely flagged: Potato's length check flags 98 %, holdline's gate 43 % of such judges."""
    assert flagged_share(Plan(scenarios=60, size=3), 60) <= 0.12


def test_longer_transcripts_with_more_errors_are_found() -> None:
    """The same length check does see a judge who errs on long transcripts."""
    frame = long_frame(Plan())
    rng = np.random.default_rng(5)
    long = (frame["kind"] == "judge") & (frame["length"] > 3300) & (rng.random(len(frame)) < 0.4)
    frame.loc[long, "answer"] = np.where(frame.loc[long, "answer"] == "yes", "no", "yes")
    assert any(finding.attributes == ("length",) for finding in find_disagreements(frame).findings)


def test_unparsed_verdicts_are_counted_by_slice() -> None:
    """Lost verdicts of one motive show in their own table and never count as wrong or right."""
    frame = long_frame(Plan())
    rng = np.random.default_rng(2)
    lost = (frame["kind"] == "judge") & (frame["motive"] == "m1") & (rng.random(len(frame)) < 0.3)
    frame["state"] = frame["kind"].map({"judge": "parsed"})
    frame.loc[lost, ["state", "answer"]] = ["unparsed", None]
    result = find_disagreements(frame)
    table = result.unparsed.set_index("slice")
    assert table["wrong_in"]["motive = m1"] == lost.sum()
    assert table["p_adjusted"]["motive = m1"] <= 0.01
    assert table["wrong_in"]["motive = m0"] == 0
    assert result.n == frame["item"].nunique() - lost.sum()
    assert not result.findings


def hasty_annotator() -> pd.DataFrame:
    """A3 labels all of m0, half of it wrongly and alone; elsewhere people know the truth, and the judge does everywhere."""
    items, truth, verdict = items_of(Plan(miss=0.05, flag=0.05, miss_m0=0.05, flag_m0=0.05))
    in_m0 = (items["motive"] == "m0").to_numpy()
    rng = np.random.default_rng(1)
    slip = in_m0 & (rng.random(len(items)) < 0.45)
    rows = [
        items.assign(rater="A3", kind="human", answer=says(truth ^ slip)),
        items[~in_m0].assign(rater="B", kind="human", answer=says(truth[~in_m0])),
        items.iloc[::3].assign(rater="C", kind="human", answer=says(truth[::3])),
        items.assign(rater="D", kind="human", answer=says(truth))[~slip],
        items.assign(rater="j", kind="judge", answer=says(verdict)),
    ]
    return pd.concat(rows)


def test_a_finding_made_by_one_annotator_is_traced_to_them() -> None:
    """A labels all of m0 with a wrong yes and outvotes nobody else there: the finding is theirs."""
    finding = found(find_disagreements(hasty_annotator()), "motive = m0")
    assert finding.driven_by == ("A3",)
    assert "It depends on A3: without their labels it disappears" in finding.sentence
    assert finding.human_disagreement_in is not None


def test_decisions_leave_the_annotators_behind_a_finding_in_sight() -> None:
    """With one item adjudicated and one contested, everybody is still left out in turn; decided items keep their gold."""
    ratings = read_frame(hasty_annotator())
    elsewhere = ratings.items[ratings.slices["motive"] == "m1"][:2]
    gold = gold_of(ratings, {elsewhere[0]: "yes", elsewhere[1]: None})
    finding = found(find_disagreements(ratings, gold=gold), "motive = m0")
    assert finding.driven_by == ("A3",)
    assert [part.annotator for part in finding.without] == list(ratings.raters)
    inside = ratings.items[ratings.slices["motive"] == "m0"]
    everything = {item: "no" for item in inside}
    settled = find_disagreements(ratings, gold=gold_of(ratings, everything))
    assert not any("A3" in part.driven_by for part in settled.findings)


def test_no_annotator_is_blamed_where_gold_without_them_is_unknown() -> None:
    """Dawid and Skene's gold of three annotators cannot be made from two: the finding stands without that check."""
    ratings = read_frame(long_frame(Plan(prevalence=0.4, miss_m0=0.6)))
    finding = found(find_disagreements(ratings, gold=gold_of(ratings, method="dawid_skene")), "motive = m0")
    assert finding.without == ()
    assert finding.driven_by == ()
    by_votes = found(find_disagreements(ratings), "motive = m0")
    assert [part.annotator for part in by_votes.without] == ["a", "b", "c"]


def test_a_pair_is_reported_only_where_it_beats_both_parents() -> None:
    """Errors in the cell of motive m0 and model a0 give the pair; errors in all of m0 give no pair."""
    items, truth, verdict = items_of(
        Plan(scenarios=160, size=6, miss=0.05, flag=0.05, miss_m0=0.05, flag_m0=0.05)
    )
    cell = ((items["motive"] == "m0") & (items["model"] == "a0")).to_numpy()
    rng = np.random.default_rng(3)
    wrong = verdict ^ (cell & (rng.random(len(items)) < 0.5))
    human = items.assign(rater="h", kind="human", answer=says(truth))
    result = find_disagreements(pd.concat([human, items.assign(rater="j", kind="judge", answer=says(wrong))]))
    assert found(result, "motive = m0 and model = a0").kind == "two-way"
    whole = find_disagreements(long_frame(Plan(scenarios=160, size=6, miss_m0=0.5, flag_m0=0.5)))
    assert [finding.kind for finding in whole.findings if "motive = m0" in finding.slice] == ["one-way"]


def test_words_and_tools_that_go_with_errors_are_found() -> None:
    """A word and a tool that fool the judge are found among hundreds; without effect nothing is."""
    items, truth, _ = items_of(Plan(scenarios=200, size=1))
    rng = np.random.default_rng(4)
    trap = rng.random(200) < 0.3
    wrong = truth ^ (rng.random(200) < np.where(trap, 0.55, 0.06))
    vocabulary = np.array([f"w{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(150)])
    texts = {
        item: " ".join([*vocabulary[rng.random(150) < 0.3], *(["simulated"] if fooled else [])])
        for item, fooled in zip(items["item"], trap, strict=True)
    }
    items["tools"] = np.where(trap, "send_mail;read", "read")
    frame = pd.concat(
        [
            items.assign(rater="h", kind="human", answer=says(truth)),
            items.assign(rater="j", kind="judge", answer=says(wrong)),
        ]
    )
    result = find_disagreements(frame, texts=texts)
    labels = [finding.slice for finding in result.findings]
    assert "word 'simulated'" in labels
    assert "tool 'send_mail'" in labels
    assert len([label for label in labels if label.startswith("word")]) <= 2


def test_same_seed_same_digits_and_row_order_does_not_matter() -> None:
    """Shuffled rows and renamed raters change no digit."""
    frame = long_frame(Plan(miss_m0=0.5))
    finding = find_disagreements(frame, seed=3)
    two = find_disagreements(frame.sample(frac=1, random_state=1), seed=3)
    pd.testing.assert_frame_equal(finding.build_frame(), two.build_frame())
    assert finding.findings == two.findings


def test_rates_are_weighted_by_inverse_inclusion_probability() -> None:
    """Judge-negative items drawn at 1 in 4 count four times in the rate."""
    frame = long_frame(Plan(miss_m0=0.5, flag_m0=0.5))
    verdict = frame[frame["kind"] == "judge"].set_index("item")["answer"]
    frame["inclusion_probability"] = np.where(frame["item"].map(verdict) == "yes", 1.0, 0.25)
    row = (
        find_disagreements(frame)
        .build_frame()
        .query("slice == 'motive = m0' and statistic == 'error'")
        .iloc[0]
    )
    part = frame[(frame["motive"] == "m0") & (frame["rater"] == "a")]
    weight = 1 / part["inclusion_probability"]
    wrong = part["answer"].to_numpy() != part["item"].map(verdict).to_numpy()
    assert row["rate_in"] == pytest.approx(np.average(wrong, weights=weight))
    assert row["wrong_in"] == wrong.sum()


def sampled_by_verdict(plan: Plan) -> pd.DataFrame:
    """Labels for half of the judge's yes and a tenth of its no, with their inclusion probabilities."""
    frame = long_frame(plan, "a")
    verdict = frame["item"].map(answers_of(frame, "j"))
    frame["inclusion_probability"] = verdict.map({"yes": 0.5, "no": 0.1})
    drawn = np.random.default_rng(plan.seed).random(len(frame)) < frame["inclusion_probability"]
    return frame[drawn | (frame["kind"] == "judge")]


def test_sampling_by_verdict_keeps_the_level_and_the_power() -> None:
    """Labels drawn mostly where the judge says yes raise no false finding, and a true one is still found."""
    plan = Plan(scenarios=400, size=4)
    false = 0
    for seed in range(40):
        plan.seed = seed
        false += bool(find_disagreements(sampled_by_verdict(plan), permutations=299).findings)
    # 200 studies of this design gave .050; more than 6 of 40 at that rate has a chance of .003
    assert false <= 6
    strong = sampled_by_verdict(Plan(scenarios=400, size=4, flag_m0=0.6, miss_m0=0.6))
    assert found(find_disagreements(strong), "motive = m0").p_adjusted <= 0.01


def test_unsure_and_ties_are_left_out_not_guessed() -> None:
    """An unsure verdict, an unsure gold and a tie are no error; n falls by them."""
    frame = long_frame(Plan(), "ab")
    first = [f"i{k:04d}" for k in range(30)]
    in_first = frame["item"].isin(first[:10]) & (frame["rater"] == "j")
    frame.loc[in_first, "answer"] = "unsure"
    frame.loc[frame["item"].isin(first[10:20]) & (frame["kind"] == "human"), "answer"] = "unsure"
    frame.loc[frame["item"].isin(first[20:]) & (frame["rater"] == "a"), "answer"] = "yes"
    frame.loc[frame["item"].isin(first[20:]) & (frame["rater"] == "b"), "answer"] = "no"
    assert find_disagreements(frame).n == frame["item"].nunique() - 30


def test_other_codebooks_work_alike() -> None:
    """Answers 0, 1, 2 with 2 as positive: any difference is an error, misses are about 2."""
    frame = long_frame(Plan(prevalence=0.5, miss_m0=0.6))
    frame["answer"] = frame["answer"].map({"yes": "2", "no": "0"})
    finding = found(find_disagreements(frame, positive="2"), "motive = m0")
    assert finding.direction == "misses"
    assert "misses '2'" in finding.sentence


def test_given_gold_replaces_the_majority() -> None:
    """Adjudicated answers are gold; leaving annotators out has then no meaning and is not done."""
    frame = long_frame(Plan(miss_m0=0.9, prevalence=0.5))
    verdicts = answers_of(frame, "j")
    assert not find_disagreements(frame, gold=verdicts).findings
    truth = answers_of(frame, "a")
    assert found(find_disagreements(frame, gold=truth), "motive = m0").without == ()


@pytest.mark.parametrize(
    ("gold", "sentence"),
    [({"nobody": "yes"}, "gold has item 'nobody'"), ({"i0000": "maybe"}, "not one of no, yes")],
)
def test_wrong_gold_is_refused_in_one_sentence(gold: dict[str, str], sentence: str) -> None:
    """An unknown item or answer names itself."""
    with pytest.raises(FrameError, match=sentence):
        find_disagreements(long_frame(Plan()), gold=gold)


def test_impossible_options_are_refused() -> None:
    """Too few permutations, no such judge, alpha of 2."""
    frame = long_frame(Plan())
    for options, sentence in (
        ({"permutations": 10}, "too few"),
        ({"alpha": 2.0}, "between 0 and 1"),
        ({"judge": "k"}, "choose one of"),
    ):
        with pytest.raises(FrameError, match=sentence):
            find_disagreements(frame, **options)


def test_small_slices_are_listed_with_the_reason() -> None:
    """Under 20 items or 8 scenarios nothing is tested, and the list says what was there."""
    result = find_disagreements(long_frame(Plan(scenarios=12)))
    reasons = {finding.slice: finding.reason for finding in result.untested if finding.statistic == "error"}
    assert "12 items of 3 scenarios inside" in reasons["motive = m0"]
    assert not result.findings


@pytest.mark.parametrize("scenarios", [1, 8])
def test_tiny_studies_give_empty_results(scenarios: int) -> None:
    """A handful of items is no error: nothing tested, everything listed."""
    result = find_disagreements(long_frame(Plan(scenarios=scenarios, size=1)))
    assert result.findings == ()
    assert result.untested


def test_a_judge_who_is_always_right_has_no_findings() -> None:
    """Without a wrong verdict every slice is untested, with the reason."""
    result = find_disagreements(long_frame(Plan(miss=0, flag=0, miss_m0=0, flag_m0=0)))
    assert result.findings == ()
    assert result.direction.mcnemar.share is None
    assert any("all right or all wrong" in finding.reason for finding in result.untested)


def test_verdicts_without_labels_have_no_findings_but_a_table_of_lost_ones() -> None:
    """Before labelling starts the search is empty, not an error."""
    frame = long_frame(Plan(), "")
    frame.loc[frame.index[:40], "answer"] = None
    frame["state"] = np.where(frame["answer"].isna(), "error", "parsed")
    result = find_disagreements(frame)
    assert (result.n, result.findings) == (0, ())
    assert result.unparsed["wrong_in"].max() > 0


def test_ratings_and_frame_give_the_same() -> None:
    """The search takes the long frame or its Ratings."""
    frame = long_frame(Plan(miss_m0=0.5))
    assert find_disagreements(read_frame(frame)).findings == find_disagreements(frame).findings
    named = find_disagreements(read_frame(frame), slices=["model"])
    assert set(named.build_frame()["attributes"]) == {"model"}
    with pytest.raises(FrameError, match="choose from: motive, model, length"):
        find_disagreements(read_frame(frame), slices=["colour"])


def test_two_judges_on_3888_real_trajectories_are_compared_in_seconds() -> None:
    """ToolEmu scores: agent, toolkit and steps as slices, one judge against the other, with two-way slices."""
    raw = pd.read_csv(DATA / "toolemu" / "scores.csv")
    items = pd.DataFrame(
        {
            "item": [f"t{k}" for k in range(len(raw))],
            "cluster": raw["case_idx"].astype(str),
            "agent": raw["agent_model"],
            "toolkits": raw["toolkits"],
            "steps": raw["n_steps"],
            "rater": "qwen",
            "kind": "judge",
            "answer": pd.cut(raw["qwen3_32b"], [-1, 1, 3], labels=["yes", "no"]).astype(object),
        }
    )
    gold = {f"t{k}": "yes" if score <= 1 else "no" for k, score in enumerate(raw["gpt5mini"]) if score >= 0}
    start = time.process_time()
    result = find_disagreements(items, gold=gold)
    assert time.process_time() - start < 5
    assert result.n == int((raw["gpt5mini"].ge(0) & raw["qwen3_32b"].ge(0)).sum())
    seen = result.build_frame()
    assert {"one-way", "two-way"} <= set(seen["kind"])
    agents = seen[(seen["attributes"] == "agent") & (seen["statistic"] == "error")]
    # the agents share out the trajectories, so their errors add up to all of them
    assert agents["wrong_in"].sum() == agents["wrong_in"].iloc[0] + agents["wrong_out"].iloc[0]
    assert len(agents) == raw["agent_model"].nunique()
