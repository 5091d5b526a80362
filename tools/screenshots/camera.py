"""A camera for pages of desk and console: waits until a page is painted, checks its width, and keeps a small PNG."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tools.screenshots.listed import file_name

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
TALLEST = {WIDE["width"]: 2_000, PHONE["width"]: 3_200}
"""CSS pixels by the screen's width: a longer page is cut there."""
STEP, STEPS = 300, 40
"""Milliseconds between two looks, and how many there are before a page that never rests is taken as it is."""
COLOURS = 256
WIDTH = (
    "Math.max(document.documentElement.scrollWidth,"
    " document.querySelector('[data-testid=stMain]')?.scrollWidth ?? 0)"
)
TO_TOP = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)"
OUTSIDE = """(() => {
  const root = document.querySelector('[data-testid=stBidiComponentIsolated]')?.shadowRoot;
  return [...(root?.querySelectorAll('.desk *') ?? [])].filter(one => !one.closest('.live, .skip')
    && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.className || one.localName);
})()"""
"""What the desk's component shows beyond the right edge; its box clips, so a scroll width would say nothing."""
LONG = """(() => {
  const box = document.querySelector('[data-testid=stMainBlockContainer]');
  return box ? Math.ceil(box.getBoundingClientRect().bottom + box.closest('[data-testid=stMain]').scrollTop) : 0;
})()"""


def check_width(page: Page, name: str) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate(OUTSIDE) == [], name
    assert page.viewport_size is not None
    assert page.evaluate(WIDTH) <= page.viewport_size["width"], name


class Check:
    """A camera without a film: checks widths only."""

    def take(self, page: Page, name: str) -> None:
        """Check what would have a picture."""
        self.look(page, name)

    def look(self, page: Page, name: str) -> None:
        """Check what is on the screen."""
        check_width(page, name)


@dataclass
class Camera:
    """Takes the pictures of one app on a wide screen, in light and dark, or on a phone."""

    browser: Browser
    folder: Path
    app: str
    size: ViewportSize
    is_long: bool = False
    """Whether a page that scrolls is shown in full, up to TALLEST."""
    taken: set[str] = field(default_factory=set)
    """File names."""

    def context(self) -> BrowserContext:
        """A browser that was never here."""
        context = self.browser.new_context(
            viewport=self.size, color_scheme="light", reduced_motion="reduce", device_scale_factor=1
        )
        context.set_default_timeout(60_000)
        return context

    @property
    def schemes(self) -> dict[str, str]:
        """Clothes -> colour scheme."""
        return (
            {"phone": "light"} if self.size["width"] == PHONE["width"] else {"dark": "dark", "light": "light"}
        )

    def take(self, page: Page, name: str) -> None:
        """Check what is on the screen, and keep it in every clothes of this size; light is last, and stays."""
        page.mouse.move(self.size["width"] - 1, 0)  # where nothing is hovered
        for clothes, scheme in self.schemes.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            picture = self.picture(page)
            check_width(page, name)
            file = file_name(self.app, name, clothes)
            save(picture, self.folder / file)
            self.taken.add(file)

    def look(self, page: Page, name: str) -> None:
        """Check what is on the screen, without a picture."""
        check_width(page, name)

    def picture(self, page: Page) -> bytes:
        """The page at rest."""
        if not self.is_long:
            return at_rest(page)
        page.wait_for_timeout(STEP)  # what was filled in last may scroll the page still
        page.evaluate(TO_TOP)
        at_rest(page)
        height = min(max(page.evaluate(LONG), self.size["height"]), TALLEST[self.size["width"]])
        page.set_viewport_size({"width": self.size["width"], "height": height})
        picture = at_rest(page)
        page.set_viewport_size(self.size)
        return picture


def at_rest(page: Page) -> bytes:
    """A picture of the page once its fonts are there and two looks in a row see the same."""
    page.evaluate("document.fonts.ready.then(() => true)")
    before = b""
    for _ in range(STEPS):
        page.wait_for_timeout(STEP)
        now = page.screenshot(animations="disabled")
        if now == before:
            break
        before = now
    return now


def save(picture: bytes, path: Path) -> None:
    """Keep a PNG with a palette: a third of the bytes, and no difference that an eye sees."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
