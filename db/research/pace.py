"""How fast a study is read and how long it will take, for the researcher."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col

from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Assignment, Label, StudyItem
from secondreader.db.design.summaries import list_annotators
from secondreader.db.queues.leases import list_unlisted_assignments

N_RECENT_LABELS = 50
"""Labels from which a pace is taken: the latest ones, for people become faster."""


@dataclass(frozen=True, slots=True)
class PersonPace:
    """How one annotator goes on."""

    annotator_id: int
    name: str
    n_labelled: int
    n_open: int
    """Assignments without a label; in a shared queue, those that the annotator holds now."""
    seconds_per_label: float | None
    """Median active time of the latest labels; None before the first."""
    hours_left: float | None
    """Active hours for what is open; None while the pace is not known or the queue is shared."""
    n_days: int
    """Days (UTC) with at least one label."""


@dataclass(frozen=True, slots=True)
class StratumPace:
    """How far one stratum is."""

    stratum: str
    n_items: int
    n_wanted: int
    """Labels that the plan wants."""
    n_labelled: int
    n_complete: int
    """Items that have all their labels."""


@dataclass(frozen=True, slots=True)
class StudyPace:
    """How far a study's main queue is, without qualification, norming and attention items."""

    n_wanted: int
    """Labels that the plan wants; of a shared queue's repeats, those that have returned."""
    n_labelled: int
    labels_by_day: dict[date, int]
    """By day in UTC, oldest first; days without labels are not listed."""
    labels_per_hour: float | None
    """Labels of one person in an hour of active work, by the median of the latest labels; None before the first."""
    hours_left: float | None
    """Hours of active work of all people together for what is wanted still, repeats that are to return among it."""
    days_left: float | None
    """Days at the mean of the days on which anybody worked; None before the first label."""
    people: tuple[PersonPace, ...]
    strata: tuple[StratumPace, ...]


@dataclass(frozen=True, slots=True)
class FirstRevision:
    """The first revision of one label of the main queue."""

    annotator_id: int
    item_id: int
    pass_no: int
    seconds: float | None
    day: date


def compute_study_pace(session: Session, study: StudyRecord) -> StudyPace:
    """Pace, time left and the progress of people and strata."""
    first_revisions = load_first_revisions(session, study)
    wanted = count_wanted_labels(session, study)
    n_wanted, n_labelled = sum(wanted.values()), len(first_revisions)
    seconds = compute_recent_median(first_revisions)
    by_day: dict[date, int] = defaultdict(int)
    for revision in first_revisions:
        by_day[revision.day] += 1
    # repeats to come are not assigned yet, and would be missing from the time left
    n_left = max(n_wanted - n_labelled, 0) + estimate_repeats_to_come(study, first_revisions, wanted)
    return StudyPace(
        n_wanted=n_wanted,
        n_labelled=n_labelled,
        labels_by_day=dict(sorted(by_day.items())),
        labels_per_hour=3600 / seconds if seconds else None,
        hours_left=n_left * seconds / 3600 if seconds is not None else None,
        days_left=n_left * len(by_day) / n_labelled if n_labelled else None,
        people=tuple(compute_people_pace(session, study, first_revisions)),
        strata=tuple(compute_strata_pace(session, study, first_revisions, wanted)),
    )


def load_first_revisions(session: Session, study: StudyRecord) -> list[FirstRevision]:
    """First revisions of the desk's labels on pool items, in the order of saving; repeats are labels too."""
    rows = execute(
        session,
        select_columns(
            Label.annotator_id, StudyItem.id, Label.pass_no, Label.active_seconds, Label.created_at
        )
        .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(
            col(StudyItem.study_id) == study.id,
            col(StudyItem.part) == "pool",
            col(Label.revision) == 1,
        )
        .order_by(col(Label.id)),
    )
    return [
        FirstRevision(person, item, pass_no, seconds, at.date())
        for person, item, pass_no, seconds, at in rows
    ]


