"""The chart for paper: of a fixed size, with names on its left and values on its right.

Nothing in it depends on how wide a text is, for that differs between machines with other fonts. Nor does Vega cut any
text: it cuts in the middle of a character outside the basic plane, and the converter stops there.
"""

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

import altair as alt

from secondreader.reports.charts.drawing import (
    INK,
    ROW_HEIGHT,
    DrawnChart,
    count_legend_rows,
    count_rows,
    draw_base,
    encode_rows,
    fix_x,
    list_data,
    list_layers,
)
from secondreader.reports.charts.marks import IntervalChart

PAGE_WIDTH, NAME_WIDTH, VALUE_WIDTH = 760, 250, 140
"""Pixels of all, of the names on the left and of the values on the right."""
TOP_MARGIN, LEGEND_ROW_HEIGHT, AXIS_HEIGHT = 10, 24, 30
NAME_GAP = 10
"""Pixels between a name and its row."""
NAME_COLUMNS = 36
"""Columns of a name, as a terminal counts them, that fit in its pixels with a wide font, too."""


def draw_paper_chart(chart: IntervalChart) -> DrawnChart:
    """The chart that the console shows, as it stands in a report."""
    top = TOP_MARGIN + LEGEND_ROW_HEIGHT * count_legend_rows(chart.series)
    layers = [*list_layers(chart), draw_values(chart), draw_names(chart)]
    # all at once: each further method of a layered chart copies every layer
    drawn: DrawnChart = alt.layer(
        *layers,
        data=list_data(chart),
        width=PAGE_WIDTH - NAME_WIDTH - VALUE_WIDTH,
        height=ROW_HEIGHT * count_rows(chart),
        padding={"left": NAME_WIDTH, "right": VALUE_WIDTH, "top": top, "bottom": AXIS_HEIGHT},
        autosize=alt.AutoSizeParams(type="none"),
        background="transparent",
        config=alt.Config(
            aria=False,
            axisY=alt.AxisConfig(labels=False),
            legend=alt.LegendConfig(labelLimit=0),
            view=alt.ViewConfig(stroke="transparent"),
        ),
    )
    return drawn


def draw_values(chart: IntervalChart) -> alt.Chart:
    """Value and interval in words, at the right end of each mark's row."""
    right = fix_x(PAGE_WIDTH - NAME_WIDTH - 2)
    words = draw_base(chart).transform_filter("isValid(datum.value)").mark_text(align="right", fontSize=12)
    values: alt.Chart = words.encode(text=alt.Text("shown:N"), x=right, color=alt.ColorValue(INK))
    return values


def draw_names(chart: IntervalChart) -> alt.Chart:
    """The name of each row, once."""
    labels = dict.fromkeys(mark.label for mark in chart.marks)
    records = [{"label": label, "name": shorten_name(label)} for label in labels]
    words = alt.Chart(alt.InlineData(values=records)).mark_text(align="right", fontSize=12, color=INK)
    names: alt.Chart = words.encode(y=encode_rows(chart.marks), text=alt.Text("name:N"), x=fix_x(-NAME_GAP))
    return names


def shorten_name(name: str) -> str:
    """As much of a name as fits beside its row."""
    widths = list(measure_columns(name))
    if sum(widths) <= NAME_COLUMNS:
        return name
    left, kept = NAME_COLUMNS - 1, 0
    while left >= widths[kept]:
        left -= widths[kept]
        kept += 1
    return f"{name[:kept].rstrip()}…"


def measure_columns(text: str) -> Iterator[int]:
    """Columns that each character takes."""
    for character in text:
        yield 0 if combining(character) else 2 if east_asian_width(character) in {"W", "F"} else 1
