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
    """Where and how the chosen judge departs from gold."""
    found = load_analysis(view)
    show_notices(found)
    if found.sealed:
        return
    judge = choose_judge(found, "disagreement-judge")
    part = next((one for one in found.judges if one.judge == judge), None)
    if part is not None:
        show_search(part)
    chosen = filter_items(found, part)
    item = choose_item(chosen, judge)
    if item is not None:
        show_transcript(view, item)


def show_search(part: JudgeAnalysis) -> None:
    """Findings and the forest of slices."""
    show_sentences(describe_findings(part))
    forest = make_forest_chart(part)
    if forest.has_values:
        st.caption("Wrong verdicts inside less outside each slice, with 95 % intervals of each slice alone.")
        show_chart(forest, "Forest plot of slices; the table below holds the same")
        with st.expander(f"{pluralize(len(part.findings.tests), 'test')}: all numbers"):
            show_table(build_table_frame(build_tests_table(part)))
    untested = build_untested_table(part)
    if not untested.is_empty:
        with st.expander(f"{pluralize(len(untested.rows), 'slice')} not tested"):
            show_table(build_table_frame(untested))


def filter_items(analysis: Analysis, part: JudgeAnalysis | None) -> list[ItemRatings]:
    """The transcripts that the filters leave."""
    st.subheader("Transcripts", anchor=False)
    everything = collect_item_ratings(analysis)
    findings = {one.slice: set(one.items) for one in part.findings.findings} if part else {}
    left, right = st.columns(2)
    present = {one.kinds.get(part.judge) for one in everything} if part else set()
    kinds = ["wrong verdicts", *(kind for kind in VERDICT_KINDS if kind in present and kind != AGREES)]
    options = [*(kinds if part else []), PEOPLE_DIFFER, EVERY_TRANSCRIPT]
    kind = left.selectbox("Show", options, key="disagreement-kind")
    finding = right.selectbox("In the finding", [ANY_SLICE, *findings], key="disagreement-finding")
    within = findings.get(finding or "")
    return [
        one
        for one in everything
        if should_show_item(one, kind, part) and (within is None or one.item in within)
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
    """The transcript to read: picked in the table or in the box under it."""
    if not rows:
        st.info("No transcript is left with these filters.")
        return None
    frame = build_disagreement_frame(tuple(rows), judge)
    frame["transcript"] = frame["transcript"].map(shorten_id)
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
        height="content" if len(frame) <= MAX_PICKER_ROWS else MAX_PICKER_ROWS * ROW_PIXELS,
    )
    names = {one.item: f"{one.cluster} · {shorten_id(one.item)}" for one in rows}
    if st.session_state.get("item") not in ids:
        st.session_state["item"] = ids[0]
    return st.selectbox(
        f"Read one of {pluralize(len(ids), 'transcript')}",
        ids,
        format_func=lambda one: names.get(one, one),
        key="item",
    )


def show_transcript(view: ConsoleView, item: str) -> None:
    """One transcript, with verdicts and labels beside it."""
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        seen = load_transcript_view(session, study, item)
        settled = [one for one in list_decisions(session, study, item) if one.is_latest]
    if seen is None:
        st.info("This transcript is not in the study's pool any more.")
        return
    text, said = st.columns([3, 2], gap="large")
    with text:
        st.subheader("Transcript", anchor=False)
        first = 0
        if seen.content is not None:
            show_html(render_background(seen.content))
            n = len(seen.content.messages)
            if n > TURNS_PER_PAGE:
                first = int(
                    st.number_input("From message", 1, n, 1, step=TURNS_PER_PAGE, key=f"from-{item}") - 1
                )
        show_html(render_turns(seen, first))
    with said:
        st.subheader("Verdicts", anchor=False)
        headline = view.summary.headline.judge
        show_html(
            *(render_verdict(one) for one in sorted(seen.verdicts, key=lambda one: one.judge != headline))
        )
        st.subheader("Labels", anchor=False)
        show_html(*(render_label(label) for label in select_latest_labels(seen)))
        if settled:
            st.subheader("Adjudication", anchor=False)
            show_html(*(render_decision(one) for one in settled))
        st.subheader("About it", anchor=False)
        about = {"scenario": seen.cluster, "model": seen.model or "–", **seen.condition, **seen.attributes}
        show_blocks(make_pairs({**about, "id": seen.item}))
        if seen.hidden:
            show_blocks(Fold("Hidden from annotators and judges", (make_pairs(seen.hidden),)))


def make_pairs(values: Mapping[str, Any]) -> Pairs:
    """Names and values as they are, whatever their type."""
    return Pairs(tuple((name, str(value)) for name, value in values.items()))
