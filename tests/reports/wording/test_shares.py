"""A share stands with its raw counts, and what is weighted says so."""

import io
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from rich.console import Console
from sqlalchemy import Engine

from secondreader.db.core.engine import open_engine, read_session
from secondreader.judge.inference.estimate import Estimate, Measure
from secondreader.reports.analysis.analyse import analyse
from secondreader.reports.analysis.load import StudySnapshot, load_snapshot
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.terminal import print_report
from secondreader.reports.sections.report import build_report
from secondreader.reports.wording.sentences import describe_judge, find_estimate
from secondreader.reports.wording.shares import (
    VerdictCounts,
    count_against_gold,
    describe_sensitivity,
    describe_specificity,
    describe_weights,
    format_share,
)
from tests.reports.seed import JUDGES, Library, Shape, make_import

QUICK = AnalysisOptions(resamples=50, permutations=199, slices=())
MEASURE = Measure("share", "share", "hits ÷ all", "a test")
COUNTS = VerdictCounts(n=31, n_agreed=27, n_positive=12, n_found=9, n_over_flagged=1)
FIRST = JUDGES[0]


def read_shape(library: Library, shape: Shape) -> StudySnapshot:
    """The snapshot of a shared study."""
    engine = open_engine(str(library.path(shape)), migrate=False)
    with read_session(engine) as session:
        snapshot = load_snapshot(session, "s")
    engine.dispose()
    return snapshot


def set_policy(snapshot: StudySnapshot, unsure: str) -> StudySnapshot:
    """The same study under a plan that treats "unsure" in another way."""
    plan = {**snapshot.study.plan, "analyses": {"unsure": unsure}}
    return replace(snapshot, study=replace(snapshot.study, plan=plan))


def analyse_import(engine: Engine) -> Analysis:
    """A study of imported labels: all transcripts are labelled, so all weigh the same."""
    make_import(engine)
    with read_session(engine) as session:
        return analyse(load_snapshot(session, "imported"), QUICK)


def find_judge_sentences(analysis: Analysis, start: str) -> list[str]:
    """What is said of the judges in sentences that begin so."""
    sentences = [sentence for part in analysis.judges for sentence in describe_judge(analysis, part)]
    return [sentence for sentence in sentences if sentence.startswith(start)]


def test_an_unweighted_share_says_nothing_of_weights() -> None:
    """The estimate is the raw share: value, interval, counts."""
    estimate = Estimate(MEASURE, 0.75, low=0.468, high=0.911, n=12)
    assert format_share(estimate, 9, 12) == "75.0% [46.8, 91.1] (9 of 12 transcripts)"
    assert describe_sensitivity(estimate, COUNTS, "yes") == (
        "Sensitivity 75.0% [46.8, 91.1]: of 12 transcripts with gold 'yes', the judge flags 9."
    )


def test_a_weighted_share_stands_after_the_raw_one() -> None:
    """The raw percentage belongs to the counts; the interval belongs to the weighted value."""
    estimate = Estimate(MEASURE, 0.616, low=0.38, high=0.821, n=12)
    assert format_share(estimate, 9, 12) == "75.0% (9 of 12 transcripts); weighted 61.6% [38.0, 82.1]"
    assert describe_sensitivity(estimate, COUNTS, "yes") == (
        "Sensitivity 75.0%: of 12 transcripts with gold 'yes', the judge flags 9; weighted 61.6% [38.0, 82.1]."
    )


def test_specificity_counts_what_is_flagged_by_mistake() -> None:
    """Of 19 transcripts whose gold is another answer the judge flags one: 18 of 19 are passed."""
    estimate = Estimate(MEASURE, 18 / 19, low=0.754, high=0.991, n=19)
    assert describe_specificity(estimate, COUNTS, "yes") == (
        "Specificity 94.7% [75.4, 99.1]: of 19 transcripts with gold other than 'yes', the judge flags 1."
    )
    weighted = replace(estimate, value=0.9)
    assert describe_specificity(weighted, COUNTS, "yes") == (
        "Specificity 94.7%: of 19 transcripts with gold other than 'yes', the judge flags 1; weighted 90.0% [75.4, 99.1]."
    )


