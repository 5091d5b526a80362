"""Parts of a report on what stands beside the main labels, and on what changed after freezing."""

import json
from typing import TYPE_CHECKING

import pandas as pd

from secondreader.reports.charts.marks import rows_of
from secondreader.reports.document.markup import Html, section, table, tag
from secondreader.reports.document.tables import figure_table, named_table
from secondreader.reports.wording.names import plural

if TYPE_CHECKING:
    from secondreader.db.design.amendments import AmendmentRow
    from secondreader.reports.analysis.analyse import Analysis
    from secondreader.reports.analysis.preparation import PreparedPerson
    from secondreader.reports.analysis.study_facts import StudyFacts

PREPARED = ("annotator", "practice", "right in each round", "needed", "attention items right")


def preparation(found: "Analysis") -> Html:
    """Practice, attention items, calibration and guesses; what the study did not have is said."""
    beside = found.preparation
    calibration = found.figures[found.figures["section"] == "calibration"]
    return section(
        "preparation",
        "Practice, calibration and guesses",
        people_table(beside.people)
        if beside.people
        else tag("p", "The study had no practice and no attention items."),
        named_table(
            calibration, {"one": "discussion"}, "Agreement on calibration items, blind and afterwards"
        )
        if len(calibration)
        else tag("p", "The study had no calibration items."),
        tag("h3", "Guesses of the model"),
        tag("p", beside.guesses.sentence),
        guess_table(found),
    )


def people_table(people: "tuple[PreparedPerson, ...]") -> Html:
    """Annotators on items of known answers."""
    return table(
        PREPARED, (prepared_row(one) for one in people), caption="Items of known answers, out of the sample"
    )


def prepared_frame(people: "tuple[PreparedPerson, ...]") -> pd.DataFrame:
    """The same as a frame."""
    return pd.DataFrame([prepared_row(one) for one in people], columns=list(PREPARED))


def prepared_row(one: "PreparedPerson") -> list[str]:
    """One annotator: state, right answers by round, the threshold, attention items."""
    practice, hidden = one.practice, one.attention
    if practice.state == "none":
        state, rounds, needed = "none asked", "–", "–"
    else:
        scores = [f"{n} of {practice.n_total}" for n in (*practice.earlier, practice.n_right)]
        state, rounds, needed = practice.state, ", ".join(scores), f"{practice.threshold:.0%}"
    seen = f"{hidden.n_right} of {hidden.n_labelled} read" if hidden.n_total else "–"
    return [one.name, state, rounds, needed, seen]


def guess_table(found: "Analysis") -> Html:
    """The figures about guesses, and how they were counted."""
    beside = found.preparation
    if not beside.n_guessers:
        return Html("")
    guesses = beside.guesses
    note = (
        f"{plural(beside.n_guessers, 'reader')}; {guesses.n_no_idea} times no idea, which is a miss; "
        f"{plural(guesses.n_unknown, 'guess', 'guesses')} about a transcript of unknown model left out. A guess hits that "
        "names the model, its family or its maker."
    )
    rows = rows_of(found.figures[found.figures["section"] == "guesses"])
    return tag("div", figure_table(rows, "Guesses of the model against chance"), tag("p", note))


def amendments(facts: "StudyFacts") -> Html:
    """What was changed after freezing; nothing where nothing was."""
    if not facts.amendments:
        return Html("")
    rows = [[*amendment_row(one), one.plan_hash] for one in facts.amendments]
    head = ["at", "by", "what", "why", "plan after it"]
    return table(head, rows, caption="Amendments after freezing")


def amendment_row(one: "AmendmentRow") -> list[str]:
    """One amendment in words."""
    what = "; ".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in one.what.items()
    )
    return [one.at.strftime("%Y-%m-%d %H:%M UTC"), one.actor, what, one.why]
