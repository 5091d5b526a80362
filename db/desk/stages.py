"""The part of a study that a person works in now, as the desk shows it: practice, calibration, its discussion, the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session

from secondreader.db.core.errors import NotReachedYet
from secondreader.db.desk.calibration_round import OtherRating, compute_norming_status, list_other_ratings
from secondreader.db.desk.items import BlindItem
from secondreader.db.desk.onboarding import has_onboarding
from secondreader.db.desk.qualification import (
    Feedback,
    QualificationStatus,
    compute_qualification_status,
    load_feedback,
)
from secondreader.db.desk.queue_entries import QueueEntry

StageName = Literal["qualification", "failed", "calibration", "waiting", "discussion", "main"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a person stands, with the places that belong there."""

    name: StageName
    entries: tuple[QueueEntry, ...]
    qualification: QualificationStatus | None = None
    """How the practice stands; None in a study without."""
    has_discussion: bool = False
    """The calibration readings are shown: the person may go between them and the main queue."""


def determine_stage(
    session: Session, annotator_id: int, entries: Sequence[QueueEntry], chosen: str = ""
) -> Stage:
    """The stage of a person whose queue this is; `chosen` is main or discussion where both are open.

    Left to itself, the discussion comes before the first label of the main queue.
    """
    if not has_onboarding(session, annotator_id):
        return Stage("main", tuple(entries))
    practice = compute_qualification_status(session, annotator_id)
    known = None if practice.state == "none" else practice
    if practice.state == "failed":
        return Stage("failed", (), known)
    if practice.state == "open":
        return Stage("qualification", filter_by_part(entries, "qualification"), known)
    state = compute_norming_status(session, annotator_id).state
    common, main = filter_by_part(entries, "calibration"), filter_by_part(entries, "pool")
    if state in {"open", "waiting"}:
        return Stage("calibration" if state == "open" else "waiting", common, known)
    is_begun = chosen == "main" or any(entry.is_labelled for entry in main)
    if state == "revealed" and (chosen == "discussion" or not is_begun):
        return Stage("discussion", common, known, has_discussion=True)
    return Stage("main", main, known, has_discussion=state == "revealed")


def filter_by_part(entries: Sequence[QueueEntry], part: str) -> tuple[QueueEntry, ...]:
    """The places of one part."""
    return tuple(entry for entry in entries if entry.part == part)


def summarize_stage(stage: Stage) -> dict[str, Any]:
    """The stage in plain values: its name, and in practice the round and what is needed."""
    facts: dict[str, Any] = {"name": stage.name, "has_discussion": stage.has_discussion}
    if stage.name == "qualification" and stage.qualification:
        one = stage.qualification
        facts |= {"round": one.round, "rounds": one.rounds, "threshold": one.threshold}
    return facts


def summarize_latest_round(qualification: QualificationStatus | None) -> dict[str, Any] | None:
    """How the latest finished round of practice went; None before the first is through."""
    if qualification is None or (qualification.state == "open" and not qualification.earlier):
        return None
    is_again = qualification.state == "open"
    return {
        "state": "again" if is_again else qualification.state,
        "round": qualification.round - is_again,
        "rounds": qualification.rounds,
        "n_right": qualification.earlier[-1] if is_again else qualification.n_right,
        "n_total": qualification.n_total,
        "threshold": qualification.threshold,
    }


def load_disclosures(
    session: Session, annotator_id: int, item: BlindItem
) -> tuple[Feedback | None, list[OtherRating] | None]:
    """What comes to light once an item of an early part is labelled: the right answers, or the others' readings."""
    if item.revision and item.part == "qualification":
        return load_feedback(session, annotator_id, item.token), None
    if item.revision and item.part == "calibration":
        try:
            return None, list_other_ratings(session, annotator_id, item.token)
        except NotReachedYet:
            return None, None
    return None, None
