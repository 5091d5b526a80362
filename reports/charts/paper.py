"""The chart for paper: of a fixed size, with names on its left and values on its right.

Nothing in it depends on how wide a text is, for that differs between machines with other fonts. Nor does Vega cut any
text: it cuts in the middle of a character outside the basic plane, and the converter stops there.
"""

from itertools import accumulate
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
TWO_LINES_UP = alt.ExprRef("indexof(datum.name, '\\n') < 0 ? 0 : -6")
"""Brings the middle of two lines to where the first would stand."""
NAME_GAP = 10
"""Pixels between a name and its row."""
NAME_COLUMNS = 33
"""Columns of a line that fit in the pixels of a name with a wide font, too."""


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
        # Vega would shrink the plot by the width of its widest name
        autosize=alt.AutoSizeParams(type="none"),
        background="transparent",
        config=alt.Config(
            aria=False,
            # names are a layer of text here: an axis measures and cuts them
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
    records = [{"label": label, "name": wrap_name(label)} for label in labels]
    words = alt.Chart(alt.InlineData(values=records)).mark_text(
        align="right", fontSize=12, color=INK, lineBreak="\n", lineHeight=12, dy=TWO_LINES_UP
    )
    placed: alt.Chart = words.encode(y=encode_rows(chart.marks), text=alt.Text("name:N"), x=fix_x(-NAME_GAP))
    return placed


def wrap_name(name: str) -> str:
    """A name in one line, or in two where it is long; what the second cannot hold is left out."""
    words = " ".join(name.split())
    first = cut_columns(words)
    if first == words:
        return words
    # names of slices are words: the first line ends with one, unless that leaves it half empty
    space = first.rfind(" ")
    end = space if space > len(first) // 2 else len(first)
    rest = words[end:].strip()
    second = cut_columns(rest)
    return f"{words[:end]}\n{second if second == rest else cut_columns(rest, NAME_COLUMNS - 1) + '…'}"


def cut_columns(text: str, limit: int = NAME_COLUMNS) -> str:
    """As much of a text as fits into some columns, as a terminal counts them."""
    ends = accumulate(
        0 if combining(character) else 2 if east_asian_width(character) in {"W", "F"} else 1
        for character in text
    )
    return text[: sum(end <= limit for end in ends)]
