"""The norming round: everybody labels the same items blind, then all see each other's answers under aliases and may correct.

Agreement before and after tells what talking about them changed. "Before" is what a person answered until the desk showed
them others' ratings: until the reveal, or their own last norming item where that came later. Which came first is told by
the order of storing, that of the labels' ids: clocks are set, and desks have different ones.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import NotReachedYet, StudyError, UnknownAssignment
from secondreader.db.core.locks import Lock
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.core.tables import Annotator, Assignment, Label, Study, StudyItem, utc_now
from secondreader.db.desk.onboarding import list_onboarding_assignments, load_onboarding_labels
from secondreader.db.desk.qualification import compute_qualification_status


@dataclass(frozen=True, slots=True)
class NormingStatus:
    """Where a person stands with the norming items."""

    state: Literal["none", "open", "waiting", "revealed"]
    """waiting: all are labelled and the others' ratings are not shown yet."""
    n_labelled: int
    n_total: int


@dataclass(frozen=True, slots=True)
class OtherRating:
    """Another annotator's blind rating of an item, under an alias that is theirs on this item alone."""

    alias: str
    answers: dict[str, str]
    note: str
    evidence: tuple[int, ...]
    contested: bool


@dataclass(frozen=True, slots=True)
class NormingProgress:
    """How far one annotator is; for the researcher."""

    annotator_id: int
    name: str
    n_labelled: int
    n_total: int
    is_expected: bool
    """False for somebody who failed the qualification and never gets here."""


def compute_norming_status(session: Session, annotator_id: int) -> NormingStatus:
    """Where the person stands."""
    assignments = list_onboarding_assignments(session, annotator_id, "calibration")
    if not assignments:
        return NormingStatus("none", 0, 0)
    n_labelled = len(load_onboarding_labels(session, assignments))
    if n_labelled < len(assignments):
        return NormingStatus("open", n_labelled, len(assignments))
    # whoever has not finished keeps labelling blind, also after the reveal
    state: Literal["revealed", "waiting"] = (
        "revealed" if find_reveal_time(session, annotator_id) else "waiting"
    )
    return NormingStatus(state, n_labelled, len(assignments))


def find_reveal_time(session: Session, annotator_id: int) -> datetime | None:
    """Since when the person's study shows the ratings of the norming items."""
    moment: datetime | None = execute(
        session,
        select_columns(Study.revealed_at)
        .join(Annotator, col(Annotator.study_id) == col(Study.id))
        .where(col(Annotator.id) == annotator_id),
    ).scalar()
    return moment


def list_other_ratings(session: Session, annotator_id: int, token: str) -> list[OtherRating]:
    """The blind ratings of the others on one of the annotator's norming items, by alias.

    Raises UnknownAssignment for another kind of assignment, and NotReachedYet before the reveal or before the person has labelled
    all norming items.
    """
    assignments = list_onboarding_assignments(session, annotator_id, "calibration")
    assignment = next((candidate for candidate in assignments if candidate.token == token), None)
    if assignment is None:
        raise UnknownAssignment("This is no norming transcript of yours; go back to the start page.")
    if compute_norming_status(session, annotator_id).state != "revealed":
        raise NotReachedYet(
            "The others' ratings are shown once everybody has labelled the norming transcripts."
        )
    others = [
        (alias, label)
        for alias, label in assign_aliases(session, assignment.study_item_id)
        # one's own answer stands beside them, without an alias
        if label.annotator_id != annotator_id
    ]
    return [
        OtherRating(alias, dict(label.answers), label.note, tuple(label.evidence), label.contested)
        for alias, label in others
    ]


def assign_aliases(session: Session, study_item_id: int) -> list[tuple[str, Label]]:
    """The blind ratings of an item with an alias for each annotator: the same for every viewer, another on each item."""
    blind = list_blind_ratings(session, [study_item_id])
    seeds = select_columns(Annotator.id, Annotator.order_seed).where(
        col(Annotator.id).in_([label.annotator_id for label in blind])
    )
    order = sorted(
        # by item, so that nobody can follow one annotator from item to item
        (hashlib.sha256(f"letter {study_item_id} {row_id} {seed}".encode()).hexdigest(), row_id)
        for row_id, seed in execute(session, seeds)
    )
    aliases = {row_id: format_alias(rank) for rank, (_, row_id) in enumerate(order)}
    return sorted(
        # Z before AA
        ((aliases[label.annotator_id], label) for label in blind),
        key=lambda pair: (len(pair[0]), pair[0]),
    )


