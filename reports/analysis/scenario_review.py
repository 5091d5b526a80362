"""A review of scenarios asks all its questions of each scenario: here they stand side by side."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.estimate import Estimate

if TYPE_CHECKING:
    from secondreader.db.core.codebook import Question
    from secondreader.judge.data.frame import Readings
    from secondreader.reports.analysis.analyse import Options
    from secondreader.reports.analysis.study_facts import StudyFacts

SHOWN = ("prevalence", "raw", "ac1")
"""Share of positive answers, agreement of two people, and the same beyond chance."""
QuestionFigure = tuple[str, Estimate]
"""(question id, figure)"""


def review_figures(
    facts: "StudyFacts", options: "Options", read: Callable[["Question", "Options"], "Readings"]
) -> tuple[QuestionFigure, ...]:
    """The figures of SHOWN for each question of a scenario codebook, in its order; none for transcripts.

    `read` gives people's readings of a question under options whose positive answer is that question's.
    """
    if facts.codebook.unit != "scenario":
        return ()
    return tuple(
        pair for question in facts.codebook.questions for pair in figures_of(question, options, facts, read)
    )


def figures_of(
    question: "Question",
    options: "Options",
    facts: "StudyFacts",
    read: Callable[["Question", "Options"], "Readings"],
) -> Iterator[QuestionFigure]:
    """The figures of one question; nothing where nobody has answered it."""
    positive = "yes" if "yes" in question.values else question.values[0]
    readings = read(question, replace(options, question=question.id, positive=positive))
    if not readings.labelled.any():
        return
    found = agree(
        readings, slices=(), resamples=options.resamples, seed=options.seed, unsure=facts.unsure_policy
    )
    known: dict[str, Any] = {
        one.estimate.name: one.estimate
        for one in reversed(found.figures)
        if one.scope.group == "human-human" and one.scope.headline and not one.scope.slice_name
    }
    yield from ((question.id, known[name]) for name in SHOWN if name in known)
