"""Report: write it and download it as HTML, CSV and JSON."""

import streamlit as st

from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import get_study
from secondreader.reports.render.files import ExportedReport, make_report
from secondreader.reports.widgets.view import ConsoleView, load_analysis
from secondreader.reports.widgets.widgets import show_notices, show_paragraph, show_sentences

MIME_TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}


def page(view: ConsoleView) -> None:
    """The hash of the inputs, and the files of the report once they are made."""
    analysis = load_analysis(view)
    show_notices(analysis)
    if analysis.sealed:
        return
    show_paragraph(
        "One HTML file that needs nothing else, and the same numbers as CSV and JSON. Its figures go "
        "on record, under the hash of all inputs."
    )
    show_paragraph(f"Inputs {analysis.inputs_hash}", "quiet")
    # the key holds the hash: a report of earlier data is never offered as the current one
    key = f"report-{analysis.inputs_hash}"
    if st.button("Make the report", type="primary", key="make-report"):
        with write_session(view.engine) as session:
            study = get_study(session, view.study)
            st.session_state[key] = make_report(session, study, analysis, view.actor)
    report = st.session_state.get(key)
    if isinstance(report, ExportedReport):
        offer_downloads(report)
    show_sentences(analysis.quality.limitations, "What these data cannot support")


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
