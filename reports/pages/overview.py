"""Overview: what the study is, how far it is, and what the judges read."""

import pandas as pd
import streamlit as st

from secondreader.reports.analysis.study_facts import StudyFacts
from secondreader.reports.document.markup import finished, tag
from secondreader.reports.document.sections import blinding_words
from secondreader.reports.document.tables import pairs
from secondreader.reports.pages.progress import standing
from secondreader.reports.widgets.view import View, html, moment, table


def page(view: View) -> None:
    """The study as it stands now."""
    facts = view.facts
    html(tag("p", finished(standing(facts))))
    row = st.container(horizontal=True, gap="large")
    for name, value in counts(facts).items():
        row.metric(name, value, width="content")
    judges(facts)
    st.subheader("Study", anchor=False)
    html(
        pairs(
            [
                ("Title", facts.title),
                ("Status", facts.status),
                ("Frozen", moment(facts.frozen_at) or "not yet"),
                ("Blinding", blinding_words(facts)),
                ("Codebook", f"{facts.codebook.name} {facts.codebook.version}, {facts.codebook_hash[:12]}"),
                ("Guideline", facts.guideline_hash[:12]),
                ("Plan", (facts.plan_hash or "–")[:12]),
            ]
        )
    )


def counts(facts: StudyFacts) -> dict[str, str]:
    """The four numbers on top."""
    return {
        "Pool": f"{facts.n_pool:,}",
        "Drawn": f"{facts.n_drawn:,}",
        "Labelled": f"{facts.n_labelled:,}",
        "Judges": f"{len(facts.judges):,}",
    }


def judges(facts: StudyFacts) -> None:
    """What became of the judges' readings."""
    st.subheader("Judges", anchor=False)
    if not facts.judges:
        st.info("There are no verdicts yet: import some or run `secondreader judge`.")
        return
    rows = [[one.judge, one.n_parsed, one.n_unparsed, one.n_error] for one in facts.judges]
    table(pd.DataFrame(rows, columns=["judge", "verdicts", "unparsed", "failed"]))
    if len(rows) > 1:
        html(tag("p", f"Judge of the headline figures: {facts.headline.reason}.", class_="sr-quiet"))
