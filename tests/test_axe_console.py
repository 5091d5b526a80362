"""axe-core finds nothing serious on any page of the console: light and dark, 1280 and 390 px."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from secondreader.db.access.invites import create_invite
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import Database, open_engine, write_session
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.reports.console.navigation import PAGES
from secondreader.reports.console.settings import STREAMLIT_OPTIONS
from tests.annotate.desks import close_study
from tests.annotate.seed import content, seed
from tests.axe import check
from tests.browser import REPOSITORY, WAIT_SECONDS, served
from tests.reports.seed import Shape, make_study
from tests.runs import at_rest, watch_runs

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Console:
    """A console, with a page of a researcher who came in."""

    address: str
    page: Page


def fill_studies(engine: Database) -> None:
    """A labelled study `s` with judges; a draft with findings of the leak scan; `early`, closed before its reveal."""
    make_study(engine, Shape(n=48))
    text = Content(task="t", messages=(Message(role="user", text="I am a model of a vendor."),))
    leak = {"kind": "vendor", "where": "message 1 text", "excerpt": "of a vendor", "redacted": False}
    new = [
        NewTranscript(f"draft:{i}", f"c{i}", text, leak_scan=LeakScanResult("1", (leak,))) for i in range(6)
    ]
    with write_session(engine) as session:
        add_to_pool(session, ensure_study(session, "draft"), add_transcripts(session, new).ids)
    url = engine.url.database
    assert url is not None
    close_study(seed(url, [content(number) for number in range(3)], name="early", n_calibration=1))


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Console]:
    """One console for this file."""
    target = str(tmp_path_factory.mktemp("axe") / "console.db")
    engine = open_engine(target)
    fill_studies(engine)
    with write_session(engine) as session:
        token = create_invite(session, ensure_annotator(session, None, "R", "researcher"))
    engine.dispose()
    script = REPOSITORY / "reports" / "console" / "app.py"
    with served(script, STREAMLIT_OPTIONS, {"SECONDREADER_DB": target}) as server:
        page = watch_runs(browser.new_page(viewport={"width": 1280, "height": 800}))
        page.goto(f"{server.address}/join#{token}")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        yield Console(server.address, page)
        page.close()


def unfold_all(page: Page) -> None:
    """Open whatever is folded."""
    folded = page.locator("details:not([open]) > summary >> visible=true")
    deadline = time.monotonic() + WAIT_SECONDS
    at_rest(page)  # a run that ends now would fold again what was unfolded
    while folded.count():
        assert time.monotonic() < deadline, "something stays folded"
        one = folded.first.element_handle()
        one.click()
        page.wait_for_function("one => one.parentElement?.open || !one.isConnected", arg=one)


def press_button(page: Page, name: str) -> None:
    """Press a button of the console and wait for what comes of it."""
    page.get_by_role("button", name=name, exact=True).click()
    at_rest(page)


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field and leave it."""
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Tab")
    at_rest(page)


def previewed(page: Page) -> None:
    """A draft's plan with its preview and the form that freezes it."""
    fill(page, "Annotators (pseudonyms, separated by commas)", "Ada, Ben")
    # the pool holds findings that nobody has decided on
    fill(page, "Reason to freeze although nobody has decided on leak findings in 6 transcripts", "a pilot")
    press_button(page, "Preview the sample")
    expect(page.get_by_role("button", name="Freeze this plan")).to_be_visible()


def without_reason(page: Page) -> None:
    """Reveal, state and unblinding, after a press without a reason."""
    for name in ("Reveal the labels to each other", "Unblind the study"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    press_button(page, "Change the state")
    expect(page.get_by_role("alert").first).to_be_visible()


def undecided(page: Page) -> None:
    """Findings of the leak scan, after a press without a reason."""
    press_button(page, "Put the decision on record")
    expect(page.get_by_role("alert").first).to_be_visible()


def new_link(page: Page) -> None:
    """A new link, which is shown once, above the form that closes links."""
    fill(page, "Pseudonym", "Ada")
    press_button(page, "Make the link")
    expect(page.get_by_test_id("stCode")).to_be_visible()
    check(page)
    press_button(page, "Close the links")
    expect(page.get_by_test_id("stAlert")).to_be_visible()


def report(page: Page) -> None:
    """Three files to take away."""
    press_button(page, "Make the report")
    expect(page.get_by_test_id("stDownloadButton")).to_have_count(3)


def both_tabs(page: Page) -> None:
    """People with each other, then judges with people."""
    check(page)
    page.get_by_role("tab", name="Judges with people").click()
    expect(page.get_by_role("heading", name="Gold by verdict")).to_be_visible()


STEPS: dict[tuple[str, str], Callable[[Page], None]] = {
    ("draft", "plan"): previewed,
    ("draft", "leaks"): undecided,
    ("early", "progress"): without_reason,
    ("s", "agreement"): both_tabs,
    ("s", "people"): new_link,
    ("s", "report"): report,
}
"""What is done on a page of a study before it is checked."""


@pytest.mark.parametrize(
    ("study", "path"), [*(("s", path) for path in PAGES), *[one for one in STEPS if one[0] != "s"]]
)
def test_console_pages(console: Console, study: str, path: str) -> None:
    """Every page of the console: everything unfolded, forms filled in, with what was done and what was refused."""
    page = console.page
    page.goto(f"{console.address}/{path}?study={study}")
    expect(page.get_by_role("heading", name=PAGES[path].title, exact=True)).to_be_visible()
    unfold_all(page)
    STEPS.get((study, path), at_rest)(page)
    unfold_all(page)
    check(page)
