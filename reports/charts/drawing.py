"""The one drawer of intervals, in Vega-Lite by Altair: the console shows what it draws, the report keeps it as SVG."""

from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from typing import Any

import altair as alt

from secondreader.reports.charts.marks import ChartMark, IntervalChart

DrawnChart = alt.LayerChart | alt.FacetChart
COLOURS = ("#3b82d6", "#c2681c", "#2f8f6b")
"""At least 3 to 1 against a white page and a dark one."""
INK = "currentColor"
"""The colour of the page's text, whatever its theme."""
SHAPES = ("circle", "square", "diamond")
ROW_HEIGHT = 26
AXIS_HEIGHT = 45
EDGE_SHARE = 0.03
"""Share of the scale left free at its ends, so that a dot there is whole."""
LEGEND_HEIGHT = 30
LEGEND_WIDTH = 40
"""Characters that fit beside each other in a legend, on a phone too."""
REASON_MARGIN = 8
REASON_WIDTH = alt.ExprRef(f"width - {2 * REASON_MARGIN}")
LABEL_LIMIT, LEGEND_LIMIT = 205, 320
"""Pixels after which the name of a row, or of a series, is cut."""


def draw_interval_chart(chart: IntervalChart) -> DrawnChart:
    """Dots with intervals; as wide as its page."""
    # the legend and the axis come off the height that is asked for
    margins = AXIS_HEIGHT + LEGEND_HEIGHT * count_legend_rows(chart.series)
    rows = max(count_rows(chart), 2)
    drawn: DrawnChart = alt.layer(
        *list_layers(chart, reason_limit=REASON_WIDTH),
        data=list_data(chart),
        height=ROW_HEIGHT * rows + margins,
        config=alt.Config(legend=alt.LegendConfig(labelLimit=LEGEND_LIMIT)),
    )
    return drawn


def list_layers(chart: IntervalChart, *, reason_limit: alt.ExprRef | int = 0) -> list[alt.Chart]:
    """Intervals, dots, the reasons of undefined figures in their rows, and the line of reference.

    A reason is cut after `reason_limit` pixels; 0 leaves it whole.
    """
    base = draw_base(chart)
    layers = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"), **encode_tooltip()
        ),
        base.mark_point(filled=True, size=75, opacity=1).encode(
            x=encode_values(chart), **encode_tooltip(), **encode_shape(chart.series)
        ),
        # a figure without a value keeps its row: left out, it would look as if nobody had asked for it
        base.transform_filter("!isValid(datum.value)")
        .mark_text(align="left", opacity=0.75, fontSize=12, limit=reason_limit)
        .encode(text=alt.Text("shown:N"), x=fix_x(REASON_MARGIN), color=alt.ColorValue(INK)),
    ]
    # a layer of its own data, else Vega would draw the line once for every mark
    if chart.reference is not None:
        line = alt.Chart(alt.InlineData(values=[{"at": chart.reference}]))
        layers.append(line.mark_rule(strokeDash=[4, 3], opacity=0.6, color=INK).encode(x=alt.X("at:Q")))
    return layers


def draw_base(chart: IntervalChart) -> alt.Chart:
    """What the layers share: rows and series."""
    return alt.Chart().encode(y=encode_rows(chart.marks), **encode_series(chart))


def list_data(chart: IntervalChart) -> alt.InlineData:
    """Marks as records under names of ours, so that nothing from outside is ever a field name."""
    names = chart.series or ("",)
    records = [
        {
            "label": mark.label,
            "series": names[mark.series],
            "value": mark.value,
            "low": mark.low,
            "high": mark.high,
            "shown": mark.text,
        }
        for mark in chart.marks
    ]
    return alt.InlineData(values=records)


def fix_x(pixels: int) -> alt.XValue:
    """The same x in every row, in pixels from its left end."""
    return alt.XValue(pixels)  # type: ignore[no-untyped-call]


def count_rows(chart: IntervalChart) -> int:
    """Rows, one below the other, that the marks take."""
    labels = len({mark.label for mark in chart.marks})
    return labels * max(len(chart.series), 1) if chart.is_stacked else labels


