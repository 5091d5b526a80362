"""Which figures a chart shows: console and report draw the same chart from the same marks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.db.core.text import make_printable
from secondreader.reports.analysis.figures import (
    RATE_ESTIMATES,
    list_human_names,
    list_judge_names,
    list_rows,
    order_rows,
    select_headline_estimates,
)
from secondreader.reports.wording.names import ERROR_KIND_NAMES, format_row_value, has_value, name_row

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis

MAX_SLICES = 25
"""Slices of one forest."""
MAX_SERIES = 3
"""Series that shape and colour tell apart."""
ALL_TRANSCRIPTS = "all transcripts"


@dataclass(frozen=True, slots=True)
class ChartMark:
    """One estimate on a chart."""

    label: str
    value: float | None
    """None shows `text` where the dot would be."""
    low: float | None = None
    high: float | None = None
    series: int = 0
    """Index of its series: colour and shape."""
    text: str = ""
    """Value and interval in words, e.g. "0.61 [0.44, 0.75]", or why there is none."""


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Dots with intervals, a row a mark."""

    marks: tuple[ChartMark, ...]
    series: tuple[str, ...] = ()
    """Names of the series; empty where there is one only."""
    is_percent: bool = False
    reference: float | None = None
    """Where a dashed line stands."""
    is_stacked: bool = True
    """Whether marks of one label stand below each other in its row; else a row has one mark."""

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return any(mark.value is not None for mark in self.marks)


def make_mark(row: dict[str, Any], label: str | None = None, series: int = 0) -> ChartMark:
    """One figure's row as a mark."""
    # names from the data: a line separator in one would end a line of Vega's own code
    value, low, high = (float(row[key]) if has_value(row[key]) else None for key in ("value", "low", "high"))
    return ChartMark(make_printable(label or name_row(row)), value, low, high, series, format_row_value(row))


def make_people_chart(estimates: pd.DataFrame) -> IntervalChart:
    """How far people agree with each other."""
    rows = order_rows(select_headline_estimates(estimates, "human-human"), list_human_names())
    return IntervalChart(tuple(make_mark(row) for row in rows))


def make_judge_charts(estimates: pd.DataFrame, judges: Sequence[str]) -> Iterator[IntervalChart]:
    """Judges against gold: in one chart while shapes can tell them apart, else in one each."""
    # beyond three, colours and shapes would begin again
    together = [judges] if len(judges) <= MAX_SERIES else [[judge] for judge in judges]
    for some in together:
        # a legend of the only judge would say nothing
        series = tuple(map(make_printable, some)) if len(judges) > 1 else ()
        yield IntervalChart(tuple(make_judge_marks(estimates, some)), series)


def make_judge_marks(estimates: pd.DataFrame, judges: Iterable[str]) -> list[ChartMark]:
    """Judges against gold, figure by figure; each judge is a series."""
    names = list_judge_names()
    rows = [
        (names.index(row["name"]), series, row)
        for series, judge in enumerate(judges)
        for row in order_rows(select_headline_estimates(estimates, "judge-human", judge=judge), names)
    ]
    return [make_mark(row, series=series) for _, series, row in sorted(rows, key=lambda entry: entry[:2])]


def make_forest_chart(part: "JudgeAnalysis", max_slices: int = MAX_SLICES) -> IntervalChart:
    """Slices with the smallest adjusted p, each with the difference of its error rate; findings are a series."""
    tests = part.findings.tests
    findings = {(finding.slice, finding.statistic) for finding in part.findings.findings}
    # a search without any test has a frame without columns, too
    ordered = tests.sort_values("p_adjusted", kind="stable").head(max_slices) if len(tests) else tests
    marks = []
    for row in list_rows(ordered):
        # one slice may be tested for several kinds of error, and be a finding of one
        flagged = (row["slice"], row["statistic"]) in findings
        label = f"{ERROR_KIND_NAMES.get(row['statistic'], row['statistic'])} · {row['slice']}"
        values = {**row, "unit": "percent", "value": row["difference"]}
        marks.append(make_mark(values, label, int(flagged)))
    return IntervalChart(
        tuple(marks), ("not found", "finding"), is_percent=True, reference=0.0, is_stacked=False
    )


def make_rates_chart(estimates: pd.DataFrame, judge: str, column: str = "") -> IntervalChart:
    """Naive beside corrected rate, overall and in the groups of a column."""
    rates = estimates[(estimates["section"] == "rate") & (estimates["judge"] == judge)]
    chosen = rates[rates["slice_name"].isin(["", column]) & rates["name"].isin(RATE_ESTIMATES)]
    marks = [
        make_mark(row, str(group) if name else ALL_TRANSCRIPTS, RATE_ESTIMATES.index(row["name"]))
        # sort=False keeps the codebook's order of the groups; all transcripts come first
        for (name, group), part in chosen.groupby(["slice_name", "slice_value"], sort=False)
        for row in order_rows(part, RATE_ESTIMATES)
    ]
    return IntervalChart(tuple(marks), ("naive", "corrected"), is_percent=True)
