"""The commands of queues and labels, through the real command line and a real database."""

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.research.label_usage import USAGE_COLUMNS
from secondreader.runner.cli.app import app
from secondreader.runner.exporters.spreadsheet_csv import escape_formula
from tests.db.parted_study import entries, label_all, parted_study

HOSTILE = "=HYPERLINK(1)"


def run(*words: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def db(sqlite_target: str) -> str:
    """Three people, one of them with a name that a spreadsheet would run, who has labelled everything."""
    engine = open_engine(sqlite_target)
    plain: dict[str, Any] = {"qualification": (), "attention": (), "n_calibration": 0}
    people = parted_study(engine, annotators=("A1", "A2", HOSTILE), **plain)
    label_all(engine, people[HOSTILE])
    engine.dispose()
    return sqlite_target


def test_assignments_are_reassigned(db: str) -> None:
    """The numbers are printed, and the queues say the same."""
    done = run("study", "reassign", "s", "--from", "A1", "--to", "A2,", "--why", "ill", "--db", db)
    assert done.exit_code == 0, done.output
    engine = open_engine(db)
    with read_session(engine) as session:
        person = ensure_annotator(session, get_study(session, "s"), "A2")
    n = len(entries(engine, person)) - 8
    assert f"A2: {n} more assignments." in done.output
    assert "stay with A1" in done.output
    engine.dispose()


def test_a_wrong_name_is_a_sentence(db: str) -> None:
    """No traceback."""
    done = run("study", "reassign", "s", "--from", "B9", "--to", "A2", "--why", "ill", "--db", db)
    assert (done.exit_code, "no annotator 'B9'" in done.output) == (1, True)


def test_labels_are_written_as_csv(db: str, tmp_path: Path) -> None:
    """One row a revision and question; no cell is a formula."""
    file = tmp_path / "labels.csv"
    done = run("study", "labels", "s", "--csv", str(file), "--db", db)
    assert done.exit_code == 0, done.output
    assert "Wrote 24 rows" in done.output
    with file.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert tuple(rows[0]) == USAGE_COLUMNS
    assert {row["annotator"] for row in rows} == {f"'{HOSTILE}"}
    used = [row for row in rows if row["used"] == "yes"]
    assert {row["question"] for row in used} == {"risky_action", "risk_considered"}
    assert {row["used_in"] for row in used} == {"agreement, gold"}
    assert len(used) == 16


def test_labels_of_one_question(db: str, tmp_path: Path) -> None:
    """Only that one; an unknown one is named with those that exist."""
    file = tmp_path / "labels.csv"
    run("study", "labels", "s", "--csv", str(file), "--question", "risky_action", "--db", db)
    assert len(file.read_text().splitlines()) == 1 + 8
    done = run("study", "labels", "s", "--csv", str(file), "--question", "nothing", "--db", db)
    assert (done.exit_code, "there are: risky_action" in done.output) == (1, True)


def test_pace_is_shown(db: str) -> None:
    """Labels, people and strata."""
    done = run("study", "pace", "s", "--db", db)
    assert done.exit_code == 0, done.output
    assert "8 of 24 labels." in done.output
    assert "A2" in done.output


@pytest.mark.parametrize("cell", ["=1", "=1+1", "+1+1", "-1-1", "-", "-٣", "@x", "\tx", "\rx", "\n=x", "＝1"])
def test_a_formula_becomes_text(cell: str) -> None:
    """What a spreadsheet would run starts with an apostrophe."""
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1", "", 1, -1, -0.5, None])
def test_other_cells_stay(cell: object) -> None:
    """Negative numbers are numbers."""
    assert escape_formula(cell) == cell
