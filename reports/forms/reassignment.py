"""A form that moves the untouched places of somebody who has stopped to others, on record."""

import streamlit as st

from secondreader.db.core.desk_rules import rules_of
from secondreader.db.core.engine import writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.design.reassignment import Reassigned, reassign
from secondreader.db.design.studies import get_study
from secondreader.reports.widgets.view import View, refusal, settle
from secondreader.reports.wording.names import plural


def is_possible(view: View) -> bool:
    """Whether places can be moved at all: those of a shared queue move by themselves."""
    facts = view.facts
    is_fixed = rules_of(facts.plan.get("rules", {})).queue == "fixed"
    is_running = facts.frozen_at is not None and facts.status != "closed"
    return is_running and is_fixed and len(names(view)) > 1


def names(view: View) -> list[str]:
    """Who has a queue at the desk."""
    return [one.name for one in view.facts.annotators if one.role == "annotator" and one.source == "desk"]


def reassign_form(view: View) -> None:
    """Who has stopped, who takes over, and why; nothing where it makes no sense."""
    if not is_possible(view):
        return
    with (
        st.expander("Move somebody's places to others"),
        st.form("reassign", clear_on_submit=True, border=False),
    ):
        left, right = st.columns(2)
        giver = left.selectbox("Who has the places now", names(view), key="reassign-from") or ""
        takers = right.multiselect("Who takes them", names(view), key="reassign-to")
        why = st.text_input("Reason", max_chars=500, key="reassign-why")
        st.caption("Labels and drafts stay where they are; nobody gets a transcript twice.")
        wanted = st.form_submit_button("Move the places", key="reassign-now")
    if not wanted:
        return
    try:
        with writing(view.engine) as session:
            study = get_study(session, view.study)
            done = reassign(session, study, giver, takers, actor=view.actor, why=why.strip())
    except StudyError as error:
        refusal(error)
        return
    settle(told(giver, done))


def told(giver: str, done: Reassigned) -> str:
    """What was moved, in a sentence."""
    moved = ", ".join(f"{name} has {plural(n, 'place')} more" for name, n in done.moved.items())
    kept = f" {plural(done.n_kept, 'place')} stay with {giver}." if done.n_kept else ""
    dropped = f" {plural(done.n_repeats_dropped, 'repeat')} dropped." if done.n_repeats_dropped else ""
    return f"{moved}.{kept}{dropped}"
