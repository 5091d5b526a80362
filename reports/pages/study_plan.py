"""Study plan: a new draft, a draft's plan with its numbers, freezing it, and amendments afterwards."""

import pandas as pd
import streamlit as st

from secondreader.db.core.codebook import BUILTIN_CODEBOOKS, CodebookError
from secondreader.db.core.engine import Database, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.study_file import StudyFile, StudyFileError, create_study_from_file
from secondreader.db.research.saved_reports import list_study_names
from secondreader.judge.planning.sample_size import PlanError
from secondreader.reports.forms.amendment import show_amendments
from secondreader.reports.forms.label_numbers import describe_cost, show_label_needs
from secondreader.reports.forms.preview import PlanPreview, compute_form_hash, freeze_with_links, preview_plan
from secondreader.reports.forms.study import ask_study_file, forget_other_studies, should_keep_questions
from secondreader.reports.sections.blocks import Pairs
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import (
    DESK_ADDRESS,
    rerun_with_message,
    show_blocks,
    show_links,
    show_paragraph,
    show_refusal,
    show_success,
    show_table,
)
from secondreader.reports.wording.names import pluralize
from secondreader.reports.wording.plan import describe_plan

REFUSALS = (StudyError, StudyFileError, CodebookError)


def page(view: ConsoleView) -> None:
    """The draft's plan, or what is frozen and what was amended."""
    if view.summary.frozen_at is None:
        show_draft(view)
    else:
        show_frozen_plan(view)
    with st.expander("New study"):
        show_new_study_form(view.engine, view.actor)


def show_without_study(engine: Database, actor: str) -> None:
    """A first draft."""
    show_new_study_form(engine, actor)


def show_new_study_form(engine: Database, actor: str) -> None:
    """A form for an empty draft: transcripts are imported or run into it by name."""
    with st.form("new-study", clear_on_submit=True, border=False):
        name = st.text_input("Name, which annotators never see", max_chars=200, key="new-name").strip()
        title = st.text_input(
            "Title that annotators see", "Reading transcripts", max_chars=200, key="new-title"
        )
        book = (
            st.selectbox("Codebook and guideline", BUILTIN_CODEBOOKS, key="new-codebook")
            or BUILTIN_CODEBOOKS[0]
        )
        is_submitted = st.form_submit_button("Make the draft", key="new-make")
    if not is_submitted:
        return
    try:
        make_draft(engine, name, title.strip(), book, actor)
    except REFUSALS as error:
        show_refusal(error)
        return
    rerun_with_message(f"The draft {name} exists now: import or run transcripts into it.")


def make_draft(engine: Database, name: str, title: str, book: str, actor: str) -> None:
    """Make an empty draft. Raises StudyError."""
    if not name or not title:
        raise StudyError("Give the study a name and a title.")
    with write_session(engine) as session:
        if name in list_study_names(session):
            raise StudyError(f"A study {name!r} exists already: choose another name.")
        create_study_from_file(session, StudyFile(name=name, title=title, codebook=book), actor)


def show_draft(view: ConsoleView) -> None:
    """The plan of a draft: its fields, its numbers, a preview of the sample, and freezing."""
    facts = view.summary
    if not facts.n_pool:
        st.info("The study has no transcripts yet: import or run some into it first.")
        return
    forget_other_studies(facts.name)
    minutes = show_label_needs(facts)
    try:
        study_file = ask_study_file(facts)
        if study_file.draw is not None:
            show_paragraph(describe_cost(study_file.draw, minutes))
    except (StudyFileError, PlanError) as error:
        show_refusal(error)
        return
    preview = request_preview(view, study_file)
    if preview is not None:
        show_preview(preview)
        show_freeze_form(view, study_file, preview)


def request_preview(view: ConsoleView, study_file: StudyFile) -> PlanPreview | None:
    """The preview of the form as it stands; None while there is none, or the form has changed since."""
    keep = should_keep_questions()
    if st.button("Preview the sample", key="plan-preview"):
        try:
            st.session_state["preview"] = preview_plan(view.engine, study_file, keep_questions=keep)
        except REFUSALS as error:
            show_refusal(error)
            return None
    preview = st.session_state.get("preview")
    if isinstance(preview, PlanPreview) and preview.form_hash == compute_form_hash(
        study_file, keep_questions=keep
    ):
        return preview
    st.caption("Preview the plan as the form shows it: only then can it be frozen.")
    return None


def show_preview(plan_preview: PlanPreview) -> None:
    """Strata with counts and inclusion probabilities, and the hash."""
    rows = [[stratum.name, stratum.n_drawn, stratum.inclusion_probability] for stratum in plan_preview.strata]
    frame = pd.DataFrame(rows, columns=["stratum", "sampled", "inclusion probability"])
    show_table(frame, {"inclusion probability": st.column_config.NumberColumn(format="%.4f")})
    size = f"{pluralize(plan_preview.n_items, 'transcript')}, {pluralize(plan_preview.n_assignments, 'assignment')}"
    show_blocks(Pairs((("Sample", size), ("Plan hash", plan_preview.plan_hash))))


def show_freeze_form(view: ConsoleView, study_file: StudyFile, plan_preview: PlanPreview) -> None:
    """Freeze the plan that was previewed, and show the annotators' links once."""
    with st.form("freeze"):
        left, right = st.columns([3, 1])
        desk = left.text_input("Address of the desk", DESK_ADDRESS, key="freeze-desk")
        days = right.number_input("Days until links expire", 1, 365, 30, key="freeze-days")
        is_submitted = st.form_submit_button("Freeze this plan", type="primary", key="freeze-now")
    if not is_submitted:
        return
    try:
        plan_hash, links = freeze_with_links(
            view.engine,
            study_file,
            keep_questions=should_keep_questions(),
            days=float(days),
            actor=view.actor,
        )
    except REFUSALS as error:
        show_refusal(error)
        return
    # the preview is of a draft, which the study is no longer
    st.session_state.pop("preview", None)
    comparison = (
        "the hash of the preview"
        if plan_hash == plan_preview.plan_hash
        else "the pool changed since the preview"
    )
    show_success(f"The study is frozen. Plan {plan_hash}: {comparison}.")
    show_links(desk, links)


def show_frozen_plan(view: ConsoleView) -> None:
    """The frozen plan and its amendments."""
    facts = view.summary
    show_paragraph("The plan is frozen: later changes are amendments, with a reason on record.")
    show_blocks(Pairs((("Plan hash", facts.plan_hash or "–"), *describe_plan(facts.plan))))
    show_amendments(view)
