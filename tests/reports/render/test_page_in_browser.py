"""The written report in a real browser: legible, accessible, no wider than its screen, and loading nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog

from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import get_study
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.render.files import make_report, write_report
from tests.axe import check, looks
from tests.reports.seed import HOSTILE, Seeded, Shape
from tests.snapshots import analyse_study

pytestmark = pytest.mark.browser
CLIPPED = """() => [...document.querySelectorAll('svg.chart')].flatMap(chart => {
  const box = chart.getBoundingClientRect();
  return [...chart.querySelectorAll('text')].filter(one => {
    const { left, right } = one.getBoundingClientRect();
    return left < box.left - 1 || right > box.right + 1;
  }).map(one => one.textContent);
})"""
"""Words of a chart that are cut at its edge."""
INKS = """() => [...document.querySelectorAll('svg.chart text')].map(one => getComputedStyle(one).fill)"""


@pytest.mark.parametrize("shape", [Shape(n=48), Shape(n=48, hostile=HOSTILE)], ids=["plain", "hostile"])
def test_the_page_stands_alone_on_every_screen(
    seeded: Seeded, browser: Browser, tmp_path: Path, shape: Shape
) -> None:
    """axe-core finds nothing serious; charts are whole and in the page's ink; nothing is asked of a network or run."""
    with write_session(seeded(shape)) as session:
        study = get_study(session, "s")
        found = analyse_study(session, study, AnalysisOptions(resamples=200, permutations=199))
        page_file, *_ = write_report(make_report(session, study, found), tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def refuse(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_file.as_uri())
    for look in looks(page):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
        assert page.evaluate(CLIPPED) == [], look
        assert set(page.evaluate(INKS)) == {page.evaluate("getComputedStyle(document.body).color")}, look
    check(page)
    assert asked == [page_file.as_uri()]
    assert not said
    page.close()