def find_range(marks: Sequence[ChartMark], *, is_percent: bool) -> tuple[float, float]:
    """Ends of the scale: 0, for coefficients 1, and every mark lie within."""
    ends = [end for mark in marks for end in (mark.value, mark.low, mark.high) if end is not None]
    low, high = min([*ends, 0.0]), max([*ends, 0.0 if is_percent else 1.0])
    # a scale of no width draws nothing
    return (low, high) if high - low > 1e-9 else (low - 0.5, high + 0.5)


def encode_values(chart: IntervalChart) -> alt.X:
    """Where a value stands on its row."""
    low, high = find_range(chart.marks, is_percent=chart.is_percent)
    edge = EDGE_SHARE * (high - low)
    return alt.X(
        "value:Q",
        title=None,
        # ends rounded by Vega would leave up to a third of the plot empty
        scale=alt.Scale(domain=[low - edge * (low < 0), high + edge], nice=False),
        axis=alt.Axis(
            format="%" if chart.is_percent else "~g",
            tickCount=6,
            grid=True,
            gridColor=INK,
            gridOpacity=0.15,
            domain=False,
            ticks=False,
            labelColor=INK,
            labelFlush=False,
            labelFontSize=12,
            labelOpacity=0.75,
        ),
    )


def encode_rows(marks: Sequence[ChartMark]) -> alt.Y:
    """Which row a mark stands in."""
    axis = alt.Axis(
        labelLimit=LABEL_LIMIT,
        labelPadding=8,
        labelFontSize=12,
        labelColor=INK,
        # no name is dropped where rows are close
        labelOverlap=False,
        labelFlush=False,
        ticks=False,
        domain=False,
    )
    return alt.Y("label:N", scale=fix_order(mark.label for mark in marks), sort=None, title=None, axis=axis)


def fix_order(names: Iterable[str]) -> alt.Scale:
    """Names from the data in their own order: Vega-Lite would write a `sort` of them into an expression."""
    return alt.Scale(domain=list(dict.fromkeys(names)))


def encode_series(chart: IntervalChart) -> dict[str, Any]:
    """Encodings that tell several series apart."""
    if not chart.series:
        return {"color": alt.ColorValue(COLOURS[0])}
    # the domain is named, so that a series keeps its colour where it has no mark
    scale = alt.Scale(domain=list(chart.series), range=list(islice(cycle(COLOURS), len(chart.series))))
    colour = {"color": alt.Color("series:N", scale=scale, legend=make_legend(chart.series))}
    return colour | ({"yOffset": encode_offset(chart.series)} if chart.is_stacked else {})


def encode_offset(series: Sequence[str]) -> alt.YOffset:
    """Series of one row below each other."""
    return alt.YOffset("series:N", scale=alt.Scale(domain=list(series), paddingOuter=0.3))


def encode_shape(series: Sequence[str]) -> dict[str, Any]:
    """Series differ in shape as well as in colour."""
    if not series:
        return {}
    scale = alt.Scale(domain=list(series), range=list(islice(cycle(SHAPES), len(series))))
    return {"shape": alt.Shape("series:N", scale=scale, legend=make_legend(series))}


def make_legend(series: Sequence[str]) -> alt.Legend:
    """Names of the series above the chart."""
    return alt.Legend(
        title=None,
        orient="top",
        # a page may have a wider font than the one in which names are measured
        columnPadding=30,
        labelFontSize=12,
        labelColor=INK,
        columns=count_legend_columns(series),
    )


def count_legend_columns(series: Sequence[str]) -> int:
    """All names beside each other where they are short, else one below the other."""
    return len(series) if sum(len(name) for name in series) <= LEGEND_WIDTH else 1


def count_legend_rows(series: Sequence[str]) -> int:
    """Lines that the legend takes."""
    return -(-len(series) // max(count_legend_columns(series), 1))


def encode_tooltip() -> dict[str, Any]:
    """What a pointer shows."""
    return {"tooltip": [alt.Tooltip("label:N", title="figure"), alt.Tooltip("shown:N", title="estimate")]}
