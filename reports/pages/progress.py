"""Progress: who labels at what pace, how far each stratum is, what lies idle, and the state of the study."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import reading
from secondreader.db.design.people import parts_of
from secondreader.db.design.studies import get_study
from secondreader.db.research.idle import StalePlace, stale_places
from secondreader.db.research.pace import PersonPace, StudyPace, study_pace
from secondreader.db.research.ratings import AnnotatorProgress
from secondreader.reports.analysis.preparation import KNOWN_PARTS, PreparedPerson, prepared_people
from secondreader.reports.analysis.study_facts import StudyFacts
from secondreader.reports.document.markup import finished, sentences, tag
from secondreader.reports.document.preparation import prepared_row
from secondreader.reports.forms.reassignment import reassign_form
from secondreader.reports.forms.study_status import state_forms
from secondreader.reports.widgets.view import View, html, moment, short, table
from secondreader.reports.wording.names import plural

SHARE = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
STALE_HOURS = 24
MOST_STALE = 500
"""Idle places that are listed."""


def page(view: View) -> None:
    """The study's progress, then what can be done about it."""
    facts = view.facts
    with reading(view.engine) as session:
        study = get_study(session, view.study)
        pace = study_pace(session, study)
        prepared = prepared_people(session, study) if parts_of(session, study) & KNOWN_PARTS else ()
        stale = stale_places(session, study, STALE_HOURS) if facts.frozen_at else []
    html(tag("p", finished(standing(facts))), sentences(pace_sentences(pace)))
    people(facts, pace, prepared)
    strata(facts, pace)
    idle(stale)
    reassign_form(view)
    st.subheader("State of the study", anchor=False)
    html(tag("p", f"The study is {'a draft' if facts.status == 'draft' else facts.status}."))
    state_forms(view)


def standing(facts: StudyFacts) -> str:
    """The state of the study in a sentence."""
    if not facts.n_pool:
        return "The study has no transcripts yet"
    given = sum(one.n_labelled for one in facts.annotators)
    wanted = sum(one.n_assigned for one in facts.annotators)
    pool = f"{plural(facts.n_pool, 'transcript')} from {plural(facts.n_scenarios, 'scenario')}"
    if is_shared(facts):
        return f"{pool}; {plural(given, 'label')} so far, from a shared queue"
    if not wanted:
        return f"{pool}; {plural(given, 'label')} so far, and none assigned"
    return f"{pool}; {given:,} of {plural(wanted, 'assigned label')} given ({given / wanted:.0%})"


def is_shared(facts: StudyFacts) -> bool:
    """Whether people take the next open transcript: what they hold is then no measure of what is left."""
    return bool(facts.plan.get("rules", {}).get("queue") == "shared")


def share(n: int, of: int | None) -> float | None:
    """A share in whole per cent; None of nothing."""
    return round(n / of, 2) if of else None


def pace_sentences(pace: StudyPace) -> list[str]:
    """Labels of the main queue, their pace and the time left; nothing without a main queue."""
    if not pace.n_wanted:
        return []
    notes = [f"{pace.n_labelled:,} of {plural(pace.n_wanted, 'label')} of the main queue are given"]
    if pace.labels_per_hour is not None:
        notes.append(f"One person gives {pace.labels_per_hour:.0f} labels in an hour of active work")
    if pace.hours_left:
        notes.append(f"About {pace.hours_left:.1f} hours of active work are left, of all people together")
    if pace.days_left:
        notes.append(
            f"At the mean of the days with labels, that takes {plural(round(pace.days_left + 0.5), 'day')} more"
        )
    return notes  # fmt: skip


def people(facts: StudyFacts, pace: StudyPace, prepared: tuple[PreparedPerson, ...]) -> None:
    """Progress, pace and items of known answers of each annotator."""
    st.subheader("Annotators", anchor=False)
    readers = [one for one in facts.annotators if one.role == "annotator" or one.n_labelled]
    if not readers:
        st.info("Nobody labels yet: freeze the plan on the page Study plan, and send everybody their link.")
        return
    paces = {one.annotator_id: one for one in pace.people}
    known = {one.name: one for one in prepared}
    rows = [
        person_row(one, paces.get(one.annotator_id), known.get(one.name), shared=is_shared(facts))
        for one in readers
    ]
    columns = {
        "progress": SHARE,
        "median seconds": st.column_config.NumberColumn(format="%.0f"),
        "hours left": st.column_config.NumberColumn(format="%.1f"),
    }
    table(pd.DataFrame(rows).dropna(axis="columns", how="all"), columns)


def person_row(
    one: AnnotatorProgress, pace: PersonPace | None, known: PreparedPerson | None, *, shared: bool
) -> dict[str, object]:
    """One annotator; columns that say nothing of anybody are left out later."""
    row: dict[str, object] = {
        "annotator": one.name,
        "role": one.role,
        "source": one.source,
        "progress": None if shared else share(one.n_labelled, one.n_assigned),
        "labels": one.n_labelled,
        "taken" if shared else "assigned": one.n_assigned or None,
        "median seconds": pace.seconds_per_label if pace else one.median_seconds,
        "hours left": pace.hours_left if pace else None,
        "days with labels": (pace.n_days or None) if pace else None,
    }
    if known is None:
        return row
    _, state, rounds, needed, hidden = prepared_row(known)
    return {**row, "practice": state, "right": rounds, "needed": needed, "attention items": hidden}


def strata(facts: StudyFacts, pace: StudyPace) -> None:
    """Progress of each stratum of the draw."""
    if not facts.strata:
        return
    st.subheader("Strata of the draw", anchor=False)
    paces = {one.stratum: one for one in pace.strata}
    rows = []
    for one in facts.strata:
        labels = paces.get(one.name)
        rows.append(
            {
                "stratum": one.name,
                "progress": share(labels.n_labelled, labels.n_wanted) if labels else None,
                "labels": labels.n_labelled if labels else None,
                "wanted": labels.n_wanted if labels else None,
                "complete": labels.n_complete if labels else None,
                "drawn": one.n_drawn,
                "inclusion probability": one.inclusion_probability,
            }
        )
    columns = {"progress": SHARE, "inclusion probability": st.column_config.NumberColumn(format="%.4f")}
    table(pd.DataFrame(rows), columns)


def idle(stale: list[StalePlace]) -> None:
    """Places that were begun and left; nothing where there are none."""
    if not stale:
        return
    st.subheader("Idle places", anchor=False)
    kinds = {"lease": "taken, not labelled in time", "draft": f"begun, untouched for {STALE_HOURS} hours"}
    rows = [
        [one.annotator, short(one.item), kinds[one.kind], moment(one.since)] for one in stale[:MOST_STALE]
    ]
    table(pd.DataFrame(rows, columns=["annotator", "transcript", "what", "since"]))
    st.caption(
        "What nobody labels in time goes to somebody else in a shared queue; a repeat waits for its own reader. In a fixed "
        "one, the form below moves what was not begun; a draft stays with its writer."
    )
