"""Amendments of a frozen study: the list, and a form for the changes that there may be."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.amendments import AmendmentResult, StudyChange, amend_study, parse_change
from secondreader.db.design.people import invite_annotators
from secondreader.db.design.studies import get_study
from secondreader.reports.forms.study import UNCHANGED, ask_headline_judge
from secondreader.reports.sections.design import format_amendment
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import (
    DESK_ADDRESS,
    rerun_with_message,
    show_links,
    show_refusal,
    show_success,
    show_table,
)
from secondreader.reports.wording.names import pluralize
from secondreader.reports.wording.plan import UNSURE_MEANINGS

LINK_DAYS = 30


def show_amendments(view: ConsoleView) -> None:
    """What was changed after freezing, and a form for the next change."""
    st.subheader("Amendments", anchor=False)
    if view.summary.amendments:
        rows = [
            [*format_amendment(amendment), amendment.plan_hash[:12]] for amendment in view.summary.amendments
        ]
        head = ["at", "by", "what", "why", "plan after it"]
        show_table(pd.DataFrame(rows, columns=head))
    else:
        st.caption("Nothing has changed since the plan was frozen.")
    with st.expander("Amend the study"):
        show_amend_form(view)


def show_amend_form(view: ConsoleView) -> None:
    """New texts, people, transcripts or analyses; an empty field leaves things as they are."""
    with st.form("amend", clear_on_submit=True, border=False):
        left, right = st.columns(2)
        title = left.text_input("New title", max_chars=200, key="amend-title")
        notice = right.text_input("New notice", key="amend-notice")
        guideline = st.text_area("New guideline (Markdown, the whole text)", key="amend-guideline")
        people = left.text_input("More annotators, separated by commas", key="amend-people")
        more = right.number_input("More transcripts", 0, max(view.summary.n_pool, 1), 0, key="amend-items")
        analyses = ask_analyses(view)
        left, right = st.columns(2)
        desk = left.text_input("Address of the desk", DESK_ADDRESS, key="amend-desk")
        why = right.text_input("Reason", max_chars=500, key="amend-why")
        is_submitted = st.form_submit_button("Amend the study", key="amend-now")
    if not is_submitted:
        return
    try:
        what = parse_change(
            title=title.strip() or None,
            notice=notice.strip() or None,
            guideline=guideline.strip() or None,
            annotators=tuple(name.strip() for name in people.split(",") if name.strip()),
            more_items=more,
            analyses=analyses or None,
        )
        result, links = apply_amendment(view, what, why)
    except StudyError as error:
        show_refusal(error)
        return
    # a rerun would take the links away, which are shown this once: it happens only without any
    message = f"Amended: {pluralize(result.n_items, 'transcript')} and {pluralize(result.n_assignments, 'assignment')} more."
    if not links:
        rerun_with_message(message)
    show_success(message)
    show_links(desk, links)


def ask_analyses(view: ConsoleView) -> dict[str, str]:
    """The analyses that change, by name."""
    left, right = st.columns(2)
    unsure = left.selectbox(
        "Unsure counts as",
        [None, *UNSURE_MEANINGS],
        format_func=lambda policy: UNSURE_MEANINGS.get(policy, UNCHANGED),
        key="amend-unsure",
    )
    with right:
        judge = ask_headline_judge(view.summary, UNCHANGED, key="amend-judge")
    return {name: value for name, value in (("unsure", unsure), ("judge", judge)) if value is not None}


def apply_amendment(
    view: ConsoleView, what: StudyChange, why: str
) -> tuple[AmendmentResult, list[tuple[str, str]]]:
    """Make the change; returns what it did and (name, token) of each new annotator. Raises StudyError."""
    with write_session(view.engine) as session:
        study = get_study(session, view.study)
        result = amend_study(session, study, what, actor=view.actor, why=why.strip())
        links = invite_annotators(
            session, study, result.annotator_ids, days=LINK_DAYS, actor=view.actor, why=why
        )
    return result, links
