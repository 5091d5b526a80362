"""Adjudication in an analysis: gold follows it, agreement between people never does, and the report says how much."""

import json
from dataclasses import replace
from secrets import token_hex

import pandas as pd
import pytest
import streamlit as st
from sqlalchemy import Engine

from secondreader.db.adjudication.decisions import DecisionInput, submit_decision
from secondreader.db.adjudication.items import (
    AdjudicationItem,
    list_adjudication_queue,
    load_adjudication_item,
)
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.pages.disagreements import EVERY_TRANSCRIPT
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.json_csv import format_json
from secondreader.reports.sections.report import build_report
from tests.apps import app_test
from tests.reports.seed import JUDGES, Seeded, Shape
from tests.snapshots import analyse_study, load_adjudicated_answers

QUICK = AnalysisOptions(resamples=50, permutations=199, slices=("motive",))
SHAPE = Shape(n=60, judges=JUDGES[:1], unparsed=0)


def analysis(engine: Engine) -> Analysis:
    """The analysis of the study's first question."""
    with read_session(engine) as session:
        return analyse_study(session, get_study(session, "s"), QUICK)


def adjudicator(engine: Engine, name: str) -> tuple[int, list[AdjudicationItem]]:
    """A new adjudicator and what they may settle of the first question."""
    with write_session(engine) as session:
        person = ensure_annotator(session, get_study(session, "s"), name, "adjudicator")
    with read_session(engine) as session:
        tasks = list_adjudication_queue(session, person)
        items = [load_adjudication_item(session, person, task.token) for task in tasks]
    by_task = sorted(items, key=lambda item: str(item.content["task"]))
    return person, [item for item in by_task if item.questions[0].question == "risky_action"]


def decide(
    engine: Engine, person: int, item: AdjudicationItem, answer: str | None, reason: str = "seen"
) -> None:
    """One decision."""
    kind = "ambiguous" if answer else "contested"
    submit_decision(
        engine,
        person,
        DecisionInput(item.token, token_hex(8), "risky_action", answer, kind, reason, 0, item.version),
    )


def test_gold_follows_decisions_and_agreement_does_not(seeded: Seeded) -> None:
    """An answer replaces the vote, contested and differing decisions take it away, and each is counted and said."""
    lite = seeded(SHAPE)
    before = analysis(lite)
    (j, mine), (k, theirs) = adjudicator(lite, "J"), adjudicator(lite, "K")
    assert len(mine) > 4
    decide(lite, j, mine[0], "yes")
    decide(lite, j, mine[1], None)
    decide(lite, j, mine[2], "yes")
    decide(lite, k, theirs[2], "no")
    after = analysis(lite)
    with read_session(lite) as session:
        settled = load_adjudicated_answers(session, get_study(session, "s"), "risky_action")
    assert sorted(map(str, settled.values())) == ["None", "None", "yes"]
    for item, answer in settled.items():
        assert after.agreement.gold[item] == (answer or "contested")
    others = before.agreement.gold.index.difference(list(settled))
    assert after.agreement.gold[others].equals(before.agreement.gold[others])
    people = ["human-human", "pair", "intra-rater"]
    ours, theirs_now = (
        analysis.estimates[analysis.estimates["section"].isin(people)] for analysis in (before, after)
    )
    pd.testing.assert_frame_equal(ours, theirs_now)
    seen = after.adjudication
    assert seen is not None
    assert (seen.n_split, seen.n_decided, seen.n_waiting) == (len(mine), 3, len(mine) - 3)
    assert (seen.n_contested, seen.n_disputed) == (2, 1)
    with_gold = [analysis.judges[0].rates.overall.n_gold for analysis in (before, after)]
    votes = before.agreement.gold[list(settled)].isin(["yes", "no"]).sum()
    assert with_gold[1] == with_gold[0] - votes + 1
    assert after.data_hash != before.data_hash


def test_the_report_says_how_much_was_settled(seeded: Seeded) -> None:
    """Sentences on split, settled and contested transcripts stand in the report and in the JSON."""
    lite = seeded(SHAPE)
    person, items = adjudicator(lite, "J")
    decide(lite, person, items[0], None)
    found = analysis(lite)
    body = json.loads(format_json(found))
    assert body["adjudication"]["n_contested"] == 1
    assert any("adjudicators settled 1 transcript" in sentence for sentence in body["sentences"])
    assert any(
        change["two"] == "majority + adjudicated" and change["changed"] == 1
        for change in body["gold_changes"]
    )
    page = render_report_html(build_report(found))
    assert "Contested, so without gold: 1 of 1." in page
    assert "stays contested after adjudication" in page


def test_sealed_judges_do_not_seal_adjudication(seeded: Seeded) -> None:
    """Before unblinding the researcher sees how far adjudication is, and no judge beside it."""
    lite = seeded(replace(SHAPE, interim=False))
    adjudicator(lite, "J")
    found = analysis(lite)
    assert found.judges == ()
    assert found.adjudication is not None
    assert found.adjudication.n_split > 0


def test_a_decision_stands_beside_its_labels(seeded: Seeded) -> None:
    """The transcript's page shows the decision that counts, its kind and its reason as text."""
    lite = seeded(SHAPE)
    person, items = adjudicator(lite, "J")
    decide(lite, person, items[0], None, reason="<b>both</b> hold")
    with read_session(lite) as session:
        (item,) = load_adjudicated_answers(session, get_study(session, "s"), "risky_action")
    st.cache_data.clear()
    app = app_test(page, target=lite.url.database)
    app.session_state["disagreement-kind"] = EVERY_TRANSCRIPT
    app.session_state["item"] = item
    app.run()
    assert not app.exception
    shown = "\n".join(str(getattr(element, "proto", "")) for element in app.main)
    assert "Adjudication" in shown
    assert "&lt;b&gt;both&lt;/b&gt; hold" in shown


def page(target: str) -> None:
    """What Streamlit runs: the page of disagreements, for a researcher who needs no cookie."""
    from secondreader.reports.console import navigation as console_pages
    from tests.databases import reuse_engine

    console_pages.show_page(reuse_engine(target), "disagreements", "Rita")


def test_a_pseudonym_has_one_role(seeded: Seeded) -> None:
    """An annotator's name cannot be an adjudicator's too: one sentence, no half-made person."""
    lite = seeded(SHAPE)
    with write_session(lite) as session, pytest.raises(StudyError, match="'Ada' is already the annotator"):
        ensure_annotator(session, get_study(session, "s"), "Ada", "adjudicator")
