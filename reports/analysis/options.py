"""What an analysis is asked for, and the defaults that a study gives it."""

from dataclasses import dataclass, replace
from typing import Any

from secondreader.db.core.codebook import Question
from secondreader.reports.analysis.study_facts import StudySummary

LABEL_SOURCES = ("desk", "import")


class AnalysisError(ValueError):
    """An analysis that was asked for and cannot be, in one sentence."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What is computed, and how; part of what pins a report down."""

    question: str | None = None
    """Question id; None takes the codebook's first."""
    judge: str | None = None
    """Only this judge; None takes every judge."""
    positive: str | None = None
    """The answer that counts as the finding; None takes "yes", else the question's first answer."""
    unsure: str = "unsure"
    """The answer that means unsure."""
    source: str | None = None
    """desk or import: whose labels; None takes the desk's, or imported ones where the desk has none."""
    slices: tuple[str, ...] | None = None
    """Slice columns; None takes every attribute."""
    resamples: int = 2000
    """Bootstrap replicates."""
    permutations: int = 1999
    """Scenario permutations of the slice tests."""
    seed: int = 0
    """Seed of both."""
    reference: str | None = None
    """A judge in whose stead of gold the other judges' disagreements are searched: who is right is not said then."""
    people_only: bool = False
    """Only people with each other; no verdict enters any figure."""
    words: bool = False
    """Also search the words of the transcripts for what goes with a wrong verdict; widens the search."""


def serialize_options(options: AnalysisOptions) -> dict[str, Any]:
    """Options as JSON."""
    # JSON has no tuples: stored options must equal those of the next run
    return {name: getattr(options, name) for name in options.__slots__} | {
        "slices": list(options.slices) if options.slices is not None else None
    }


def fill_in_defaults(options: AnalysisOptions, summary: StudySummary) -> AnalysisOptions:
    """The options with their defaults filled in. Raises AnalysisError for what the study does not have."""
    question = find_question(summary, options.question)
    positive = options.positive or ("yes" if "yes" in question.values else question.values[0])
    if positive not in question.values:
        raise AnalysisError(
            f"{positive!r} is not an answer to {question.id}; choose one of {', '.join(question.values)}."
        )
    judges = [judge.judge for judge in summary.judges]
    for name in (options.judge, options.reference):
        if name is not None and name not in judges:
            known = f"there are: {', '.join(judges)}" if judges else "there are no verdicts yet"
            raise AnalysisError(f"Study {summary.name!r} has no judge {name!r}; {known}.")
    if options.reference is not None and options.reference == options.judge:
        raise AnalysisError("A judge cannot be compared with itself: name another one as the reference.")
    if options.source not in {None, *LABEL_SOURCES}:
        raise AnalysisError(
            f"{options.source!r} is no source of labels; choose {' or '.join(LABEL_SOURCES)}."
        )
    source = options.source or choose_label_source(summary)
    return replace(options, question=question.id, positive=positive, source=source)


def find_question(summary: StudySummary, question_id: str | None) -> Question:
    """A question of the codebook, by default the first. Raises AnalysisError."""
    questions = {question.id: question for question in summary.codebook.questions}
    if question_id is None:
        return summary.codebook.questions[0]
    if question_id not in questions:
        raise AnalysisError(
            f"Study {summary.name!r} has no question {question_id!r}; it asks: {', '.join(questions)}."
        )
    return questions[question_id]


def choose_label_source(summary: StudySummary) -> str:
    """The desk, unless labels came from an import only."""
    labelled = {annotator.source for annotator in summary.annotators if annotator.n_labelled}
    return "import" if labelled == {"import"} else "desk"
