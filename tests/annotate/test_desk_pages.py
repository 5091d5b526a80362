"""Every page of the desk, wide and on a phone: nothing is wider than the screen, and axe-core finds nothing serious."""

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.annotate.rooms import SHADOW, Room, at
from tests.annotate.test_desk_stages import press
from tests.axe import check
from tests.pictures.camera import PHONE, WIDE, Check, check_width
from tests.pictures.desk import LAYOUT_WALKS, MANY, entered
from tests.pictures.samples import contents

pytestmark = pytest.mark.browser


class Inspector(Check):
    """Checks widths, and with axe-core, which looks at every size by itself."""

    def look(self, page: Page, name: str) -> None:
        """Check what is on the screen."""
        super().look(page, name)
        if page.viewport_size == WIDE:
            check(page)


@pytest.mark.long
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_is_wider_than_the_screen(browser: Browser, room: Room, size: ViewportSize) -> None:
    """Practice, discussion, search, waiting reasoning, guesses and scenario review."""
    for walk in LAYOUT_WALKS:
        context = browser.new_context(viewport=size, color_scheme="light")
        walk(context, room, Inspector())
        context.close()


def test_much_enlarged_each_transcript_begins_at_its_top(browser: Browser, room: Room) -> None:
    """At 200 % of a small screen the page scrolls as a whole, shows its keys; the next one is seen from its heading on."""
    context = browser.new_context(viewport={"width": 640, "height": 400})
    page = entered(context, room, room.seed(contents(MANY[:2])))
    check_width(page, "enlarged")
    assert page.locator(".answers kbd").first.is_visible()
    page.evaluate(f"{SHADOW}.querySelector('.desk').scrollTo(0, 10000)")
    press(page, "2", "5", "Enter")
    at(page, 2)
    assert 0 < page.evaluate(f"{SHADOW}.querySelector('h1').getBoundingClientRect().top") < 200
    context.close()
