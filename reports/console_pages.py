"""The console's pages and what they share: the study and the question that are looked at."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from secondreader.db.faults import Engine, faults_in_words
from secondreader.reports import (
    pages_agreement,
    pages_disagreements,
    pages_overview,
    pages_quality,
    pages_rates,
    pages_report,
)
from secondreader.reports.markup import tag
from secondreader.reports.screen import STYLE, View, choose_view, html

PAGES: dict[str, tuple[str, Callable[[View], None]]] = {
    "overview": ("Overview", pages_overview.page),
    "agreement": ("Agreement", pages_agreement.page),
    "disagreements": ("Disagreements", pages_disagreements.page),
    "rates": ("Corrected rates", pages_rates.page),
    "quality": ("Label quality", pages_quality.page),
    "report": ("Report", pages_report.page),
}
"""Address -> title and page."""


def run(engine: Engine, actor: str) -> None:
    """The page that the address names, with the sidebar's choices; `actor` is who came in."""
    pages = [
        st.Page(partial(show, engine, path, actor), title=title, url_path=path, default=path == "overview")
        for path, (title, _) in PAGES.items()
    ]
    st.navigation(pages).run()


def show(engine: Engine, path: str, actor: str) -> None:
    """One page."""
    title, page = PAGES[path]
    st.html(STYLE)
    with faults_in_words():
        view = choose_view(engine, actor)
        if view is not None and view.facts.notice:
            html(tag("p", view.facts.notice, class_="sr-notice", role="note"))
        st.title(title)
        if view is None:
            st.info(
                "There is no study yet. Make one with `secondreader import`, `secondreader run` or `secondreader demo`."
            )
        else:
            page(view)
