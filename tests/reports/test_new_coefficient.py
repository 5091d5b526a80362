"""A coefficient that is added to the one list of coefficients comes out everywhere that the others do."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine

from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import get_study
from secondreader.judge.inference import coefficients
from secondreader.judge.inference.coefficients import COEFFICIENTS, EVERY, Coefficient, count_items
from secondreader.judge.inference.ratios import compute_ratio
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.files import make_report
from secondreader.reports.render.terminal import print_report
from secondreader.reports.sections.report import build_report
from tests.reports.seed import Seeded, Shape
from tests.snapshots import analyse_study

ODDS = Coefficient(
    name="agreement_odds",
    label="Toy odds of agreement",
    formula="agreeing pairs for each disagreeing one",
    source="Toy (2026) Journal of Tests 1:1",
    unit="number",
    kind="signed",
    comparisons=EVERY,
    in_brief=EVERY,
    value=lambda tally: compute_ratio(tally.raw, 1 - tally.raw),
    support=count_items,
)


@pytest.fixture
def engine(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A study of three people and two judges, while the list has one entry more."""
    monkeypatch.setattr(coefficients, "COEFFICIENTS", (*COEFFICIENTS, ODDS))
    return seeded(Shape())


def analysed(engine: Engine) -> tuple[Analysis, dict[str, str]]:
    """The study's analysis, and its report by the names of the files."""
    with write_session(engine) as session:
        study = get_study(session, "s")
        analysis = analyse_study(session, study, AnalysisOptions(resamples=200, permutations=199))
        return analysis, make_report(session, study, analysis).get_files()


def test_one_new_entry_is_in_every_table_and_file(engine: Engine, tmp_path: Path) -> None:
    """The toy stands in agreement's table, JSON, CSV, the HTML report and on the terminal, with its own digits."""
    analysis, files = analysed(engine)
    people = analysis.agreement.find("agreement_odds")
    raw = analysis.agreement.find("raw").value
    assert raw is not None
    assert people.value == pytest.approx(raw / (1 - raw))
    assert people.low is not None
    table = analysis.agreement.build_frame()
    groups = {
        "human-human",
        "pair",
        "judge-human",
        "judge difference",
        "ceiling",
        "ceiling difference",
        "judge-judge",
    }
    assert groups <= set(table[table["name"] == "agreement_odds"]["group"])

    figures = json.loads(files["report.json"])["figures"]
    (inside,) = [
        row
        for row in figures
        if row["name"] == "agreement_odds"
        and row["section"] == "human-human"
        and row["headline"]
        and not row["slice_name"]
    ]
    assert (inside["value"], inside["label"]) == (people.value, ODDS.label)
    assert (inside["formula"], inside["source"]) == (ODDS.formula, ODDS.source)
    rows = list(csv.DictReader(io.StringIO(files["report.csv"])))
    assert f"{people.value}" in {row["value"] for row in rows if row["label"] == ODDS.label}

    html = files["report.html"]
    for text in (ODDS.label, ODDS.formula, ODDS.source, f"{people.value:.3f}"):
        assert text in html
    shown = Console(record=True, width=200, file=io.StringIO())
    print_report(build_report(analysis), shown)
    terminal = shown.export_text()
    comparisons = "people, repeats, both judges against gold, judges with each other, their difference"
    assert terminal.count(ODDS.label) == 6, comparisons
    assert f"{people.value:.3f}" in terminal


def test_nothing_of_it_is_left_without_the_entry(seeded: Seeded) -> None:
    """No other place names it: without the entry no file does."""
    _, files = analysed(seeded(Shape()))
    assert not [name for name, text in files.items() if ODDS.label in text or ODDS.name in text]
