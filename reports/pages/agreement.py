"""Agreement: people with each other, judges with people, in sentences, charts and tables."""

import pandas as pd
import streamlit as st

from secondreader.reports.analysis.figures import (
    list_human_names,
    list_judge_names,
    list_rows,
    select_headline_estimates,
)
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.charts.cells import draw_confusion_chart, draw_two_way_chart
from secondreader.reports.charts.marks import make_judge_charts, make_people_chart
from secondreader.reports.sections.judges import select_ceiling
from secondreader.reports.widgets.view import ConsoleView, load_analysis
from secondreader.reports.widgets.widgets import (
    choose_judge,
    show_chart,
    show_estimates,
    show_notices,
    show_sentences,
)
from secondreader.reports.wording.adjudication import describe_gold
from secondreader.reports.wording.sentences import describe_human_agreement, describe_judge
from secondreader.reports.wording.shares import describe_weights

PAIR_SECTIONS = ("pair", "judge pair")


def page(view: ConsoleView) -> None:
    """Everything about agreement."""
    analysis = load_analysis(view)
    show_notices(analysis)
    if analysis.sealed:
        # a sealed study has no tab of judges: an empty one would look like a result
        show_human_agreement(analysis)
    else:
        people, judge = st.tabs(["People with each other", "Judges with people"])
        with people:
            show_human_agreement(analysis)
        with judge:
            show_judges(analysis)
    show_sentences(analysis.warnings, "Warnings")


def show_human_agreement(analysis: Analysis) -> None:
    """Human-human agreement."""
    figures = analysis.estimates
    show_sentences([*describe_human_agreement(analysis), *describe_weights(analysis.ratings)])
    show_chart(
        make_people_chart(figures),
        "Agreement between annotators with 95 % intervals; the table below holds the same",
    )
    show_estimates(select_headline_estimates(figures, "human-human"))
    pairs = select_headline_estimates(figures, "pair", judge="", name="kappa")
    if len(pairs):
        st.subheader("Who disagrees with whom", anchor=False)
        st.altair_chart(
            draw_two_way_chart(compute_pair_disagreement(analysis)),
            alt="Share of shared transcripts on which two raters give different answers",
        )
        show_estimates(pairs, {"one": "annotator", "two": "and"})
    again = select_headline_estimates(figures, "intra-rater")
    if len(again):
        st.subheader("Annotators with themselves, on unannounced repeats", anchor=False)
        show_estimates(again[again["name"].isin(list_human_names())])


def compute_pair_disagreement(analysis: Analysis) -> pd.DataFrame:
    """Share of differing answers of every two raters, judges included; a row for each order of the two."""
    raw = analysis.estimates[
        analysis.estimates["section"].isin(PAIR_SECTIONS) & (analysis.estimates["name"] == "raw")
    ]
    rows = []
    for row in list_rows(raw[raw["headline"].astype(bool)].dropna(subset=["value"])):
        for rater, other in ((row["one"], row["two"]), (row["two"], row["one"])):
            rows.append({"one": rater, "two": other, "n": 1 - row["value"]})
    return pd.DataFrame(rows, columns=["one", "two", "n"])


def show_judges(analysis: Analysis) -> None:
    """Judges against gold."""
    if not analysis.judges:
        return
    st.caption(" ".join([describe_gold(analysis), *describe_weights(analysis.ratings)]))
    names = [part.judge for part in analysis.judges]
    for chart in make_judge_charts(analysis.estimates, names):
        show_chart(chart, "Judges against gold with 95 % intervals; the tables below hold the same")
    show_judge_agreement(analysis)
    judge = choose_judge(analysis, "agreement-judge")
    if judge is not None:
        show_judge(analysis, judge)


def show_judge_agreement(analysis: Analysis) -> None:
    """Judges among themselves, where there are several."""
    among = select_headline_estimates(analysis.estimates, "judge-judge")
    if len(among):
        with st.expander("Judges with each other, on every transcript that they judged"):
            show_estimates(among)
            show_estimates(
                select_headline_estimates(analysis.estimates, "judge pair"), {"one": "judge", "two": "and"}
            )


def show_judge(analysis: Analysis, judge: str) -> None:
    """Sentences, counts and figures of one judge, and the test that puts it in place of an annotator."""
    part = next(part for part in analysis.judges if part.judge == judge)
    show_sentences(describe_judge(analysis, part))
    st.subheader("Gold by verdict", anchor=False)
    counts = analysis.agreement.confusion
    mine = counts[(counts["judge"] == judge) & (counts["n"] > 0)]
    if len(mine):
        st.altair_chart(draw_confusion_chart(mine), alt="Counts of transcripts by gold answer and verdict")
    figures = select_headline_estimates(analysis.estimates, "judge-human", judge=judge)
    show_estimates(figures[figures["name"].isin([*list_judge_names(), "unparsed_share"])])
    st.subheader("In place of an annotator", anchor=False)
    show_sentences([part.alt_test.sentence, *part.alt_test.warnings])
    ceiling = select_ceiling(analysis.estimates, judge)
    show_estimates(ceiling, {"section": "comparison", "one": "side", "two": "against"})
