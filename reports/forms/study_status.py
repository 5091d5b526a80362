"""What a researcher does to a running study in the console: state, reveal, unblinding; with a reason, on record."""

import streamlit as st

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.design.unblinding import unblind_study
from secondreader.db.desk.norming_round import list_norming_progress, reveal_norming_ratings
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import rerun_with_message, show_paragraph, show_refusal

STATUS_CHANGES = {
    "open": "open: labels are accepted",
    "paused": "paused: no labels are accepted for now",
    "closed": "closed",
}


def show_state_forms(view: ConsoleView) -> None:
    """The forms that fit the study's state."""
    facts = view.summary
    if facts.frozen_at is None:
        st.info("Freeze the plan to open the study.")
        return
    if facts.unblinding is not None:
        event = facts.unblinding
        show_paragraph(f"Unblinded by {event.actor} on {event.at:%Y-%m-%d %H:%M UTC}: {event.why}")
        return
    show_reveal_form(view)
    show_status_form(view)
    if facts.status == "closed":
        show_unblind_form(view)


def show_status_form(view: ConsoleView) -> None:
    """Change the state of the study, with a reason."""
    others = [change for change in STATUS_CHANGES if change != view.summary.status]
    with st.form("status", clear_on_submit=True):
        left, right = st.columns(2)
        status = left.selectbox(
            "New state",
            others,
            format_func=lambda status: STATUS_CHANGES.get(status, status),
            key="status-new",
        )
        why = right.text_input("Reason", max_chars=500, key="status-why")
        is_submitted = st.form_submit_button("Change the state", key="status-change")
    if not is_submitted or status is None:
        return
    try:
        if not why.strip():
            raise StudyError("Nothing was changed: give a reason for the audit log.")
        with write_session(view.engine) as session:
            set_status(session, get_study(session, view.study), status, actor=view.actor, why=why.strip())
    except StudyError as error:
        show_refusal(error)
        return
    rerun_with_message(f"The study is {status}.")


def show_unblind_form(view: ConsoleView) -> None:
    """Let judge and people be compared, for good."""
    st.subheader("Unblind", anchor=False)
    show_paragraph(
        "Until a study is unblinded, no page compares judge and people. Unblinding is final: the study takes no "
        "more labels, and the report prints who did it, when and why."
    )
    with st.form("unblind", clear_on_submit=True):
        why = st.text_input("Reason", max_chars=500, key="unblind-why")
        is_confirmed = st.checkbox("I want judge and people to be compared from now on", key="unblind-sure")
        is_submitted = st.form_submit_button("Unblind the study", key="unblind-study")
    if not is_submitted:
        return
    try:
        if not is_confirmed:
            raise StudyError("Nothing was changed: tick the box to unblind the study.")
        with write_session(view.engine) as session:
            unblind_study(session, get_study(session, view.study), actor=view.actor, why=why)
    except StudyError as error:
        show_refusal(error)
        return
    # the cached hash is of the sealed study, and would show its analysis for some seconds more
    st.cache_data.clear()
    rerun_with_message("The study is unblinded.")


def show_reveal_form(view: ConsoleView) -> None:
    """Reveal the labels of the norming round to the annotators; nothing where there is none, or it is done."""
    with read_session(view.engine) as session:
        study = get_study(session, view.study)
        people = list_norming_progress(session, study) if study.revealed_at is None else []
    if not people:
        return
    st.subheader("Norming round", anchor=False)
    states = [
        f"{person.name}: {person.n_labelled} of {person.n_total}" for person in people if person.is_expected
    ]
    show_paragraph(
        f"Labelled in the norming round, not revealed yet: {', '.join(states) or 'nobody is expected'}."
    )
    with st.form("reveal", clear_on_submit=True):
        why = st.text_input("Reason", max_chars=500, key="reveal-why")
        force = st.checkbox("Do not wait for annotators who have not finished", key="reveal-force")
        is_submitted = st.form_submit_button("Reveal the labels to each other", key="reveal-now")
    if not is_submitted:
        return
    try:
        with write_session(view.engine) as session:
            reveal_norming_ratings(
                session, get_study(session, view.study), view.actor, why.strip(), force=force
            )
    except StudyError as error:
        show_refusal(error)
        return
    rerun_with_message("The labels of the norming round are revealed.")
