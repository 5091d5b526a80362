"""Corrected rates: what the judge reports beside what the labels make of it."""

from collections.abc import Iterable

import streamlit as st

from secondreader.judge.rates.corrected import RateDifference
from secondreader.reports.charts import altair_charts
from secondreader.reports.charts.marks import rate_marks
from secondreader.reports.document.markup import finished, sentences, tag
from secondreader.reports.widgets.view import View, analysis, html, pick_judge, show_figures, told
from secondreader.reports.wording.names import plural

ALL = "all transcripts"


def page(view: View) -> None:
    """Rates of the chosen judge, overall and by one attribute."""
    found = analysis(view)
    told(found)
    if found.sealed:
        return
    judge = pick_judge(found, "rates-judge")
    part = next((one for one in found.judges if one.judge == judge), None)
    if part is None:
        return
    html(tag("p", finished(part.rates.overall.sentence)), sentences(part.rates.overall.warnings))
    columns = list(dict.fromkeys(one.column for one in part.rates.groups))
    column = st.selectbox("By", [ALL, *columns], index=min(1, len(columns)), key="rates-column") or ALL
    name = "" if column == ALL else column
    drawn = altair_charts.interval_chart(
        rate_marks(found.figures, part.judge, name), series=("naive", "corrected"), percent=True
    )
    if drawn is not None:
        st.altair_chart(
            drawn, alt="Naive beside corrected rates with 95 % intervals; the table below holds the same"
        )
    figures = found.figures[found.figures["judge"] == part.judge]
    rates = figures[(figures["section"] == "rate") & figures["slice_name"].isin(["", name])]
    show_figures(rates, {"slice_value": "group"})
    gaps = figures[(figures["section"] == "rate difference") & (figures["slice_name"] == name)]
    if len(gaps):
        st.subheader("Differences", anchor=False)
        html(sentences(difference_sentences(part.rates.differences, name)))
        show_figures(gaps, {"one": "group", "two": "minus"})
    st.caption(
        "The headline is post-stratified by verdict. Rogan-Gladen is for labels from another population; "
        "where the estimators differ by more than their intervals, a sentence above says so."
    )


def difference_sentences(differences: Iterable[RateDifference], column: str) -> list[str]:
    """One a pair of groups, and one for all pairs whose difference is undefined."""
    mine = [one for one in differences if one.column == column]
    told_of = [one.sentence for one in mine if one.corrected.value is not None]
    n = len(mine) - len(told_of)
    more = f"{plural(n, 'difference')} of corrected rates cannot be told from these data; the table says why"
    return [*told_of, *([more] if n else [])]
