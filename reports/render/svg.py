"""A chart as SVG inside a page: what the console's drawer draws, in the page's colours and fonts, with nothing to load."""

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from secondreader.db.core.text import make_printable

if TYPE_CHECKING:
    from secondreader.reports.sections.blocks import Chart

NAMESPACE = "http://www.w3.org/2000/svg"
DESCRIPTION = "Dots are estimates, lines their 95 % intervals; the table beside it holds the same numbers."
NO_XML = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
"""What a terminal can show and XML cannot hold; the converter would end the process."""
KEPT_ATTRIBUTES = {"viewBox"}
"""What the drawer says of the whole drawing and the page needs: its size on the page is up to the page's style."""


def render_chart_svg(chart: "Chart") -> Markup:
    """The chart as one SVG element with a title and a description."""
    # parsed and written anew: what is not well-formed never reaches a page
    root = ElementTree.fromstring(draw_svg(chart))
    label_root(root, chart)
    ElementTree.register_namespace("", NAMESPACE)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def draw_svg(chart: "Chart") -> str:
    """The drawing of Vega."""
    # Both take a second of the start, which only what draws a chart has to wait for.
    import altair
    import vl_convert

    from secondreader.reports.charts.paper import draw_paper_chart

    specification = draw_paper_chart(chart.chart).to_dict(validate=False)
    version = re.match(r"v(\d+\.\d+)", altair.SCHEMA_VERSION)
    assert version is not None
    return vl_convert.vegalite_to_svg(
        clean_strings(specification), vl_version=version[1], allowed_base_urls=[]
    )


def clean_strings(value: Any) -> Any:
    """A specification in which every text can be written as XML."""
    if isinstance(value, str):
        return make_printable(value).translate(NO_XML)
    if isinstance(value, dict):
        return {key: clean_strings(inner) for key, inner in value.items()}
    return [clean_strings(inner) for inner in value] if isinstance(value, list) else value


def label_root(root: ElementTree.Element, chart: "Chart") -> None:
    """Make of the drawing one image with a name, whose parts a screen reader does not spell."""
    for element in root.iter():
        # Vega describes each part; one image has one name, and a table beside it
        for name in [name for name in element.attrib if name == "role" or name.startswith("aria-")]:
            del element.attrib[name]
    # a width in pixels would not shrink with the page
    for name in set(root.attrib) - KEPT_ATTRIBUTES:
        del root.attrib[name]
    ids = {"title": f"{chart.anchor}-t", "desc": f"{chart.anchor}-d"}
    root.attrib |= {"class": "chart", "role": "img", "aria-labelledby": " ".join(ids.values())}
    for index, (tag, text) in enumerate([("title", chart.title), ("desc", DESCRIPTION)]):
        element = ElementTree.Element(f"{{{NAMESPACE}}}{tag}", {"id": ids[tag]})
        element.text = clean_strings(text)
        root.insert(index, element)
