"""What stands beside the main labels: practice, attention items, calibration before and after, guesses of the model."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.people import list_item_parts
from secondreader.db.design.summaries import list_annotators
from secondreader.db.desk.qualification import (
    AttentionCheckResult,
    QualificationStatus,
    compute_attention_result,
    compute_qualification_status,
)
from secondreader.db.research.calibration_rows import load_norming_rows
from secondreader.db.research.data_hash import compute_data_hash
from secondreader.db.research.guess_rows import list_guesses
from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.quality.blinding import GuessResult, ModelGuess, estimate_guess_rate

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study
    from secondreader.judge.data.frame import Ratings

NormingPhase = Literal["before", "after"]
NORMING_PHASES: tuple[NormingPhase, ...] = ("before", "after")
CONTROL_PARTS = frozenset({"qualification", "attention"})
"""Kinds of items whose answers are known."""
NORMING_ESTIMATES = ("raw", "positive_agreement", "negative_agreement", "ac1", "alpha")


@dataclass(frozen=True, slots=True)
class ControlResults:
    """How one annotator did on items of known answers."""

    name: str
    practice: QualificationStatus
    attention: AttentionCheckResult


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that stands beside the main labels of a study."""

    people: tuple[ControlResults, ...]
    """Only where the study has practice or attention items."""
    norming: tuple[tuple[NormingPhase, Estimate], ...]
    """Agreement on calibration items, blind and after the discussion; empty without such items."""
    guesses: GuessResult
    n_guessers: int
    """People who made a guess."""


def load_preparation(
    session: "Session",
    study: "Study",
    question: str,
    code_rows: Callable[[list[dict[str, Any]]], "Ratings"],
    *,
    resamples: int,
    seed: int,
) -> Preparation:
    """Read and compute it; `code_rows` codes rows of the long frame as the main readings are coded."""
    parts = list_item_parts(session, study)
    rows = list_guesses(session, study)
    guesses = [ModelGuess(str(one.annotator_id), one.model, one.text) for one in rows]
    return Preparation(
        people=list_control_results(session, study) if parts & CONTROL_PARTS else (),
        norming=tuple(
            (when, one)
            for when in NORMING_PHASES
            if "calibration" in parts
            for one in compute_norming_agreement(
                code_rows(load_norming_rows(session, study, question, when)), resamples, seed
            )
        ),
        guesses=estimate_guess_rate(guesses, seed=seed),
        n_guessers=len({one.reader for one in guesses}),
    )


def list_control_results(session: "Session", study: "Study") -> tuple[ControlResults, ...]:
    """Annotators of the desk by name."""
    return tuple(
        ControlResults(
            name, compute_qualification_status(session, row_id), compute_attention_result(session, row_id)
        )
        for name, row_id in list_annotators(session, study).items()
    )


def compute_norming_agreement(ratings: "Ratings", resamples: int, seed: int) -> list[Estimate]:
    """Agreement of people on calibration items."""
    result = agree(ratings, slices=(), resamples=resamples, seed=seed)
    wanted = [figure for figure in result.estimates if figure.scope.group == "human-human"]
    return [
        figure.estimate
        for figure in wanted
        if figure.estimate.name in NORMING_ESTIMATES and figure.scope.headline
    ]


def compute_study_hash(session: "Session", study: "Study") -> str:
    """Hash over all that a study's figures are computed from: the main readings, and what stands beside them."""
    beside: list[Any] = [
        [one.annotator, one.transcript_id, one.model, one.text] for one in list_guesses(session, study)
    ]
    parts = list_item_parts(session, study)
    if "calibration" in parts:
        for question in (one["id"] for one in study.codebook["questions"]):
            beside += [
                [question, when, row["item"], row["rater"], row["answer"]]
                for when in NORMING_PHASES
                for row in load_norming_rows(session, study, question, when)
            ]
    if parts & CONTROL_PARTS:
        beside += [asdict(one) for one in list_control_results(session, study)]
    return compute_content_hash([compute_data_hash(session, study), beside])
