"""An analysis holds every figure of a study, says what is missing and repeats itself to the last digit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from sqlalchemy import Engine

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.reports.analysis.options import AnalysisError, AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.json_csv import format_csv, format_json
from secondreader.reports.sections.report import build_report
from tests.reports.seed import JUDGES, Seeded, Shape, make_import
from tests.snapshots import analyse_study, load_rating_rows

QUICK = AnalysisOptions(resamples=200, permutations=199)


def analysis(engine: Engine, options: AnalysisOptions = QUICK, name: str = "s") -> Analysis:
    """The analysis of one study with few resamples."""
    with read_session(engine) as session:
        return analyse_study(session, get_study(session, name), options)


def test_pair_kappas_equal_an_independent_computation(seeded: Seeded) -> None:
    """Every Cohen kappa of two annotators in the JSON is scikit-learn's to 1e-9, weights of the draw included."""
    lite = seeded(Shape())
    found = json.loads(format_json(analysis(lite)))
    with read_session(lite) as session:
        rows = load_rating_rows(session, get_study(session, "s"))
    answers = {(r["rater"], r["item"]): r for r in rows if r["kind"] == "human" and r["pass_no"] == 1}
    pairs = [
        f for f in found["figures"] if f["section"] == "pair" and f["name"] == "kappa" and not f["judge"]
    ]
    assert len(pairs) == 3
    for pair in pairs:
        shared = sorted(
            {item for rater, item in answers if rater == pair["one"]}
            & {item for rater, item in answers if rater == pair["two"]}
        )
        one, two = ([answers[rater, item] for item in shared] for rater in (pair["one"], pair["two"]))
        expected = cohen_kappa_score(
            [row["answer"] for row in one],
            [row["answer"] for row in two],
            sample_weight=1 / np.array([row["inclusion_probability"] for row in one]),
        )
        assert pair["value"] == pytest.approx(expected, abs=1e-9)
        assert pair["n"] == len(shared)


def test_same_data_give_the_same_document(seeded: Seeded) -> None:
    """Two analyses of one study are equal to the byte; another seed has another hash."""
    lite = seeded(Shape())
    first, second = analysis(lite), analysis(lite)
    assert format_json(first) == format_json(second)
    assert format_csv(first) == format_csv(second)
    assert first.inputs_hash == second.inputs_hash
    assert analysis(lite, replace(QUICK, seed=1)).inputs_hash != first.inputs_hash


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(labelled=0.0), "No label"),
        (Shape(annotators=()), "draft"),
        (Shape(annotators=("Ada",)), "Only Ada has labelled"),
        (Shape(judges=()), "no verdicts"),
        (Shape(n=1), ""),
        (Shape(rate=0.0), ""),
        (Shape(n=6, per_scenario=6, unparsed=1), ""),
        (Shape(judges=JUDGES[:1], rate=1.0), ""),
    ],
)
def test_poor_studies_are_told_in_sentences(seeded: Seeded, shape: Shape, expected: str) -> None:
    """Without labels, judges, a second person or variation nothing fails: a sentence says what is missing."""
    lite = seeded(shape)
    found = analysis(lite)
    assert expected in " ".join(found.missing)
    figures = json.loads(format_json(found))["figures"]
    assert all((figure["value"] is None) == bool(figure["reason"]) for figure in figures)


def test_an_empty_study_is_analysed(lite: Engine) -> None:
    """A study without a pool says what to do first."""
    with write_session(lite) as session:
        ensure_study(session, "s")
    found = analysis(lite)
    assert found.missing[0] == "The study has no transcripts yet: import or run some first."
    assert json.loads(format_json(found))["sentences"] == []


def test_other_codebooks_have_their_own_positive_answer(lite: Engine) -> None:
    """Answers 1, 2 and 0 of imported labels: the first is the positive one, and their source is found by itself."""
    make_import(lite)
    found = analysis(lite, name="imported")
    assert (found.positive, found.options.source, found.question.id) == ("1", "import", "better")
    assert found.agreement.find("kappa", "judge-human").value is not None
    other = analysis(lite, replace(QUICK, positive="0"), name="imported")
    assert other.agreement.find("sensitivity", "judge-human").n != 0


def test_one_judge_can_be_singled_out(seeded: Seeded) -> None:
    """With a judge named, no figure of another one appears."""
    lite = seeded(Shape())
    found = analysis(lite, replace(QUICK, judge=JUDGES[1]))
    assert set(found.estimates["judge"]) == {"", JUDGES[1]}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (AnalysisOptions(question="nope"), "has no question 'nope'"),
        (AnalysisOptions(judge="nope"), "has no judge 'nope'"),
        (AnalysisOptions(positive="nope"), "'nope' is not an answer"),
        (AnalysisOptions(source="nope"), "'nope' is no source"),
    ],
)
def test_wrong_options_are_one_sentence(seeded: Seeded, options: AnalysisOptions, sentence: str) -> None:
    """What the study does not have is named, with what it has."""
    lite = seeded(Shape(n=4))
    with pytest.raises(AnalysisError, match=sentence):
        analysis(lite, options)


def test_every_codebook_question_can_be_analysed(seeded: Seeded) -> None:
    """An optional question that was asked only after "yes" is analysed on the labels there are."""
    lite = seeded(Shape(n=12))
    for question in ("risky_action", "risk_considered", "loss_of_control"):
        assert analysis(lite, replace(QUICK, question=question)).question.id == question


@pytest.mark.parametrize(
    ("policy", "people", "judges", "caption"),
    [
        ("standard", {"category"}, {"missing"}, "unsure is missing"),
        ("category", {"category"}, {"category"}, "unsure is an answer of its own"),
        ("missing", {"missing"}, {"missing"}, "unsure is missing"),
        ("worst-case", {"as positive", "as negative"}, {"as positive", "as negative"}, "both ways"),
    ],
)
def test_unsure_counts_as_the_plan_says(
    seeded: Seeded, policy: str, people: set[str], judges: set[str], caption: str
) -> None:
    """The plan's word decides which treatment makes the headline; the report says which, in every table."""
    lite = seeded(Shape())
    with write_session(lite) as session:
        change = StudyChange(analyses={"unsure": policy})
        amend_study(session, get_study(session, "s"), change, actor="researcher", why="fixed in time")
    found = analysis(lite)
    figures = found.estimates[
        found.estimates["headline"].astype(bool) & (found.estimates["slice_name"] == "")
    ]
    for section, ways in (("human-human", people), ("judge-human", judges)):
        mine = figures[(figures["section"] == section) & (figures["name"] == "raw")]
        assert set(mine["unsure"]) == ways
    page = render_report_html(build_report(found))
    assert f"against gold; {caption}" in page or f"against gold; unsure counted {caption}" in page
    assert ("raw agreement, unsure as negative" in page) is (policy == "worst-case")
