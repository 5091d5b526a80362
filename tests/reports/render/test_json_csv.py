"""CSV of reports and of `agree`, opened by a spreadsheet: no name from outside is a formula, every number is one."""

import io
import random
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.render.json_csv import format_csv
from secondreader.runner.cli.app import app
from tests.databases import reuse_engine
from tests.snapshots import analyse_study

STUDY = "=1+1"
STARTS = ("=", "+", "-", "@", "\t", "\r")
PEOPLE = tuple(f"{start}cmd|' /C calc'!A{at}" for at, start in enumerate(STARTS))
MOTIVES = tuple(f"{start}HYPERLINK(0)" for start in (*STARTS, "x\r="))
JUDGES = ("=judge", "@judge")
QUICK = AnalysisOptions(resamples=200, permutations=199)


@pytest.fixture
def db(sqlite_target: str) -> str:
    """A study whose people, judges, slices and name begin as formulas do, with imported labels."""
    rng = random.Random(4)
    text = Content(messages=(Message(role="user", text="hi"),))
    new = [
        NewTranscript(
            str(at),
            f"c{at // 2}",
            text,
            attributes={"motive": MOTIVES[at % len(MOTIVES)], "depth": -(at % 3)},
        )
        for at in range(84)
    ]
    with write_session(reuse_engine(sqlite_target)) as session:
        study = ensure_study(session, STUDY)
        stored = add_transcripts(session, new).ids
        add_to_pool(session, study, stored)
        people = [ensure_annotator(session, study, name, source="import") for name in PEOPLE]
        for row in stored:
            truth = rng.random() < 0.4
            said = [{"risky_action": "yes" if truth != (rng.random() < 0.2) else "no"} for _ in range(8)]
            for person, answers in zip(people, said, strict=False):
                add_imported_labels(
                    session, study, [ImportedLabel(row, person, answers, f"{row}:{person}", pass_no=1)]
                )
            for judge, answers in zip(JUDGES, said[6:], strict=True):
                add_verdicts(session, [NewVerdict(row, judge, judge, "parsed", answers)])
    return sqlite_target


def cells(text: str) -> pd.DataFrame:
    """What a reader makes of the document that begins a row at every bare carriage return; all cells as text."""
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def dangerous(cell: str) -> bool:
    """Whether a spreadsheet would run the cell: it begins like a formula and is no number."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(STARTS)
    return False


def test_nothing_in_the_csv_is_a_formula(db: str, tmp_path: Path) -> None:
    """`agree --csv` and report.csv are the same document, its rows are the figures, and no cell of it can run."""
    quick = ["--resamples", "200", "--permutations", "199", "--study", STUDY, "--db", db]
    printed = CliRunner().invoke(app, ["agree", "--csv", *quick])
    assert printed.exit_code == 0, printed.output
    assert CliRunner().invoke(app, ["report", "--out", str(tmp_path), *quick]).exit_code == 0
    written = (tmp_path / "report.csv").read_bytes().decode()
    assert written == printed.stdout
    table = cells(written)
    assert not [cell for column in table for cell in table[column] if dangerous(cell)]
    assert {f"'{name}" for name in JUDGES} <= set(table["judge"])
    assert {f"'{name}" for name in PEOPLE} <= set(table["one"])
    inside = set(table.loc[table["slice_name"] == "motive", "slice_value"]) - {""}
    assert inside == {f"'{motive}" if motive.startswith(STARTS) else motive for motive in MOTIVES}


def test_numbers_in_the_csv_are_numbers(db: str) -> None:
    """Read back, every value is the figure's own to the last digit, negative ones too; so are numeric slice values."""
    with read_session(reuse_engine(db)) as session:
        found = analyse_study(session, get_study(session, STUDY), QUICK)
    table = cells(format_csv(found))
    for name in ("value", "low", "high", "n"):
        mine = pd.to_numeric(table[name]).to_numpy()
        pd.testing.assert_series_equal(
            pd.Series(mine, dtype=float),
            found.estimates[name].astype(float),
            check_names=False,
            check_exact=True,
        )
    assert (found.estimates["value"].astype(float) < 0).any()
    assert {"-1", "-2"} <= set(table.loc[table["slice_name"] == "depth", "slice_value"])
