"""Disagreements: findings, the forest of slices, and each transcript with verdicts and labels side by side."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from secondreader.db.core.engine import read_session
from secondreader.db.design.studies import get_study
from secondreader.db.research.adjudication_outcomes import list_decisions
from secondreader.db.research.transcript_view import load_transcript_view
from secondreader.reports.analysis.items import (
    AGREES,
    VERDICT_KINDS,
    ItemRatings,
    build_disagreement_frame,
    collect_item_ratings,
)
from secondreader.reports.analysis.judges import JudgeAnalysis
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.charts.marks import make_forest_chart
from secondreader.reports.render.transcript import (
    TURNS_PER_PAGE,
    render_background,
    render_decision,
    render_label,
    render_turns,
    render_verdict,
    select_latest_labels,
)
from secondreader.reports.sections.blocks import Fold, Pairs
from secondreader.reports.sections.findings import build_tests_table, build_untested_table
from secondreader.reports.widgets.view import ConsoleView, load_analysis
from secondreader.reports.widgets.widgets import (
    build_table_frame,
    choose_judge,
    shorten_id,
    show_blocks,
    show_chart,
    show_html,
    show_notices,
    show_sentences,
    show_table,
)
from secondreader.reports.wording.names import pluralize
from secondreader.reports.wording.sentences import describe_findings

EVERY_TRANSCRIPT = "every labelled transcript"
PEOPLE_DIFFER = "people differ"
ANY_SLICE = "any slice"
MAX_PICKER_ROWS, ROW_PIXELS = 10, 36
"""Rows of the table to pick from that are shown without scrolling, and the height of one."""


def page(view: ConsoleView) -> None:
    """The search for systematic disagreement of the chosen judge, then single transcripts."""
    analysis = load_analysis(view)
    show_notices(analysis)
    if analysis.sealed:
        return
    judge = choose_judge(analysis, "disagreement-judge")
    part = next((part for part in analysis.judges if part.judge == judge), None)
    if part is not None:
        show_search(part)
    rows = filter_items(analysis, part)
    item = choose_item(rows, judge)
    if item is not None:
        show_transcript(view, item)


def show_search(part: JudgeAnalysis) -> None:
    """Findings and the forest of slices."""
    show_sentences(describe_findings(part))
    forest = make_forest_chart(part)
    if forest.has_values:
        st.caption(
            "Weighted rate of wrong verdicts inside less outside each slice, with 95 % intervals of each slice alone."
        )
        show_chart(forest, "Forest plot of slices; the table below holds the same")
        with st.expander(f"{pluralize(len(part.findings.tests), 'test')}: all numbers"):
            show_table(build_table_frame(build_tests_table(part)))
    untested = build_untested_table(part)
    if not untested.is_empty:
        with st.expander(f"{pluralize(len(untested.rows), 'slice')} not tested"):
            show_table(build_table_frame(untested))


def filter_items(analysis: Analysis, part: JudgeAnalysis | None) -> list[ItemRatings]:
    """The transcripts that match the filters."""
    st.subheader("Transcripts", anchor=False)
    everything = collect_item_ratings(analysis)
    # without a judge there is no search, but people may still differ
    findings = {finding.slice: set(finding.items) for finding in part.findings.findings} if part else {}
    left, right = st.columns(2)
    present = {row.kinds.get(part.judge) for row in everything} if part else set()
    kinds = ["wrong verdicts", *(kind for kind in VERDICT_KINDS if kind in present and kind != AGREES)]
    options = [*(kinds if part else []), PEOPLE_DIFFER, EVERY_TRANSCRIPT]
    kind = left.selectbox("Show", options, key="disagreement-kind")
    finding = right.selectbox("In the finding", [ANY_SLICE, *findings], key="disagreement-finding")
    within = findings.get(finding or "")
    return [
        row
        for row in everything
        if should_show_item(row, kind, part) and (within is None or row.item in within)
    ]


def should_show_item(item_ratings: ItemRatings, kind: str | None, part: JudgeAnalysis | None) -> bool:
    """Whether a transcript passes the filter of kinds."""
    if kind == EVERY_TRANSCRIPT:
        return True
    if kind == PEOPLE_DIFFER:
        return item_ratings.has_human_disagreement
    if part is None:
        return False
    return (
        item_ratings.is_wrong(part.judge)
        if kind == "wrong verdicts"
        else item_ratings.kinds.get(part.judge) == kind
    )


def choose_item(rows: list[ItemRatings], judge: str | None) -> str | None:
    """The transcript to show: selected in the table, or in the box under it."""
    if not rows:
        st.info("No transcript matches these filters.")
        return None
    frame = build_disagreement_frame(tuple(rows), judge)
    frame["transcript"] = frame["transcript"].map(shorten_id)
    ids = [row.item for row in rows]

    def remember_selection() -> None:
        chosen = st.session_state["disagreement-table"].selection.rows
        if chosen:
            st.session_state["item"] = ids[chosen[0]]

    st.dataframe(
        frame,
        hide_index=True,
        key="disagreement-table",
        on_select=remember_selection,
        selection_mode="single-row",
        placeholder="–",
        height="content" if len(frame) <= MAX_PICKER_ROWS else MAX_PICKER_ROWS * ROW_PIXELS,
    )
    names = {row.item: f"{row.cluster} · {shorten_id(row.item)}" for row in rows}
    # a filter may have removed the transcript that was shown: a select box refuses unknown values
    if st.session_state.get("item") not in ids:
        st.session_state["item"] = ids[0]
    return st.selectbox(
        f"Read one of {pluralize(len(ids), 'transcript')}",
        ids,
        format_func=lambda value: names.get(value, value),
        key="item",
    )


def show_transcript(view: ConsoleView, item: str) -> None:
    """One transcript, with verdicts and labels beside it."""
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        transcript = load_transcript_view(session, study, item)
        decisions = [decision for decision in list_decisions(session, study, item) if decision.is_latest]
    if transcript is None:
        st.info("This transcript is no longer in the study's pool.")
        return
    text, beside = st.columns([3, 2], gap="large")
    with text:
        st.subheader("Transcript", anchor=False)
        first = 0
        if transcript.content is not None:
            show_html(render_background(transcript.content))
            n = len(transcript.content.messages)
            if n > TURNS_PER_PAGE:
                first = int(
                    st.number_input("From message", 1, n, 1, step=TURNS_PER_PAGE, key=f"from-{item}") - 1
                )
        show_html(render_turns(transcript, first))
    with beside:
        st.subheader("Verdicts", anchor=False)
        headline = view.summary.headline.judge
        show_html(
            *(
                render_verdict(verdict)
                for verdict in sorted(transcript.verdicts, key=lambda verdict: verdict.judge != headline)
            )
        )
        st.subheader("Labels", anchor=False)
        show_html(*(render_label(label) for label in select_latest_labels(transcript)))
        if decisions:
            st.subheader("Adjudication", anchor=False)
            show_html(*(render_decision(decision) for decision in decisions))
        st.subheader("About it", anchor=False)
        about = {
            "scenario": transcript.cluster,
            "model": transcript.model or "–",
            **transcript.condition,
            **transcript.attributes,
        }
        show_blocks(make_pairs({**about, "id": transcript.item}))
        if transcript.hidden:
            show_blocks(Fold("Hidden from annotators and judges", (make_pairs(transcript.hidden),)))


def make_pairs(values: Mapping[str, Any]) -> Pairs:
    """Names and values of any type, as text."""
    return Pairs(tuple((name, str(value)) for name, value in values.items()))
