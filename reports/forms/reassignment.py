"""A form that moves untouched assignments of somebody who has stopped to other annotators, on record."""

import streamlit as st

from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.reassignment import ReassignmentResult, reassign_items
from secondreader.db.design.studies import get_study
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import rerun_with_message, show_refusal
from secondreader.reports.wording.names import pluralize


def can_reassign(view: ConsoleView) -> bool:
    """Whether assignments can be moved at all: those of a shared queue move by themselves."""
    facts = view.summary
    is_fixed = parse_rules(facts.plan.get("rules", {})).queue == "fixed"
    is_running = facts.frozen_at is not None and facts.status != "closed"
    return is_running and is_fixed and len(list_queue_owners(view)) > 1


def list_queue_owners(view: ConsoleView) -> list[str]:
    """Who has a queue at the desk."""
    return [
        annotator.name
        for annotator in view.summary.annotators
        if annotator.role == "annotator" and annotator.source == "desk"
    ]


def show_reassign_form(view: ConsoleView) -> None:
    """Who has stopped, who takes over, and why; nothing where assignments cannot be moved."""
    if not can_reassign(view):
        return
    with (
        st.expander("Move somebody's assignments to others"),
        st.form("reassign", clear_on_submit=True, border=False),
    ):
        left, right = st.columns(2)
        giver = (
            left.selectbox("Who has the assignments now", list_queue_owners(view), key="reassign-from") or ""
        )
        takers = right.multiselect("Who takes them", list_queue_owners(view), key="reassign-to")
        why = st.text_input("Reason", max_chars=500, key="reassign-why")
        st.caption("Labels and drafts stay with their authors; nobody gets a transcript twice.")
        is_submitted = st.form_submit_button("Move the assignments", key="reassign-now")
    if not is_submitted:
        return
    try:
        with write_session(view.engine) as session:
            study = get_study(session, view.study)
            result = reassign_items(session, study, giver, takers, actor=view.actor, why=why.strip())
    except StudyError as error:
        show_refusal(error)
        return
    rerun_with_message(describe_reassignment(giver, result))


def describe_reassignment(giver: str, reassigned: ReassignmentResult) -> str:
    """What was moved, in a sentence."""
    moved = ", ".join(f"{name} has {pluralize(n, 'assignment')} more" for name, n in reassigned.moved.items())
    stays = "stays" if reassigned.n_kept == 1 else "stay"
    kept = f" {pluralize(reassigned.n_kept, 'assignment')} {stays} with {giver}." if reassigned.n_kept else ""
    dropped = (
        f" {pluralize(reassigned.n_repeats_dropped, 'repeat')} dropped."
        if reassigned.n_repeats_dropped
        else ""
    )
    return f"{moved}.{kept}{dropped}"
