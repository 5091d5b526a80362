"""The acceptance walk: `secondreader demo`, three labels at the desk, the console, a disagreement, a report."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from secondreader.db.core.audit_log import list_events
from secondreader.db.core.engine import open_engine, read_session
from tests.browser import appears, cpu_seconds

pytestmark = pytest.mark.browser
PAGES = ("Agreement", "Disagreements", "Corrected rates", "Label quality", "Report")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


class Demo:
    """`secondreader demo` in a folder of its own: a process that can be stopped and started again."""

    desk: str
    console: str
    seconds: float
    """Work of the last start, until both addresses stood."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        """Start it and read the links that it prints."""
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "secondreader.runner.cli.app", "demo", "--actor", "Dana"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SECONDREADER_DB": str(self.folder / "demo.db")},
        )
        assert self.process.stdout is not None
        printed = ""
        while "Ctrl-C" not in printed:
            line = self.process.stdout.readline()
            assert line, f"the demo ended: {printed}"
            printed += line
        self.desk, self.console = re.findall(r"http://\S+/join#\S+", printed)
        self.seconds = cpu_seconds(self.process.pid)
        assert time.monotonic() - begun < 90

    def stop(self) -> None:
        """Press Ctrl-C; it says that it stops, and does."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        assert "Stopping." in rest


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests of this file."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


def at_first_transcript(browser: Browser, link: str, scheme: str, size: dict[str, int]) -> Page:
    """A page at the desk, past the guideline."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(link)
    appears(page, ".desk.styled .body > *")
    if page.locator(".sheet.guideline").count():
        page.keyboard.press("Enter")
    appears(page, "h1:text('Transcript')")
    return page


def open_console(browser: Browser, link: str, scheme: str = "light", size: dict[str, int] = WIDE) -> Page:
    """The console's first page."""
    page = browser.new_context(viewport=size, color_scheme=scheme, accept_downloads=True).new_page()  # type: ignore[arg-type]
    page.goto(link)
    appears(page, "h1:has-text('Overview')")
    return page


def test_the_acceptance_walk(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """A new user labels three transcripts blind, sees agreement, opens a disagreement and exports the report."""
    desk = at_first_transcript(browser, demo.desk, "light", WIDE)
    expect(desk.locator("text=illustrative sample, written by hand").first).to_be_visible()
    for number in (1, 2, 3):
        appears(desk, f"h1:text('Transcript {number} of')")
        for key in ("2", "5", "Enter"):
            desk.keyboard.press(key)
    appears(desk, "text=3 of 32 labelled")
    appears(desk, ".state:text-is('Saved')")
    desk.context.close()

    page = open_console(browser, demo.console)
    expect(page.locator("text=illustrative sample, written by hand").first).to_be_visible()
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        appears(page, f"h1:has-text('{name}')")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
        assert page.locator("[data-testid=stException]").count() == 0
    page.locator("button", has_text="Make the report").click()
    with page.expect_download() as download:
        page.locator("[data-testid=stDownloadButton] button", has_text="HTML").click()
    report = tmp_path / "report.html"
    download.value.save_as(report)
    text = report.read_text()
    assert "illustrative sample, written by hand" in text
    assert "<script" not in text
    page.get_by_role("link", name="Disagreements", exact=True).click()
    appears(page, "h1:has-text('Disagreements')")
    appears(page, "text=Verdicts")
    expect(page.locator("text=sample-judge").first).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(("scheme", "size"), [("dark", WIDE), ("light", PHONE)], ids=["dark", "phone"])
def test_both_apps_in_other_clothes(browser: Browser, demo: Demo, scheme: str, size: dict[str, int]) -> None:
    """Dark and at phone width nothing fails, and nothing is wider than the screen."""
    desk = at_first_transcript(browser, demo.desk, scheme, size)
    console = open_console(browser, demo.console, scheme, size)
    for page in (desk, console):
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.context.close()


def test_a_second_start_is_quick(demo: Demo) -> None:
    """With everything installed and the sample loaded, both addresses stand after seconds of work; links are new, and on record."""
    first = (demo.desk, demo.console)
    demo.stop()
    demo.start()
    assert not {*first} & {demo.desk, demo.console}
    assert 0 < demo.seconds < 15
    engine = open_engine(str(demo.folder / "demo.db"))
    with read_session(engine) as session:
        made = [one for one in list_events(session) if one.action == "link made"]
    engine.dispose()
    assert {one.actor for one in made} == {"Dana"}
    assert sorted(one.detail["role"] for one in made) == ["annotator"] * 2 + ["researcher"] * 2
    assert all(one.detail["until"] and one.detail["why"] == "demo started" for one in made)
