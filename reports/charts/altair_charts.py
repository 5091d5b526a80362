"""The console's charts: marks as dots with intervals, the same ones as in the report."""

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from secondreader.reports.charts.svg import ChartMark, fit_scale

Chart = alt.LayerChart | alt.FacetChart
COLOURS = ("#3b82d6", "#c2681c", "#2f8f6b")
"""Readable on a light and on a dark page."""
CELL_SHADES = ("#e4eefb", "#78aaea")
"""Shades of a cell; the text on them is dark on every page, for Vega does not know the page's theme."""
CELL_TEXT = "#10233f"
MUTED_COLOUR = "#8a94a3"
SHAPES = ("circle", "square", "diamond")
ROW_HEIGHT = 26
AXIS_HEIGHT = 45
EDGE_SHARE = 0.03
"""Share of the scale left free at its ends, so that a dot there is whole."""
CELL_WIDTH = alt.ExprRef("bandwidth('x')")
"""A name above a column is cut where the next one begins."""
LEGEND_HEIGHT = 30
LEGEND_WIDTH = 40
"""Characters that fit beside each other in a legend, on a phone too."""


def build_marks_frame(marks: Sequence[ChartMark], series: Sequence[str]) -> pd.DataFrame:
    """Marks as rows; fixed column names, so that nothing from outside is ever a field name."""
    label = ""
    rows = []
    for one in marks:
        label = one.label.strip() or label
        rows.append(
            {
                "label": label,
                "series": series[one.series] if series else "",
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "shown": one.text,
            }
        )
    return pd.DataFrame(rows, columns=["label", "series", "value", "low", "high", "shown"])


def draw_interval_chart(
    marks: Sequence[ChartMark],
    *,
    series: Sequence[str] = (),
    percent: bool = False,
    reference: float | None = None,
    side_by_side: bool = True,
) -> Chart | None:
    """Dots with intervals; None where no mark has a value. `beside`: marks of one label share a row."""
    drawn = [one for one in marks if one.value is not None]
    if not drawn:
        return None
    frame = build_marks_frame(marks, series).dropna(subset=["value"])
    scale = fit_scale(drawn, 0.0, None if percent else 1.0)
    edge = EDGE_SHARE * (scale.high - scale.low)
    rows = alt.Y(
        "label:N",
        sort=list(dict.fromkeys(frame["label"])),
        title=None,
        axis=alt.Axis(labelLimit=200, labelOverlap=False, labelFlush=False, ticks=False, domain=False),
    )
    places = alt.X(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[scale.low - edge * (scale.low < 0), scale.high + edge], nice=False),
        axis=alt.Axis(format="%" if percent else "~g", tickCount=6, grid=True),
    )
    base = alt.Chart(frame).encode(y=rows, **encode_series(series, side_by_side))
    layers: list[alt.Chart] = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=None), x2="high:Q", **encode_tooltip()),
        base.mark_point(filled=True, size=75, opacity=1).encode(
            x=places, **encode_tooltip(), **({"shape": encode_shape(series)} if series else {})
        ),
    ]
    if reference is not None:
        line = pd.DataFrame({"at": [reference]})
        layers.append(alt.Chart(line).mark_rule(strokeDash=[4, 3], color=MUTED_COLOUR).encode(x="at:Q"))
    # the legend and the axis come off the height that is asked for
    high = ROW_HEIGHT * max(len(frame), 2) + AXIS_HEIGHT + LEGEND_HEIGHT * count_legend_rows(series)
    return alt.layer(*layers).properties(height=high)


def encode_series(series: Sequence[str], side_by_side: bool) -> dict[str, Any]:
    """Encodings that tell several series apart; `beside` puts them side by side in one row."""
    if not series:
        return {"color": alt.value(COLOURS[0])}
    scale = alt.Scale(domain=list(series), range=list(cycle_values(COLOURS, len(series))))
    legend = alt.Legend(title=None, orient="top", labelLimit=320, columns=count_legend_columns(series))
    colour = {"color": alt.Color("series:N", scale=scale, legend=legend)}
    places = alt.Scale(domain=list(series), paddingOuter=0.3)
    return colour | ({"yOffset": alt.YOffset("series:N", scale=places)} if side_by_side else {})


def encode_shape(series: Sequence[str]) -> alt.Shape:
    """Series differ in shape as well as in colour."""
    scale = alt.Scale(domain=list(series), range=list(cycle_values(SHAPES, len(series))))
    return alt.Shape(
        "series:N",
        scale=scale,
        legend=alt.Legend(title=None, orient="top", labelLimit=320, columns=count_legend_columns(series)),
    )


def count_legend_columns(series: Sequence[str]) -> int:
    """All names beside each other where they are short, else one below the other."""
    return len(series) if sum(len(one) for one in series) <= LEGEND_WIDTH else 1


def count_legend_rows(series: Sequence[str]) -> int:
    """Lines that the legend takes."""
    return -(-len(series) // max(count_legend_columns(series), 1))


def cycle_values(values: Sequence[str], n: int) -> Iterable[str]:
    """The first n of a sequence that starts again at its end."""
    return (values[at % len(values)] for at in range(n))


def encode_tooltip() -> dict[str, Any]:
    """What a pointer shows."""
    return {"tooltip": [alt.Tooltip("label:N", title="figure"), alt.Tooltip("shown:N", title="estimate")]}


def draw_confusion_chart(counts: pd.DataFrame) -> Chart:
    """Gold by verdict as shaded cells with their counts; columns gold, verdict and n."""
    order = {name: list(dict.fromkeys(counts[name])) for name in ("gold", "verdict")}
    base = alt.Chart(counts[["gold", "verdict", "n"]]).encode(
        x=alt.X(
            "verdict:N",
            sort=order["verdict"],
            title="verdict",
            axis=alt.Axis(labelAngle=0, labelFlush=False, orient="top"),
        ),
        y=alt.Y("gold:N", sort=order["gold"], title="gold", axis=alt.Axis(labelFlush=False)),
    )
    most = max(int(counts["n"].max()), 1)
    shade = alt.Color("n:Q", scale=alt.Scale(domain=[0, most], range=list(CELL_SHADES)), legend=None)
    words = base.mark_text(fontSize=14, color=CELL_TEXT).encode(text="n:Q")
    height = 48 * len(order["gold"]) + 30
    return alt.layer(base.mark_rect(cornerRadius=3).encode(color=shade), words).properties(height=height)


def draw_two_way_chart(counts: pd.DataFrame) -> Chart:
    """Shares of every two names as shaded cells: columns one, two and n."""
    tops = alt.Axis(labelAngle=0, labelFlush=False, labelOverlap=False, labelLimit=CELL_WIDTH, orient="top")
    sides = alt.Axis(labelFlush=False, labelOverlap=False, labelLimit=160)
    base = alt.Chart(counts[["one", "two", "n"]]).encode(
        x=alt.X("two:N", title=None, axis=tops), y=alt.Y("one:N", title=None, axis=sides)
    )
    shade = alt.Color("n:Q", scale=alt.Scale(domain=[0, 1], range=list(CELL_SHADES)), legend=None)
    words = base.mark_text(fontSize=13, color=CELL_TEXT).encode(text=alt.Text("n:Q", format=".0%"))
    height = 40 * counts["one"].nunique() + AXIS_HEIGHT
    return alt.layer(base.mark_rect(cornerRadius=3).encode(color=shade), words).properties(height=height)
