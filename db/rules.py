"""The part of a study's plan that the desk obeys: a closed set of settings that names no model and no judge."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Rules(BaseModel):
    """How a study's desk behaves; fixed when the study is frozen, changed later only by an amendment."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    qualification_threshold: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Share of qualification items to answer right before real items are shown; without such items nothing is asked."""
    qualification_rounds: Annotated[int, Field(ge=1, le=10)] = 2
    """How often a person may go through the qualification items."""
    queue: Annotated[str, Field(pattern="^(fixed|shared)$")] = "fixed"
    """fixed: everyone's items are dealt when the study is frozen; shared: people take the next open item."""
    lease_minutes: Annotated[int, Field(ge=5, le=10_080)] = 120
    """In a shared queue, the time for which an opened item is kept for its reader."""
    overlap: Annotated[int, Field(ge=1)] = 1
    """Readers of each item; the quota of a shared queue."""
    guesses: Annotated[int, Field(ge=0, le=50)] = 0
    """Transcripts for which an annotator is asked at the end which model they think it was; 0 asks nothing."""
    reasoning_after: str | None = None
    """Question that must be answered before the visible reasoning is shown (against halo); None shows all at once."""


def rules_of(stored: dict[str, Any]) -> Rules:
    """The rules of a study as they are stored; {} is the defaults."""
    return Rules.model_validate(stored)
