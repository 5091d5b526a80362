"""Counts and shares as shaded cells, for the console."""

import altair as alt
import pandas as pd

from secondreader.reports.charts.drawing import AXIS_HEIGHT, INK, DrawnChart, fix_order

CELL_SHADES = ("#e4eefb", "#78aaea")
CELL_TEXT = "#10233f"
"""The text on a cell is dark on every page, for its shades are light."""
CELL_WIDTH = alt.ExprRef("bandwidth('x')")
"""A name above a column is cut where the next one begins."""


def draw_confusion_chart(counts: pd.DataFrame) -> DrawnChart:
    """Gold by verdict as shaded cells with their counts; columns gold, verdict and n."""
    base = alt.Chart(counts[["gold", "verdict", "n"]]).encode(
        x=alt.X(
            "verdict:N",
            scale=fix_order(counts["verdict"]),
            sort=None,
            title="verdict",
            axis=alt.Axis(labelAngle=0, labelFlush=False, orient="top", labelColor=INK, titleColor=INK),
        ),
        y=alt.Y(
            "gold:N",
            scale=fix_order(counts["gold"]),
            sort=None,
            title="gold",
            axis=alt.Axis(labelFlush=False, labelColor=INK, titleColor=INK),
        ),
    )
    # counts of nothing but zeros need a scale of some width
    most = max(int(counts["n"].max()), 1)
    shade = alt.Color("n:Q", scale=alt.Scale(domain=[0, most], range=list(CELL_SHADES)), legend=None)
    words = base.mark_text(fontSize=14, color=CELL_TEXT).encode(text="n:Q")
    height = 48 * counts["gold"].nunique() + 30
    return alt.layer(base.mark_rect(cornerRadius=3).encode(color=shade), words).properties(height=height)


def draw_two_way_chart(counts: pd.DataFrame) -> DrawnChart:
    """Shares of every two names as shaded cells: columns one, two and n."""
    tops = alt.Axis(
        labelAngle=0,
        labelFlush=False,
        labelOverlap=False,
        labelLimit=CELL_WIDTH,
        orient="top",
        labelColor=INK,
    )
    sides = alt.Axis(labelFlush=False, labelOverlap=False, labelLimit=160, labelColor=INK)
    base = alt.Chart(counts[["one", "two", "n"]]).encode(
        x=alt.X("two:N", title=None, axis=tops), y=alt.Y("one:N", title=None, axis=sides)
    )
    shade = alt.Color("n:Q", scale=alt.Scale(domain=[0, 1], range=list(CELL_SHADES)), legend=None)
    words = base.mark_text(fontSize=13, color=CELL_TEXT).encode(text=alt.Text("n:Q", format=".0%"))
    height = 40 * counts["one"].nunique() + AXIS_HEIGHT
    return alt.layer(base.mark_rect(cornerRadius=3).encode(color=shade), words).properties(height=height)
