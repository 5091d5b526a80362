"""Leak review: what the scan found in transcripts, and whether each may be sampled all the same."""

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
    ACCEPTED: "accept: it may be sampled as it is",
    EXCLUDED: "exclude: it is left out of the sample and of the pool",
}
MAX_SHOWN = 50
"""Findings of one transcript that are listed."""


def page(view: ConsoleView) -> None:
    """Counts, the list of findings, and one transcript to decide on."""
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        items, coverage = list_leak_items(session, study), count_scans(session, study)
    show_paragraph(count_leaks(items, coverage).sentence)
    if not items:
        return
    state = st.segmented_control("Show", ["undecided", "all"], default="all", required=True, key="leak-show")
    chosen = [item for item in items if state == "all" or item.state == "undecided"]
    if not chosen:
        st.info("Nothing is left to decide.")
        return
    frame = pd.DataFrame(build_leak_rows(chosen), columns=list(LEAK_COLUMNS))
    show_table(frame.assign(transcript=frame["transcript"].map(shorten_id)))
    names = {leak.item: f"{leak.cluster} · {shorten_id(leak.item)} · {leak.state}" for leak in chosen}
    waiting = [at for at, leak in enumerate(chosen) if leak.state == "undecided"]
    item = st.selectbox(
        f"Decide on one of {pluralize(len(chosen), 'transcript')}",
        list(names),
        # the next undecided transcript comes up by itself after each decision
        index=waiting[0] if waiting else 0,
        format_func=lambda value: names.get(value, value),
        key="leak-item",
    )
    leak_item = next((leak for leak in chosen if leak.item == item), None)
    if leak_item is not None:
        show_leak_item(view, leak_item)


def show_leak_item(view: ConsoleView, leak_item: LeakItem) -> None:
    """What was found in one transcript, what was decided, and a form to decide."""
    show_blocks(Excerpts(tuple(map(make_excerpt, leak_item.findings[:MAX_SHOWN]))))
    if len(leak_item.findings) > MAX_SHOWN:
        st.caption(f"The first {MAX_SHOWN} of {len(leak_item.findings):,} findings; the table above has all.")
    if leak_item.review is not None:
        review = leak_item.review
        show_paragraph(
            finish_sentence(f"{review.decision} by {review.actor} on {format_time(review.at)}: {review.why}")
        )
    if view.summary.frozen_at is not None:
        st.caption("The study is frozen: decisions had to be made before its sample was taken.")
        return
    show_decision_form(view, leak_item)


def make_excerpt(finding: LeakFinding) -> Excerpt:
    """One finding with the text around it; the finding itself is marked."""
    lead = finish_sentence(f"{finding.kind} in {finding.where}{', redacted' if finding.redacted else ''}")
    return Excerpt(f"{lead[:-1]}:", finding.before, finding.excerpt, finding.after)


def show_decision_form(view: ConsoleView, leak_item: LeakItem) -> None:
    """Accept or exclude one transcript, with a reason."""
    with st.form("leak", clear_on_submit=True):
        decision = st.radio(
            "Decision",
            LEAK_DECISIONS,
            format_func=lambda value: DECISION_MEANINGS.get(value, value),
            key="leak-decision",
        )
        why = st.text_input("Reason", max_chars=500, key="leak-why")
        is_submitted = st.form_submit_button("Put the decision on record", key="leak-decide")
    if not is_submitted or decision is None:
        return
    try:
        with write_session(view.engine) as session:
            study = get_study(session, view.study)
            decide_leak(session, study, leak_item.item, decision, actor=view.actor, why=why)
    except LeakReviewError as error:
        show_refusal(error)
        return
    rerun_with_message(f"Transcript {shorten_id(leak_item.item)} is {decision}.")
