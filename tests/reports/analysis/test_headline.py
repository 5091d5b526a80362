"""The plan's judge is the headline's in analysis, report, command line and console; another one is told as a deviation."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.studies import get_study
from secondreader.db.research.items import load_item_records
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.json_csv import format_json
from secondreader.reports.sections.report import build_report
from secondreader.runner.cli.app import app
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import JUDGES, Library, Shape, make_import
from tests.snapshots import analyse_study

FIRST, SECOND = JUDGES
PLANNED = Shape(n=48, headline=SECOND)
STRATIFIED = Shape(n=48, judges=(SECOND, FIRST))
"""The plan names no judge; the strata's is not the first by name, and has no more verdicts than the other."""
QUICK = AnalysisOptions(resamples=200, permutations=199)
WORDS = ["--resamples", "200", "--permutations", "199"]
DEVIATION = f"The plan names {SECOND} as the judge of the headline figures"


@pytest.fixture(autouse=True)
def no_cache() -> None:
    """Streamlit's caches live as long as the process."""
    st.cache_data.clear()
    st.cache_resource.clear()


def analysed(library: Library, shape: Shape, options: AnalysisOptions = QUICK) -> Analysis:
    """The analysis of a shared study."""
    engine = open_engine(str(library.path(shape)), migrate=False)
    with read_session(engine) as session:
        found = analyse_study(session, get_study(session, "s"), options)
    engine.dispose()
    return found


def first_judges(found: Analysis) -> list[str]:
    """The judge that each kind of figure and of table begins with."""
    figures = found.estimates[found.estimates["judge"] != ""]
    return [
        found.summary.judges[0].judge,
        found.judges[0].judge,
        str(found.agreement.confusion["judge"].iloc[0]),
        *figures.groupby("section", sort=False)["judge"].first(),
    ]


@pytest.mark.parametrize(
    ("shape", "role"), [(PLANNED, "the plan's judge"), (STRATIFIED, "the strata's judge")]
)
def test_the_headlines_judge_comes_first_everywhere(library: Library, shape: Shape, role: str) -> None:
    """In facts, parts, figures of every section, counts, differences and JSON; nothing deviates."""
    found = analysed(library, shape)
    begins = first_judges(found)
    assert len(begins) > 6
    assert set(begins) == {SECOND}
    gaps = found.estimates[found.estimates["section"] == "judge difference"]
    assert {(row.one, row.two) for row in gaps.itertuples()} == {(SECOND, FIRST)}
    told = json.loads(format_json(found))
    assert told["headline_judge"] == {"judge": SECOND, "role": role, "n_judges": 2}
    assert list(told["systematic_disagreement"]) == [SECOND, FIRST]
    assert not found.deviations


def test_without_a_plan_the_judge_with_most_verdicts_leads(lite: Engine) -> None:
    """As it was: imported labels have no plan, and nobody is called secondary."""
    make_import(lite)
    with write_session(lite) as session:
        study = get_study(session, "imported")
        some = [record.transcript_id for record in load_item_records(session, study)][:9]
        add_verdicts(
            session, [NewVerdict(transcript, "a", "ak", "parsed", {"better": "1"}) for transcript in some]
        )
        found = analyse_study(session, study, QUICK)
    assert [part.judge for part in found.judges] == ["j", "a"]
    page = render_report_html(build_report(found))
    assert "j: it has most verdicts; the plan names none" in page
    assert "secondary" not in page


def test_the_report_names_the_plans_judge_first(library: Library) -> None:
    """Headings and sentences say who is the plan's and who is secondary, in this order, in every part."""
    page = unescape(render_report_html(build_report(analysed(library, PLANNED))))
    headings = re.findall(r"<h3>(judge-[^<]*)</h3>", page)
    assert headings == [f"{SECOND} (the plan's judge)", f"{FIRST} (secondary)"] * 4
    assert page.index(f"The plan's judge {SECOND} gives") < page.index(f"The secondary judge {FIRST} gives")
    assert f"{SECOND}: the plan's judge</dd>" in page
    assert DEVIATION not in page


