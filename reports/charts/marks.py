"""Which figures a chart shows: the same choice for the report's SVG and the console's charts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.judge.agreement.comparisons import MEAN_PAIR_KAPPA
from secondreader.judge.inference.coefficients import list_brief_names
from secondreader.judge.rates.corrected import HEADLINE_ESTIMATOR
from secondreader.reports.charts.svg import ChartMark
from secondreader.reports.wording.names import ERROR_KIND_NAMES, format_row_value, has_value, name_row

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis

RATE_ESTIMATES = ("naive", HEADLINE_ESTIMATOR)
MAX_SLICES = 25


def list_human_names() -> tuple[str, ...]:
    """Figures of people with each other that charts and short tables show, in their order."""
    return (*list_brief_names("group"), MEAN_PAIR_KAPPA.name)


def list_judge_names() -> tuple[str, ...]:
    """Figures of a judge against gold that charts and short tables show, in their order."""
    return list_brief_names("gold")


def select_headline_estimates(estimates: pd.DataFrame, section: str, **scope: Any) -> pd.DataFrame:
    """The headline figures of a section over all items, narrowed by scope columns."""
    wanted = {"headline": True, "slice_name": "", "slice_value": "", **scope}
    keep = estimates["section"] == section
    for name, value in wanted.items():
        keep &= estimates[name] == value
    return estimates[keep]


def order_rows(estimates: pd.DataFrame, names: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the named figures, in the order of the names."""
    place = {name: number for number, name in enumerate(names)}
    return sorted(list_rows(estimates[estimates["name"].isin(place)]), key=lambda row: place[row["name"]])


def list_rows(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts keyed by text."""
    return [{str(key): value for key, value in row.items()} for row in estimates.to_dict("records")]


def make_mark(row: dict[str, Any], label: str | None = None, series: int = 0) -> ChartMark:
    """One figure's row as a mark."""
    value, low, high = (float(row[key]) if has_value(row[key]) else None for key in ("value", "low", "high"))
    return ChartMark(label or name_row(row), value, low, high, series, format_row_value(row))


def make_people_marks(estimates: pd.DataFrame) -> list[ChartMark]:
    """How far people agree with each other."""
    return [
        make_mark(row)
        for row in order_rows(select_headline_estimates(estimates, "human-human"), list_human_names())
    ]


def make_judge_marks(estimates: pd.DataFrame, judges: Iterable[str]) -> list[ChartMark]:
    """Judges against gold, figure by figure, each judge a series; the first row of a figure names it."""
    names = list_judge_names()
    rows = [
        (names.index(row["name"]), series, row)
        for series, judge in enumerate(judges)
        for row in order_rows(select_headline_estimates(estimates, "judge-human", judge=judge), names)
    ]
    return [
        make_mark(row, name_row(row) if series == 0 else " ", series)
        for _, series, row in sorted(rows, key=lambda one: one[:2])
    ]


def make_forest_marks(part: "JudgeAnalysis", max_slices: int = MAX_SLICES) -> list[ChartMark]:
    """Slices with the smallest adjusted p, each with the difference of its error rate; findings are a series of their own."""
    tests = part.findings.tests
    if not len(tests):
        return []
    found = {(one.slice, one.statistic) for one in part.findings.findings}
    marks = []
    for row in list_rows(tests.sort_values("p_adjusted", kind="stable").head(max_slices)):
        flagged = (row["slice"], row["statistic"]) in found
        label = f"{ERROR_KIND_NAMES.get(row['statistic'], row['statistic'])} · {row['slice']}"
        marks.append(make_mark({**row, "unit": "percent", "value": row["difference"]}, label, int(flagged)))
    return marks


def make_rate_marks(estimates: pd.DataFrame, judge: str, column: str = "") -> list[ChartMark]:
    """Naive (series 0) beside corrected rate (1), overall and in the groups of a column; the first row names the group."""
    rates = estimates[(estimates["section"] == "rate") & (estimates["judge"] == judge)]
    chosen = rates[rates["slice_name"].isin(["", column]) & rates["name"].isin(RATE_ESTIMATES)]
    marks = []
    for (_, group), part in chosen.groupby(["slice_name", "slice_value"], sort=False):
        for row in order_rows(part, RATE_ESTIMATES):
            series = RATE_ESTIMATES.index(row["name"])
            marks.append(make_mark(row, str(group) if series == 0 else " ", series))
    return marks
