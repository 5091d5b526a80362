"""Corrected rates: the judge's own rate beside the rate that the labels imply."""

from collections.abc import Iterable

import streamlit as st

from secondreader.judge.rates.corrected import RateDifference
from secondreader.reports.charts.marks import ALL_TRANSCRIPTS, make_rates_chart
from secondreader.reports.sections.blocks import Paragraph, Sentences
from secondreader.reports.widgets.view import ConsoleView, load_analysis
from secondreader.reports.widgets.widgets import (
    choose_judge,
    show_blocks,
    show_chart,
    show_estimates,
    show_notices,
    show_sentences,
)
from secondreader.reports.wording.names import finish_sentence, pluralize


def page(view: ConsoleView) -> None:
    """Rates of the chosen judge, overall and by one attribute."""
    analysis = load_analysis(view)
    show_notices(analysis)
    if analysis.sealed:
        return
    judge = choose_judge(analysis, "rates-judge")
    part = next((part for part in analysis.judges if part.judge == judge), None)
    if part is None:
        return
    overall = part.rates.overall
    show_blocks(Paragraph(finish_sentence(overall.sentence)), Sentences(overall.warnings))
    columns = list(dict.fromkeys(group.column for group in part.rates.groups))
    column = (
        st.selectbox("By", [ALL_TRANSCRIPTS, *columns], index=min(1, len(columns)), key="rates-column")
        or ALL_TRANSCRIPTS
    )
    name = "" if column == ALL_TRANSCRIPTS else column
    show_chart(
        make_rates_chart(analysis.estimates, part.judge, name),
        "Naive beside corrected rates with 95 % intervals; the table below holds the same",
    )
    figures = analysis.estimates[analysis.estimates["judge"] == part.judge]
    rates = figures[(figures["section"] == "rate") & figures["slice_name"].isin(["", name])]
    show_estimates(rates, {"slice_value": "group"})
    gaps = figures[(figures["section"] == "rate difference") & (figures["slice_name"] == name)]
    if len(gaps):
        st.subheader("Differences", anchor=False)
        show_sentences(describe_differences(part.rates.differences, name))
        show_estimates(gaps, {"one": "group", "two": "minus"})
    st.caption(
        "The headline is post-stratified by verdict. Rogan-Gladen is for labels from another population; "
        "where the estimators differ by more than their intervals, a sentence above says so."
    )


def describe_differences(differences: Iterable[RateDifference], column: str) -> list[str]:
    """A sentence for each pair of groups, and one for all pairs whose difference is undefined."""
    mine = [difference for difference in differences if difference.column == column]
    defined = [difference.sentence for difference in mine if difference.corrected.value is not None]
    n = len(mine) - len(defined)
    more = f"{pluralize(n, 'difference')} of corrected rates cannot be computed from these data; the table says why"
    return [*defined, *([more] if n else [])]
