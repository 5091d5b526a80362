"""What stands beside the main labels: practice, attention items, calibration before and after, guesses of the model."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from secondreader.db.core.canonical import content_hash
from secondreader.db.design.people import parts_of
from secondreader.db.design.summaries import annotators_of
from secondreader.db.desk.qualification import Attention, Qualification, attention, qualification
from secondreader.db.research.calibration_rows import calibration_rows
from secondreader.db.research.guess_rows import guesses_of
from secondreader.db.research.ratings import data_hash
from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.quality.blinding import GuessResult, ModelGuess, guess_rate

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study
    from secondreader.judge.data.frame import Readings

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")
KNOWN_PARTS = frozenset({"qualification", "attention"})
"""Kinds of items whose answers are known."""
CALIBRATED = ("raw", "positive_agreement", "negative_agreement", "ac1", "alpha")


@dataclass(frozen=True, slots=True)
class PreparedPerson:
    """How one annotator did on items of known answers."""

    name: str
    practice: Qualification
    attention: Attention


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that stands beside the main labels of a study."""

    people: tuple[PreparedPerson, ...]
    """Only where the study has practice or attention items."""
    calibration: tuple[tuple[When, Estimate], ...]
    """Agreement on calibration items, blind and after the discussion; empty without such items."""
    guesses: GuessResult
    n_guessers: int
    """People who made a guess."""


def preparation_of(
    session: "Session",
    study: "Study",
    question: str,
    readings_of: Callable[[list[dict[str, Any]]], "Readings"],
    *,
    resamples: int,
    seed: int,
) -> Preparation:
    """Read and compute it; `readings_of` codes rows of the long frame as the main readings are coded."""
    parts = parts_of(session, study)
    rows = guesses_of(session, study)
    guesses = [ModelGuess(str(one.annotator_id), one.model, one.text) for one in rows]
    return Preparation(
        people=prepared_people(session, study) if parts & KNOWN_PARTS else (),
        calibration=tuple(
            (when, one)
            for when in WHENS
            if "calibration" in parts
            for one in calibrated(
                readings_of(calibration_rows(session, study, question, when)), resamples, seed
            )
        ),
        guesses=guess_rate(guesses, seed=seed),
        n_guessers=len({one.reader for one in guesses}),
    )


def prepared_people(session: "Session", study: "Study") -> tuple[PreparedPerson, ...]:
    """Annotators of the desk by name."""
    return tuple(
        PreparedPerson(name, qualification(session, row_id), attention(session, row_id))
        for name, row_id in annotators_of(session, study).items()
    )


def calibrated(readings: "Readings", resamples: int, seed: int) -> list[Estimate]:
    """Agreement of people on calibration items."""
    result = agree(readings, slices=(), resamples=resamples, seed=seed)
    wanted = [figure for figure in result.figures if figure.scope.group == "human-human"]
    return [
        figure.estimate for figure in wanted if figure.estimate.name in CALIBRATED and figure.scope.headline
    ]


def study_hash(session: "Session", study: "Study") -> str:
    """Hash over all that a study's figures are computed from: the main readings, and what stands beside them."""
    beside: list[Any] = [
        [one.annotator, one.transcript_id, one.model, one.text] for one in guesses_of(session, study)
    ]
    parts = parts_of(session, study)
    if "calibration" in parts:
        for question in (one["id"] for one in study.codebook["questions"]):
            beside += [
                [question, when, row["item"], row["rater"], row["answer"]]
                for when in WHENS
                for row in calibration_rows(session, study, question, when)
            ]
    if parts & KNOWN_PARTS:
        beside += [asdict(one) for one in prepared_people(session, study)]
    return content_hash([data_hash(session, study), beside])
