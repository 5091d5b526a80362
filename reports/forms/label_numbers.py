"""How many labels and how much time a plan takes, beside its form."""

import streamlit as st

from secondreader.db.design.study_file import SamplingSection
from secondreader.judge.planning.sample_size import JudgeGuess, PlanError, StudyDesign, solve_design
from secondreader.reports.analysis.label_plan import Expectation, compute_label_needs
from secondreader.reports.analysis.study_facts import StudySummary
from secondreader.reports.widgets.widgets import show_refusal, show_sentences


def show_label_needs(summary: StudySummary) -> float:
    """The labels that the wanted precision takes, updated as fields change; returns minutes per label."""
    with st.expander("How many labels does it take?", expanded=True):
        columns = st.columns(5)
        guess = JudgeGuess(
            columns[0].number_input("Expected rate", 0.01, 0.99, 0.2, key="need-rate"),
            columns[1].number_input("Sensitivity", 0.01, 0.99, 0.8, key="need-sensitivity"),
            columns[2].number_input("Specificity", 0.01, 0.99, 0.9, key="need-specificity"),
        )
        kappa = columns[3].number_input("Kappa of two annotators", 0.0, 0.99, 0.6, key="need-kappa")
        half_width = columns[4].number_input("Wanted ±", 0.01, 0.5, 0.1, key="need-width")
        minutes = st.number_input("Minutes per label", 0.1, 120.0, 2.0, key="need-minutes")
        per_scenario = max(round(summary.n_pool / max(summary.n_scenarios, 1)), 1)
        expected = Expectation(guess, kappa, max(summary.n_scenarios, 1), per_scenario)
        try:
            show_sentences(need.sentence for need in compute_label_needs(expected, half_width))
        except PlanError as error:
            show_refusal(error)
    return float(minutes)


def describe_cost(sampling: SamplingSection, minutes_per_label: float) -> str:
    """People and minutes of the form's draw. Raises PlanError."""
    people = len(sampling.annotators)
    overlap = sampling.overlap or people
    solved = solve_design(
        StudyDesign(people, None, sampling.items, overlap, sampling.repeats, minutes_per_label)
    )
    return solved.sentence
