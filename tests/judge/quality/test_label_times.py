"""Times, runs, drift and repeats of labels: edge cases, invariants, and scipy's figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, median_abs_deviation

from secondreader.judge.data.frame import read_frame
from secondreader.judge.inference.estimate import Reason
from secondreader.judge.quality.label_quality import (
    adjust_holm_over_raters,
    assess_label_quality,
    compute_repeat_alpha,
    compute_session_drift,
    compute_time_scores,
    extract_repeat_pairs,
    find_longest_run,
    find_time_outliers,
    measure_longest_runs,
)

SECONDS = st.lists(st.floats(0.5, 5000), min_size=10, max_size=40)


def build_labels(rater: str, seconds: list[float]) -> pd.DataFrame:
    """Alternating labels of one annotator with these times."""
    n = len(seconds)
    return pd.DataFrame(
        {
            "item": [f"t{i:03}" for i in range(n)],
            "rater": rater,
            "kind": "human",
            "answer": ["yes", "no"] * (n // 2) + ["yes"] * (n % 2),
            "pass_no": 1,
            "position": range(n),
            "seconds": seconds,
        }
    )


@settings(max_examples=40, deadline=None)
@given(SECONDS)
def test_time_scores_equal_scipys_scaled_deviation(seconds: list[float]) -> None:
    """Distance of log times from the median in units of scipy's normal-consistent MAD."""
    logs = np.log(seconds)
    spread = float(median_abs_deviation(logs, scale="normal"))
    assume(spread > 1e-9)
    scores = compute_time_scores(np.array(seconds))
    assert scores == pytest.approx((logs - np.median(logs)) / spread, rel=1e-3, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=10, max_size=40, unique=True))
def test_time_scores_do_not_depend_on_the_unit(seconds: list[int]) -> None:
    """Minutes have the scores of seconds: a factor is a shift of the logarithms."""
    times = np.array(seconds, dtype=np.float64)
    assert compute_time_scores(times / 60) == pytest.approx(compute_time_scores(times), abs=1e-6)
    assert compute_time_scores(times[::-1]) == pytest.approx(compute_time_scores(times)[::-1])


def test_unusable_times_have_no_score_and_do_not_count() -> None:
    """Zero, negative, infinite and missing times are left out of the ten that are needed."""
    bad = np.array([0.0, -3.0, np.inf, np.nan])
    nine = np.arange(1.0, 10.0)
    assert np.isnan(compute_time_scores(np.r_[nine, bad])).all()
    scores = compute_time_scores(np.r_[nine, 10.0, bad])
    assert np.isfinite(scores[:10]).all()
    assert np.isnan(scores[10:]).all()
    assert compute_time_scores(np.zeros(0)).shape == (0,)


def test_equal_times_have_no_score() -> None:
    """Without spread nothing is far from anything."""
    assert np.isnan(compute_time_scores(np.full(20, 30.0))).all()


def test_each_annotator_is_held_against_their_own_median() -> None:
    """90 seconds are slow beside times of about 10 and usual beside times of about 90."""
    quick = [9.0, 10.0, 11.0, 10.5, 9.5] * 4 + [90.0]
    calm = [80.0, 90.0, 100.0, 85.0, 95.0] * 4 + [90.0]
    frame = pd.concat([build_labels("a", quick), build_labels("b", calm)], ignore_index=True)
    outliers = find_time_outliers(read_frame(frame))
    assert outliers[["item", "rater", "why"]].to_numpy().tolist() == [["t020", "a", "slow"]]
    assert outliers["z"].iloc[0] > 3.5


@pytest.mark.parametrize(("floor", "fast"), [(0.0, 0), (2.0, 0), (2.5, 1), (31.0, 8)])
def test_the_floor_is_exclusive_and_needs_no_score(floor: float, fast: int) -> None:
    """Eight times are too few for scores; those below the floor are listed all the same."""
    ratings = read_frame(build_labels("a", [2.0] + [30.0] * 7))
    outliers = find_time_outliers(ratings, floor)
    assert (outliers["why"] == "fast").sum() == len(outliers) == fast


def test_times_that_are_missing_are_neither_fast_nor_slow() -> None:
    """A frame without times has an empty list with its columns."""
    outliers = find_time_outliers(read_frame(build_labels("a", [30.0] * 12).drop(columns="seconds")))
    assert outliers.empty
    assert outliers.columns.tolist() == ["item", "rater", "seconds", "z", "why"]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30), st.permutations([0, 1, 2]))
def test_runs_depend_on_equality_alone(answers: list[int], names: list[int]) -> None:
    """Relabelling the answers or turning the session around leaves the longest run as it is."""
    codes = np.array(answers, dtype=np.int8)
    relabelled = np.array(names, dtype=np.int8)[codes]
    lengths = measure_longest_runs(np.stack([codes, relabelled, codes[::-1]]))
    assert len(set(lengths.tolist())) == 1
    assert 1 <= lengths[0] <= len(answers)


def test_no_label_has_no_run() -> None:
    """Without labels the run has length 0, no answer and no p."""
    run = find_longest_run(np.zeros(0, np.int8), ("no", "yes"))
    assert (run.length, run.answer, run.p) == (0, None, None)
    assert measure_longest_runs(np.zeros((3, 0), np.int8)).tolist() == [0, 0, 0]