def count_wanted_labels(session: Session, study: StudyRecord) -> dict[int, int]:
    """How many labels each sampled item needs: its assignments, or a shared queue's quota and repeats."""
    rules = parse_rules(study.rules)
    drawn = select_columns(StudyItem.id).where(
        col(StudyItem.study_id) == study.id, col(StudyItem.part) == "pool", col(StudyItem.is_drawn)
    )
    is_shared = rules.queue == "shared"
    wanted = dict.fromkeys(execute(session, drawn).scalars(), rules.overlap if is_shared else 0)
    query = (
        select_columns(Assignment.study_item_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) == "pool")
    )
    if is_shared:
        query = query.where(col(Assignment.pass_no) > 1)
    for item in execute(session, query).scalars():
        wanted[item] = wanted.get(item, 0) + 1
    return wanted


def estimate_repeats_to_come(
    study: StudyRecord, first_revisions: Sequence[FirstRevision], wanted: dict[int, int]
) -> int:
    """Repeats of a shared queue that its missing first labels will bring about, at the plan's share; 0 in a fixed queue.

    What was labelled already and has not returned may come too, or never: the gap decides.
    """
    rules = parse_rules(study.rules)
    if rules.queue != "shared":
        return 0
    n_missing = len(wanted) * rules.overlap - sum(revision.pass_no == 1 for revision in first_revisions)
    return round(rules.repeats * max(n_missing, 0))


def compute_recent_median(first_revisions: Sequence[FirstRevision]) -> float | None:
    """Median active time of the latest labels that have one."""
    seconds = [revision.seconds for revision in first_revisions if revision.seconds is not None]
    return statistics.median(seconds[-N_RECENT_LABELS:]) if seconds else None


def compute_people_pace(
    session: Session, study: StudyRecord, first_revisions: Sequence[FirstRevision]
) -> list[PersonPace]:
    """Everybody who labels at the desk, by name."""
    revisions_by_person: dict[int, list[FirstRevision]] = defaultdict(list)
    for revision in first_revisions:
        revisions_by_person[revision.annotator_id].append(revision)
    is_shared = parse_rules(study.rules).queue == "shared"
    return [
        compute_person_pace(
            row_id, name, revisions_by_person[row_id], count_open_assignments(session, row_id), is_shared
        )
        for name, row_id in list_annotators(session, study).items()
    ]


def compute_person_pace(
    annotator_id: int, name: str, first_revisions: Sequence[FirstRevision], n_open: int, is_shared: bool
) -> PersonPace:
    """One person's pace."""
    seconds = compute_recent_median(first_revisions)
    # in a shared queue what a person has still to label depends on the others
    is_known = seconds is not None and not is_shared
    return PersonPace(
        annotator_id=annotator_id,
        name=name,
        n_labelled=len(first_revisions),
        n_open=n_open,
        seconds_per_label=seconds,
        hours_left=n_open * (seconds or 0.0) / 3600 if is_known else None,
        n_days=len({revision.day for revision in first_revisions}),
    )


def count_open_assignments(session: Session, annotator_id: int) -> int:
    """Assignments of the main queue that wait for this annotator's label."""
    labelled = select_columns(Label.assignment_id).where(col(Label.annotator_id) == annotator_id)
    rows = execute(
        session,
        select_columns(Assignment.id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(
            col(Assignment.annotator_id) == annotator_id,
            col(StudyItem.part) == "pool",
            col(Assignment.id).not_in(labelled),
        ),
    ).scalars()
    return len(set(rows) - list_unlisted_assignments(session, annotator_id))


def compute_strata_pace(
    session: Session, study: StudyRecord, first_revisions: Sequence[FirstRevision], wanted: dict[int, int]
) -> list[StratumPace]:
    """Every stratum of the draw, by name."""
    rows = execute(
        session, select_columns(StudyItem.id, StudyItem.stratum).where(col(StudyItem.study_id) == study.id)
    )
    strata: dict[str, list[int]] = defaultdict(list)
    for item, stratum in rows:
        if item in wanted:
            strata[stratum or "all"].append(item)
    n_labelled: dict[int, int] = defaultdict(int)
    for revision in first_revisions:
        n_labelled[revision.item_id] += 1
    return [
        StratumPace(
            stratum=name,
            n_items=len(items),
            n_wanted=sum(wanted[item] for item in items),
            n_labelled=sum(n_labelled[item] for item in items),
            n_complete=sum(n_labelled[item] >= wanted[item] for item in items),
        )
        for name, items in sorted(strata.items())
    ]
