"""A review of scenarios asks all its questions of each scenario: here they stand side by side."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.estimate import Estimate

if TYPE_CHECKING:
    from secondreader.db.core.codebook import Question
    from secondreader.judge.data.frame import Ratings
    from secondreader.reports.analysis.options import AnalysisOptions
    from secondreader.reports.analysis.study_facts import StudySummary

REVIEW_ESTIMATES = ("prevalence", "raw", "ac1")
"""Share of positive answers, agreement of two people, and the same beyond chance."""
QuestionEstimate = tuple[str, Estimate]
"""(question id, figure)"""


def compute_review_estimates(
    summary: "StudySummary",
    options: "AnalysisOptions",
    code_question: Callable[["Question", "AnalysisOptions"], "Ratings"],
) -> tuple[QuestionEstimate, ...]:
    """The figures of REVIEW_ESTIMATES for each question of a scenario codebook, in its order; none for transcripts.

    `code_question` gives people's ratings of a question under options whose positive answer is that question's.
    """
    if summary.codebook.unit != "scenario":
        return ()
    return tuple(
        pair
        for question in summary.codebook.questions
        for pair in compute_question_estimates(question, options, summary, code_question)
    )


def compute_question_estimates(
    question: "Question",
    options: "AnalysisOptions",
    summary: "StudySummary",
    code_question: Callable[["Question", "AnalysisOptions"], "Ratings"],
) -> Iterator[QuestionEstimate]:
    """The figures of one question; nothing where nobody has answered it."""
    positive = "yes" if "yes" in question.values else question.values[0]
    ratings = code_question(question, replace(options, question=question.id, positive=positive))
    if not ratings.labelled.any():
        return
    result = agree(
        ratings, slices=(), resamples=options.resamples, seed=options.seed, unsure=summary.unsure_policy
    )
    headline: dict[str, Any] = {
        estimate.estimate.name: estimate.estimate
        # with "unsure" counted both ways a name comes twice: reversed lets the first one win
        for estimate in reversed(result.estimates)
        if estimate.scope.group == "human-human" and estimate.scope.headline and not estimate.scope.slice_name
    }
    yield from ((question.id, headline[name]) for name in REVIEW_ESTIMATES if name in headline)
