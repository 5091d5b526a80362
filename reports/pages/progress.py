"""Progress: pace of each annotator, labels per stratum, idle assignments, and the state of the study."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import read_session
from secondreader.db.design.studies import get_study
from secondreader.db.research.idle import IdleAssignment, list_idle_assignments
from secondreader.db.research.pace import PersonPace, StudyPace, compute_study_pace
from secondreader.db.research.progress import AnnotatorProgress
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.preparation import ControlResults, list_control_results
from secondreader.reports.analysis.study_facts import StudySummary
from secondreader.reports.forms.reassignment import show_reassign_form
from secondreader.reports.forms.study_status import show_state_forms
from secondreader.reports.sections.blocks import Paragraph, Sentences
from secondreader.reports.sections.quality import format_control_results
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import (
    format_time,
    shorten_id,
    show_blocks,
    show_paragraph,
    show_table,
)
from secondreader.reports.wording.names import finish_sentence, pluralize

SHARE_COLUMN = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
IDLE_HOURS = 24
MAX_IDLE_ROWS = 500
"""Idle assignments that are listed."""


def page(view: ConsoleView) -> None:
    """Progress and pace, then the forms that change the state of the study."""
    facts = view.summary
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        pace = compute_study_pace(session, study)
        control_results = list_control_results(load_snapshot(session, study.name))
        idle = list_idle_assignments(session, study, IDLE_HOURS) if facts.frozen_at else []
    show_blocks(Paragraph(finish_sentence(describe_progress(facts))), Sentences(tuple(describe_pace(pace))))
    show_annotators(facts, pace, control_results)
    show_strata(facts, pace)
    show_idle_assignments(idle)
    show_reassign_form(view)
    st.subheader("State of the study", anchor=False)
    show_paragraph(f"The study is {'a draft' if facts.status == 'draft' else facts.status}.")
    show_state_forms(view)


def describe_progress(summary: StudySummary) -> str:
    """The state of the study in a sentence."""
    if not summary.n_pool:
        return "The study has no transcripts yet"
    n_labels = sum(annotator.n_labelled for annotator in summary.annotators)
    n_assigned = sum(annotator.n_assigned for annotator in summary.annotators)
    pool = f"{pluralize(summary.n_pool, 'transcript')} from {pluralize(summary.n_scenarios, 'scenario')}"
    # people take as much as they like, so that "of assigned" would measure nothing
    if has_shared_queue(summary):
        return f"{pool}; {pluralize(n_labels, 'label')} so far, from a shared queue"
    if not n_assigned:
        return f"{pool}; {pluralize(n_labels, 'label')} so far, and none assigned"
    return f"{pool}; {n_labels:,} of {pluralize(n_assigned, 'assigned label')} done ({n_labels / n_assigned:.0%})"


def has_shared_queue(summary: StudySummary) -> bool:
    """Whether people take the next open transcript, so that assignments do not say how much is left."""
    return bool(summary.plan.get("rules", {}).get("queue") == "shared")


def compute_share(n: int, total: int | None) -> float | None:
    """A share rounded to whole per cent; None where the total is 0 or unknown."""
    return round(n / total, 2) if total else None


def describe_pace(pace: StudyPace) -> list[str]:
    """Labels of the main queue, their pace and the time left; nothing without a main queue."""
    if not pace.n_wanted:
        return []
    notes = [f"{pace.n_labelled:,} of {pluralize(pace.n_wanted, 'label')} of the main queue are done"]
    if pace.labels_per_hour is not None:
        notes.append(f"One person labels {pace.labels_per_hour:.0f} transcripts in an hour of active work")
    if pace.hours_left:
        notes.append(f"About {pace.hours_left:.1f} hours of active work are left, for all people together")
    if pace.days_left:
        notes.append(
            f"At the average pace of days with labels, that takes {pluralize(round(pace.days_left + 0.5), 'day')} more"
        )
    return notes  # fmt: skip


def show_annotators(
    summary: StudySummary, pace: StudyPace, control_results: tuple[ControlResults, ...]
) -> None:
    """Progress, pace and control items of each annotator."""
    st.subheader("Annotators", anchor=False)
    annotators = [person for person in summary.annotators if person.role == "annotator" or person.n_labelled]
    if not annotators:
        st.info(
            "Nobody can label yet: freeze the plan on the page Study plan, then send the annotators their links."
        )
        return
    paces = {person.annotator_id: person for person in pace.people}
    results = {result.name: result for result in control_results}
    rows = [
        build_person_row(
            annotator,
            paces.get(annotator.annotator_id),
            results.get(annotator.name),
            shared=has_shared_queue(summary),
        )
        for annotator in annotators
    ]
    columns = {
        "progress": SHARE_COLUMN,
        "median seconds": st.column_config.NumberColumn(format="%.0f"),
        "hours left": st.column_config.NumberColumn(format="%.1f"),
    }
    show_table(pd.DataFrame(rows).dropna(axis="columns", how="all"), columns)


def build_person_row(
    progress: AnnotatorProgress,
    pace: PersonPace | None,
    control_results: ControlResults | None,
    *,
    shared: bool,
) -> dict[str, object]:
    """One annotator; columns that are empty for everybody are dropped later."""
    row: dict[str, object] = {
        "annotator": progress.name,
        "role": progress.role,
        "source": progress.source,
        "progress": None if shared else compute_share(progress.n_labelled, progress.n_assigned),
        "labels": progress.n_labelled,
        "taken" if shared else "assigned": progress.n_assigned or None,
        "median seconds": pace.seconds_per_label if pace else progress.median_seconds,
        "hours left": pace.hours_left if pace else None,
        "days with labels": (pace.n_days or None) if pace else None,
    }
    if control_results is None:
        return row
    _, state, rounds, needed, passed = format_control_results(control_results)
    return {**row, "qualification": state, "right": rounds, "needed": needed, "attention checks": passed}


def show_strata(summary: StudySummary, pace: StudyPace) -> None:
    """Progress of each stratum of the sample."""
    if not summary.strata:
        return
    st.subheader("Strata of the sample", anchor=False)
    paces = {stratum.stratum: stratum for stratum in pace.strata}
    rows = []
    for stratum in summary.strata:
        labels = paces.get(stratum.name)
        rows.append(
            {
                "stratum": stratum.name,
                "progress": compute_share(labels.n_labelled, labels.n_wanted) if labels else None,
                "labels": labels.n_labelled if labels else None,
                "wanted": labels.n_wanted if labels else None,
                "complete": labels.n_complete if labels else None,
                "sampled": stratum.n_drawn,
                "inclusion probability": stratum.inclusion_probability,
            }
        )
    columns = {
        "progress": SHARE_COLUMN,
        "inclusion probability": st.column_config.NumberColumn(format="%.4f"),
    }
    show_table(pd.DataFrame(rows), columns)


def show_idle_assignments(idle_assignments: list[IdleAssignment]) -> None:
    """Assignments that somebody took or began and left; nothing where there are none."""
    if not idle_assignments:
        return
    st.subheader("Idle assignments", anchor=False)
    kinds = {"lease": "taken, not labelled in time", "draft": f"begun, untouched for {IDLE_HOURS} hours"}
    rows = [
        [
            assignment.annotator,
            shorten_id(assignment.item),
            kinds[assignment.kind],
            format_time(assignment.since),
        ]
        for assignment in idle_assignments[:MAX_IDLE_ROWS]
    ]
    show_table(pd.DataFrame(rows, columns=["annotator", "transcript", "what", "since"]))
    st.caption(
        "In a shared queue, an assignment that is not labelled in time goes to somebody else; a repeat waits for its own "
        "annotator. In a fixed queue, the form below moves assignments that were not begun; a draft stays with its author."
    )
