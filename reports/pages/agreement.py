"""Agreement: people with each other, judges with people, in sentences, charts and tables."""

import pandas as pd
import streamlit as st

from secondreader.reports.analysis.analyse import Analysis
from secondreader.reports.charts import altair_charts
from secondreader.reports.charts.marks import JUDGE, PEOPLE, judge_marks, people_marks, pick, rows_of
from secondreader.reports.document.markup import sentences
from secondreader.reports.widgets.view import View, analysis, html, listing, pick_judge, show_figures, told
from secondreader.reports.wording.adjudication import gold_words
from secondreader.reports.wording.sentences import judge_sentences, people_sentences

PAIRS = ("pair", "judge pair")
CEILINGS = ("ceiling", "ceiling difference", "judge-human minus human-human")


def page(view: View) -> None:
    """Everything about agreement."""
    found = analysis(view)
    told(found)
    if found.sealed:
        show_people(found)
    else:
        people, judge = st.tabs(["People with each other", "Judges with people"])
        with people:
            show_people(found)
        with judge:
            show_judges(found)
    listing("Read the figures with these in mind", found.warnings)


def show_people(found: Analysis) -> None:
    """Human-human agreement."""
    figures = found.figures
    html(sentences(people_sentences(found)))
    drawn = altair_charts.interval_chart(people_marks(figures))
    if drawn is not None:
        st.altair_chart(
            drawn, alt="Agreement between annotators with 95 % intervals; the table below holds the same"
        )
    show_figures(pick(figures, "human-human"))
    pairs = pick(figures, "pair", judge="", name="kappa")
    if len(pairs):
        st.subheader("Who disagrees with whom", anchor=False)
        st.altair_chart(
            altair_charts.two_way_chart(pair_counts(found)),
            alt="Share of shared transcripts on which two readers give different answers",
        )
        show_figures(pairs, {"one": "annotator", "two": "and"})
    again = pick(figures, "intra-rater")
    if len(again):
        st.subheader("With themselves, on unannounced repeats", anchor=False)
        show_figures(again[again["name"].isin(PEOPLE)])


def pair_counts(found: Analysis) -> pd.DataFrame:
    """Share of differing answers of every two readers, judges included; both ways round."""
    raw = found.figures[found.figures["section"].isin(PAIRS) & (found.figures["name"] == "raw")]
    rows = []
    for row in rows_of(raw[raw["headline"].astype(bool)].dropna(subset=["value"])):
        for one, two in ((row["one"], row["two"]), (row["two"], row["one"])):
            rows.append({"one": one, "two": two, "n": 1 - row["value"]})
    return pd.DataFrame(rows, columns=["one", "two", "n"])


def show_judges(found: Analysis) -> None:
    """Judges against gold."""
    if not found.judges:
        return
    st.caption(gold_words(found))
    names = [part.judge for part in found.judges]
    drawn = altair_charts.interval_chart(
        judge_marks(found.figures, names), series=names if len(names) > 1 else ()
    )
    if drawn is not None:
        st.altair_chart(drawn, alt="Judges against gold with 95 % intervals; the tables below hold the same")
    show_together(found)
    judge = pick_judge(found, "agreement-judge")
    if judge is not None:
        show_judge(found, judge)


def show_together(found: Analysis) -> None:
    """Judges among themselves, where there are several."""
    among = pick(found.figures, "judge-judge")
    if len(among):
        with st.expander("Judges with each other, on every transcript that they read"):
            show_figures(among)
            show_figures(pick(found.figures, "judge pair"), {"one": "judge", "two": "and"})


def show_judge(found: Analysis, judge: str) -> None:
    """Counts and figures of one judge."""
    part = next(one for one in found.judges if one.judge == judge)
    html(sentences(judge_sentences(found, part)))
    st.subheader("Gold by verdict", anchor=False)
    counts = found.agreement.confusion
    mine = counts[(counts["judge"] == judge) & (counts["n"] > 0)]
    if len(mine):
        st.altair_chart(
            altair_charts.confusion_chart(mine), alt="Counts of transcripts by gold answer and verdict"
        )
    figures = pick(found.figures, "judge-human", judge=judge)
    show_figures(figures[figures["name"].isin([*JUDGE, "unparsed_share"])])
    st.subheader("In an annotator's place", anchor=False)
    html(sentences([part.alt_test.sentence, *part.alt_test.warnings]))
    ceiling = found.figures[found.figures["section"].isin(CEILINGS) & (found.figures["judge"] == judge)]
    show_figures(ceiling, {"section": "comparison", "one": "side", "two": "against"})
