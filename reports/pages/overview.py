"""Overview: what the study is, how far it is, and how many verdicts there are."""

import pandas as pd
import streamlit as st

from secondreader.reports.analysis.study_facts import StudySummary
from secondreader.reports.pages.progress import describe_progress
from secondreader.reports.sections.blocks import Pairs
from secondreader.reports.sections.design import describe_blinding
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import format_time, show_blocks, show_paragraph, show_table
from secondreader.reports.wording.names import finish_sentence


def page(view: ConsoleView) -> None:
    """The study as it stands now."""
    facts = view.summary
    show_paragraph(finish_sentence(describe_progress(facts)))
    row = st.container(horizontal=True, gap="large")
    for name, value in list_counts(facts).items():
        row.metric(name, value, width="content")
    show_judge_counts(facts)
    st.subheader("Study", anchor=False)
    show_blocks(
        Pairs(
            (
                ("Title", facts.title),
                ("Status", facts.status),
                ("Frozen", format_time(facts.frozen_at) or "not yet"),
                ("Blinding", describe_blinding(facts)),
                ("Codebook", f"{facts.codebook.name} {facts.codebook.version}, {facts.codebook_hash[:12]}"),
                ("Guideline", facts.guideline_hash[:12]),
                ("Plan", (facts.plan_hash or "–")[:12]),
            )
        )
    )


def list_counts(summary: StudySummary) -> dict[str, str]:
    """The four numbers at the top, formatted."""
    return {
        "Pool": f"{summary.n_pool:,}",
        "Sampled": f"{summary.n_drawn:,}",
        "Labelled": f"{summary.n_labelled:,}",
        "Judges": f"{len(summary.judges):,}",
    }


def show_judge_counts(summary: StudySummary) -> None:
    """Each judge's counts of verdicts, unparsed replies and failed requests."""
    st.subheader("Judges", anchor=False)
    if not summary.judges:
        st.info("There are no verdicts yet: import some or run `secondreader judge`.")
        return
    rows = [[judge.judge, judge.n_parsed, judge.n_unparsed, judge.n_error] for judge in summary.judges]
    show_table(pd.DataFrame(rows, columns=["judge", "verdicts", "unparsed", "failed"]))
    if len(rows) > 1:
        show_paragraph(f"Judge of the headline figures: {summary.headline.reason}.", "quiet")
