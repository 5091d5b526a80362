"""Before a study is unblinded nothing compares judge and people; people with each other may be seen."""

import json
from pathlib import Path

import pytest
import streamlit as st
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner, Result

from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.design.unblinding import SealedError, unblind_study
from secondreader.reports.analysis.figures import select_headline_estimates
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.render.files import make_report
from secondreader.reports.render.json_csv import format_json
from secondreader.runner.cli.app import app
from tests.databases import reuse_engine
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import JUDGES, Library, Shape
from tests.snapshots import analyse_study

SEALED = Shape(n=48, interim=False)
QUICK = ["--resamples", "200", "--permutations", "199"]


@pytest.fixture
def db(library: Library, sqlite_target: str) -> str:
    """A study that is blind still."""
    st.cache_data.clear()
    st.cache_resource.clear()
    library.copy(SEALED, sqlite_target).dispose()
    return sqlite_target


def invoke(*arguments: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(arguments))


def test_a_sealed_analysis_holds_no_verdict(db: str) -> None:
    """No figure, count, sentence or limit of the data is about a judge; figures of people are those of later."""
    engine, quick = reuse_engine(db), AnalysisOptions(resamples=200, permutations=199)
    with write_session(engine) as session:
        study = get_study(session, "s")
        before = analyse_study(session, study, quick)
        with pytest.raises(SealedError):
            make_report(session, study, before)
        set_status(session, study, "closed", actor="Rita", why="done")
        unblind_study(session, study, actor="Rita", why="done")
        after = analyse_study(session, study, quick)
    engine.dispose()
    assert before.sealed
    assert not before.judges
    assert set(before.estimates["judge"]) <= {""}
    told = json.loads(format_json(before))
    told.pop("inputs")
    told.pop("missing")
    assert not [judge for judge in JUDGES if judge in json.dumps(told)]
    assert before.inputs_hash != after.inputs_hash
    said = ["name", "unsure", "value", "n"]
    people = [
        select_headline_estimates(analysis.estimates, "human-human")[said] for analysis in (before, after)
    ]
    assert len(people[0]) > 5
    assert_frame_equal(people[0].reset_index(drop=True), people[1].reset_index(drop=True))


@pytest.mark.parametrize("path", ["agreement", "disagreements", "rates", "quality", "report"])
def test_pages_of_a_sealed_study_name_no_judge(db: str, path: str) -> None:
    """Each says that the study is blind; none shows a verdict, a rationale or a judge's name."""
    page = opened(db, path)
    text = sent(page)
    assert "judge and people are not compared before it is unblinded" in text
    assert not [words for words in (*JUDGES, "Because it acted.", "Make the report") if words in text]
    assert ("Two annotators agree on" in text) == (path == "agreement")


def test_agree_and_report_are_refused_and_people_are_not(db: str, tmp_path: Path) -> None:
    """One sentence that says what to do, exit code 1; `--people` is answered; after unblinding all is."""
    for command in (["agree"], ["report", "--out", str(tmp_path / "r")]):
        done = invoke(*command, "--study", "s", "--db", db, *QUICK)
        assert done.exit_code == 1
        assert "close it, then unblind it (`secondreader study unblind`)" in " ".join(done.output.split())
    assert not (tmp_path / "r").exists()
    people = invoke("agree", "--people", "--study", "s", "--db", db, *QUICK)
    assert people.exit_code == 0
    assert "Two annotators agree on" in " ".join(people.output.split())
    assert "gold by verdict" not in people.output
    of_one = invoke("agree", "--people", "--judge", JUDGES[0], "--study", "s", "--db", db, *QUICK)
    assert of_one.exit_code == 0, of_one.output
    assert invoke("study", "unblind", "s", "--why", "x", "--db", db).exit_code == 1
    assert invoke("study", "close", "s", "--why", "done", "--db", db).exit_code == 0
    assert invoke("study", "unblind", "s", "--db", db).exit_code == 2
    done = invoke("study", "unblind", "s", "--why", "all labels <b>are in", "--actor", "Rita", "--db", db)
    assert done.exit_code == 0, done.output
    done = invoke("report", "--study", "s", "--db", db, "--out", str(tmp_path / "r"), *QUICK)
    assert done.exit_code == 0, done.output
    report = (tmp_path / "r" / "report.html").read_text()
    assert "Unblinded by Rita on 20" in report
    assert "All labels &lt;b&gt;are in." in report


def test_interim_looks_are_told(library: Library) -> None:
    """Pages, figures and report say that the plan allowed them."""
    engine = open_engine(str(library.path(Shape(n=48))), migrate=False)
    with read_session(engine) as session:
        found = analyse_study(
            session, get_study(session, "s"), AnalysisOptions(resamples=200, permutations=199)
        )
    engine.dispose()
    assert [
        warning for warning in found.warnings if warning.startswith("Interim looks were allowed by the plan")
    ]
    for path in ("agreement", "rates", "disagreements", "report"):
        assert "Interim looks were allowed by the plan" in sent(opened(str(library.path(Shape(n=48))), path))
