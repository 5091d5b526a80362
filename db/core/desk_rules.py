"""The part of a study's plan that the desk obeys: a closed set of settings that names no model and no judge."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from secondreader.db.core.codebook import Codebook, CodebookError, Question


class Rules(BaseModel):
    """How a study's desk behaves; fixed for good when the study is frozen."""

    # a misspelt rule in a study file would otherwise go unheard
    model_config = ConfigDict(extra="forbid", frozen=True)
    qualification_threshold: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Share of qualification items to answer right before real items are shown; without such items nothing is asked."""
    qualification_rounds: Annotated[int, Field(ge=1, le=10)] = 2
    """How often a person may go through the qualification items."""
    queue: Annotated[str, Field(pattern="^(fixed|shared)$")] = "fixed"
    """fixed: everyone's items are assigned when the study is frozen; shared: people take the next open item."""
    lease_minutes: Annotated[int, Field(ge=5, le=10_080)] = 120
    """In a shared queue, the time for which an opened item is kept for its annotator."""
    overlap: Annotated[int, Field(ge=1)] = 1
    """Annotators of each item; the quota of a shared queue."""
    repeats: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Share of what a person labels that returns to them once more, unannounced; a shared queue positions them by it."""
    repeat_gap: Annotated[int, Field(ge=1)] = 20
    """Other assignments at least between an item and its return."""
    guesses: Annotated[int, Field(ge=0, le=50)] = 0
    """Transcripts for which an annotator is asked at the end which model they think it was; 0 asks nothing."""
    reasoning_after: str | None = None
    """Question that must be answered before the visible reasoning is shown (against halo); None shows all at once."""


def parse_rules(stored: dict[str, Any]) -> Rules:
    """The rules of a study as they are stored; {} is the defaults."""
    # studies frozen before a rule existed have no value for it: the default is what the desk did then
    return Rules.model_validate(stored)


def find_question_before_reasoning(codebook: Codebook, rules: Rules) -> Question | None:
    """The question that comes before the reasoning; None where all is shown at once.

    Raises CodebookError for one that is not there, that may stay unanswered, or that itself needs the reasoning.
    """
    if rules.reasoning_after is None:
        return None
    question = next(
        (candidate for candidate in codebook.questions if candidate.id == rules.reasoning_after), None
    )
    if question is None:
        raise CodebookError(f"reasoning_after: the codebook has no question {rules.reasoning_after!r}.")
    if question.optional or question.asked_when or question.needs_reasoning:
        raise CodebookError(
            f"reasoning_after: {question.id} must be a question that is always asked, is not optional and does not "
            "need the reasoning."
        )
    return question
