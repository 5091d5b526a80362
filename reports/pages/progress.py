"""Progress: who labels at what pace, how far each stratum is, what lies idle, and the state of the study."""

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
"""Idle places that are listed."""


def page(view: ConsoleView) -> None:
    """The study's progress, then what can be done about it."""
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
    if has_shared_queue(summary):
        return f"{pool}; {pluralize(n_labels, 'label')} so far, from a shared queue"
    if not n_assigned:
        return f"{pool}; {pluralize(n_labels, 'label')} so far, and none assigned"
    return f"{pool}; {n_labels:,} of {pluralize(n_assigned, 'assigned label')} given ({n_labels / n_assigned:.0%})"


def has_shared_queue(summary: StudySummary) -> bool:
    """Whether people take the next open transcript: what they hold is then no measure of what is left."""
    return bool(summary.plan.get("rules", {}).get("queue") == "shared")


def compute_share(n: int, total: int | None) -> float | None:
    """A share in whole per cent; None of nothing."""
    return round(n / total, 2) if total else None


def describe_pace(pace: StudyPace) -> list[str]:
    """Labels of the main queue, their pace and the time left; nothing without a main queue."""
    if not pace.n_wanted:
        return []
    notes = [f"{pace.n_labelled:,} of {pluralize(pace.n_wanted, 'label')} of the main queue are given"]
    if pace.labels_per_hour is not None:
        notes.append(f"One person gives {pace.labels_per_hour:.0f} labels in an hour of active work")
    if pace.hours_left:
        notes.append(f"About {pace.hours_left:.1f} hours of active work are left, of all people together")
    if pace.days_left:
        notes.append(
            f"At the mean of the days with labels, that takes {pluralize(round(pace.days_left + 0.5), 'day')} more"
        )
    return notes  # fmt: skip


def show_annotators(
    summary: StudySummary, pace: StudyPace, control_results: tuple[ControlResults, ...]
) -> None:
    """Progress, pace and items of known answers of each annotator."""
    st.subheader("Annotators", anchor=False)
    annotators = [
        annotator for annotator in summary.annotators if annotator.role == "annotator" or annotator.n_labelled
    ]
    if not annotators:
        st.info("Nobody labels yet: freeze the plan on the page Study plan, and send everybody their link.")
        return
    paces = {person.annotator_id: person for person in pace.people}
    results = {result.name: result for result in control_results}
    rows = [
        build_person_row(
            reader, paces.get(reader.annotator_id), results.get(reader.name), shared=has_shared_queue(summary)
        )
        for reader in annotators
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
    """One annotator; columns that say nothing of anybody are left out later."""
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
    _, state, rounds, needed, hidden = format_control_results(control_results)
    return {**row, "practice": state, "right": rounds, "needed": needed, "attention items": hidden}


def show_strata(summary: StudySummary, pace: StudyPace) -> None:
    """Progress of each stratum of the draw."""
    if not summary.strata:
        return
    st.subheader("Strata of the draw", anchor=False)
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
                "drawn": stratum.n_drawn,
                "inclusion probability": stratum.inclusion_probability,
            }
        )
    columns = {
        "progress": SHARE_COLUMN,
        "inclusion probability": st.column_config.NumberColumn(format="%.4f"),
    }
    show_table(pd.DataFrame(rows), columns)


def show_idle_assignments(idle_assignments: list[IdleAssignment]) -> None:
    """Places that were begun and left; nothing where there are none."""
    if not idle_assignments:
        return
    st.subheader("Idle places", anchor=False)
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
        "What nobody labels in time goes to somebody else in a shared queue; a repeat waits for its own reader. In a fixed "
        "one, the form below moves what was not begun; a draft stays with its writer."
    )