def test_another_judge_in_the_report_is_a_deviation(library: Library) -> None:
    """The sentence stands at the top of the report, and in its JSON."""
    found = analysed(library, PLANNED, replace(QUICK, judge=FIRST))
    page = render_report_html(build_report(found))
    assert page.index("In short") < page.index(DEVIATION) < page.index("Study and design</h2>")
    assert found.deviations[0] in json.loads(format_json(found))["warnings"]
    assert not analysed(library, PLANNED, replace(QUICK, judge=SECOND)).deviations


def test_the_commands_lead_with_the_plans_judge(library: Library, tmp_path: Path) -> None:
    """`agree`, `report` and `study show`; with --judge or --against the deviation is told."""
    db = str(library.path(PLANNED))

    def told(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--db", db])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    text = told("agree", "--study", "s", *WORDS)
    assert text.index(f"The plan's judge {SECOND}") < text.index(f"The secondary judge {FIRST}")
    assert text.index(f"{SECOND} (the plan's judge) against gold") < text.index(
        f"{FIRST} (secondary) against"
    )
    assert DEVIATION not in text
    alone = told("agree", "--study", "s", "--judge", FIRST, *WORDS)
    assert f"{DEVIATION}; these are figures of {FIRST} alone" in alone
    assert f"{DEVIATION}; here the others are" in told("agree", "--study", "s", "--against", SECOND, *WORDS)
    shown = told("study", "show", "s")
    assert re.search(rf"{SECOND} │ the plan's judge .*{FIRST} │ secondary", shown)


def test_a_report_of_another_judge_says_so(library: Library, sqlite_target: str, tmp_path: Path) -> None:
    """The file that `report --judge` writes."""
    library.copy(PLANNED, sqlite_target).dispose()
    words = ["report", "--study", "s", "--judge", FIRST, "--out", str(tmp_path / "r"), "--db", sqlite_target]
    assert CliRunner().invoke(app, [*words, *WORDS]).exit_code == 0
    assert DEVIATION in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["agreement", "rates", "disagreements"])
def test_the_console_chooses_the_plans_judge_and_tells_another(library: Library, path: str) -> None:
    """It is preselected and named; choosing the other one shows the sentence, choosing back takes it away."""
    page = opened(str(library.path(PLANNED)), path)
    (box,) = [box for box in page.selectbox if box.label == "Judge"]
    assert box.value == SECOND
    assert box.options == [f"{SECOND} (the plan's judge)", f"{FIRST} (secondary)"]
    assert DEVIATION not in sent(page)
    key = str(box.key)
    page.selectbox(key=key).set_value(FIRST).run()
    assert not page.exception
    assert DEVIATION in sent(page)
    page.selectbox(key=key).set_value(SECOND).run()
    assert DEVIATION not in sent(page)


def test_the_overview_says_whose_the_headline_is(library: Library) -> None:
    """With the judge first in the table."""
    page = opened(str(library.path(STRATIFIED)), "overview")
    text = unescape(sent(page)).replace("\\'", "'")
    assert f"Judge of the headline figures: {SECOND}: the strata's judge; the plan names none." in text
    assert page.dataframe[0].value["judge"].iloc[0] == SECOND


def test_a_plans_judge_without_a_verdict_on_the_question_is_told(
    library: Library, sqlite_target: str
) -> None:
    """An amended plan may name a judge that was asked something else: figures of the others are secondary then."""
    engine = library.copy(Shape(n=48), sqlite_target)
    with write_session(engine) as session:
        study = get_study(session, "s")
        rows = [record.transcript_id for record in load_item_records(session, study)]
        new = [NewVerdict(row, "other", "ok", "parsed", {"risk_considered": "no"}) for row in rows]
        add_verdicts(session, new)
        with pytest.raises(StudyError, match="No judge 'nobody'"):
            amend_study(session, study, StudyChange(analyses={"judge": "nobody"}), actor="R", why="x")
        before = analyse_study(session, study, QUICK)
        assert before.summary.headline.judge == FIRST
        amend_study(session, study, StudyChange(analyses={"judge": "other"}), actor="R", why="x")
        found = analyse_study(session, study, QUICK)
    engine.dispose()
    (said,) = found.deviations
    assert said.startswith("The plan names other as the judge of the headline figures; it has no verdict")
    assert [part.judge for part in found.judges] == [FIRST, SECOND]
