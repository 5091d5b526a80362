"""The report of the sample study and of an imported table: one gold and one cut of each attribute in every section."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sqlalchemy import Engine
from typer.testing import CliRunner

from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.design.studies import get_study
from secondreader.judge.data.slices import cut_slices
from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice
from secondreader.reports.analysis.items import NO_GOLD, collect_item_ratings
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.json_csv import format_json
from secondreader.reports.render.terminal import print_report
from secondreader.reports.sections.report import build_report
from secondreader.runner.cli.app import app
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
    rule = "Gold is the majority of the annotators, with unsure labels left out: 32 of 32 items have it."
    assert rule in render_report_html(build_report(found))
    body = json.loads(format_json(found))["gold"]
    assert (body["policy"], body["items"], body["decided"], body["sentence"]) == ("missing", 32, 32, rule)
    assert found.agreement.gold_rule == rule
    printed = io.StringIO()
    print_report(build_report(found), Console(file=printed, width=200))
    assert rule in printed.getvalue()
    (rate,) = re.findall(r"│ all transcripts +│.*│ +(\d+) +│ +(\d+) +│", printed.getvalue())
    assert rate == ("48", "32")


MAPPING = """
item = "id"
cluster = "scenario"
slices = ["n_calls", "cost", "level", "motive"]
unparsed = ["garbage"]
[question]
id = "risky"
text = "Risky?"
[question.answers]
yes = "Yes"
no = "No"
[text]
text = ""
[[humans]]
column = "A1"
[[humans]]
column = "A2"
[[judges]]
column = "J"
name = "J / v1"
"""


def import_numbers(db: str, folder: Path) -> None:
    """A study from a CSV table of 240 rows: whole and broken numbers with gaps, a code, a word."""
    rng = np.random.default_rng(3)
    with (folder / "table.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "scenario", "n_calls", "cost", "level", "motive", "text", "A1", "A2", "J"])
        for k in range(240):
            calls = 5 if rng.random() < 0.5 else rng.integers(1, 14)
            cost = "" if k % 11 == 0 else f"{rng.random() / 100:.7f}"
            motive = ("care", "speed", "")[rng.integers(3)]
            first = rng.choice(["yes", "no"])
            second = first if rng.random() < 0.9 else rng.choice(["yes", "no"])
            judge = first if rng.random() < 0.7 else rng.choice(["yes", "no", "garbage"])
            row = [f"i{k}", f"s{k // 4}", calls, cost, rng.integers(3), motive, f"text {k}"]
            table.writerow([*row, first, second, judge])
    (folder / "map.toml").write_text(MAPPING)
    mapping = ["--mapping", str(folder / "map.toml")]
    done = CliRunner().invoke(
        app, ["import", "table", str(folder / "table.csv"), *mapping, "--study", "numbers", "--db", db]
    )
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def analyses(sample: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Analysis]:
    """The sample study and an imported table with numbers."""
    folder = tmp_path_factory.mktemp("numbers")
    import_numbers(str(folder / "numbers.db"), folder)
    engine = open_engine(str(folder / "numbers.db"))
    options = AnalysisOptions(resamples=100, permutations=199)
    with read_session(engine) as session:
        imported = analyse_study(session, get_study(session, "numbers"), options)
    engine.dispose()
    return {"sample": analyse_sample(sample, "risky_action"), "numbers": imported}


@pytest.mark.parametrize("name", ["sample", "numbers"])
def test_every_section_cuts_each_attribute_in_one_way(analyses: dict[str, Analysis], name: str) -> None:
    """Agreement, rates, tests, untested slices and unread verdicts name the same slices with the same transcripts."""
    found = analyses[name]
    (part,) = found.judges
    pieces = dict(cut_slices(found.ratings).list_members())
    members = {(piece.attribute, piece.value): mask for piece, mask in pieces.items()}
    labels = {piece.label: mask for piece, mask in pieces.items()}
    judged = found.ratings.state[:, 0] > 0
    shares = found.estimates[found.estimates["name"] == "unparsed_share"]
    counts = {(row.slice_name, row.slice_value): row.n for row in shares.itertuples() if row.slice_name}
    assert counts == {key: (mask & judged).sum() for key, mask in members.items()}
    rates = {(group.column, group.group): group for group in part.rates.groups}
    assert rates.keys() <= members.keys()
    assert {key: group.n_judged for key, group in rates.items()} == {
        key: (members[key] & judged).sum() for key in rates
    }
    assert {group.label for group in rates.values()} <= labels.keys()
    searched = part.findings.unparsed
    assert len(searched)
    assert set(searched["slice"]) <= labels.keys()
    assert list(searched["n_in"]) == [(labels[label] & judged).sum() for label in searched["slice"]]
    whole = {piece.attribute for piece in cut_slices(found.ratings).uncut}
    untested = {one.slice for one in part.findings.untested}
    assert untested <= labels.keys() | whole
    unread = count_unread_by_slice(found.ratings, 0)
    assert set(unread["slice"]) <= labels.keys()
    assert list(unread["n"]) == [(labels[label] & judged).sum() for label in unread["slice"]]


def test_numbers_of_a_table_are_cut_into_thirds_that_read_well(analyses: dict[str, Analysis]) -> None:
    """Calls pile up at five, so five is a band of its own; costs stay apart; empty cells are missing."""
    labels = [piece.label for piece in cut_slices(analyses["numbers"].ratings).slices]
    calls = [label for label in labels if label.startswith("n_calls")]
    assert calls == ["n_calls 1 to 5", "n_calls 6 to 13"]
    costs = [label for label in labels if label.startswith("cost")]
    assert len(costs) == 4
    assert costs[-1] == "cost = missing"
    assert [label for label in labels if label.startswith("level")] == ["level = 0", "level = 1", "level = 2"]
    for found in analyses.values():
        page = render_report_html(build_report(found))
        assert not re.search(r"\b(\S+) to \1\b", page)
        assert not re.search(r"\(\d[\d.]*, \d[\d.]*\]", page)
