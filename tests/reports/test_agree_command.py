"""The commands agree, report and plan as a user types them."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secondreader.runner.cli.app import app
from tests.reports.seed import HOSTILE, NOTICE, Library, Shape

QUICK = ["--resamples", "200", "--permutations", "199"]


def invoke(*arguments: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def db(library: Library, sqlite_target: str) -> str:
    """A database with one small study."""
    library.copy(Shape(n=48), sqlite_target).dispose()
    return sqlite_target


def test_agree_tells_people_judges_findings_and_rates(db: str) -> None:
    """The sentences, the tables and the notice are there."""
    shown = invoke("agree", "--study", "s", "--db", db, *QUICK)
    assert shown.exit_code == 0, shown.output
    for wanted in (
        NOTICE,
        "Two annotators agree on",
        "Krippendorff alpha",
        "by gold answer and verdict",
        "corrected rate",
        "What these data cannot support",
    ):
        assert wanted in " ".join(shown.output.split())


def test_agree_prints_json_and_csv_of_the_same_figures(db: str) -> None:
    """Standard output is nothing but the document."""
    figures = json.loads(invoke("agree", "--study", "s", "--db", db, "--json", *QUICK).stdout)["figures"]
    rows = list(
        csv.DictReader(io.StringIO(invoke("agree", "--study", "s", "--db", db, "--csv", *QUICK).stdout))
    )
    assert [row["name"] for row in rows] == [figure["name"] for figure in figures]
    both = invoke("agree", "--study", "s", "--db", db, "--json", "--csv")
    assert both.exit_code == 2


def test_slices_and_words_narrow_and_widen_the_search(db: str) -> None:
    """--slices leaves one attribute; --words runs."""
    shown = invoke("agree", "--study", "s", "--db", db, "--slices", "motive", "--words", "--json", *QUICK)
    figures = json.loads(shown.stdout)["figures"]
    assert {figure["slice_name"] for figure in figures if figure["section"] != "slice test"} == {"", "motive"}
    searched = {figure["slice_name"] for figure in figures if figure["section"] == "slice test"}
    assert "words" in searched <= {"motive", "words", "turns", "word", "motive; words", "motive; turns"}


def test_report_writes_three_files(db: str, tmp_path: Path) -> None:
    """The command names what it wrote."""
    done = invoke("report", "--study", "s", "--db", db, "--out", str(tmp_path / "r"), *QUICK)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == [
        "report.csv",
        "report.html",
        "report.json",
    ]


def test_hostile_names_do_not_break_the_terminal(library: Library, sqlite_target: str) -> None:
    """Markup and brackets in names are printed, not obeyed; no escape of a name reaches the terminal."""
    library.copy(Shape(n=24, hostile=HOSTILE + "[bold red]x[/]"), sqlite_target).dispose()
    shown = invoke("agree", "--study", "s", "--db", sqlite_target, *QUICK)
    assert shown.exit_code == 0, shown.output
    assert "[bold red]x[/]" in shown.output.replace("\n", "")
    assert "\x1b" in HOSTILE
    assert not set(shown.output) & set("\x1b\x07\x9b\u202e")


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["--study", "nope"], "There is no study 'nope'", 1),
        (["--study", "s", "--question", "nope"], "has no question 'nope'", 1),
        (["--study", "s", "--judge", "nope"], "has no judge 'nope'", 1),
        (["--study", "s", "--slices", "nope"], "nope", 1),
        (["--study", "s", "--source", "nope"], "not one of", 2),
    ],
)
def test_mistakes_are_one_sentence(db: str, arguments: list[str], sentence: str, code: int) -> None:
    """What is not there is named; no traceback."""
    shown = invoke("agree", "--db", db, *arguments)
    assert shown.exit_code == code
    assert sentence in shown.output
    assert "Traceback" not in shown.output


def test_plan_says_labels_people_and_what_simulation_makes_of_it() -> None:
    """Formulae, the one open number of the design, and the check."""
    arguments = ["--annotators", "3", "--items", "100", "--overlap", "2", "--repeats", "0.1", "--check", "60"]
    shown = invoke("plan", "--sims", "50", *arguments)
    assert shown.exit_code == 0, shown.output
    assert "3 annotators with 148 minutes each label 100 transcripts" in shown.output
    assert "In 50 simulated studies" in shown.output
    found = json.loads(invoke("plan", "--json").stdout)
    assert found["checks"] == []
    assert {need["target"] for need in found["needs"]} >= {
        "kappa of two annotators",
        "corrected rate, simple draw",
    }


def test_plan_refuses_what_cannot_be() -> None:
    """A pool too small is told as a need; a design without an open number is one sentence."""
    small = json.loads(invoke("plan", "--half-width", "0.01", "--scenarios", "20", "--json").stdout)
    assert small["needs"][3]["labels"] is None
    assert "judge more transcripts" in small["needs"][3]["sentence"]
    wrong = invoke("plan", "--annotators", "3")
    assert wrong.exit_code == 1
    assert "leave exactly one" in wrong.output