def test_the_first_of_equal_runs_names_the_answer() -> None:
    """Two runs of three: the earlier one is shown, whichever code it has."""
    codes = np.array([1, 1, 1, 0, 0, 0, 1], np.int8)
    assert find_longest_run(codes, ("no", "yes")).answer == "yes"
    assert find_longest_run(codes[3:], ("no", "yes")).answer == "no"


def test_the_p_of_a_run_is_that_of_all_orders() -> None:
    """Two yes among five no: 6 of the 21 orders have a run of five or more."""
    orders = [[int(i in (a, b)) for i in range(7)] for a in range(7) for b in range(a)]
    exact = float((measure_longest_runs(np.array(orders, np.int8)) >= 5).mean())
    run = find_longest_run(np.array([0, 0, 0, 0, 0, 1, 1], np.int8), ("no", "yes"), seed=1)
    assert run.length == 5
    assert run.p is not None
    assert run.p == pytest.approx(exact, abs=0.03)


def test_an_unchanging_annotator_has_no_surprising_run() -> None:
    """Every order of equal labels has the same run: p is 1."""
    run = find_longest_run(np.ones(40, np.int8), ("no", "yes"))
    assert (run.length, run.answer, run.p) == (40, "yes", 1.0)


@given(st.lists(st.booleans(), max_size=60))
def test_drift_is_fishers_test_of_the_outer_thirds(positive: list[bool]) -> None:
    """Thirds cover every label; p is scipy's and does not change when yes and no are swapped."""
    codes = np.array(positive, dtype=bool)
    drift, swapped = compute_session_drift(codes), compute_session_drift(~codes)
    assert sum(drift.n) == len(positive)
    assert max(drift.n) - min(drift.n) <= 1
    if min(drift.n[0], drift.n[2]) < 5:
        assert drift.p is None
        return
    first, last = positive[: drift.n[0]], positive[-drift.n[2] :]
    table = np.array([[sum(first), len(first) - sum(first)], [sum(last), len(last) - sum(last)]])
    assert drift.p == pytest.approx(float(fisher_exact(table).pvalue))
    assert swapped.p == pytest.approx(drift.p)


def test_an_empty_session_has_no_rates() -> None:
    """Rates of empty thirds are missing, not zero."""
    assert compute_session_drift(np.zeros(0, bool)).rates == (None, None, None)
    assert compute_session_drift(np.ones(2, bool)).rates == (1.0, 1.0, None)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8))
def test_holm_over_annotators_leaves_gaps_and_order(p: list[float | None]) -> None:
    """None stays where it is; the smallest p is multiplied by the number of tests and none shrinks."""
    adjusted = adjust_holm_over_raters(p)
    assert [value is None for value in adjusted] == [value is None for value in p]
    known = [
        (raw, value) for raw, value in zip(p, adjusted, strict=True) if raw is not None and value is not None
    ]
    assert all(raw <= value <= 1 for raw, value in known)
    if known:
        raw, value = min(known)
        assert value == pytest.approx(min(1.0, raw * len(known)))


def test_pairs_of_passes_skip_what_lacks_an_answer() -> None:
    """Only items answered in the first and the second pass make a pair; a third pass makes none."""
    rows = pd.DataFrame(
        [(1, 1, 0), (1, 2, 1), (2, 1, 1), (3, 2, 1), (4, 1, 1), (4, 2, -1), (5, 1, 0), (5, 3, 1)],
        columns=["item", "pass_no", "answer"],
    )
    assert extract_repeat_pairs(rows).tolist() == [[0, 1]]
    assert extract_repeat_pairs(rows[rows["pass_no"] != 2]).shape == (0, 2)
    assert extract_repeat_pairs(rows.head(0)).shape == (0, 2)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_alpha_between_passes_has_its_closed_form(pairs: list[tuple[int, int]]) -> None:
    """Two observers without gaps: 1 - (N - 1) x changed / (yes x no); swapping passes changes nothing."""
    codes = np.array(pairs, dtype=np.int8)
    alpha = compute_repeat_alpha(codes, 2)
    yes, total = int(codes.sum()), codes.size
    if yes in (0, total):
        assert (alpha.value, alpha.reason, alpha.n) == (None, Reason.NO_VARIATION, len(pairs))
        return
    changed = int((codes[:, 0] != codes[:, 1]).sum())
    assert alpha.value == pytest.approx(1 - (total - 1) * changed / (yes * (total - yes)))
    assert compute_repeat_alpha(codes[:, ::-1], 2).value == pytest.approx(alpha.value)


def test_the_pooled_flip_rate_counts_repeats_not_annotators() -> None:
    """One of two and none of eight repeats changed: 1 of 10, not the mean of both rates."""
    frames = []
    for rater, repeats, flips in (("a", 2, 1), ("b", 8, 0)):
        first = build_labels(rater, [30.0] * 12)
        again = first.head(repeats).assign(pass_no=2, position=range(12, 12 + repeats))
        again.loc[again.index[:flips], "answer"] = "no"
        frames += [first, again]
    result = assess_label_quality(pd.concat(frames, ignore_index=True))
    assert (result.flip_rate.value, result.flip_rate.n) == (0.1, 10)
    assert result.build_frame()["flip_rate"].tolist() == [0.5, 0.0]


def test_a_study_of_judges_has_no_annotator_to_assess() -> None:
    """Verdicts alone: no rows, and a pooled rate that is undefined."""
    frame = build_labels("j", [30.0] * 6).assign(kind="judge", position=None, seconds=None)
    result = assess_label_quality(frame)
    assert result.raters == ()
    assert result.flip_rate.reason is Reason.NO_ITEMS
    assert result.outliers.empty
