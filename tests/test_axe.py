"""axe-core finds nothing serious on any page of ours: light and dark, 1280 and 390 px."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from secondreader.annotate.settings import STREAMLIT_OPTIONS as DESK_OPTIONS
from secondreader.db.access import create_invite
from secondreader.db.engine import open_engine, writing
from secondreader.db.rules import Rules
from secondreader.db.sign_in import VARIABLE
from secondreader.db.studies import ensure_annotator
from secondreader.reports.console_pages import PAGES
from secondreader.reports.settings import STREAMLIT_OPTIONS as CONSOLE_OPTIONS
from tests.annotate.rooms import APP, SHADOW, Room, at
from tests.annotate.seed import content, seed
from tests.annotate.splits import split
from tests.axe import Finding, findings, looks
from tests.browser import REPOSITORY, chromium, served
from tests.reports.seed import Shape, make_study

pytestmark = pytest.mark.browser
WAIT = 30_000
"""Milliseconds; a busy machine computes slowly."""

THEIRS = {
    (
        "list",
        "stSidebarNavItems",
    ): "Streamlit 1.67 puts the groups of its navigation into the list as plain boxes",
    ("listitem", "stSidebarNavItems"): "the items of those groups",
}
"""(rule, part of Streamlit's frame by its test id) -> why a finding there is left to Streamlit."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium."""
    with chromium() as made:
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that was never here."""
    made = browser.new_context()
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One desk for all tests of this file."""
    target = str(tmp_path_factory.mktemp("axe") / "study.db")
    seed(target)
    with served(APP, DESK_OPTIONS, {"SECONDREADER_DESK_DB": target}) as server:
        yield Room(server, target)


def check(page: Page) -> None:
    """Nothing serious, however the page is looked at."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for look in looks(page):
        for one in findings(page):
            if not is_theirs(one):
                found.setdefault((one.rule, one.target), (look, one.html, one.why))
    assert not found, "\n".join(f"{key}: {value}" for key, value in found.items())


def is_theirs(one: Finding) -> bool:
    """Whether a finding is on the list of those left to Streamlit."""
    return any(one.rule == rule and part in one.within for rule, part in THEIRS)


def come_in(context: BrowserContext, room: Room, token: str) -> Page:
    """A desk's page as it is first seen."""
    page = context.new_page()
    page.goto(f"{room.server.address}/join#{token}")
    page.wait_for_selector(".desk.styled .body > *")
    return page


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def heading(page: Page, words: str) -> None:
    """Wait for a page of this heading."""
    page.wait_for_selector(f"h1:text({words!r})")


def unfold(page: Page) -> int:
    """Open whatever is folded; returns how much that was."""
    return int(
        page.evaluate(
            f"(() => {{ const all = [...{SHADOW}.querySelectorAll('details')];"
            "all.forEach(one => one.open = true); return all.length; })()"
        )
    )


def test_the_instrument_sees_through_shadow_roots(context: BrowserContext, room: Room) -> None:
    """A button without a name and grey on grey inside the desk's component are found, in light and dark."""
    page = come_in(context, room, room.seed().token)
    press(page, "Enter")
    at(page, 1)
    above = "position:fixed;top:0;left:0;z-index:9999"
    bad = f"<div style='{above}'><button></button><p style='color:#777;background:#888'>grey</p></div>"
    page.evaluate(f"bad => {SHADOW}.querySelector('.desk').insertAdjacentHTML('beforeend', bad)", bad)
    for look in looks(page):
        assert {one.rule for one in findings(page)} >= {"button-name", "color-contrast"}, look


def test_the_desk(context: BrowserContext, room: Room) -> None:
    """Guideline, transcript, everything unfolded, answers given, help and guideline, the last question, the end."""
    seeded = room.seed([content(number) for number in range(2)], rules=Rules(guesses=2))
    page = come_in(context, room, seeded.token)
    page.wait_for_selector(".sheet.guideline button.primary")
    check(page)
    press(page, "Enter")
    at(page, 1)
    check(page)
    assert unfold(page) > 3
    press(page, "1", "4", "j", "e", "x")
    check(page)
    for key in ("?", "/"):
        press(page, key)
        check(page)
        press(page, "Escape")
        if page.get_by_role("dialog").count():
            press(page, "Escape")
    press(page, "Enter")
    at(page, 2)
    press(page, "2", "4", "Enter")
    heading(page, "One last question")
    check(page)
    press(page, "Enter")
    page.wait_for_selector(".panel:has-text('Guess 1 of 2')")
    check(page)
    press(page, "i", "i")
    heading(page, "Thank you")
    check(page)


def test_the_desk_before_the_queue(context: BrowserContext, room: Room) -> None:
    """Practice, its feedback, and its result."""
    rules = Rules(qualification_threshold=1.0, qualification_rounds=1)
    seeded = room.seed([content(number) for number in range(3)], rules=rules, n_practice=1)
    page = come_in(context, room, seeded.token)
    check(page)
    press(page, "Enter")
    heading(page, "Practice 1 of 1")
    check(page)
    press(page, "1", "4", "Enter")
    page.wait_for_selector(".feedback")
    check(page)
    press(page, "Enter")
    page.wait_for_selector(".sheet h1")
    check(page)


def test_the_desk_with_reasoning_withheld(context: BrowserContext, room: Room) -> None:
    """Questions that must wait are readable while they wait."""
    seeded = room.seed(rules=Rules(reasoning_after="risky_action"))
    page = come_in(context, room, seeded.token)
    press(page, "Enter")
    at(page, 1)
    check(page)
    press(page, "2", "v")
    check(page)


def test_the_adjudicator(context: BrowserContext, room: Room) -> None:
    """The list, a transcript with its readings, and the help."""
    made = split(room.seed([content(number) for number in range(3)]), 2)
    page = come_in(context, room, made.token)
    heading(page, "Transcripts to settle")
    check(page)
    press(page, "Enter")
    at(page, 1)
    unfold(page)
    check(page)
    press(page, "?")
    check(page)


@pytest.mark.parametrize("role", ["annotator", "adjudicator"])
def test_plain_pages(context: BrowserContext, room: Room, role: str) -> None:
    """The desk without its component."""
    seeded = room.seed([content(number) for number in range(3)])
    page = come_in(context, room, seeded.token if role == "annotator" else split(seeded, 2).token)
    page.goto(f"{room.server.address}/?plain=1")
    page.wait_for_selector("[data-testid=stMain] button")
    check(page)


def test_pages_of_the_gate(context: BrowserContext, room: Room) -> None:
    """Without a visit, with a link that is not valid, and where people sign in with an account."""
    page = context.new_page()
    for path in ("/", "/join#wrong"):
        page.goto(f"{room.server.address}{path}")
        page.wait_for_load_state("networkidle")
        check(page)
        page.goto("about:blank")


def test_the_sign_in_page(context: BrowserContext, room: Room) -> None:
    """A sentence and a button."""
    environment = {"SECONDREADER_DESK_DB": room.target, VARIABLE: "{}"}
    with served(APP, DESK_OPTIONS, environment) as server:
        page = context.new_page()
        page.goto(server.address)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        check(page)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[tuple[str, Page]]:
    """A console on a study with labels and judges: its address, and a page of a researcher who came in."""
    target = str(tmp_path_factory.mktemp("axe") / "console.db")
    engine = open_engine(target)
    make_study(engine, Shape(n=48))
    with writing(engine) as session:
        token = create_invite(session, ensure_annotator(session, None, "R", "researcher"))
    engine.dispose()
    with served(
        REPOSITORY / "reports" / "console.py", CONSOLE_OPTIONS, {"SECONDREADER_DB": target}
    ) as server:
        page = browser.new_page()
        page.goto(f"{server.address}/join#{token}")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=WAIT)
        yield server.address, page
        page.close()


@pytest.mark.parametrize("path", PAGES)
def test_console_pages(console: tuple[str, Page], path: str) -> None:
    """Every page of the console."""
    address, page = console
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", name=PAGES[path].title, exact=True)).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0, timeout=WAIT)
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached(timeout=WAIT)
    check(page)
