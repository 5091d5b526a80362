"""Overview: how far the study is, who labels at what pace, what the judges read."""

import pandas as pd
import streamlit as st

from secondreader.reports.facts import StudyFacts
from secondreader.reports.markup import finished, tag
from secondreader.reports.report_tables import pairs
from secondreader.reports.screen import View, html
from secondreader.reports.words import plural

INVITES = "Links are made on the command line, for they are secrets: `secondreader study invite --help`."


def page(view: View) -> None:
    """The study as it stands now."""
    facts = view.facts
    html(tag("p", finished(standing(facts))))
    for column, (name, value) in zip(st.columns(4), counts(facts).items(), strict=True):
        column.metric(name, value)
    people(facts)
    strata(facts)
    judges(facts)
    st.subheader("Study", anchor=False)
    html(
        pairs(
            [
                ("Title", facts.title),
                ("Status", facts.status),
                ("Frozen", facts.frozen_at.strftime("%Y-%m-%d %H:%M UTC") if facts.frozen_at else "not yet"),
                ("Codebook", f"{facts.codebook.name} {facts.codebook.version}, {facts.codebook_hash[:12]}"),
                ("Guideline", facts.guideline_hash[:12]),
                ("Plan", (facts.plan_hash or "–")[:12]),
            ]
        )
    )
    st.caption(INVITES)


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


def counts(facts: StudyFacts) -> dict[str, str]:
    """The four numbers on top."""
    return {
        "Pool": f"{facts.n_pool:,}",
        "Drawn": f"{facts.n_drawn:,}",
        "Labelled": f"{facts.n_labelled:,}",
        "Judges": f"{len(facts.judges):,}",
    }


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
    columns = {
        "progress": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
        "median seconds": st.column_config.NumberColumn(format="%.0f"),
    }
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
    columns = {
        "progress": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
        "inclusion probability": st.column_config.NumberColumn(format="%.4f"),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)


def judges(facts: StudyFacts) -> None:
    """What became of the judges' readings."""
    st.subheader("Judges", anchor=False)
    if not facts.judges:
        st.info("There are no verdicts yet: import some or run `secondreader judge`.")
        return
    rows = [[one.judge, one.n_parsed, one.n_unparsed, one.n_error] for one in facts.judges]
    st.dataframe(pd.DataFrame(rows, columns=["judge", "verdicts", "unparsed", "failed"]), hide_index=True)
