"""Charts of estimates as inline SVG: no script, no font, no network; colours come from the page's own style."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH = 760
LABEL_WIDTH = 250
VALUE_WIDTH = 130
ROW_HEIGHT = 24
TOP_MARGIN = 10
AXIS_HEIGHT = 34
MAX_LABEL_LENGTH = 40
DOT_RADIUS = 5
SHAPES = ("circle", "square", "diamond")


@dataclass(frozen=True, slots=True)
class ChartMark:
    """One estimate on a chart."""

    label: str
    value: float | None
    """None draws the reason in words where the dot would be."""
    low: float | None = None
    high: float | None = None
    series: int = 0
    """Index of its series: colour and shape."""
    text: str = ""
    """Printed at the right end, e.g. "0.61 [0.44, 0.75]"."""


@dataclass(frozen=True, slots=True)
class ChartScale:
    """Maps values to horizontal places."""

    low: float
    high: float

    def locate(self, value: float) -> float:
        """Place of a value, kept inside the plot."""
        left, right = LABEL_WIDTH + 12, WIDTH - VALUE_WIDTH - 12
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return left + share * (right - left)

    def list_ticks(self) -> list[float]:
        """Round values, four to eight of them."""
        raw = (self.high - self.low) / 5
        power = 10 ** floor(log10(raw))
        step = next(unit * power for unit in (1, 2, 2.5, 5, 10) if unit * power >= raw - 1e-12)
        first = -floor(-self.low / step + 1e-9)
        last = floor(self.high / step + 1e-9)
        return [round(k * step, 10) for k in range(first, last + 1)]


def fit_scale(marks: Sequence[ChartMark], low: float | None = None, high: float | None = None) -> ChartScale:
    """A scale that holds every mark; `low` and `high` widen it. 0..1 where there is nothing to hold."""
    seen = [one for mark in marks for one in (mark.value, mark.low, mark.high) if one is not None]
    bottom = min([*seen, *([] if low is None else [low])], default=0.0)
    top = max([*seen, *([] if high is None else [high])], default=1.0)
    return ChartScale(bottom, top) if top - bottom > 1e-9 else ChartScale(bottom - 0.5, top + 0.5)


def render_interval_svg(
    marks: Sequence[ChartMark],
    *,
    chart_id: str,
    title: str,
    description: str,
    low: float | None = None,
    high: float | None = None,
    reference: float | None = None,
    percent: bool = False,
) -> str:
    """Dots with intervals, one row a mark. `reference` draws a dashed line; ids must be unique on the page."""
    scale = fit_scale(marks, low, high)
    height = TOP_MARGIN + ROW_HEIGHT * len(marks) + AXIS_HEIGHT
    parts = [
        (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-labelledby="{escape(chart_id)}-t {escape(chart_id)}-d">'
        ),
        f'<title id="{escape(chart_id)}-t">{escape(title)}</title>',
        f'<desc id="{escape(chart_id)}-d">{escape(description)}</desc>',
        *draw_axis(scale, height, percent),
    ]
    if reference is not None:
        x = scale.locate(reference)
        parts.append(
            f'<line class="reference" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP_MARGIN}" y2="{height - AXIS_HEIGHT + 4}"/>'
        )
    for index, mark in enumerate(marks):
        parts += draw_row(mark, TOP_MARGIN + ROW_HEIGHT * index + ROW_HEIGHT / 2, scale)
    return "".join([*parts, "</svg>"])


def draw_axis(scale: ChartScale, height: int, percent: bool) -> Iterator[str]:
    """Grid lines and their values."""
    bottom = height - AXIS_HEIGHT + 4
    for tick in scale.list_ticks():
        x = scale.locate(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP_MARGIN}" y2="{bottom}"/>'
        shown = f"{100 * tick:g}%" if percent else f"{tick:g}"
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{shown}</text>'


def draw_row(mark: ChartMark, y: float, scale: ChartScale) -> Iterator[str]:
    """Label, whisker, dot and figures of one mark."""
    series = f"s{mark.series % len(SHAPES)}"
    short = mark.label if len(mark.label) <= MAX_LABEL_LENGTH else mark.label[: MAX_LABEL_LENGTH - 1] + "…"
    yield f"<g><title>{escape(f'{mark.label}: {mark.text}')}</title>"
    yield f'<text class="label" x="{LABEL_WIDTH}" y="{y + 4:.1f}" text-anchor="end">{escape(short)}</text>'
    if mark.value is None:
        yield f'<text class="none" x="{LABEL_WIDTH + 16}" y="{y + 4:.1f}">{escape(mark.text)}</text></g>'
        return
    if mark.low is not None and mark.high is not None:
        left, right = scale.locate(mark.low), scale.locate(mark.high)
        yield f'<line class="whisker {series}" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    yield draw_dot(SHAPES[mark.series % len(SHAPES)], series, scale.locate(mark.value), y)
    yield f'<text class="value" x="{WIDTH - 4}" y="{y + 4:.1f}" text-anchor="end">{escape(mark.text)}</text></g>'


def draw_dot(kind: str, series: str, x: float, y: float) -> str:
    """The dot: series differ in shape as well as in colour."""
    if kind == "circle":
        return f'<circle class="dot {series}" cx="{x:.1f}" cy="{y:.1f}" r="{DOT_RADIUS}"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "diamond" else ""
    side = 2 * DOT_RADIUS - 1
    return (
        f'<rect class="dot {series}" x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" '
        f'width="{side}" height="{side}"{turn}/>'
    )
