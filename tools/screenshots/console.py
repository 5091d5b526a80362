"""Walks through the console's pages, which are shown in full."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect

from secondreader.db.access.invites import create_invite
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator
from secondreader.reports.console.navigation import PAGES
from secondreader.reports.console.settings import DATABASE_VARIABLE, STREAMLIT_OPTIONS
from tests.browser import REPOSITORY, served
from tools.screenshots.camera import PHONE, WIDE, Camera
from tools.screenshots.console_study import DRAFT, PEOPLE, PILOT, make
from tools.screenshots.listed import CONSOLE

SCRIPT = REPOSITORY / "reports" / "console" / "app.py"
WAIT = 60_000
"""Milliseconds; a busy machine computes slowly."""
TRIES = 10
STUDIES = {
    "plan": DRAFT,
    "leaks": DRAFT,
    "plan-frozen": PILOT,
    "progress": PILOT,
    "people": PILOT,
    "sealed": PILOT,
}
"""Picture -> its study; the sample elsewhere."""
PATHS = {
    "plan-frozen": "plan",
    "agreement-judges": "agreement",
    "sealed": "disagreements",
    "empty": "overview",
}
"""Second pictures of a page -> its address."""


def take(browser: Browser, folder: Path, only: str = "") -> set[str]:
    """The console's pictures; file names."""
    taken: set[str] = set()
    names = [name for name in CONSOLE if only in f"console {name}"]
    with TemporaryDirectory() as work:
        tokens = {f"{work}/full.db": make(f"{work}/full.db"), f"{work}/empty.db": empty(f"{work}/empty.db")}
        for target, token in tokens.items():
            shown = [name for name in names if (name == "empty") == target.endswith("empty.db")]
            if shown:
                with served(SCRIPT, STREAMLIT_OPTIONS, {DATABASE_VARIABLE: target}) as server:
                    for size in (WIDE, PHONE):
                        camera = Camera(browser, folder, "console", size, is_long=True)
                        walk(camera, server.address, token, shown)
                        taken |= camera.taken
    return taken


def empty(target: str) -> str:
    """A database without a study; a researcher's invite token."""
    engine = open_engine(target)
    with write_session(engine) as session:
        token = create_invite(session, ensure_annotator(session, None, "Rita", "researcher"))
    engine.dispose()
    return token


def walk(camera: Camera, address: str, token: str, names: list[str]) -> None:
    """One picture after the other."""
    context = camera.context()
    page = context.new_page()
    page.goto(f"{address}/join#{token}")
    rested(page, "Overview")
    for name in names:
        path = PATHS.get(name, name)
        page_path = "" if path == "overview" else path
        study = "" if name == "empty" else f"?study={STUDIES.get(name, 'sample')}"
        page.goto(f"{address}/{page_path}{study}")
        rested(page, PAGES[path].title)
        prepare(page, name)
        camera.take(page, name)
    context.close()


def rested(page: Page, title: str) -> None:
    """Wait until the page has run through."""
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0, timeout=WAIT)
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached(timeout=WAIT)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def choose(page: Page, box: str, option: str) -> None:
    """Choose in a select box: by key, for on a phone the first click only focuses; a rerun of the page may close it again."""
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):
        page.get_by_role("combobox", name=box).first.press("ArrowDown")
        page.wait_for_timeout(1_000)
        if wanted.count():
            wanted.click()
            return
    raise AssertionError(f"the box {box} did not open")


def prepare(page: Page, name: str) -> None:
    """What a researcher does on the page before there is something to see."""
    if name == "plan":
        people = page.get_by_label("Annotators (pseudonyms")
        people.fill(", ".join(PEOPLE))
        people.press("Enter")
        expect(page.get_by_label("Seed")).to_be_visible(timeout=WAIT)
        rested(page, "Study plan")
        choose(page, "Strata", "verdict")
        rested(page, "Study plan")
        # some findings of the draft's leak scan are still undecided
        reason = page.get_by_role("textbox", name="Reason to freeze although")
        reason.fill("a pilot, for our own eyes")
        reason.press("Enter")
        rested(page, "Study plan")
        page.get_by_role("button", name="Preview the sample").click()
        expect(page.get_by_role("button", name="Freeze this plan")).to_be_visible(timeout=WAIT)
    elif name == "agreement-judges":
        page.get_by_role("tab", name="Judges with people").click()
        expect(page.get_by_role("heading", name="Gold by verdict")).to_be_visible(timeout=WAIT)
    elif name == "report":
        page.get_by_role("button", name="Make the report").click()
        expect(page.get_by_role("button", name="Download HTML")).to_be_visible(timeout=WAIT)
    rested(page, PAGES[PATHS.get(name, name)].title)
