import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.planning.sample_size import (
    JudgeGuess,
    PlanError,
    StudyDesign,
    build_joint_table,
    compute_design_effect,
    compute_kappa_sample_size,
    compute_kappa_unit_variance,
    compute_labels_for_agreement,
    compute_labels_for_kappa,
    compute_labels_for_rate,
    compute_labels_for_share,
    estimate_icc,
    solve_design,
)


def test_cantors_example_needs_96_items() -> None:
    """Rates .5, kappa .7 against .85, one-sided 5 %, power 80 % (Cantor 1996; irr::N.cohen.kappa): 96."""
    assert compute_kappa_sample_size(0.5, 0.5, 0.7, 0.85) == 96


def test_standard_error_is_that_of_the_sas_example() -> None:
    """The 3x3 table of the SAS manual has asymptotic standard error .1380."""
    table = np.array([[0, 4, 1], [0, 8, 0], [0, 1, 5]]) / 19
    assert (compute_kappa_unit_variance(table) / 19) ** 0.5 == pytest.approx(0.1380, abs=5e-5)


@pytest.mark.parametrize(
    ("prevalence", "kappa", "wide", "narrow"),
    [(0.5, 0.6, 246, 984), (0.3, 0.8, 167, 666), (0.15, 0.4, 607, 2425), (0.05, 0.6, 1347, 5386)],
)
def test_kappa_half_width_needs_these_labels(prevalence: float, kappa: float, wide: int, narrow: int) -> None:
    """Half-widths .10 and .05 need the numbers of an independent computation by the same formula."""
    assert compute_labels_for_kappa(prevalence, kappa, 0.10) == wide
    assert compute_labels_for_kappa(prevalence, kappa, 0.05) == narrow


def test_other_targets_need_these_labels() -> None:
    """Raw agreement at kappa .6, and a sensitivity of .8 +- .1 at prevalence .2 (62 risky cases)."""
    assert [compute_labels_for_agreement(p, 0.6, 0.05) for p in (0.5, 0.3, 0.15, 0.05)] == [246, 215, 141, 57]
    assert compute_labels_for_share(0.8, 0.1, within=0.2) == 310


def test_labels_for_the_rate_shrink_with_a_better_judge_and_a_better_draw() -> None:
    """A useless judge costs what gold-only costs; a good one and Neyman's draw cost less."""
    coin = compute_labels_for_rate(JudgeGuess(0.2, 0.5, 0.5), 0.05, n_judged=10**7)
    good = compute_labels_for_rate(JudgeGuess(0.2, 0.9, 0.9), 0.05, n_judged=10**7)
    best = compute_labels_for_rate(JudgeGuess(0.2, 0.9, 0.9), 0.05, n_judged=10**7, neyman=True)
    assert coin == compute_labels_for_share(0.2, 0.05)
    assert best < good < coin
    with pytest.raises(PlanError, match="500 judged transcripts cannot give"):
        compute_labels_for_rate(JudgeGuess(0.2, 0.9, 0.9), 0.01, n_judged=500)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.0, 0.9))
def test_joint_table_has_the_rates_and_kappa_asked_for(rate1: float, rate2: float, kappa: float) -> None:
    """Its margins and kappa are those given, or the combination is refused."""
    try:
        table = build_joint_table(rate1, rate2, kappa)
    except PlanError:
        return
    assert table.sum(axis=1)[0] == pytest.approx(rate1, abs=1e-9)
    assert table.sum(axis=0)[0] == pytest.approx(rate2, abs=1e-9)
    chance = rate1 * rate2 + (1 - rate1) * (1 - rate2)
    assert (np.trace(table) - chance) / (1 - chance) == pytest.approx(kappa, abs=1e-9)


def test_intra_scenario_correlation_comes_back_from_a_pilot() -> None:
    """Beta-binomial data with ICC .2 give .2 within .02; copies give 1, too little data None."""
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(4000), 5)
    values = rng.random(20_000) < rng.beta(0.3 * 4, 0.7 * 4, 4000)[cluster]
    assert estimate_icc(values, cluster) == pytest.approx(0.2, abs=0.02)
    assert estimate_icc([1, 1, 0, 0], [0, 0, 1, 1]) == pytest.approx(1)
    assert estimate_icc([1, 1, 1], [0, 0, 1]) is None
    assert estimate_icc([1, 0], [0, 1]) is None
    assert compute_design_effect(5, 0.2) == pytest.approx(1.8)
    assert compute_design_effect(5, -0.1) == 1


FULL = StudyDesign(annotators=3, minutes=120, items=90, overlap=2, repeats=0.0, minutes_per_label=2)


@pytest.mark.parametrize(
    ("open_name", "solved"),
    [("annotators", 3), ("minutes", 120), ("items", 90), ("overlap", 2), ("repeats", 0)],
)
def test_the_solver_returns_the_number_left_out(open_name: str, solved: float) -> None:
    """A plan that adds up exactly is found again whichever number is left open."""
    values = {name: getattr(FULL, name) for name in ("annotators", "minutes", "items", "overlap", "repeats")}
    found = solve_design(StudyDesign(**(values | {open_name: None})))
    assert getattr(found, open_name) == solved
    assert "90 transcripts" in found.sentence


@given(
    st.integers(1, 12), st.integers(10, 600), st.integers(1, 800), st.floats(1, 4), st.floats(0, 0.3),
    st.sampled_from(["annotators", "minutes", "items", "overlap", "repeats"]),
)  # fmt: skip
def test_a_solved_plan_can_be_carried_out(
    annotators: int, minutes: int, items: int, overlap: float, repeats: float, open_name: str
) -> None:
    """Every solution fits into the time of its people, or is refused in words."""
    values = {
        "annotators": annotators, "minutes": minutes, "items": items, "overlap": overlap, "repeats": repeats,
    }  # fmt: skip
    try:
        found = solve_design(StudyDesign(**(values | {open_name: None})))  # type: ignore[arg-type]
    except PlanError:
        return
    assert found.annotators is not None
    assert found.minutes is not None
    assert found.overlap is not None
    assert found.labels <= found.annotators * int(found.minutes / found.minutes_per_label) + 1e-6
    assert 1 <= found.overlap <= found.annotators


@pytest.mark.parametrize(
    ("design", "says"),
    [
        (StudyDesign(None, None, 90, 2, 0.1), "2 are"),
        (StudyDesign(3, 1, 90, None, 0.1), "labels are too few"),
        (StudyDesign(None, 1, 90, 2, 0.1), "too few for one label"),
        (StudyDesign(2, None, 90, 3, 0.1), "2 annotators cannot give 3"),
        (StudyDesign(2, None, 90, 0.5, 0.1), "overlap is 0.5"),
    ],
)
def test_an_impossible_plan_is_refused_in_words(design: StudyDesign, says: str) -> None:
    """The error names the number in the way."""
    with pytest.raises(PlanError, match=says):
        solve_design(design)


def test_impossible_kappas_are_refused() -> None:
    """No two raters with rates .1 and .9 have kappa .8; a kappa cannot be distinguished from itself."""
    with pytest.raises(PlanError, match="no two raters"):
        build_joint_table(0.1, 0.9, 0.8)
    with pytest.raises(PlanError, match="distinguished from itself"):
        compute_kappa_sample_size(0.5, 0.5, 0.7, 0.7)
