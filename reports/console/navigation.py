"""The console's pages and what they share: the study and the question that are looked at."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import streamlit as st

from secondreader.db.core.engine import Database
from secondreader.db.core.errors import translate_database_errors
from secondreader.reports.pages import agreement as pages_agreement
from secondreader.reports.pages import audit as pages_audit
from secondreader.reports.pages import disagreements as pages_disagreements
from secondreader.reports.pages import leaks as pages_leaks
from secondreader.reports.pages import overview as pages_overview
from secondreader.reports.pages import people as pages_people
from secondreader.reports.pages import progress as pages_progress
from secondreader.reports.pages import quality as pages_quality
from secondreader.reports.pages import rates as pages_rates
from secondreader.reports.pages import report as pages_report
from secondreader.reports.pages import study_plan as pages_studies
from secondreader.reports.widgets.view import ConsoleView, choose_view
from secondreader.reports.widgets.widgets import STYLE_FILE, show_paragraph, show_rerun_message

STUDY, RESULTS = "Study", "Results"


class ConsolePage(NamedTuple):
    """One page of the console."""

    title: str
    show: Callable[[ConsoleView], None]
    section: str = STUDY
    """Where it stands in the navigation. Pages of results have a question and a source of labels, too."""
    without_study: Callable[[Database, str], None] | None = None
    """What it shows while there is no study: to whom is its second argument; None says how to make one."""


PAGES: dict[str, ConsolePage] = {
    "overview": ConsolePage("Overview", pages_overview.page),
    "plan": ConsolePage("Study plan", pages_studies.page, without_study=pages_studies.show_without_study),
    "progress": ConsolePage("Progress", pages_progress.page),
    "leaks": ConsolePage("Leak review", pages_leaks.page),
    "people": ConsolePage("People", pages_people.page, without_study=pages_people.show_without_study),
    "audit": ConsolePage("Audit log", pages_audit.page, without_study=pages_audit.show_without_study),
    "agreement": ConsolePage("Agreement", pages_agreement.page, RESULTS),
    "disagreements": ConsolePage("Disagreements", pages_disagreements.page, RESULTS),
    "rates": ConsolePage("Corrected rates", pages_rates.page, RESULTS),
    "quality": ConsolePage("Label quality", pages_quality.page, RESULTS),
    "report": ConsolePage("Report", pages_report.page, RESULTS),
}
"""Address -> page."""


def run_navigation(engine: Database, actor: str) -> None:
    """The page that the address names, with the sidebar's choices; `actor` is who came in."""
    pages = {
        section: [
            st.Page(
                partial(show_page, engine, path, actor),
                title=page.title,
                url_path=path,
                default=path == "overview",
            )
            for path, page in PAGES.items()
            if page.section == section
        ]
        for section in (STUDY, RESULTS)
    }
    st.navigation(pages).run()


def show_page(engine: Database, path: str, actor: str) -> None:
    """One page."""
    page = PAGES[path]
    st.html(STYLE_FILE)
    with translate_database_errors():
        view = choose_view(engine, actor, results=page.section == RESULTS)
        if view is not None and view.summary.notice:
            show_paragraph(view.summary.notice, "notice")
        st.title(page.title)
        show_rerun_message()
        if view is not None:
            page.show(view)
            return
        st.info(
            "There is no study yet: `secondreader import` or `secondreader run` makes one of transcripts, the page "
            "Study plan an empty draft, `secondreader demo` a sample."
        )
        if page.without_study is not None:
            page.without_study(engine, actor)
