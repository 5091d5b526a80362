"""Charts stay inside their frame and name what they show."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from secondreader.reports.charts.svg import WIDTH, ChartMark, ChartScale, fit_scale, render_interval_svg

numbers = st.floats(-1, 1, allow_nan=False)
marks = st.builds(
    lambda label, three, series: ChartMark(label, sorted(three)[1], min(three), max(three), series, "x"),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60),
    st.tuples(numbers, numbers, numbers),
    st.integers(0, 5),
)


@given(st.lists(marks, min_size=1, max_size=8))
def test_every_dot_lies_inside_whatever_the_labels_hold(some: list[ChartMark]) -> None:
    """The chart is well-formed XML with a title, and no place lies outside its box."""
    svg = render_interval_svg(some, chart_id="c", title="<Title>", description="& more")
    root = ElementTree.fromstring(svg)
    assert [one.text for one in root if one.tag in {"title", "desc"}] == ["<Title>", "& more"]
    places = [float(one) for one in re.findall(r' (?:cx|x1|x2|x)="([-\d.]+)"', svg)]
    assert all(0 <= one <= WIDTH for one in places)


def test_undefined_figures_are_words() -> None:
    """A mark without a value has no dot but its reason."""
    svg = render_interval_svg(
        [ChartMark("alpha", None, text="no variation")], chart_id="c", title="t", description="d"
    )
    assert "no variation" in svg
    assert "circle" not in svg


def test_ticks_start_at_zero_where_the_scale_does() -> None:
    """0 to 1 has round ticks, both ends included; a scale of one point is widened."""
    assert ChartScale(0.0, 1.0).list_ticks() == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ChartScale(-0.3, 0.72).list_ticks()[0] == -0.25
    same = fit_scale([ChartMark("a", 0.5)])
    assert same.low < 0.5 < same.high
