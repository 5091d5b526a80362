"""The acceptance walk: `secondreader demo`, three labels at the desk, the console, a disagreement, a report."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium

pytestmark = pytest.mark.browser
PAGES = ("Agreement", "Disagreements", "Corrected rates", "Label quality", "Report")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    desk: str
    console: str
    seconds: float
    """From the start of the command to both addresses."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as started:
        yield started


def start(folder: Path) -> tuple[subprocess.Popen[str], Demo]:
    """Start `secondreader demo` in an empty folder and read the links that it prints."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "secondreader.runner.cli", "demo"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SECONDREADER_DB": str(folder / "demo.db")},
    )
    assert process.stdout is not None
    printed = ""
    while "Ctrl-C" not in printed:
        line = process.stdout.readline()
        assert line, f"the demo ended: {printed}"
        printed += line
    desk, console = re.findall(r"http://\S+/join#\S+", printed)
    return process, Demo(desk, console, time.monotonic() - begun)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, stopped by Ctrl-C at the end."""
    process, running = start(tmp_path_factory.mktemp("demo"))
    yield running
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Stopping." in rest


def at_first_transcript(browser: Browser, link: str, scheme: str, size: dict[str, int]) -> Page:
    """A page at the desk, past the guideline."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector(".desk.styled .body > *")
    if page.locator(".sheet.guideline").count():
        page.keyboard.press("Enter")
    page.wait_for_selector("h1:text('Transcript')")
    return page


def open_console(browser: Browser, link: str, scheme: str = "light", size: dict[str, int] = WIDE) -> Page:
    """The console's first page."""
    page = browser.new_context(viewport=size, color_scheme=scheme, accept_downloads=True).new_page()  # type: ignore[arg-type]
    page.goto(link)
    page.wait_for_selector("h1:has-text('Overview')")
    return page


def test_a_second_start_is_quick(tmp_path: Path) -> None:
    """With everything installed and the sample loaded, both addresses stand within seconds; links are new each time."""
    links = []
    for _ in range(2):
        process, running = start(tmp_path)
        links.append(running.desk)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert links[0] != links[1]
    assert running.seconds < 15


def test_the_acceptance_walk(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    """A new user labels three transcripts blind, sees agreement, opens a disagreement and exports the report."""
    desk = at_first_transcript(browser, demo.desk, "light", WIDE)
    assert desk.locator("text=illustrative sample, written by hand").count() >= 1
    for number in (1, 2, 3):
        desk.wait_for_selector(f"h1:text('Transcript {number} of')")
        for key in ("2", "5", "Enter"):
            desk.keyboard.press(key)
    desk.wait_for_selector("text=3 of 32 labelled")
    desk.wait_for_selector(".state:text('Saved')")
    desk.context.close()

    page = open_console(browser, demo.console)
    assert page.locator("text=illustrative sample, written by hand").count() >= 1
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_selector(f"h1:has-text('{name}')")
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
    page.wait_for_selector("h1:has-text('Disagreements')")
    page.wait_for_selector("text=Verdicts")
    assert page.locator("text=sample-judge").count() >= 1
    page.context.close()


@pytest.mark.parametrize(("scheme", "size"), [("dark", WIDE), ("light", PHONE)], ids=["dark", "phone"])
def test_both_rooms_in_other_clothes(browser: Browser, demo: Demo, scheme: str, size: dict[str, int]) -> None:
    """Dark and at phone width nothing fails, and nothing is wider than the screen."""
    desk = at_first_transcript(browser, demo.desk, scheme, size)
    console = open_console(browser, demo.console, scheme, size)
    for page in (desk, console):
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.context.close()
