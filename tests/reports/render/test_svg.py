"""Charts in a report are well-formed, named, inert, and hold what they show whatever names are like."""

import re
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondreader.reports.charts.marks import ChartMark, IntervalChart
from secondreader.reports.charts.paper import PAGE_WIDTH
from secondreader.reports.render.svg import render_chart_svg
from secondreader.reports.sections.blocks import Chart
from tests.reports.seed import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {f"{SVG}{name}" for name in ("svg", "g", "path", "line", "text", "tspan", "title", "desc")}
numbers = st.floats(-1, 1, allow_nan=False)
texts = st.one_of(st.text(max_size=60), st.text(st.characters(min_codepoint=0x1F000), max_size=60))
"""Of all characters, lone surrogates and controls too; and many outside the basic plane."""


def make_chart(*marks: ChartMark, series: tuple[str, ...] = (), title: str = "t") -> Chart:
    """A chart of these marks."""
    return Chart("c", title, IntervalChart(marks, series))


def parsed(chart: Chart) -> ElementTree.Element:
    """The SVG as a tree."""
    return ElementTree.fromstring(render_chart_svg(chart))


def words(root: ElementTree.Element) -> str:
    """Everything that is written in it."""
    return " ".join(part for element in root.iter(f"{SVG}text") for part in element.itertext())


# each example is drawn by Vega, some milliseconds at best and a second on a busy machine
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(texts, st.tuples(numbers, numbers, numbers)), min_size=1, max_size=5), texts)
def test_no_name_breaks_a_chart(rows: list[tuple[str, tuple[float, float, float]]], name: str) -> None:
    """Well-formed, of shapes and texts alone, and every dot inside the page."""
    marks = [
        ChartMark(label or "-", sorted(three)[1], min(three), max(three), at % 2)
        for at, (label, three) in enumerate(rows)
    ]
    root = parsed(make_chart(*marks, series=(f"a{name}", f"b{name}"), title=name))
    assert {element.tag for element in root.iter()} <= DRAWN
    moves = [path.get("transform", "") for path in root.iter(f"{SVG}path") if path.get("transform")]
    positions = [float(re.findall(r"translate\(([-\d.]+)", move)[0]) for move in moves]
    assert all(0 <= position <= PAGE_WIDTH for position in positions)


def test_a_chart_has_a_name_and_a_description() -> None:
    """One image to a screen reader, named by its title; its parts have no role of their own."""
    root = parsed(make_chart(ChartMark("raw agreement", 0.5, 0.4, 0.6, text="0.5"), title="<Title> & more"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "c-t c-d"
    assert (root[0].tag, root[0].get("id"), root[0].text) == (f"{SVG}title", "c-t", "<Title> & more")
    assert (root[1].tag, root[1].get("id")) == (f"{SVG}desc", "c-d")
    assert not [element for element in root.iter() if element is not root and element.get("role")]


def test_a_chart_needs_no_network_no_font_and_no_theme() -> None:
    """It names no address, no class of another font, and takes its ink from the page."""
    svg = render_chart_svg(make_chart(ChartMark("a", 0.5, 0.4, 0.6, text="0.5"), series=("one",)))
    assert not re.search(r"href|url\(|@import|<style|<image|<script", svg)
    assert set(re.findall(r'font-family="([^"]*)"', svg)) == {"sans-serif"}
    inks = set(re.findall(r'<text[^>]* fill="([^"]*)"', svg))
    assert inks == {"currentColor"}


def test_values_stand_in_words_and_undefined_ones_have_a_reason() -> None:
    """Beside a dot its value, in position of a dot the reason why there is none."""
    shown = words(
        parsed(
            make_chart(
                ChartMark("a", 0.5, 0.4, 0.6, text="0.5 [0.4, 0.6]"), ChartMark("b", None, text="no b")
            )
        )
    )
    assert "0.5 [0.4, 0.6]" in shown
    assert "no b" in shown
    none = parsed(make_chart(ChartMark("b", None, text="no variation")))
    assert "no variation" in words(none)


def test_hostile_names_are_words_of_the_chart() -> None:
    """Markup in a label or in the name of a judge is text, and ends no process."""
    root = parsed(make_chart(ChartMark(HOSTILE, 0.5), series=(HOSTILE,), title=HOSTILE))
    assert "<script>alert(1)</script>" in words(root)
    assert (root[0].text or "").startswith("<script>alert(1)</script>")
    assert {element.tag for element in root.iter()} <= DRAWN
