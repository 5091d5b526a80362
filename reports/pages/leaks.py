"""Leak review: what the scan found in transcripts, and whether each may be drawn all the same."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import get_study
from secondreader.db.transcripts.leak_reviews import (
    ACCEPTED,
    EXCLUDED,
    LEAK_COLUMNS,
    LEAK_DECISIONS,
    LeakFinding,
    LeakItem,
    LeakReviewError,
    build_leak_rows,
    count_leaks,
    decide_leak,
    list_leak_items,
)
from secondreader.db.transcripts.leak_scans import count_scans
from secondreader.reports.sections.blocks import Excerpt, Excerpts
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import (
    format_time,
    rerun_with_message,
    shorten_id,
    show_blocks,
    show_paragraph,
    show_refusal,
    show_table,
)
from secondreader.reports.wording.names import finish_sentence, pluralize

DECISION_MEANINGS = {
    ACCEPTED: "accept: it may be drawn as it is",
    EXCLUDED: "exclude: it is left out of the draw and of the pool",
}
MAX_SHOWN = 50
"""Findings of one transcript that are listed."""


def page(view: ConsoleView) -> None:
    """The counts, the list, and one transcript to decide on."""
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        items, coverage = list_leak_items(session, study), count_scans(session, study)
    show_paragraph(count_leaks(items, coverage).sentence)
    if not items:
        return
    state = st.segmented_control("Show", ["undecided", "all"], default="all", required=True, key="leak-show")
    chosen = [one for one in items if state == "all" or one.state == "undecided"]
    if not chosen:
        st.info("Nothing is left to decide.")
        return
    frame = pd.DataFrame(build_leak_rows(chosen), columns=list(LEAK_COLUMNS))
    show_table(frame.assign(transcript=frame["transcript"].map(shorten_id)))
    names = {one.item: f"{one.cluster} · {shorten_id(one.item)} · {one.state}" for one in chosen}
    waiting = [at for at, one in enumerate(chosen) if one.state == "undecided"]
    item = st.selectbox(
        f"Decide on one of {pluralize(len(chosen), 'transcript')}",
        list(names),
        index=waiting[0] if waiting else 0,
        format_func=lambda one: names.get(one, one),
        key="leak-item",
    )
    found = next((one for one in chosen if one.item == item), None)
    if found is not None:
        show_leak_item(view, found)


def show_leak_item(view: ConsoleView, leak_item: LeakItem) -> None:
    """What was found in one transcript, what was decided, and a form to decide."""
    show_blocks(Excerpts(tuple(map(make_excerpt, leak_item.findings[:MAX_SHOWN]))))
    if len(leak_item.findings) > MAX_SHOWN:
        st.caption(f"The first {MAX_SHOWN} of {len(leak_item.findings):,} findings; the table above has all.")
    if leak_item.review is not None:
        one = leak_item.review
        show_paragraph(finish_sentence(f"{one.decision} by {one.actor} on {format_time(one.at)}: {one.why}"))
    if view.summary.frozen_at is not None:
        st.caption("The study is frozen: decisions belong before its draw.")
        return
    show_decision_form(view, leak_item)


def make_excerpt(finding: LeakFinding) -> Excerpt:
    """One finding with the words around it, its own words marked."""
    lead = finish_sentence(f"{finding.kind} in {finding.where}{', redacted' if finding.redacted else ''}")
    return Excerpt(f"{lead[:-1]}:", finding.before, finding.excerpt, finding.after)


def show_decision_form(view: ConsoleView, leak_item: LeakItem) -> None:
    """Accept or exclude one transcript, with a reason."""
    with st.form("leak", clear_on_submit=True):
        decision = st.radio(
            "Decision",
            LEAK_DECISIONS,
            format_func=lambda one: DECISION_MEANINGS.get(one, one),
            key="leak-decision",
        )
        why = st.text_input("Reason", max_chars=500, key="leak-why")
        wanted = st.form_submit_button("Put the decision on record", key="leak-decide")
    if not wanted or decision is None:
        return
    try:
        with write_session(view.engine) as session:
            study = get_study(session, view.study)
            decide_leak(session, study, leak_item.item, decision, actor=view.actor, why=why)
    except LeakReviewError as error:
        show_refusal(error)
        return
    rerun_with_message(f"Transcript {shorten_id(leak_item.item)} is {decision}.")
