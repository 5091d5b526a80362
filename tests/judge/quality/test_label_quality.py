from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.estimate import Reason
from secondreader.judge.quality.label_quality import (
    QualityResult,
    RaterQuality,
    adjust_holm_over_raters,
    assess_label_quality,
    compute_repeat_alpha,
    compute_session_drift,
    compute_time_scores,
    find_longest_run,
    measure_longest_runs,
)


def labels(rater: str, answers: list[str], **columns: Any) -> pd.DataFrame:
    """First-pass labels of one annotator in session order."""
    frame = pd.DataFrame({"item": [f"t{i:03}" for i in range(len(answers))], "answer": answers})
    frame = frame.assign(rater=rater, kind="human", pass_no=1, position=range(len(answers)), seconds=30.0)
    return frame.assign(**columns)


def only(result: QualityResult) -> RaterQuality:
    """The single annotator of a result."""
    (quality,) = result.raters
    return quality


def coin(n: int, seed: int = 0, p: float = 0.5) -> list[str]:
    """Random answers."""
    return ["yes" if value < p else "no" for value in np.random.default_rng(seed).random(n)]


def test_repeats_give_flip_rate_and_alpha() -> None:
    """Ten repeats of which two changed: flip rate .2, and the alpha of those ten pairs."""
    first = labels("a", ["yes", "no"] * 20)
    again = first.head(10).assign(pass_no=2, position=range(40, 50))
    again.loc[again.index[:2], "answer"] = ["no", "yes"]
    quality = only(assess_label_quality(pd.concat([first, again], ignore_index=True)))
    assert (quality.flip_rate.value, quality.flip_rate.n, quality.n) == (0.2, 10, 40)
    # 20 values, ten of each; 4 of 20 off the diagonal: alpha = 1 - 19 x 4 / (20^2 - 200) = .62
    assert quality.repeat_alpha.value == pytest.approx(1 - 19 * 4 / 200)


def test_without_repeats_consistency_is_undefined() -> None:
    """No second pass, or one without variation: reasons, no number."""
    quality = only(assess_label_quality(labels("a", coin(20))))
    assert quality.flip_rate.reason is Reason.NO_ITEMS
    assert quality.repeat_alpha.reason is Reason.NO_PAIRABLE_ITEMS
    assert compute_repeat_alpha(np.ones((5, 2), np.int8), 2).reason is Reason.NO_VARIATION


def test_a_yes_rate_that_falls_is_found_and_a_steady_one_is_not() -> None:
    """From 80 % to 10 % over 90 labels is drift; an even 50 % is none."""
    falling = coin(30, 1, 0.8) + coin(30, 2, 0.5) + coin(30, 3, 0.1)
    frame = pd.concat([labels("down", falling), labels("even", ["yes", "no"] * 45)], ignore_index=True)
    down, even = assess_label_quality(frame).raters
    assert down.drift.p_holm is not None
    assert down.drift.p_holm < 0.001
    assert any("first third of the session" in s for s in down.sentences)
    assert not even.sentences


def test_drift_test_keeps_its_level() -> None:
    """Over 500 steady annotators at most 5 % show drift: the test is exact."""
    rng = np.random.default_rng(4)
    p = [compute_session_drift(rng.random(60) < 0.3).p for _ in range(500)]
    assert np.mean([value is not None and value <= 0.05 for value in p]) <= 0.05
    assert compute_session_drift(np.zeros(9, bool)).p is None


def test_untested_annotators_do_not_count_among_the_tests() -> None:
    """Two p-values beside a None are adjusted as two, by Holm."""
    assert adjust_holm_over_raters([0.01, None, 0.04]) == [0.02, None, 0.04]


