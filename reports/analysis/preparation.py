"""Results beside the main labels: control items, the norming round before and after, guesses of the model."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.desk.onboarding import OnboardingAssignment
from secondreader.db.desk.qualification import (
    AttentionCheckResult,
    QualificationStatus,
    build_attention_result,
    build_qualification_status,
)
from secondreader.db.research.calibration_rows import NormingMoment
from secondreader.db.research.data_hash import compute_data_hash
from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.quality.blinding import GuessResult, ModelGuess, estimate_guess_rate
from secondreader.reports.analysis.load import StudySnapshot

if TYPE_CHECKING:
    from secondreader.judge.data.frame import Ratings

NORMING_MOMENTS: tuple[NormingMoment, ...] = ("before", "after")
CONTROL_PARTS = frozenset({"qualification", "attention"})
"""Kinds of control items: their answers are known."""
NORMING_ESTIMATES = ("raw", "positive_agreement", "negative_agreement", "ac1", "alpha")


@dataclass(frozen=True, slots=True)
class ControlResults:
    """One annotator's results on control items."""

    name: str
    practice: QualificationStatus
    attention: AttentionCheckResult


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything that a study measures beside the main labels."""

    people: tuple[ControlResults, ...]
    """Empty where the study has no control items."""
    norming: tuple[tuple[NormingMoment, Estimate], ...]
    """Agreement in the norming round, blind and after the discussion; empty without one."""
    guesses: GuessResult
    n_guessers: int
    """People who made a guess."""


def compute_preparation(
    snapshot: StudySnapshot,
    question: str,
    code_rows: Callable[[list[dict[str, Any]]], "Ratings"],
    *,
    resamples: int,
    seed: int,
) -> Preparation:
    """Compute it; `code_rows` codes rows of the long frame as the main ratings are coded."""
    guesses = [ModelGuess(str(guess.annotator_id), guess.model, guess.text) for guess in snapshot.guesses]
    return Preparation(
        people=list_control_results(snapshot),
        norming=tuple(
            (when, estimate)
            for when in NORMING_MOMENTS
            if "calibration" in snapshot.parts
            for estimate in compute_norming_agreement(
                code_rows(snapshot.list_norming_rows(question, when)), resamples, seed
            )
        ),
        guesses=estimate_guess_rate(guesses, seed=seed),
        n_guessers=len({guess.reader for guess in guesses}),
    )


def list_control_results(snapshot: StudySnapshot) -> tuple[ControlResults, ...]:
    """Annotators of the desk, by name; empty where the study has no control items."""
    # without this, a study without control items would list everybody with "none asked"
    if not snapshot.parts & CONTROL_PARTS:
        return ()
    rules = parse_rules(dict(snapshot.study.rules))
    # Labels come by revision, so that the last one in a dict is the latest, and the last one in reverse the first.
    latest = {label.assignment_id: label.answers for label in snapshot.labels}
    first = {label.assignment_id: label.answers for label in reversed(snapshot.labels)}
    assignments = list_control_assignments(snapshot)
    return tuple(
        ControlResults(
            name,
            build_qualification_status(practice, select_answers(practice, first), rules),
            build_attention_result(attention, select_answers(attention, latest)),
        )
        for name, practice, attention in (
            (
                person.name,
                assignments[person.annotator_id, "qualification"],
                assignments[person.annotator_id, "attention"],
            )
            for person in snapshot.annotators
            if person.labels_at_desk
        )
    )


def list_control_assignments(snapshot: StudySnapshot) -> Mapping[tuple[int, str], list[OnboardingAssignment]]:
    """Assignments of control items by (annotator id, part), each in the order of the queue."""
    items = {item.item_id: item for item in snapshot.items if item.part in CONTROL_PARTS}
    assignments: dict[tuple[int, str], list[OnboardingAssignment]] = defaultdict(list)
    for row in snapshot.assignments:
        if row.item_id in items:
            item = items[row.item_id]
            assignment = OnboardingAssignment(
                row.assignment_id, row.token, row.position, row.pass_no, item.part, item.item_id, item.known
            )
            assignments[row.annotator_id, item.part].append(assignment)
    return assignments


def select_answers(
    assignments: Iterable[OnboardingAssignment], answers: Mapping[int | None, Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """The answers to these assignments, by assignment id; open ones are left out."""
    ids = (assignment.assignment_id for assignment in assignments)
    return {row_id: answers[row_id] for row_id in ids if row_id in answers}


def compute_norming_agreement(ratings: "Ratings", resamples: int, seed: int) -> list[Estimate]:
    """Headline agreement of people in the norming round."""
    result = agree(ratings, slices=(), resamples=resamples, seed=seed)
    figures = [figure for figure in result.estimates if figure.scope.group == "human-human"]
    return [
        figure.estimate
        for figure in figures
        if figure.estimate.name in NORMING_ESTIMATES and figure.scope.headline
    ]


def compute_study_hash(snapshot: StudySnapshot) -> str:
    """Hash over all that a study's figures are computed from: the main ratings, and what stands beside them."""
    beside: list[Any] = [
        [guess.annotator, guess.transcript_id, guess.model, guess.text] for guess in snapshot.guesses
    ]
    if "calibration" in snapshot.parts:
        rows = [
            [question["id"], when, row["item"], row["rater"], row["answer"]]
            for question in snapshot.study.codebook["questions"]
            for when in NORMING_MOMENTS
            for row in snapshot.list_norming_rows(question["id"], when)
        ]
        # Sorted, because the order in which rows are read is the database's own affair.
        beside += sorted(rows, key=str)
    beside += [asdict(results) for results in list_control_results(snapshot)]
    main = compute_data_hash(
        snapshot.study,
        snapshot.items,
        snapshot.pool,
        snapshot.latest_labels,
        snapshot.verdicts,
        snapshot.decisions,
    )
    return compute_content_hash([main, beside])
