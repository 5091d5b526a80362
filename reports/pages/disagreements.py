"""Disagreements: findings, the forest of slices, and each transcript with verdicts and labels side by side."""

import pandas as pd
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
from secondreader.reports.charts import altair_charts
from secondreader.reports.charts.marks import make_forest_marks
from secondreader.reports.document.markup import finish_sentence, render_sentences, tag
from secondreader.reports.document.tables import format_p_value
from secondreader.reports.document.transcript import (
    TURNS_PER_PAGE,
    render_background,
    render_decision,
    render_definitions,
    render_label,
    render_turns,
    render_verdict,
    select_latest_labels,
)
from secondreader.reports.widgets.view import (
    ConsoleView,
    choose_judge,
    load_analysis,
    shorten_id,
    show_html,
    show_notices,
    show_table,
)
from secondreader.reports.wording.names import ERROR_KIND_NAMES, pluralize
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
    show_html(render_sentences(describe_findings(part)))
    marks = make_forest_marks(part)
    drawn = altair_charts.draw_interval_chart(
        marks, series=("not found", "finding"), percent=True, reference=0.0, side_by_side=False
    )
    if drawn is not None:
        st.caption("Wrong verdicts inside less outside each slice, with 95 % intervals of each slice alone.")
        st.altair_chart(drawn, alt="Forest plot of slices; the table below holds the same")
        with st.expander(f"{pluralize(len(part.findings.tests), 'test')}: all numbers"):
            show_table(build_tests_frame(part))
    if part.findings.untested:
        with st.expander(f"{pluralize(len(part.findings.untested), 'slice')} not tested"):
            rows = [
                [one.slice, ERROR_KIND_NAMES.get(one.statistic, one.statistic), finish_sentence(one.reason)]
                for one in part.findings.untested
            ]
            show_table(pd.DataFrame(rows, columns=["slice", "kind of error", "why"]))


def build_tests_frame(part: JudgeAnalysis) -> pd.DataFrame:
    """Every tested slice for a reader, the smallest adjusted p first."""
    tests = part.findings.tests.sort_values("p_adjusted", kind="stable")
    return pd.DataFrame(
        {
            "slice": tests["slice"],
            "kind of error": tests["statistic"].map(ERROR_KIND_NAMES),
            "wrong inside": [f"{a} of {b}" for a, b in zip(tests["wrong_in"], tests["n_in"], strict=True)],
            "wrong outside": [f"{a} of {b}" for a, b in zip(tests["wrong_out"], tests["n_out"], strict=True)],
            "difference": [f"{100 * one:+.1f} points" for one in tests["difference"]],
            "adjusted p": [format_p_value(one) for one in tests["p_adjusted"]],
            "q": [format_p_value(one) for one in tests["q"]],
        }
    )


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
        show_html(render_definitions({**about, "id": seen.item}))
        if seen.hidden:
            show_html(
                tag(
                    "details",
                    tag("summary", "Hidden from annotators and judges"),
                    render_definitions(seen.hidden),
                )
            )
