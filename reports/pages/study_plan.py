"""Study plan: a new draft, a draft's plan with its numbers, freezing it, and amendments afterwards."""

import pandas as pd
import streamlit as st

from secondreader.db.core.codebook import BUILTIN, CodebookError
from secondreader.db.core.engine import writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.core.unavailable import Engine
from secondreader.db.design.study_file import StudyFile, StudyFileError, create_from_file
from secondreader.db.research.saved_reports import study_names
from secondreader.judge.planning.sample_size import PlanError
from secondreader.reports.document.markup import tag
from secondreader.reports.document.tables import pairs
from secondreader.reports.forms.amendment import amendments
from secondreader.reports.forms.label_numbers import cost, planning
from secondreader.reports.forms.preview import Preview, form_hash, freeze_with_links, preview
from secondreader.reports.forms.study import filled_in, forget_other_studies, keeps_questions
from secondreader.reports.widgets.view import (
    DESK_ADDRESS,
    View,
    done,
    html,
    refusal,
    settle,
    show_links,
    table,
)
from secondreader.reports.wording.names import plural
from secondreader.reports.wording.plan import plan_pairs

REFUSALS = (StudyError, StudyFileError, CodebookError)


def page(view: View) -> None:
    """The draft's plan, or what is frozen and what was amended."""
    if view.facts.frozen_at is None:
        draft(view)
    else:
        frozen(view)
    with st.expander("New study"):
        new_study(view.engine, view.actor)


def without_study(engine: Engine, actor: str) -> None:
    """A first draft."""
    new_study(engine, actor)


def new_study(engine: Engine, actor: str) -> None:
    """A form for an empty draft: transcripts are imported or run into it by name."""
    with st.form("new-study", clear_on_submit=True, border=False):
        name = st.text_input("Name, which annotators never see", max_chars=200, key="new-name").strip()
        title = st.text_input(
            "Title that annotators see", "Reading transcripts", max_chars=200, key="new-title"
        )
        book = st.selectbox("Codebook and guideline", BUILTIN, key="new-codebook") or BUILTIN[0]
        wanted = st.form_submit_button("Make the draft", key="new-make")
    if not wanted:
        return
    try:
        make_draft(engine, name, title.strip(), book, actor)
    except REFUSALS as error:
        refusal(error)
        return
    settle(f"The draft {name} is made: import or run transcripts into it.")


def make_draft(engine: Engine, name: str, title: str, book: str, actor: str) -> None:
    """Make an empty draft. Raises StudyError."""
    if not name or not title:
        raise StudyError("A study needs a name and a title.")
    with writing(engine) as session:
        if name in study_names(session):
            raise StudyError(f"There is a study {name!r} already.")
        create_from_file(session, StudyFile(name=name, title=title, codebook=book), actor)


def draft(view: View) -> None:
    """The plan of a draft: its fields, its numbers, a preview of the draw, and freezing."""
    facts = view.facts
    if not facts.n_pool:
        st.info("The study has no transcripts yet: import or run some into it first.")
        return
    forget_other_studies(facts.name)
    minutes = planning(facts)
    try:
        given = filled_in(facts)
        if given.draw is not None:
            html(tag("p", cost(given.draw, minutes)))
    except (StudyFileError, PlanError) as error:
        refusal(error)
        return
    seen = previewed(view, given)
    if seen is not None:
        show_preview(seen)
        freeze_form(view, given, seen)


def previewed(view: View, given: StudyFile) -> Preview | None:
    """The preview of this very form; None before its button is pressed."""
    keep = keeps_questions()
    if st.button("Preview the draw", key="plan-preview"):
        try:
            st.session_state["preview"] = preview(view.engine, given, keep_questions=keep)
        except REFUSALS as error:
            refusal(error)
            return None
    seen = st.session_state.get("preview")
    if isinstance(seen, Preview) and seen.given_hash == form_hash(given, keep_questions=keep):
        return seen
    st.caption("A plan is frozen after a preview of the very plan that the form shows.")
    return None


def show_preview(seen: Preview) -> None:
    """Strata with counts and inclusion probabilities, and the hash."""
    rows = [[one.name, one.n_drawn, one.inclusion_probability] for one in seen.strata]
    frame = pd.DataFrame(rows, columns=["stratum", "drawn", "inclusion probability"])
    table(frame, {"inclusion probability": st.column_config.NumberColumn(format="%.4f")})
    size = f"{plural(seen.n_items, 'transcript')}, {plural(seen.n_assignments, 'place')} in queues"
    html(pairs([("Draw", size), ("Plan hash", seen.plan_hash)]))


def freeze_form(view: View, given: StudyFile, seen: Preview) -> None:
    """Freeze the plan that was previewed, and show the annotators' links once."""
    with st.form("freeze"):
        left, right = st.columns([3, 1])
        desk = left.text_input("Address of the desk", DESK_ADDRESS, key="freeze-desk")
        days = right.number_input("Days until links expire", 1, 365, 30, key="freeze-days")
        wanted = st.form_submit_button("Freeze this plan", type="primary", key="freeze-now")
    if not wanted:
        return
    try:
        plan_hash, links = freeze_with_links(
            view.engine, given, keep_questions=keeps_questions(), days=float(days), actor=view.actor
        )
    except REFUSALS as error:
        refusal(error)
        return
    st.session_state.pop("preview", None)
    same = "the hash of the preview" if plan_hash == seen.plan_hash else "the pool changed since the preview"
    done(f"The study is frozen. Plan {plan_hash}: {same}.")
    show_links(desk, links)


def frozen(view: View) -> None:
    """The frozen plan and its amendments."""
    facts = view.facts
    html(tag("p", "The plan is frozen: what it says is fixed, and what changes is amended on record."))
    html(pairs([("Plan hash", facts.plan_hash or "–"), *plan_pairs(facts.plan)]))
    amendments(view)
