"""Sections on the labels: their quality, control items, the norming round, guesses of the model."""

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
    """What stands out in the labels, then one row per annotator."""
    raters = analysis.quality.raters
    # the sentences name the annotator: a table alone would leave the reader to compare
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
    """Control items, norming round and guesses; a stage that the study did not have is named as missing."""
    beside = analysis.preparation
    if not beside.people:
        yield Paragraph("The study had no qualification and no attention checks.", is_detail=True)
    yield build_control_table(beside.people)
    rounds = analysis.estimates[analysis.estimates["section"] == "calibration"]
    if not len(rounds):
        yield Paragraph("The study had no norming round.", is_detail=True)
    yield make_figures(
        rounds, "Agreement in the norming round, before and after the discussion", {"one": "discussion"}
    )
    # a terminal has no room for the news that nobody was asked to guess
    is_detail = not beside.n_guessers
    yield Heading("Guesses of the model", is_detail=is_detail)
    yield Paragraph(beside.guesses.sentence, is_detail=is_detail)
    if beside.n_guessers:
        yield from build_guesses(analysis)


def build_guesses(analysis: "Analysis") -> Iterator[Block]:
    """Hit rate and chance of the guesses, and how they were counted."""
    guesses = analysis.preparation.guesses
    yield make_figures(
        analysis.estimates[analysis.estimates["section"] == "guesses"],
        "Guesses of the model against chance",
        is_detail=True,
    )
    unknown = pluralize(guesses.n_unknown, "guess", "guesses")
    yield Paragraph(
        f'{pluralize(analysis.preparation.n_guessers, "annotator")}; {guesses.n_no_idea} times "no idea", which '
        f"counts as a miss; {unknown} about transcripts of an unknown model left out. A guess is right if it names "
        "the model, its family or its maker.",
        is_detail=True,
    )


def build_control_table(people: "Iterable[ControlResults]") -> Table:
    """Each annotator's results on control items."""
    head = ("annotator", "qualification", "right in each round", "needed", "attention checks passed")
    rows = tuple(format_control_results(person) for person in people)
    return Table("Control items, outside the sample", head, rows)


def format_control_results(results: "ControlResults") -> tuple[str, str, str, str, str]:
    """One annotator: name, state of the qualification, right answers by round, threshold, attention checks."""
    qualification, attention = results.practice, results.attention
    if qualification.state == "none":
        state, rounds, needed = "none asked", "–", "–"
    else:
        # each round that was failed, then the last one
        scores = [f"{n} of {qualification.n_total}" for n in (*qualification.earlier, qualification.n_right)]
        state, rounds, needed = qualification.state, ", ".join(scores), f"{qualification.threshold:.0%}"
    passed = f"{attention.n_right} of {attention.n_labelled} labelled" if attention.n_total else "–"
    return results.name, state, rounds, needed, passed
