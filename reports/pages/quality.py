"""Label quality: repeats, drift, pace, straight lines, and what these data cannot support."""

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import reading
from secondreader.db.core.unavailable import Engine
from secondreader.db.design.studies import get_study
from secondreader.judge.inference.estimate import Estimate
from secondreader.reports.analysis.analyse import Analysis
from secondreader.reports.document.markup import sentences, tag
from secondreader.reports.document.preparation import prepared_frame
from secondreader.reports.document.tables import p_value, percent
from secondreader.reports.widgets.view import View, analysis, html, listing, show_figures, table, told
from secondreader.reports.wording.names import figure
from secondreader.runner.exporters.labels import label_files

MIME = {"csv": "text/csv", "md": "text/markdown"}


def page(view: View) -> None:
    """How good the labels are."""
    found = analysis(view)
    told(found)
    notes = [note for one in found.quality.raters for note in one.sentences]
    if found.quality.raters:
        html(sentences(notes) or tag("p", "Nothing stands out in the labels."))
        table(quality_frame(found))
    outliers = found.quality.outliers
    if len(outliers):
        with st.expander("Unusual times"):
            table(outliers)
    beside(found)
    listing("What these data cannot support", found.quality.cannot_support)
    st.caption("No label is removed or changed for any of this.")
    take_home(view)


def beside(found: Analysis) -> None:
    """Practice and attention items, calibration, guesses of the model."""
    made, figures = found.preparation, found.figures
    if made.people:
        st.subheader("Items of known answers", anchor=False)
        table(prepared_frame(made.people))
    if made.calibration:
        st.subheader("Calibration, before and after the discussion", anchor=False)
        show_figures(figures[figures["section"] == "calibration"], {"one": "discussion"})
    if made.n_guessers:
        st.subheader("Guesses of the model", anchor=False)
        html(tag("p", made.guesses.sentence))
        show_figures(figures[figures["section"] == "guesses"])


def take_home(view: View) -> None:
    """The labels with what each is used for, or why it is not; decisions and gaps of the guideline, where there are any."""
    st.subheader("Every label and its use", anchor=False)
    html(
        tag(
            "p",
            "Each revision of each label of every question: in which figures it counts, or why it does not. Where "
            "adjudicators decided, their decisions and the gaps that they found in the guideline come as files of their own.",
        )
    )
    if st.button("Write the files", key="write-labels"):
        for column, (name, content) in zip(
            st.columns(3), written(view.engine, view.study).items(), strict=False
        ):
            kind = MIME[name.rsplit(".", 1)[-1]]
            column.download_button(
                f"Download {name}",
                content,
                name,
                kind,
                key=f"take-{name}",
                on_click="ignore",
                width="stretch",
            )


def written(engine: Engine, study: str) -> dict[str, str]:
    """File name -> content."""
    with reading(engine) as session:
        return label_files(session, get_study(session, study))


def quality_frame(found: Analysis) -> pd.DataFrame:
    """One row an annotator, for a reader."""
    return pd.DataFrame(
        [
            {
                "annotator": one.rater,
                "labels": one.n,
                "changed on a repeat": known(one.flip_rate),
                "unsure": known(one.unsure_rate),
                "positive, first third": percent(one.drift.rates[0]),
                "last third": percent(one.drift.rates[2]),
                "drift p (Holm)": p_value(one.drift.p_holm),
                "longest run": f"{one.run.length} × {one.run.answer}" if one.run.answer else "–",
                "median seconds": one.median_seconds,
                "fast": one.n_fast,
                "slow": one.n_slow,
            }
            for one in found.quality.raters
        ]
    )


def known(rate: Estimate) -> str | None:
    """A rate with its interval; None where it is undefined, which a sentence of the page explains."""
    return None if rate.value is None else figure(rate)
