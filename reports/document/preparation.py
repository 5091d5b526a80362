"""Parts of a report on what stands beside the main labels, and on what changed after freezing."""

import json
from typing import TYPE_CHECKING

import pandas as pd

from secondreader.reports.charts.marks import list_rows
from secondreader.reports.document.markup import Html, render_section, render_table, tag
from secondreader.reports.document.tables import render_estimates, render_scoped_estimates
from secondreader.reports.wording.names import pluralize

if TYPE_CHECKING:
    from secondreader.db.design.amendments import AmendmentRow
    from secondreader.reports.analysis.preparation import ControlResults
    from secondreader.reports.analysis.result import Analysis
    from secondreader.reports.analysis.study_facts import StudySummary

CONTROL_COLUMNS = ("annotator", "practice", "right in each round", "needed", "attention items right")


def render_preparation(analysis: "Analysis") -> Html:
    """Practice, attention items, calibration and guesses; what the study did not have is said."""
    beside = analysis.preparation
    calibration = analysis.estimates[analysis.estimates["section"] == "calibration"]
    return render_section(
        "preparation",
        "Practice, calibration and guesses",
        render_control_table(beside.people)
        if beside.people
        else tag("p", "The study had no practice and no attention items."),
        render_scoped_estimates(
            calibration, {"one": "discussion"}, "Agreement on calibration items, blind and afterwards"
        )
        if len(calibration)
        else tag("p", "The study had no calibration items."),
        tag("h3", "Guesses of the model"),
        tag("p", beside.guesses.sentence),
        render_guess_table(analysis),
    )


def render_control_table(people: "tuple[ControlResults, ...]") -> Html:
    """Annotators on items of known answers."""
    return render_table(
        CONTROL_COLUMNS,
        (format_control_results(one) for one in people),
        caption="Items of known answers, out of the sample",
    )


def build_control_frame(people: "tuple[ControlResults, ...]") -> pd.DataFrame:
    """The same as a frame."""
    return pd.DataFrame([format_control_results(one) for one in people], columns=list(CONTROL_COLUMNS))


def format_control_results(results: "ControlResults") -> list[str]:
    """One annotator: state, right answers by round, the threshold, attention items."""
    practice, hidden = results.practice, results.attention
    if practice.state == "none":
        state, rounds, needed = "none asked", "–", "–"
    else:
        scores = [f"{n} of {practice.n_total}" for n in (*practice.earlier, practice.n_right)]
        state, rounds, needed = practice.state, ", ".join(scores), f"{practice.threshold:.0%}"
    seen = f"{hidden.n_right} of {hidden.n_labelled} read" if hidden.n_total else "–"
    return [results.name, state, rounds, needed, seen]


def render_guess_table(analysis: "Analysis") -> Html:
    """The figures about guesses, and how they were counted."""
    beside = analysis.preparation
    if not beside.n_guessers:
        return Html("")
    guesses = beside.guesses
    note = (
        f"{pluralize(beside.n_guessers, 'reader')}; {guesses.n_no_idea} times no idea, which is a miss; "
        f"{pluralize(guesses.n_unknown, 'guess', 'guesses')} about a transcript of unknown model left out. A guess hits that "
        "names the model, its family or its maker."
    )
    rows = list_rows(analysis.estimates[analysis.estimates["section"] == "guesses"])
    return tag("div", render_estimates(rows, "Guesses of the model against chance"), tag("p", note))


def render_amendments(summary: "StudySummary") -> Html:
    """What was changed after freezing; nothing where nothing was."""
    if not summary.amendments:
        return Html("")
    rows = [[*format_amendment(one), one.plan_hash] for one in summary.amendments]
    head = ["at", "by", "what", "why", "plan after it"]
    return render_table(head, rows, caption="Amendments after freezing")


def format_amendment(amendment: "AmendmentRow") -> list[str]:
    """One amendment in words."""
    what = "; ".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in amendment.what.items()
    )
    return [amendment.at.strftime("%Y-%m-%d %H:%M UTC"), amendment.actor, what, amendment.why]
