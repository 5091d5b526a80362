"""What a researcher does to a running study in the console: state, reveal, unblinding; with a reason, on record."""

import streamlit as st

from secondreader.db.core.engine import reading, writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.design.unblinding import unblind
from secondreader.db.desk.calibration_round import calibration_people, reveal
from secondreader.reports.document.markup import tag
from secondreader.reports.widgets.view import View, html, refusal, settle

CHANGES = {"open": "open: take labels", "paused": "paused: take no labels for a while", "closed": "closed"}


def state_forms(view: View) -> None:
    """The forms that fit the study's state."""
    facts = view.facts
    if facts.frozen_at is None:
        st.info("A draft is opened by freezing its plan.")
        return
    if facts.unblinding is not None:
        one = facts.unblinding
        html(tag("p", f"Unblinded by {one.actor} on {one.at:%Y-%m-%d %H:%M UTC}: {one.why}"))
        return
    reveal_form(view)
    status_form(view)
    if facts.status == "closed":
        unblind_form(view)


def status_form(view: View) -> None:
    """Bring the study to another state."""
    others = [one for one in CHANGES if one != view.facts.status]
    with st.form("status", clear_on_submit=True):
        left, right = st.columns(2)
        status = left.selectbox(
            "New state", others, format_func=lambda one: CHANGES.get(one, one), key="status-new"
        )
        why = right.text_input("Reason", max_chars=500, key="status-why")
        wanted = st.form_submit_button("Change the state", key="status-change")
    if not wanted or status is None:
        return
    try:
        if not why.strip():
            raise StudyError("Nothing was changed: give a reason for the audit log.")
        with writing(view.engine) as session:
            set_status(session, get_study(session, view.study), status, actor=view.actor, why=why.strip())
    except StudyError as error:
        refusal(error)
        return
    settle(f"The study is {status}.")


def unblind_form(view: View) -> None:
    """Let judge and people be compared, for good."""
    st.subheader("Unblind", anchor=False)
    html(
        tag(
            "p",
            "Until a study is unblinded, no page compares judge and people. Unblinding is final: the study takes no "
            "more labels, and the report prints who did it, when and why.",
        )
    )
    with st.form("unblind", clear_on_submit=True):
        why = st.text_input("Reason", max_chars=500, key="unblind-why")
        sure = st.checkbox("I want judge and people to be compared from now on", key="unblind-sure")
        wanted = st.form_submit_button("Unblind the study", key="unblind-study")
    if not wanted:
        return
    try:
        if not sure:
            raise StudyError("Nothing was changed: tick the box to unblind the study.")
        with writing(view.engine) as session:
            unblind(session, get_study(session, view.study), actor=view.actor, why=why)
    except StudyError as error:
        refusal(error)
        return
    st.cache_data.clear()
    settle("The study is unblinded.")


def reveal_form(view: View) -> None:
    """Show the annotators each other's calibration readings; nothing where there are none or it was done."""
    with reading(view.engine) as session:
        study = get_study(session, view.study)
        people = calibration_people(session, study) if study.revealed_at is None else []
    if not people:
        return
    st.subheader("Calibration", anchor=False)
    states = [f"{one.name}: {one.n_labelled} of {one.n_total}" for one in people if one.is_expected]
    html(tag("p", f"Calibration items read, not revealed yet: {', '.join(states) or 'nobody is expected'}."))
    with st.form("reveal", clear_on_submit=True):
        why = st.text_input("Reason", max_chars=500, key="reveal-why")
        force = st.checkbox("Do not wait for those who are not through", key="reveal-force")
        wanted = st.form_submit_button("Reveal the readings to each other", key="reveal-now")
    if not wanted:
        return
    try:
        with writing(view.engine) as session:
            reveal(session, get_study(session, view.study), view.actor, why.strip(), force=force)
    except StudyError as error:
        refusal(error)
        return
    settle("The calibration readings are revealed.")
