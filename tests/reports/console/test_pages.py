"""Every page of the console opens on rich, poor and hostile studies, and shows text as text."""

import re

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from secondreader.db.core.audit_log import list_events
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Report
from secondreader.db.design.studies import ensure_study
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.study_facts import summarize_study
from secondreader.reports.console.navigation import PAGES
from secondreader.reports.widgets import view as screen
from tests.apps import app_test
from tests.databases import reuse_engine
from tests.reports.seed import HOSTILE, JUDGES, NOTICE, Library, Shape, make_import

RICH = Shape(n=48)


@pytest.fixture(autouse=True)
def no_cache() -> None:
    """What a study holds is looked up anew, for each test has its own database; analyses are kept by the hash of their data."""
    st.cache_data.clear()


def script(target: str, path: str) -> None:
    """What Streamlit runs: one page, for a researcher who needs no cookie."""
    from secondreader.reports.console import navigation as console_pages
    from tests.databases import reuse_engine

    console_pages.show_page(reuse_engine(target), path, "Rita")


def opened(target: str, path: str) -> AppTest:
    """A fresh browser session on one page."""
    app = app_test(script, target=target, path=path).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> str:
    """Everything that the browser gets for this page, but what is packed in data frames."""
    return "\n".join(str(getattr(element, "proto", "")) for element in [*app.main, *app.sidebar])


@pytest.fixture
def target(sqlite_target: str) -> str:
    """A migrated database."""
    reuse_engine(sqlite_target).dispose()
    return sqlite_target


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_a_rich_study(library: Library, path: str) -> None:
    """Each page shows its title and the study's notice."""
    app = opened(str(library.path(RICH)), path)
    assert app.title[0].value == PAGES[path][0]
    assert NOTICE in sent(app)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "shape",
    [
        Shape(n=9, labelled=0.0),
        Shape(n=9, annotators=()),
        Shape(n=9, judges=()),
        Shape(n=9, annotators=("Ada",), judges=JUDGES[:1], rate=0.0),
        Shape(n=9, unparsed=1),
    ],
)
def test_every_page_opens_on_a_poor_study(library: Library, path: str, shape: Shape) -> None:
    """No labels, no annotators, no judges, no variation, no readable verdict: a page all the same."""
    opened(str(library.path(shape)), path)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_without_a_study_and_on_an_empty_one(target: str, path: str) -> None:
    """An empty database says what to do; an empty study is shown."""
    assert "There is no study yet" in opened(target, path).info[0].value
    engine = reuse_engine(target)
    with write_session(engine) as session:
        ensure_study(session, "empty")
    engine.dispose()
    st.cache_data.clear()
    opened(target, path)


@pytest.mark.parametrize("path", PAGES)
def test_hostile_names_are_text(library: Library, path: str) -> None:
    """A title, names, motives and transcripts full of HTML and Markdown never come out as either."""
    app = opened(str(library.path(Shape(n=24, hostile=HOSTILE))), path)
    for kind in ("markdown", "caption", "title", "subheader", "error", "info", "success", "metric"):
        shown = [
            str(getattr(element, "value", "")) + str(getattr(element, "label", ""))
            for element in app.get(kind)
        ]
        assert not [text for text in shown if "onerror" in text or "evil.example" in text]
    bodies = [block.proto.body for block in app.get("html")]
    assert not [body for body in bodies if "<img" in body or "<script" in body]


def test_imported_labels_are_chosen_where_there_are_no_others(target: str) -> None:
    """A study of imported labels on its own codebook opens on them."""
    engine = reuse_engine(target)
    make_import(engine)
    engine.dispose()
    app = opened(target, "agreement")
    assert app.selectbox[2].value == "import"
    assert "Two annotators agree on" in sent(app)


def test_a_disagreement_is_read_with_verdicts_and_labels(library: Library) -> None:
    """Choosing a transcript shows its messages, numbered from 1, with evidence marked, rationales and labels."""
    app = opened(str(library.path(RICH)), "disagreements")
    app.selectbox(key="item").select_index(1).run()
    assert not app.exception
    page = sent(app)
    for wanted in ("Because it acted.", "send_mail", "evidence of", "note", "Ada"):
        assert wanted in page
    assert re.search(r">2 · [^<]*<span[^>]*>evidence of", page)
    assert "<dt>evidence</dt><dd>2</dd>" in page
    app.selectbox(key="disagreement-kind").set_value("people differ").run()
    assert not app.exception


def test_making_a_report_puts_it_on_record(library: Library, target: str) -> None:
    """The button makes one row of figures, and offers three files."""
    engine = library.copy(RICH, target)
    app = opened(target, "report")
    app.button(key="make-report").click().run()
    assert not app.exception
    assert "on record" in app.success[0].value
    assert len(app.get("download_button")) == 3
    with read_session(engine) as session:
        (row,) = session.exec(select(Report)).all()
        (event,) = list_events(session, limit=1)
        assert (event.actor, event.action) == ("Rita", "report exported")
    assert row.results["study"]["notice"] == NOTICE
    engine.dispose()


def test_a_page_is_computed_once_for_the_same_data(library: Library) -> None:
    """The analysis is kept by data hash and options: a new label makes a new one, a rerun does not."""
    engine = open_engine(str(library.path(RICH)), migrate=False)
    with read_session(engine) as session:
        facts = summarize_study(load_snapshot(session, "s"))
    view = screen.ConsoleView(engine, facts, AnalysisOptions(resamples=200, permutations=199))
    assert screen.load_analysis(view) is screen.load_analysis(view)
    other = screen.ConsoleView(engine, facts, AnalysisOptions(resamples=300, permutations=199))
    assert screen.load_analysis(other) is not screen.load_analysis(view)
    engine.dispose()
