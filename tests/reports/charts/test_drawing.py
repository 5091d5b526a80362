"""Console and report draw one chart: what it shows, in which order and on which scale."""

from typing import Any

import pandas as pd
import pytest

from secondreader.reports.charts.drawing import draw_interval_chart, find_range
from secondreader.reports.charts.marks import ALL_TRANSCRIPTS, ChartMark, IntervalChart, make_rates_chart
from secondreader.reports.charts.paper import NAME_COLUMNS, cut_columns, draw_paper_chart, wrap_name

MARKS = (ChartMark("z", 0.5, 0.4, 0.6, text="0.5"), ChartMark("a", None, text="no variation"))
LAUGH = "\N{FACE WITH TEARS OF JOY}"


def drawn(chart: IntervalChart) -> dict[str, Any]:
    """The console's specification."""
    specification: dict[str, Any] = draw_interval_chart(chart).to_dict()
    return specification


def test_console_and_report_share_the_drawing() -> None:
    """The report's chart is the console's layers on the same data, with words beside them."""
    console, paper = drawn(IntervalChart(MARKS)), draw_paper_chart(IntervalChart(MARKS)).to_dict()
    assert paper["data"] == console["data"]
    shared = paper["layer"][: len(console["layer"])]
    assert [layer["mark"]["type"] for layer in shared] == ["rule", "point", "text"]
    assert [layer["encoding"] for layer in shared] == [layer["encoding"] for layer in console["layer"]]


def test_rows_keep_their_order_and_undefined_ones_say_why() -> None:
    """Rows stand in the order of the marks; a figure without a value stays, with its reason."""
    specification = drawn(IntervalChart(MARKS))
    assert specification["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["z", "a"]
    (values,) = specification["datasets"].values()
    assert [(row["label"], row["value"], row["shown"]) for row in values] == [
        ("z", 0.5, "0.5"),
        ("a", None, "no variation"),
    ]


def test_the_name_of_a_row_is_data_and_nothing_else() -> None:
    """Whatever a row is called, fields, filters and expressions of the chart are the same."""
    plain, hostile = "plain", "datum.value] + alert(1)"
    one, two = (drawn(IntervalChart((ChartMark(name, 0.5),)))["layer"] for name in (plain, hostile))
    assert str(one).replace(plain, "") == str(two).replace(hostile, "")


@pytest.mark.parametrize(
    ("mark", "is_percent", "ends"),
    [
        (ChartMark("x", 0.5, 0.4, 0.6), False, (0.0, 1.0)),
        (ChartMark("x", 0.5, 0.4, 0.6), True, (0.0, 0.6)),
        (ChartMark("x", -0.5, -0.7, 1.2), False, (-0.7, 1.2)),
        (ChartMark("x", None), True, (-0.5, 0.5)),
    ],
)
def test_the_scale_holds_zero_and_every_mark(
    mark: ChartMark, is_percent: bool, ends: tuple[float, float]
) -> None:
    """Coefficients reach to 1; a scale of one point is widened."""
    assert find_range([mark], is_percent=is_percent) == ends


def test_a_group_may_be_called_all() -> None:
    """The rate of all transcripts and that of a group of this name have rows of their own."""
    row = {"section": "rate", "judge": "j", "value": 0.5, "low": None, "high": None, "reason": None}
    row |= {"label": "a rate", "unit": "percent"}
    estimates = pd.DataFrame(
        [
            row | {"name": name, "slice_name": column, "slice_value": "all"}
            for column in ("", "persona")
            for name in ("naive", "post_stratified")
        ]
    )
    labels = [mark.label for mark in make_rates_chart(estimates, "j", "persona").marks]
    assert labels == [ALL_TRANSCRIPTS] * 2 + ["all"] * 2


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("raw agreement", "raw agreement"),
        ("line\nbreaks  and\tspaces", "line breaks and spaces"),
        ("x" * NAME_COLUMNS, "x" * NAME_COLUMNS),
        ("x" * (NAME_COLUMNS + 1), "x" * NAME_COLUMNS + "\nx"),
        (
            "any error · persona = risk-averse and model = a",
            "any error · persona =\nrisk-averse and model = a",
        ),
        ("x" * 99, "x" * NAME_COLUMNS + "\n" + "x" * (NAME_COLUMNS - 1) + "…"),
        ("検" * 17, "検" * 16 + "\n検"),
        (LAUGH * 99, LAUGH * 16 + "\n" + LAUGH * 16 + "…"),
    ],
)
def test_long_names_take_two_lines(name: str, shown: str) -> None:
    """Broken between words where that is possible, never within a character; wide ones take two columns."""
    assert wrap_name(name) == shown
    assert all(len(cut_columns(line)) == len(line) for line in shown.split("\n"))
