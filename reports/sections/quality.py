"""How good the labels are, and what stands beside them: practice, attention items, calibration, guesses."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from secondreader.reports.sections.blocks import Block, Heading, Paragraph, Sentences, Table
from secondreader.reports.sections.figures import make_figures
from secondreader.reports.wording.names import (
    format_estimate,
    format_p_value,
    format_percent,
    pluralize,
)

if TYPE_CHECKING:
    from secondreader.reports.analysis.preparation import ControlResults
    from secondreader.reports.analysis.result import Analysis


def build_quality(analysis: "Analysis") -> Iterator[Block]:
    """What stands out in the labels, and one row an annotator."""
    raters = analysis.quality.raters
    notes = tuple(note for rater in raters for note in rater.sentences)
    yield Sentences(notes) if notes else Paragraph("Nothing stands out.")
    rows = tuple(
        (
            rater.rater,
            rater.n,
            format_estimate(rater.flip_rate),
            format_estimate(rater.unsure_rate),
            f"{format_percent(rater.drift.rates[0])} → {format_percent(rater.drift.rates[2])}",
            format_p_value(rater.drift.p_holm),
            f"{rater.run.length} × {rater.run.answer}" if rater.run.answer else "–",
            "–" if rater.median_seconds is None else f"{rater.median_seconds:.0f} s",
            f"{rater.n_fast} / {rater.n_slow}",
        )
        for rater in raters
    )
    head = (
        "annotator",
        "labels",
        "changed on a repeat",
        "unsure",
        "positive, first → last third",
        "p (Holm)",
        "longest run",
        "median time",
        "fast / slow",
    )
    yield Table("Annotators", head, rows, frozenset({1}))
    yield Paragraph("No label was removed or changed for any of this.")


def build_preparation(analysis: "Analysis") -> Iterator[Block]:
    """Practice, attention items, calibration and guesses; what the study did not have is said."""
    beside = analysis.preparation
    if not beside.people:
        yield Paragraph("The study had no practice and no attention items.", is_detail=True)
    yield build_control_table(beside.people)
    rounds = analysis.estimates[analysis.estimates["section"] == "calibration"]
    if not len(rounds):
        yield Paragraph("The study had no calibration items.", is_detail=True)
    yield make_figures(rounds, "Agreement on calibration items, blind and afterwards", {"one": "discussion"})
    # that nobody was asked to guess is no news on a terminal
    is_detail = not beside.n_guessers
    yield Heading("Guesses of the model", is_detail=is_detail)
    yield Paragraph(beside.guesses.sentence, is_detail=is_detail)
    if beside.n_guessers:
        yield from build_guesses(analysis)


def build_guesses(analysis: "Analysis") -> Iterator[Block]:
    """The figures about guesses, and how they were counted."""
    guesses = analysis.preparation.guesses
    yield make_figures(
        analysis.estimates[analysis.estimates["section"] == "guesses"],
        "Guesses of the model against chance",
        is_detail=True,
    )
    unknown = pluralize(guesses.n_unknown, "guess", "guesses")
    yield Paragraph(
        f"{pluralize(analysis.preparation.n_guessers, 'reader')}; {guesses.n_no_idea} times no idea, which is a "
        f"miss; {unknown} about a transcript of unknown model left out. A guess hits that names the model, its "
        "family or its maker.",
        is_detail=True,
    )


def build_control_table(people: "Iterable[ControlResults]") -> Table:
    """Annotators on items of known answers."""
    head = ("annotator", "practice", "right in each round", "needed", "attention items right")
    rows = tuple(format_control_results(person) for person in people)
    return Table("Items of known answers, out of the sample", head, rows)


def format_control_results(results: "ControlResults") -> tuple[str, str, str, str, str]:
    """One annotator: name, state, right answers by round, the threshold, attention items."""
    practice, attention = results.practice, results.attention
    if practice.state == "none":
        state, rounds, needed = "none asked", "–", "–"
    else:
        scores = [f"{n} of {practice.n_total}" for n in (*practice.earlier, practice.n_right)]
        state, rounds, needed = practice.state, ", ".join(scores), f"{practice.threshold:.0%}"
    seen = f"{attention.n_right} of {attention.n_labelled} read" if attention.n_total else "–"
    return results.name, state, rounds, needed, seen
