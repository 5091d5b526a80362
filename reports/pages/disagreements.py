"""Disagreements: findings, the forest of slices, and each transcript with verdicts and labels side by side."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import reading
from secondreader.db.design.studies import get_study
from secondreader.db.research.adjudication_outcomes import decisions
from secondreader.db.research.ratings import transcript_view
from secondreader.reports.analysis.analyse import Analysis, JudgePart
from secondreader.reports.analysis.items import AGREES, KINDS, ItemReading, disagreement_frame, item_readings
from secondreader.reports.charts import altair_charts
from secondreader.reports.charts.marks import forest_marks
from secondreader.reports.document.markup import finished, sentences, tag
from secondreader.reports.document.tables import p_value
from secondreader.reports.document.transcript import (
    TURNS_A_PAGE,
    background,
    decision_html,
    definition,
    label_html,
    latest,
    turns,
    verdict_html,
)
from secondreader.reports.widgets.view import View, analysis, html, pick_judge, short, table, told
from secondreader.reports.wording.names import STATISTICS, plural
from secondreader.reports.wording.sentences import finding_sentences

EVERY = "every labelled transcript"
PEOPLE_DIFFER = "people differ"
NO_FINDING = "any slice"
MOST_PICKED, ROW_PIXELS = 10, 36
"""Rows of the table to pick from that are shown without scrolling, and the height of one."""


def page(view: View) -> None:
    """Where and how the chosen judge departs from gold."""
    found = analysis(view)
    told(found)
    if found.sealed:
        return
    judge = pick_judge(found, "disagreement-judge")
    part = next((one for one in found.judges if one.judge == judge), None)
    if part is not None:
        show_search(part)
    chosen = filtered(found, part)
    item = choose(chosen, judge)
    if item is not None:
        show_transcript(view, item)


def show_search(part: JudgePart) -> None:
    """Findings and the forest of slices."""
    html(sentences(finding_sentences(part)))
    marks = forest_marks(part)
    drawn = altair_charts.interval_chart(
        marks, series=("not found", "finding"), percent=True, reference=0.0, beside=False
    )
    if drawn is not None:
        st.caption("Wrong verdicts inside less outside each slice, with 95 % intervals of each slice alone.")
        st.altair_chart(drawn, alt="Forest plot of slices; the table below holds the same")
        with st.expander(f"{plural(len(part.findings.tests), 'test')}: all numbers"):
            table(tests_frame(part))
    if part.findings.untested:
        with st.expander(f"{plural(len(part.findings.untested), 'slice')} not tested"):
            rows = [
                [one.slice, STATISTICS.get(one.statistic, one.statistic), finished(one.reason)]
                for one in part.findings.untested
            ]
            table(pd.DataFrame(rows, columns=["slice", "kind of error", "why"]))


def tests_frame(part: JudgePart) -> pd.DataFrame:
    """Every tested slice for a reader, the smallest adjusted p first."""
    tests = part.findings.tests.sort_values("p_adjusted", kind="stable")
    return pd.DataFrame(
        {
            "slice": tests["slice"],
            "kind of error": tests["statistic"].map(STATISTICS),
            "wrong inside": [f"{a} of {b}" for a, b in zip(tests["wrong_in"], tests["n_in"], strict=True)],
            "wrong outside": [f"{a} of {b}" for a, b in zip(tests["wrong_out"], tests["n_out"], strict=True)],
            "difference": [f"{100 * one:+.1f} points" for one in tests["difference"]],
            "adjusted p": [p_value(one) for one in tests["p_adjusted"]],
            "q": [p_value(one) for one in tests["q"]],
        }
    )


def filtered(found: Analysis, part: JudgePart | None) -> list[ItemReading]:
    """The transcripts that the filters leave."""
    st.subheader("Transcripts", anchor=False)
    everything = item_readings(found)
    findings = {one.slice: set(one.items) for one in part.findings.findings} if part else {}
    left, right = st.columns(2)
    present = {one.kinds.get(part.judge) for one in everything} if part else set()
    kinds = ["wrong verdicts", *(kind for kind in KINDS if kind in present and kind != AGREES)]
    options = [*(kinds if part else []), PEOPLE_DIFFER, EVERY]
    kind = left.selectbox("Show", options, key="disagreement-kind")
    finding = right.selectbox("In the finding", [NO_FINDING, *findings], key="disagreement-finding")
    within = findings.get(finding or "")
    return [one for one in everything if fits(one, kind, part) and (within is None or one.item in within)]


def fits(one: ItemReading, kind: str | None, part: JudgePart | None) -> bool:
    """Whether a transcript passes the filter of kinds."""
    if kind == EVERY:
        return True
    if kind == PEOPLE_DIFFER:
        return one.people_differ
    if part is None:
        return False
    return one.is_wrong(part.judge) if kind == "wrong verdicts" else one.kinds.get(part.judge) == kind


def choose(rows: list[ItemReading], judge: str | None) -> str | None:
    """The transcript to read: picked in the table or in the box under it."""
    if not rows:
        st.info("No transcript is left with these filters.")
        return None
    frame = disagreement_frame(tuple(rows), judge)
    frame["transcript"] = frame["transcript"].map(short)
    ids = [one.item for one in rows]

    def picked() -> None:
        chosen = st.session_state["disagreement-table"].selection.rows
        if chosen:
            st.session_state["item"] = ids[chosen[0]]

    st.dataframe(
        frame,
        hide_index=True,
        key="disagreement-table",
        on_select=picked,
        selection_mode="single-row",
        placeholder="–",
        height="content" if len(frame) <= MOST_PICKED else MOST_PICKED * ROW_PIXELS,
    )
    names = {one.item: f"{one.cluster} · {short(one.item)}" for one in rows}
    if st.session_state.get("item") not in ids:
        st.session_state["item"] = ids[0]
    return st.selectbox(
        f"Read one of {plural(len(ids), 'transcript')}",
        ids,
        format_func=lambda one: names.get(one, one),
        key="item",
    )


def show_transcript(view: View, item: str) -> None:
    """One transcript, with verdicts and labels beside it."""
    with reading(view.engine) as session:
        study = get_study(session, view.study)
        seen = transcript_view(session, study, item)
        settled = [one for one in decisions(session, study, item) if one.is_latest]
    if seen is None:
        st.info("This transcript is not in the study's pool any more.")
        return
    text, said = st.columns([3, 2], gap="large")
    with text:
        st.subheader("Transcript", anchor=False)
        first = 0
        if seen.content is not None:
            html(background(seen.content))
            n = len(seen.content.messages)
            if n > TURNS_A_PAGE:
                first = int(
                    st.number_input("From message", 1, n, 1, step=TURNS_A_PAGE, key=f"from-{item}") - 1
                )
        html(turns(seen, first))
    with said:
        st.subheader("Verdicts", anchor=False)
        headline = view.facts.headline.judge
        html(*(verdict_html(one) for one in sorted(seen.verdicts, key=lambda one: one.judge != headline)))
        st.subheader("Labels", anchor=False)
        html(*(label_html(name, label) for name, label in latest(seen)))
        if settled:
            st.subheader("Adjudication", anchor=False)
            html(*(decision_html(one) for one in settled))
        st.subheader("About it", anchor=False)
        about = {"scenario": seen.cluster, "model": seen.model or "–", **seen.condition, **seen.attributes}
        html(definition({**about, "id": seen.item}))
        if seen.hidden:
            html(tag("details", tag("summary", "Hidden from annotators and judges"), definition(seen.hidden)))
