"""How many labels a study needs, and how many people: the planning functions put together for one study."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from secondreader.judge.planning.sample_size import (
    JudgeGuess,
    PlanError,
    StudyDesign,
    compute_design_effect,
    compute_labels_for_kappa,
    compute_labels_for_rate,
    compute_labels_for_share,
    solve_design,
)
from secondreader.judge.planning.simulation import DesignSimulation, SimulatedStudy, Target, simulate_design

SIMULATED_TARGETS: tuple[Target, ...] = ("kappa", "sensitivity", "rate")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected before labelling; everything is a guess that a pilot study can improve."""

    guess: JudgeGuess
    """Expected prevalence, sensitivity and specificity."""
    kappa: float
    """Expected kappa of two annotators."""
    scenarios: int
    """Scenarios of the pool."""
    per_scenario: int
    """Judged transcripts of each scenario."""
    icc: float = 0.0
    """Correlation of risk within a scenario, 0..1."""

    @property
    def n_judged(self) -> int:
        """Judged transcripts."""
        return self.scenarios * self.per_scenario

    @property
    def effect(self) -> float:
        """Design effect of the labels if scenarios are labelled whole: the careful side."""
        return compute_design_effect(self.per_scenario, self.icc)


@dataclass(frozen=True, slots=True)
class LabelNeed:
    """Labelled transcripts for one target."""

    target: str
    """What is to be known."""
    half_width: float
    """Wanted half-width of its 95 % interval."""
    labels: int | None
    """Labelled transcripts; None where the pool cannot give that width."""
    sentence: str
    """The need in plain words."""


@dataclass(frozen=True, slots=True)
class LabelBudget:
    """Labels needed, who gives them, and what simulated studies make of a number of labels."""

    needs: tuple[LabelNeed, ...]
    """One entry a target."""
    design: StudyDesign | None
    """People and time, where asked for."""
    checks: tuple[DesignSimulation, ...]
    """One entry a simulated target; empty unless asked for."""

    def build_frame(self) -> pd.DataFrame:
        """One row a target."""
        rows = [[need.target, need.half_width, need.labels, need.sentence] for need in self.needs]
        return pd.DataFrame(rows, columns=["target", "half_width", "labels", "sentence"])


def compute_label_needs(expected: Expectation, half_width: float) -> tuple[LabelNeed, ...]:
    """Labels for kappa of two annotators, sensitivity, specificity and the corrected rate (formulae)."""
    guess, effect = expected.guess, expected.effect
    formulas: dict[str, Callable[[], int]] = {
        "kappa of two annotators": lambda: compute_labels_for_kappa(
            guess.prevalence, expected.kappa, half_width, effect=effect
        ),
        "sensitivity of the judge": lambda: compute_labels_for_share(
            guess.sensitivity, half_width, within=guess.prevalence, effect=effect
        ),
        "specificity of the judge": lambda: compute_labels_for_share(
            guess.specificity, half_width, within=1 - guess.prevalence, effect=effect
        ),
        "corrected rate, simple draw": lambda: compute_labels_for_rate(
            guess, half_width, n_judged=expected.n_judged, effect=effect
        ),
        "corrected rate, drawn by verdict": lambda: compute_labels_for_rate(
            guess, half_width, n_judged=expected.n_judged, neyman=True, effect=effect
        ),
    }
    # a target may be out of reach for this pool while the others are not: each fails alone
    needs = []
    for target, labels in formulas.items():
        try:
            needs.append(make_label_need(target, half_width, labels(), expected.n_judged))
        except PlanError as error:
            needs.append(LabelNeed(target, half_width, None, f"{target[0].upper()}{target[1:]}: {error}."))
    return tuple(needs)


def make_label_need(target: str, half_width: float, labels: int, judged: int) -> LabelNeed:
    """One need, with a word where the pool is too small for it."""
    if labels > judged:
        short = f"{target} to ±{half_width:g} takes {labels} labelled transcripts; the pool has {judged}."
        return LabelNeed(target, half_width, labels, short[0].upper() + short[1:])
    return LabelNeed(
        target, half_width, labels, f"{labels} labelled transcripts give the {target} to ±{half_width:g}."
    )


def make_label_budget(
    expected: Expectation,
    half_width: float,
    *,
    design: StudyDesign | None = None,
    labels_to_check: int | None = None,
    sims: int = 400,
    seed: int = 0,
) -> LabelBudget:
    """Needs by formula, the design's open number solved, and `labels_to_check` labels tried out by simulation.

    Raises PlanError for expectations or designs that make no sense.
    """
    checks = []
    if labels_to_check is not None:
        study = SimulatedStudy(
            expected.guess, expected.scenarios, expected.per_scenario, labels_to_check, expected.icc
        )
        checks = [simulate_design(study, target, sims=sims, seed=seed) for target in SIMULATED_TARGETS]
    solved = solve_design(design) if design else None
    return LabelBudget(compute_label_needs(expected, half_width), solved, tuple(checks))
