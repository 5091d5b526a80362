"""Label quality: repeats, drift, pace, straight lines, and what these data cannot support."""

import pandas as pd
import streamlit as st

from secondreader.judge.estimate import Estimate
from secondreader.reports.analysis import Analysis
from secondreader.reports.markup import sentences, tag
from secondreader.reports.report_preparation import prepared_frame
from secondreader.reports.report_tables import p_value, percent
from secondreader.reports.screen import View, analysis, html, listing, show_figures, table, told
from secondreader.reports.words import figure


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
