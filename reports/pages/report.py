"""Report: make the document and take it home as HTML, CSV and JSON."""

import streamlit as st

from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import get_study
from secondreader.reports.document.export import ExportedReport, make_report
from secondreader.reports.document.markup import tag
from secondreader.reports.widgets.view import (
    ConsoleView,
    load_analysis,
    show_html,
    show_notices,
    show_sentences,
)

MIME_TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}


def page(view: ConsoleView) -> None:
    """What the report rests on, and its files."""
    found = load_analysis(view)
    show_notices(found)
    if found.sealed:
        return
    show_html(
        tag(
            "p",
            "One HTML file that needs nothing else, and the same numbers as CSV and JSON. Making it puts its figures "
            "on record, under the hash of everything that went in.",
        ),
        tag("p", f"Inputs {found.inputs_hash}", class_="sr-quiet"),
    )
    key = f"report-{found.inputs_hash}"
    if st.button("Make the report", type="primary", key="make-report"):
        with write_session(view.engine) as session:
            study = get_study(session, view.study)
            st.session_state[key] = make_report(session, study, found, view.actor)
    made = st.session_state.get(key)
    if isinstance(made, ExportedReport):
        offer_downloads(made)
    show_sentences("What these data cannot support", found.quality.limitations)


def offer_downloads(report: ExportedReport) -> None:
    """The three files."""
    st.success(f"Report {report.report_id} is on record.")
    for column, (name, content) in zip(st.columns(3), report.get_files().items(), strict=True):
        kind = name.rsplit(".", 1)[-1]
        column.download_button(
            f"Download {kind.upper()}",
            content,
            name,
            MIME_TYPES[kind],
            key=f"download-{kind}",
            on_click="ignore",
            width="stretch",
        )
