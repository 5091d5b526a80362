"""Which figures a chart shows: the same choice for the report's SVG and the console's charts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.judge.rates.corrected import HEADLINE
from secondreader.reports.charts.svg import Mark
from secondreader.reports.wording.names import STATISTICS, is_known, row_name, shown

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import JudgePart

PEOPLE = (
    "raw",
    "positive_agreement",
    "negative_agreement",
    "ac1",
    "alpha",
    "mean_pair_kappa",
    "fleiss",
    "conger",
    "pabak",
)
JUDGE = (
    "raw",
    "positive_agreement",
    "negative_agreement",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "f1",
    "balanced_accuracy",
    "ac1",
    "alpha",
    "kappa",
    "mcc",
)
RATES = ("naive", HEADLINE)
MOST_SLICES = 25


def pick(figures: pd.DataFrame, section: str, **scope: Any) -> pd.DataFrame:
    """The headline figures of a section over all items, narrowed by scope columns."""
    wanted = {"headline": True, "slice_name": "", "slice_value": "", **scope}
    keep = figures["section"] == section
    for name, value in wanted.items():
        keep &= figures[name] == value
    return figures[keep]


def in_order(figures: pd.DataFrame, names: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the named figures, in the order of the names."""
    place = {name: number for number, name in enumerate(names)}
    return sorted(rows_of(figures[figures["name"].isin(place)]), key=lambda row: place[row["name"]])


def rows_of(figures: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts keyed by text."""
    return [{str(key): value for key, value in row.items()} for row in figures.to_dict("records")]


def mark(row: dict[str, Any], label: str | None = None, series: int = 0) -> Mark:
    """One figure's row as a mark."""
    value, low, high = (float(row[key]) if is_known(row[key]) else None for key in ("value", "low", "high"))
    return Mark(label or row_name(row), value, low, high, series, shown(row["name"], row))


def people_marks(figures: pd.DataFrame) -> list[Mark]:
    """How far people agree with each other."""
    return [mark(row) for row in in_order(pick(figures, "human-human"), PEOPLE)]


def judge_marks(figures: pd.DataFrame, judges: Iterable[str]) -> list[Mark]:
    """Judges against gold, figure by figure, each judge a series; the first row of a figure names it."""
    rows = [
        (JUDGE.index(row["name"]), series, row)
        for series, judge in enumerate(judges)
        for row in in_order(pick(figures, "judge-human", judge=judge), JUDGE)
    ]
    return [
        mark(row, row_name(row) if series == 0 else " ", series)
        for _, series, row in sorted(rows, key=lambda one: one[:2])
    ]


def forest_marks(part: "JudgePart", most: int = MOST_SLICES) -> list[Mark]:
    """Slices with the smallest adjusted p, each with the difference of its error rate; findings are a series of their own."""
    tests = part.findings.tests
    if not len(tests):
        return []
    found = {(one.slice, one.statistic) for one in part.findings.findings}
    marks = []
    for row in rows_of(tests.sort_values("p_adjusted", kind="stable").head(most)):
        flagged = (row["slice"], row["statistic"]) in found
        label = f"{STATISTICS.get(row['statistic'], row['statistic'])} · {row['slice']}"
        marks.append(mark({**row, "name": row["statistic"], "value": row["difference"]}, label, int(flagged)))
    return marks


def rate_marks(figures: pd.DataFrame, judge: str, column: str = "") -> list[Mark]:
    """Naive (series 0) beside corrected rate (1), overall and in the groups of a column; the first row names the group."""
    rates = figures[(figures["section"] == "rate") & (figures["judge"] == judge)]
    chosen = rates[rates["slice_name"].isin(["", column]) & rates["name"].isin(RATES)]
    marks = []
    for (_, group), part in chosen.groupby(["slice_name", "slice_value"], sort=False):
        for row in in_order(part, RATES):
            series = RATES.index(row["name"])
            marks.append(mark(row, str(group) if series == 0 else " ", series))
    return marks
