"""The report of the sample study: one gold in every section."""

import io
import json
import re
from collections.abc import Iterator

import pytest
from rich.console import Console
from sqlalchemy import Engine

from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.design.studies import get_study
from secondreader.reports.analysis.items import NO_GOLD, collect_item_ratings
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.document.report import render_report_html
from secondreader.reports.document.terminal import print_analysis
from secondreader.reports.render.json_csv import format_json
from secondreader.runner.serve.sample import STUDY, load_sample
from tests.snapshots import analyse_study


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the sample study."""
    engine = open_engine(str(tmp_path_factory.mktemp("sample") / "sample.db"))
    load_sample(engine)
    yield engine
    engine.dispose()


def analyse_sample(engine: Engine, question: str) -> Analysis:
    """The analysis of one question with few resamples."""
    options = AnalysisOptions(question=question, resamples=100, permutations=199)
    with read_session(engine) as session:
        return analyse_study(session, get_study(session, STUDY), options)


@pytest.mark.parametrize(("question", "with_gold"), [("risky_action", 32), ("risk_considered", 31)])
def test_every_section_has_the_same_gold(sample: Engine, question: str, with_gold: int) -> None:
    """Counts of items with gold are equal in confusion, rates, search, limitations and the transcripts' list."""
    found = analyse_sample(sample, question)
    (part,) = found.judges
    answers = [answer for answer in found.ratings.answers if answer != "unsure"]
    confusion = found.agreement.confusion
    decided = confusion[confusion["gold"].isin(answers)]
    scored = decided[decided["verdict"].isin(answers)]["n"].sum()
    items = collect_item_ratings(found)
    counts = {
        "gold": found.gold.count().decided,
        "confusion": int(decided["n"].sum()),
        "rates": part.rates.overall.n_gold,
        "transcripts": sum(one.gold in answers for one in items),
        "series": int(found.agreement.gold.isin(answers).sum()),
    }
    assert set(counts.values()) == {with_gold}, counts
    headline = found.agreement.find("raw", "judge-human")
    assert part.findings.n == scored == headline.n == part.findings.direction.n
    open_items = len(items) - with_gold
    assert part.rates.overall.n_gold_open == open_items
    kinds = [one.kinds[part.judge] for one in items if one.gold not in answers]
    assert set(kinds) <= {NO_GOLD, "no answer"}


def test_the_rule_of_gold_stands_in_report_json_and_terminal(sample: Engine) -> None:
    """Each says by which policy for unsure gold was made, and of how many items."""
    found = analyse_sample(sample, "risky_action")
    rule = "Gold is the majority of the annotators, labels of unsure left out: 32 of 32 items have it."
    assert rule in render_report_html(found, "2026-01-01")
    body = json.loads(format_json(found))["gold"]
    assert (body["policy"], body["items"], body["decided"], body["sentence"]) == ("missing", 32, 32, rule)
    assert found.agreement.gold_rule == rule
    printed = io.StringIO()
    print_analysis(found, Console(file=printed, width=200))
    assert rule in printed.getvalue()
    (rate,) = re.findall(r"│ all +│.*│ +(\d+) +│ +(\d+) +│", printed.getvalue())
    assert rate == ("48", "32")