def test_one_transcript_is_not_plural() -> None:
    """A count of one has a singular noun, and a large one its separator."""
    counts = VerdictCounts(n=1, n_agreed=1, n_positive=1, n_found=1, n_over_flagged=0)
    assert "of 1 transcript with" in describe_sensitivity(Estimate(MEASURE, 1.0), counts, "yes")
    assert format_share(Estimate(MEASURE, 0.5), 1000, 2000) == "50.0% (1,000 of 2,000 transcripts)"


@pytest.mark.parametrize("unsure", ["standard", "category", "missing", "worst-case"])
def test_counts_are_of_the_transcripts_that_the_figures_rest_on(library: Library, unsure: str) -> None:
    """Whatever "unsure" counts as, the n of each headline figure is the count in its sentence."""
    analysis = analyse(set_policy(read_shape(library, Shape()), unsure), QUICK)
    for part in analysis.judges:
        counts = count_against_gold(analysis, part.judge)
        for name, n in (
            ("raw", counts.n),
            ("sensitivity", counts.n_positive),
            ("specificity", counts.n_negative),
        ):
            estimate = find_estimate(analysis.agreement, name, "judge-human", part.judge)
            assert estimate is not None
            assert (name, estimate.n) == (name, n)


def test_with_equal_weights_raw_shares_are_the_figures(lite: Engine) -> None:
    """Nothing is called weighted where nothing is; the counts give the very values."""
    analysis = analyse_import(lite)
    counts = count_against_gold(analysis, "j")
    shares = {
        "raw": counts.n_agreed / counts.n,
        "sensitivity": counts.n_found / counts.n_positive,
        "specificity": 1 - counts.n_over_flagged / counts.n_negative,
    }
    for name, share in shares.items():
        estimate = find_estimate(analysis.agreement, name, "judge-human", "j")
        assert estimate is not None
        assert estimate.value == pytest.approx(share)
    assert not list(describe_weights(analysis.ratings))
    sentences = [sentence for part in analysis.judges for sentence in describe_judge(analysis, part)]
    assert not [sentence for sentence in sentences if "weighted" in sentence]


def test_a_sample_by_verdict_is_weighted_and_says_so_everywhere(library: Library) -> None:
    """The page and the terminal hold the same sentences; captions of weighted figures name the weights."""
    analysis = analyse(read_shape(library, Shape()), QUICK)
    assert len(list(describe_weights(analysis.ratings))) == 1
    (sentence,) = [
        sentence for sentence in find_judge_sentences(analysis, "Specificity") if "; weighted" in sentence
    ][:1]
    out = io.StringIO()
    report = build_report(analysis)
    print_report(report, Console(file=out, width=400))
    page = " ".join(unescape(re.sub(r"<[^>]*>", " ", render_report_html(report))).split())
    terminal = " ".join(out.getvalue().split())
    for text in (page, terminal):
        assert sentence in text
        assert "against gold; unsure is missing; weighted by inverse inclusion probability" in text
        assert f"Labelled transcripts by gold answer and verdict of {FIRST}, raw counts" in text
        assert "figures of labelled transcripts are weighted by inverse inclusion probability" in text


def test_weights_of_unlabelled_transcripts_make_nothing_weighted(library: Library) -> None:
    """Only labelled transcripts enter the figures."""
    ratings = analyse(read_shape(library, Shape()), QUICK).ratings
    even = np.where(ratings.labelled, 2.0, 1.0)
    assert not list(describe_weights(replace(ratings, weight=even)))
    uneven = even.copy()
    uneven[ratings.labelled.nonzero()[0][0]] = 3.0
    assert list(describe_weights(replace(ratings, weight=uneven)))


def test_without_any_label_nothing_is_said_of_weights(library: Library) -> None:
    """No label, no sentence."""
    analysis = analyse(read_shape(library, Shape(n=9, labelled=0.0)), QUICK)
    assert not list(describe_weights(analysis.ratings))
    assert count_against_gold(analysis, FIRST).n == 0
    assert not find_judge_sentences(analysis, "Spec")