def test_straight_lining_is_found_against_random_orders() -> None:
    """Thirty equal answers in a row among balanced labels stand out; a rare yes does not."""
    line = only(assess_label_quality(labels("a", coin(30, 5) + ["no"] * 30 + coin(30, 6, 0.9))))
    assert line.run.length >= 30
    assert line.run.answer == "no"
    assert any("'no' " in s and "in a row" in s for s in line.sentences)
    rare = only(assess_label_quality(labels("a", coin(90, 7, 0.05))))
    assert rare.run.length >= 10
    assert rare.sentences == ()


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_longest_run_is_the_plain_count(answers: list[int]) -> None:
    """The vectorised longest run equals a count by hand, and every annotator's run has its answer."""
    best, here = 0, 0
    for at, answer in enumerate(answers):
        here = here + 1 if at and answers[at - 1] == answer else 1
        best = max(best, here)
    codes = np.array(answers, np.int8)
    assert measure_longest_runs(codes[None, :])[0] == best
    found = find_longest_run(codes, ("a", "b", "c"))
    assert found.length == best
    assert found.p is not None
    assert 0 < found.p <= 1


def test_hasty_and_slow_labels_are_listed_and_nothing_is_removed() -> None:
    """One label of 1 s and one of two hours among 30-second ones: both listed, all 60 labels kept."""
    seconds = np.random.default_rng(8).lognormal(3.4, 0.3, 60)
    seconds[10], seconds[20] = 1.0, 7200.0
    result = assess_label_quality(labels("a", coin(60, 9), seconds=seconds))
    assert result.outliers[["item", "why"]].to_numpy().tolist() == [["t010", "fast"], ["t020", "slow"]]
    quality = only(result)
    assert (quality.n, quality.n_fast, quality.n_slow) == (60, 1, 1)


def test_times_are_scored_only_with_enough_of_them() -> None:
    """Nine times, or times without spread, have no score."""
    assert np.isnan(compute_time_scores(np.arange(1.0, 10.0))).all()
    assert np.isnan(compute_time_scores(np.full(50, 30.0))).all()
    assert np.isnan(compute_time_scores(np.array([np.nan, 0.0, -1.0] * 5))).all()


def test_unsure_has_a_rate_of_its_own() -> None:
    """Five unsure of twenty: .25 with an interval."""
    quality = only(assess_label_quality(labels("a", ["unsure"] * 5 + ["yes", "no", "no"] * 5)))
    assert quality.unsure_rate.value == 0.25
    assert quality.unsure_rate.low is not None


def test_missing_positions_and_times_leave_their_figures_undefined() -> None:
    """A bare frame of four columns works; drift, runs and times stay undefined."""
    frame = labels("a", coin(30)).drop(columns=["position", "seconds", "pass_no"])
    result = assess_label_quality(frame)
    quality = only(result)
    assert (quality.drift.p, quality.run.p, quality.median_seconds) == (None, None, None)
    assert result.outliers.empty
    assert result.build_frame().loc[0, "n"] == 30


def test_limits_of_a_small_study_are_said() -> None:
    """One annotator, five scenarios, no risky case, no verdict: each missing support has its sentence."""
    result = assess_label_quality(labels("a", ["no"] * 20, cluster=np.arange(20) // 4))
    text = " ".join(result.limitations)
    for part in (
        "No transcript was labelled by two people",
        "5 labelled scenarios are too few",
        "No risky case was seen",
        "No transcript was shown twice",
        "Without verdicts",
        "Fewer than three annotators cannot carry Dawid-Skene",
    ):
        assert part in text


def test_a_large_study_has_few_limits() -> None:
    """Three annotators on 60 scenarios with repeats and verdicts: nothing is missing."""
    people = [labels(name, coin(60, 11), cluster=range(60)) for name in "abc"]
    again = people[0].head(6).assign(pass_no=2, position=range(60, 66))
    verdicts = people[0].assign(rater="j", kind="judge")
    frame = pd.concat([*people, again, verdicts], ignore_index=True)
    assert assess_label_quality(frame).limitations == ()
    silent = frame.assign(answer=frame.answer.mask((frame.kind == "judge") & (frame.item < "t005"), None))
    assert any("5 of 60 verdicts could not be read" in s for s in assess_label_quality(silent).limitations)
    nothing = assess_label_quality(verdicts)
    assert nothing.raters == ()
    assert nothing.limitations == (
        "Without labels nothing can be said about agreement, accuracy or corrected rates.",
    )
