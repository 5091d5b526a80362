"""The files about labels that the console offers."""

import csv
import io

import streamlit as st
from sqlmodel import func, select

from secondreader.db.core.engine import read_session
from secondreader.db.core.tables import Label
from secondreader.db.design.studies import get_study
from secondreader.runner.exporters.labels import build_label_files
from tests.reports.console.test_pages import opened
from tests.reports.seed import Library, Shape

FORMULA = '=HYPERLINK("http://evil.example")'


def test_every_label_is_there_once_a_question(library: Library, sqlite_target: str) -> None:
    """One row for each revision and question, and no cell that a spreadsheet would run."""
    engine = library.copy(Shape(n=9, annotators=(FORMULA, "Ben")), sqlite_target)
    with read_session(engine) as session:
        files = build_label_files(session, get_study(session, "s"))
        n_labels = session.exec(select(func.count()).select_from(Label)).one()
    engine.dispose()
    assert list(files) == ["labels.csv"]  # nobody has adjudicated
    rows = list(csv.DictReader(io.StringIO(files["labels.csv"])))
    assert n_labels > 0
    assert len(rows) == 3 * n_labels
    assert {row["question"] for row in rows} == {"risky_action", "risk_considered", "loss_of_control"}
    assert {row["annotator"] for row in rows} == {f"'{FORMULA}", "Ben"}


def test_the_console_offers_them(library: Library) -> None:
    """They are written when somebody asks for them."""
    st.cache_data.clear()
    page = opened(str(library.path(Shape(n=9, annotators=("Ada",), judges=(), rate=0.5))), "quality")
    assert not page.get("download_button")
    page.button(key="write-labels").click().run()
    assert not page.exception
    assert [button.proto.label for button in page.get("download_button")] == ["Download labels.csv"]
