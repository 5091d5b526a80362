"""Label quality: repeats, drift, pace, straight lines, and what these data cannot support."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import Database, read_session
from secondreader.db.design.studies import get_study
from secondreader.judge.inference.estimate import Estimate
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.sections.quality import build_control_table
from secondreader.reports.widgets.view import ConsoleView, load_analysis
from secondreader.reports.widgets.widgets import (
    build_table_frame,
    show_estimates,
    show_notices,
    show_paragraph,
    show_sentences,
    show_table,
)
from secondreader.reports.wording.names import format_estimate, format_p_value, format_percent
from secondreader.runner.exporters.labels import build_label_files

MIME_TYPES = {"csv": "text/csv", "md": "text/markdown"}


def page(view: ConsoleView) -> None:
    """What stands out in the labels, one row per annotator, control items, and the labels as files."""
    analysis = load_analysis(view)
    show_notices(analysis)
    notes = [note for rater in analysis.quality.raters for note in rater.sentences]
    if analysis.quality.raters:
        show_sentences(notes or ["Nothing stands out in the labels"])
        show_table(build_quality_frame(analysis))
    outliers = analysis.quality.outliers
    if len(outliers):
        with st.expander("Unusual times"):
            show_table(outliers)
    show_preparation(analysis)
    show_sentences(analysis.quality.limitations, "What these data cannot support")
    st.caption("No label is removed or changed for any of this.")
    show_downloads(view)


def show_preparation(analysis: Analysis) -> None:
    """Control items, norming round and guesses of the model, where the study has them."""
    preparation, figures = analysis.preparation, analysis.estimates
    if preparation.people:
        st.subheader("Control items", anchor=False)
        show_table(build_table_frame(build_control_table(preparation.people)))
    if preparation.norming:
        st.subheader("Norming round, before and after the discussion", anchor=False)
        show_estimates(figures[figures["section"] == "calibration"], {"one": "discussion"})
    if preparation.n_guessers:
        st.subheader("Guesses of the model", anchor=False)
        show_paragraph(preparation.guesses.sentence)
        show_estimates(figures[figures["section"] == "guesses"])


def show_downloads(view: ConsoleView) -> None:
    """Files of the labels with their use, and of decisions and guideline gaps, where there are any."""
    st.subheader("Every label and its use", anchor=False)
    show_paragraph(
        "Each revision of each label of every question, with the figures in which it counts or the reason why it does "
        "not. Decisions of adjudicators, and the gaps that they found in the guideline, are files of their own."
    )
    # built on demand: the files hold every revision of every label
    if st.button("Write the files", key="write-labels"):
        for column, (name, content) in zip(
            st.columns(3), make_label_downloads(view.engine, view.study).items(), strict=False
        ):
            kind = MIME_TYPES[name.rsplit(".", 1)[-1]]
            column.download_button(
                f"Download {name}",
                content,
                name,
                kind,
                key=f"take-{name}",
                on_click="ignore",
                width="stretch",
            )


def make_label_downloads(engine: Database, study: str) -> dict[str, str]:
    """File name -> content."""
    with read_session(engine) as session:
        return build_label_files(session, get_study(session, study))


def build_quality_frame(analysis: Analysis) -> pd.DataFrame:
    """One row per annotator, with rates as text."""
    return pd.DataFrame(
        [
            {
                "annotator": rater.rater,
                "labels": rater.n,
                "changed on a repeat": format_rate(rater.flip_rate),
                "unsure": format_rate(rater.unsure_rate),
                "positive, first third": format_percent(rater.drift.rates[0]),
                "last third": format_percent(rater.drift.rates[2]),
                "drift p (Holm)": format_p_value(rater.drift.p_holm),
                "longest run": f"{rater.run.length} × {rater.run.answer}" if rater.run.answer else "–",
                "median seconds": rater.median_seconds,
                "fast": rater.n_fast,
                "slow": rater.n_slow,
            }
            for rater in analysis.quality.raters
        ]
    )


def format_rate(rate: Estimate) -> str | None:
    """A rate with its interval; None where it is undefined, which a sentence of the page explains."""
    return None if rate.value is None else format_estimate(rate)
