"""Leak review: what the scan found in transcripts at import, and whether each may be drawn all the same."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import reading, writing
from secondreader.db.design.studies import get_study
from secondreader.db.transcripts.leak_reviews import (
    ACCEPTED,
    DECISIONS,
    EXCLUDED,
    LEAK_COLUMNS,
    LeakFinding,
    LeakItem,
    LeakReviewError,
    decide_leak,
    leak_counts,
    leak_items,
    leak_rows,
)
from secondreader.reports.document.markup import Html, finished, tag
from secondreader.reports.widgets.view import View, html, moment, refusal, settle, short, table
from secondreader.reports.wording.names import plural

MEANING = {
    ACCEPTED: "accept: it may be drawn as it is",
    EXCLUDED: "exclude: it is left out of the draw and of the pool",
}
MOST_SHOWN = 50
"""Findings of one transcript that are listed."""


def page(view: View) -> None:
    """The counts, the list, and one transcript to decide on."""
    with reading(view.engine) as session:
        items = leak_items(session, get_study(session, view.study))
    html(tag("p", leak_counts(items).sentence))
    if not items:
        return
    state = st.segmented_control("Show", ["undecided", "all"], default="all", required=True, key="leak-show")
    chosen = [one for one in items if state == "all" or one.state == "undecided"]
    if not chosen:
        st.info("Nothing is left to decide.")
        return
    frame = pd.DataFrame(leak_rows(chosen), columns=list(LEAK_COLUMNS))
    table(frame.assign(transcript=frame["transcript"].map(short)))
    names = {one.item: f"{one.cluster} · {short(one.item)} · {one.state}" for one in chosen}
    waiting = [at for at, one in enumerate(chosen) if one.state == "undecided"]
    item = st.selectbox(
        f"Decide on one of {plural(len(chosen), 'transcript')}",
        list(names),
        index=waiting[0] if waiting else 0,
        format_func=lambda one: names.get(one, one),
        key="leak-item",
    )
    found = next((one for one in chosen if one.item == item), None)
    if found is not None:
        show_item(view, found)


def show_item(view: View, found: LeakItem) -> None:
    """What was found in one transcript, what was decided, and a form to decide."""
    html(tag("ul", *(finding_html(one) for one in found.findings[:MOST_SHOWN])))
    if len(found.findings) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} of {len(found.findings):,} findings; the table above has all.")
    if found.review is not None:
        one = found.review
        html(tag("p", finished(f"{one.decision} by {one.actor} on {moment(one.at)}: {one.why}")))
    if view.facts.frozen_at is not None:
        st.caption("The study is frozen: decisions belong before its draw.")
        return
    decide_form(view, found)


def finding_html(one: LeakFinding) -> Html:
    """One finding with the words around it, its own words marked."""
    kind = f"{one.kind[:1].upper()}{one.kind[1:]} in {one.where}{', redacted' if one.redacted else ''}: "
    return tag("li", kind, tag("q", one.before, tag("mark", one.excerpt), one.after))


def decide_form(view: View, found: LeakItem) -> None:
    """Accept or exclude one transcript, with a reason."""
    with st.form("leak", clear_on_submit=True):
        decision = st.radio(
            "Decision", DECISIONS, format_func=lambda one: MEANING.get(one, one), key="leak-decision"
        )
        why = st.text_input("Reason", max_chars=500, key="leak-why")
        wanted = st.form_submit_button("Put the decision on record", key="leak-decide")
    if not wanted or decision is None:
        return
    try:
        with writing(view.engine) as session:
            study = get_study(session, view.study)
            decide_leak(session, study, found.item, decision, actor=view.actor, why=why)
    except LeakReviewError as error:
        refusal(error)
        return
    settle(f"Transcript {short(found.item)} is {decision}.")