def format_alias(rank: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    head, last = divmod(rank, 26)
    return (format_alias(head - 1) if head else "") + chr(ord("A") + last)


def list_blind_ratings(session: Session, study_item_ids: list[int]) -> list[Label]:
    """The latest label of each annotator on these norming items that was made before others' ratings were shown."""
    rows = session.exec(
        select(Label, Study.revealed_label_id)
        .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .join(Study, col(Study.id) == col(StudyItem.study_id))
        .where(col(StudyItem.id).in_(study_item_ids))
        .order_by(col(Label.revision))
    ).all()
    finished = find_completing_labels(session, sorted({label.annotator_id for label, _ in rows}))
    newest: dict[tuple[int, int], Label] = {}
    for label, revealed in rows:
        if is_blind_rating(label.id or 0, revealed, finished.get(label.annotator_id)):
            newest[label.annotator_id, label.transcript_id] = label
    return list(newest.values())


def is_blind_rating(label_id: int, revealed_label_id: int | None, completing_label_id: int | None) -> bool:
    """Whether a label was made before its annotator was shown others' ratings.

    They are shown after the study's reveal to those who have completed their own norming items, whichever is later.
    """
    if revealed_label_id is None or completing_label_id is None:
        return True
    return label_id <= max(revealed_label_id, completing_label_id)


def find_completing_labels(session: Session, annotator_ids: list[int]) -> dict[int, int]:
    """Id of the label that completed each person's norming items; those who have not finished are left out."""
    finished: dict[int, int] = {}
    for annotator_id in annotator_ids:
        assignments = list_onboarding_assignments(session, annotator_id, "calibration")
        first = load_onboarding_labels(session, assignments, first=True)
        if assignments and len(first) == len(assignments):
            # Ids grow in the order of storing: the newest of the first labels is the one that completed the items.
            finished[annotator_id] = max(label.id or 0 for label in first.values())
    return finished


def list_norming_progress(session: Session, study: StudyRecord) -> list[NormingProgress]:
    """How far every annotator of the study is with the norming items, by name."""
    people = execute(
        session,
        select_columns(Annotator.id, Annotator.name)
        .where(col(Annotator.study_id) == study.id, col(Annotator.role) == "annotator")
        .order_by(col(Annotator.name)),
    ).all()
    states = [(row_id, name, compute_norming_status(session, row_id)) for row_id, name in people]
    return [
        NormingProgress(
            annotator_id=row_id,
            name=name,
            n_labelled=state.n_labelled,
            n_total=state.n_total,
            is_expected=compute_qualification_status(session, row_id).state != "failed",
        )
        for row_id, name, state in states
        if state.n_total
    ]


def reveal_norming_ratings(
    session: Session, study: StudyRecord, actor: str, why: str, *, force: bool = False
) -> None:
    """Show all annotators each other's norming answers, for good, on record.

    Raises StudyError where there is nothing to reveal, where it was done before, and while somebody is not through:
    then only with `force` and a reason.
    """
    lock_labels(session, study)
    study = reload_study(session, study)  # it may have been revealed while this one waited
    people = list_norming_progress(session, study)
    if not people:
        raise StudyError(f"Study {study.name!r} has no norming items.")
    if study.revealed_at is not None:
        raise StudyError(f"Study {study.name!r}: the norming answers were revealed already.")
    # those who failed the qualification never get there, and nobody waits for them
    missing = [person.name for person in people if person.is_expected and person.n_labelled < person.n_total]
    if missing and not (force and why.strip()):
        raise StudyError(
            f"Items of the norming round are still open ({', '.join(missing)}); wait for them, or force it with a reason."
        )
    newest = select_columns(func.max(col(Label.id))).where(col(Label.study_id) == study.id)
    last_label = execute(session, newest).scalar() or 0
    update_study(session, study, revealed_at=utc_now(), revealed_label_id=last_label)
    append_event(session, actor, "calibration revealed", f"study {study.id}", why=why, missing=missing)


def lock_labels(session: Session, study: StudyRecord) -> None:
    """Let labels that are being stored come first and all others wait, so that an id tells which came before."""
    people = (
        select_columns(Annotator.id).where(col(Annotator.study_id) == study.id).order_by(col(Annotator.id))
    )
    # in the order of ids, as everywhere, so that no two transactions wait for each other
    for annotator_id in execute(session, people).scalars().all():
        wait_turn(session, Lock.LABEL, annotator_id)
