"""The report stands alone, is well-formed, escapes what came from outside and says the same as CSV and JSON."""

import csv
import io
import json
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Report
from secondreader.db.design.studies import get_study
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.render.files import ExportedReport, make_report, write_report
from tests.reports.seed import HOSTILE, NOTICE, Library, Shape, make_import, make_study
from tests.snapshots import analyse_study

QUICK = AnalysisOptions(resamples=200, permutations=199)
VOID = {"meta", "br", "link", "img", "hr", "input", "line", "circle", "rect"}
PLANTED = Shape(n=400, planted="motive-1", rate=0.5, unparsed=0, annotators=("Ada",))
ReportOf = Callable[[Shape], ExportedReport]


class Checker(HTMLParser):
    """Collects tags, ids and references, and notes elements that are closed out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.faults: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "xlink:href", "action", "data", "srcset", "poster"}:
                self.references.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def checked(html: str) -> Checker:
    """The document, parsed."""
    checker = Checker()
    checker.feed(html)
    checker.close()
    return checker


def made(engine: Engine, options: AnalysisOptions = QUICK, name: str = "s") -> ExportedReport:
    """The report of one study."""
    with write_session(engine) as session:
        study = get_study(session, name)
        return make_report(session, study, analyse_study(session, study, options))


@pytest.fixture(scope="module")
def report_of(library: Library, tmp_path_factory: pytest.TempPathFactory) -> ReportOf:
    """Gives the report on a shape; the same data give the same report, so it is made once."""

    @cache
    def of(shape: Shape) -> ExportedReport:
        engine = library.copy(shape, str(tmp_path_factory.mktemp("reported") / "study.db"))
        report = made(engine)
        engine.dispose()
        return report

    return of


@pytest.mark.parametrize(
    "shape",
    [
        PLANTED,
        Shape(n=24, hostile=HOSTILE),
        Shape(n=9, labelled=0.0),
        Shape(n=9, annotators=()),
        Shape(n=9, judges=()),
        Shape(n=9, unparsed=1, rate=0.0),
    ],
)
def test_the_document_is_well_formed_and_alone(report_of: ReportOf, shape: Shape) -> None:
    """Every element is closed in order, ids are unique, links stay inside, nothing is run or fetched."""
    html = report_of(shape).html
    found = checked(html)
    assert not found.faults
    assert not found.open
    assert len(found.ids) == len(set(found.ids))
    assert not {"script", "img", "iframe", "object", "embed", "link", "base", "form"} & set(found.tags)
    assert not found.handlers
    assert all(reference.startswith("#") and reference[1:] in found.ids for reference in found.references)
    assert not re.search(r"url\(|@import", html)
    assert html.index(NOTICE) < html.index("<h1>")


def test_hostile_names_come_out_as_text(report_of: ReportOf) -> None:
    """HTML in a title, a model's or an annotator's name is there to be read, not to act."""
    found = checked(report_of(Shape(n=24, hostile=HOSTILE)).html)
    words = "".join(found.text)
    assert f"Ada{HOSTILE}" in words
    assert f"model-0{HOSTILE}" in words


def test_findings_link_to_their_transcripts(report_of: ReportOf) -> None:
    """A planted blind spot is told in a sentence, with its transcripts one click away."""
    report = report_of(PLANTED)
    (finding, *_) = json.loads(report.json)["systematic_disagreement"]["judge-a / risk.v1"]["findings"]
    assert "motive-1" in finding["slice"]
    assert finding["direction"] == "misses"
    found = checked(report.html)
    assert finding["items"]
    assert {f"#t-{item}" for item in finding["items"]} <= set(found.references)
    assert finding["sentence"] in "".join(found.text)


def test_three_forms_hold_the_same_numbers(report_of: ReportOf) -> None:
    """CSV and JSON have the same rows, and the headline numbers of the HTML are among them."""
    report = report_of(Shape(n=48))
    figures = json.loads(report.json)["figures"]
    rows = list(csv.DictReader(io.StringIO(report.csv)))
    assert len(rows) == len(figures)
    for row, figure in zip(rows, figures, strict=True):
        assert row["name"] == figure["name"]
        assert (float(row["value"]) if row["value"] else None) == pytest.approx(figure["value"], abs=1e-12)
    alpha = next(
        figure for figure in figures if figure["section"] == "human-human" and figure["name"] == "alpha"
    )
    assert f"{alpha['value']:.3f}" in report.html
    assert f"[{alpha['low']:.3f}, {alpha['high']:.3f}]" in report.html


def test_every_figure_says_how_and_from_where(report_of: ReportOf) -> None:
    """A value carries n and a source; an interval carries its method."""
    for load in json.loads(report_of(Shape(n=48)).json)["figures"]:
        if load["value"] is None:
            assert load["reason"]
            continue
        assert load["n"] is not None
        if load["low"] is not None:
            assert load["method"], load


def test_a_report_is_put_on_record_once(lite: Engine) -> None:
    """Making it twice keeps one row with inputs and results; another seed makes another; the audit chain holds."""
    make_study(lite, Shape(n=20))
    first, again = made(lite), made(lite)
    other = made(lite, AnalysisOptions(resamples=200, permutations=199, seed=3))
    assert first.report_id == again.report_id != other.report_id
    with read_session(lite) as session:
        rows = session.exec(select(Report)).all()
        assert find_first_broken_event(session) is None
    assert [row.id for row in rows] == [first.report_id, other.report_id]
    assert rows[0].inputs["options"]["seed"] == 0
    assert rows[0].results["figures"]


def test_files_are_written_and_replaced(lite: Engine, tmp_path: Path) -> None:
    """The folder is made, and a second report replaces the first."""
    make_import(lite)
    report = made(lite, name="imported")
    for _ in range(2):
        paths = write_report(report, tmp_path / "a" / "b")
    assert [path.name for path in paths] == ["report.html", "report.csv", "report.json"]
    assert paths[0].read_text(encoding="utf-8") == report.html
