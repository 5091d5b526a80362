"""Every page of the desk, wide and on a phone: nothing is wider than the screen, and axe-core finds nothing serious."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.annotate.browser.test_stages import press
from tests.annotate.desks import SHADOW, SharedDesk, at
from tests.annotate.desks import entered as come_in
from tests.axe import check
from tests.browser import appears
from tests.runs import at_rest, watch_runs
from tools.screenshots.camera import PHONE, WIDE, Check, check_width
from tools.screenshots.desk import LAYOUT_WALKS, MANY, entered
from tools.screenshots.samples import contents

pytestmark = pytest.mark.browser
MAIN = '[data-testid="stMain"]'
"""What scrolls of a plain page."""


class Inspector(Check):
    """Checks widths, and with axe-core, which looks at every size by itself."""

    def look(self, page: Page, name: str) -> None:
        """Check what is on the screen."""
        super().look(page, name)
        if page.viewport_size == WIDE:
            check(page)


@pytest.mark.long
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_is_wider_than_the_screen(
    browser: Browser, shared_desk: SharedDesk, size: ViewportSize
) -> None:
    """Qualification, discussion, search, waiting reasoning, guesses and scenario review."""
    for walk in LAYOUT_WALKS:
        context = browser.new_context(viewport=size, color_scheme="light")
        walk(context, shared_desk, Inspector())
        context.close()


def test_much_enlarged_each_transcript_begins_at_its_top(browser: Browser, shared_desk: SharedDesk) -> None:
    """At 200 % of a small screen the page scrolls as a whole, shows its keys; the next one is seen from its heading on."""
    context = browser.new_context(viewport={"width": 640, "height": 400})
    page = entered(context, shared_desk, shared_desk.seed(contents(MANY[:2])))
    check_width(page, "enlarged")
    assert page.locator(".answers kbd").first.is_visible()
    page.evaluate(f"{SHADOW}.querySelector('.desk').scrollTo(0, 10000)")
    press(page, "2", "5", "Enter")
    at(page, 2)
    assert 0 < page.evaluate(f"{SHADOW}.querySelector('h1').getBoundingClientRect().top") < 200
    context.close()


def test_a_plain_page_begins_at_its_top_and_stays_where_it_is_read(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Each transcript is seen from its heading; an answer, for which the page runs again, scrolls nothing."""
    seeded = shared_desk.seed(contents(MANY[:2]))
    page = watch_runs(come_in(context, shared_desk.server, seeded.token))
    page.goto(f"{shared_desk.server.address}/?plain=1")
    scrolled = f"document.querySelector('{MAIN}').scrollTop"
    page.get_by_role("button", name="Start").click()
    for number in (1, 2):
        appears(page, f"h2:has-text('Transcript {number} of 2')")
        at_rest(page)
        page.wait_for_function(f"() => {scrolled} === 0")
        page.evaluate(f"document.querySelector('{MAIN}').scrollTo(0, 600)")
        for question in page.get_by_role("radiogroup").all()[:2]:
            question.get_by_text("No", exact=True).click()
            at_rest(page)
        assert (
            page.evaluate(scrolled) > 300
        )  # not exactly 600: what stood above, such as Saved, may have gone
        page.get_by_role("button", name="Submit").click()
    appears(page, "[data-testid=stAlert]:has-text('All transcripts are labelled')")
