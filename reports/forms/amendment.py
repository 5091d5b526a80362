"""Amendments of a frozen study: the list, and a form for the changes that there may be."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.design.amendments import Amended, Change, amend, change
from secondreader.db.design.people import invite_annotators
from secondreader.db.design.studies import get_study
from secondreader.reports.document.preparation import amendment_row
from secondreader.reports.forms.study import AS_IT_IS, headline_judge
from secondreader.reports.widgets.view import DESK_ADDRESS, View, done, refusal, settle, show_links, table
from secondreader.reports.wording.names import plural
from secondreader.reports.wording.plan import UNSURE

LINK_DAYS = 30


def amendments(view: View) -> None:
    """What was changed after freezing, and a form for the next change."""
    st.subheader("Amendments", anchor=False)
    if view.facts.amendments:
        rows = [[*amendment_row(one), one.plan_hash[:12]] for one in view.facts.amendments]
        head = ["at", "by", "what", "why", "plan after it"]
        table(pd.DataFrame(rows, columns=head))
    else:
        st.caption("Nothing was changed since the plan was frozen.")
    with st.expander("Amend the study"):
        amend_form(view)


def amend_form(view: View) -> None:
    """Texts, more people, more transcripts, analyses: what is left empty stays as it is."""
    with st.form("amend", clear_on_submit=True, border=False):
        left, right = st.columns(2)
        title = left.text_input("New title", max_chars=200, key="amend-title")
        notice = right.text_input("New notice", key="amend-notice")
        guideline = st.text_area("New guideline (Markdown, the whole text)", key="amend-guideline")
        people = left.text_input("More annotators, separated by commas", key="amend-people")
        more = right.number_input("More transcripts", 0, max(view.facts.n_pool, 1), 0, key="amend-items")
        analyses = analyses_anew(view)
        left, right = st.columns(2)
        desk = left.text_input("Address of the desk", DESK_ADDRESS, key="amend-desk")
        why = right.text_input("Reason", max_chars=500, key="amend-why")
        wanted = st.form_submit_button("Amend the study", key="amend-now")
    if not wanted:
        return
    try:
        what = change(
            title=title.strip() or None,
            notice=notice.strip() or None,
            guideline=guideline.strip() or None,
            annotators=tuple(one.strip() for one in people.split(",") if one.strip()),
            more_items=more,
            analyses=analyses or None,
        )
        made, links = amended(view, what, why)
    except StudyError as error:
        refusal(error)
        return
    told = f"Amended: {plural(made.n_items, 'transcript')} and {plural(made.n_assignments, 'place')} more."
    if not links:
        settle(told)
    done(told)
    show_links(desk, links)


def analyses_anew(view: View) -> dict[str, str]:
    """The analyses that are set anew."""
    left, right = st.columns(2)
    unsure = left.selectbox(
        "Unsure counts as",
        [None, *UNSURE],
        format_func=lambda one: UNSURE.get(one, AS_IT_IS),
        key="amend-unsure",
    )
    with right:
        judge = headline_judge(view.facts, AS_IT_IS, key="amend-judge")
    return {name: value for name, value in (("unsure", unsure), ("judge", judge)) if value is not None}


def amended(view: View, what: Change, why: str) -> tuple[Amended, list[tuple[str, str]]]:
    """Make the change; returns what it did and (name, token) of each new annotator. Raises StudyError."""
    with writing(view.engine) as session:
        study = get_study(session, view.study)
        made = amend(session, study, what, actor=view.actor, why=why.strip())
        links = invite_annotators(
            session, study, made.annotator_ids, days=LINK_DAYS, actor=view.actor, why=why
        )
    return made, links
