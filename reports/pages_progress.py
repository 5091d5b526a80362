"""Progress: who labels at what pace, how far each stratum is, and the state of the study."""

import pandas as pd
import streamlit as st

from secondreader.reports.console_state import state_forms
from secondreader.reports.facts import StudyFacts
from secondreader.reports.markup import finished, tag
from secondreader.reports.screen import View, html
from secondreader.reports.words import plural

SHARE = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)


def page(view: View) -> None:
    """The study's progress, then what can be done about it."""
    facts = view.facts
    html(tag("p", finished(standing(facts))))
    people(facts)
    strata(facts)
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
    if not wanted:
        return f"{pool}; {plural(given, 'label')} so far, and none assigned"
    return f"{pool}; {given:,} of {plural(wanted, 'assigned label')} given ({given / wanted:.0%})"


def people(facts: StudyFacts) -> None:
    """Progress and pace of each annotator."""
    st.subheader("Annotators", anchor=False)
    if not facts.annotators:
        st.info("Nobody labels yet.")
        return
    rows = [
        {
            "annotator": one.name,
            "role": one.role,
            "source": one.source,
            "progress": one.n_labelled / one.n_assigned if one.n_assigned else None,
            "labels": one.n_labelled,
            "assigned": one.n_assigned or None,
            "median seconds": one.median_seconds,
        }
        for one in facts.annotators
    ]
    columns = {"progress": SHARE, "median seconds": st.column_config.NumberColumn(format="%.0f")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)


def strata(facts: StudyFacts) -> None:
    """Progress of each stratum of the draw."""
    if not facts.strata:
        return
    st.subheader("Strata of the draw", anchor=False)
    rows = [
        {
            "stratum": one.name,
            "progress": one.n_labelled / one.n_drawn,
            "labelled": one.n_labelled,
            "drawn": one.n_drawn,
            "inclusion probability": one.inclusion_probability,
        }
        for one in facts.strata
    ]
    columns = {"progress": SHARE, "inclusion probability": st.column_config.NumberColumn(format="%.4f")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)
