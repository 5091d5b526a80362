"""axe-core finds nothing serious on any page of ours: light and dark, 1280 and 390 px.

Pages that other tests walk through anyway are checked there: practice, calibration, discussion, scenarios, waiting
reasoning, search, keys and guesses in `annotate/test_desk_pages.py`; banners and decisions beside the tests of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from secondreader.annotate.settings import STREAMLIT_OPTIONS as DESK_OPTIONS
from secondreader.db.access import create_invite
from secondreader.db.content import Content, Message
from secondreader.db.engine import open_engine, writing
from secondreader.db.faults import Engine
from secondreader.db.rules import Rules
from secondreader.db.sign_in import VARIABLE
from secondreader.db.store import NewTranscript, add_transcripts
from secondreader.db.studies import add_to_pool, ensure_annotator, ensure_study
from secondreader.reports.console_pages import PAGES
from secondreader.reports.settings import STREAMLIT_OPTIONS as CONSOLE_OPTIONS
from tests.annotate.rooms import APP, SHADOW, Room, at, close_study
from tests.annotate.seed import content, seed
from tests.annotate.splits import split
from tests.axe import check, findings, looks
from tests.browser import REPOSITORY, served
from tests.reports.seed import Shape, make_study

pytestmark = pytest.mark.browser
WAIT = 30_000
"""Milliseconds; a busy machine computes slowly."""


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
    """A button without a name and grey on grey inside the desk's component are found; the latter in dark, too."""
    page = come_in(context, room, room.seed().token)
    press(page, "Enter")
    at(page, 1)
    above = "position:fixed;top:0;left:0;z-index:9999"
    bad = f"<div style='{above}'><button></button><p style='color:#777;background:#888'>grey</p></div>"
    page.evaluate(f"bad => {SHADOW}.querySelector('.desk').insertAdjacentHTML('beforeend', bad)", bad)
    for look in looks(page):
        assert {one.rule for one in findings(page)} >= {"button-name", "color-contrast"}, look
        assert {one.rule for one in findings(page, only_colours=True)} == {"color-contrast"}, look
    with pytest.raises(AssertionError, match="button-name"):
        check(page)


def test_the_desk(context: BrowserContext, room: Room) -> None:
    """Guideline, transcript, everything unfolded, answers given, the last question, the end."""
    seeded = room.seed([content(number) for number in range(2)], rules=Rules(guesses=2))
    page = come_in(context, room, seeded.token)
    page.wait_for_selector(".sheet.guideline button.primary")
    press(page, "Enter")
    at(page, 1)
    check(page)
    assert unfold(page) > 3
    press(page, "1", "4", "j", "e", "x")
    check(page)
    press(page, "Enter")
    at(page, 2)
    press(page, "2", "4", "Enter")
    heading(page, "One last question")
    check(page)
    press(page, "Enter")
    page.wait_for_selector(".panel:has-text('Guess 1 of 2')")
    press(page, "i", "i")
    heading(page, "Thank you")
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


PLAIN: dict[str, dict[str, Any]] = {
    "annotator": {},
    "adjudicator": {},
    "practice": {"rules": Rules(qualification_threshold=1.0, qualification_rounds=1), "n_practice": 1},
    "calibration": {"n_calibration": 1},
}
"""Whose plain pages -> what their study has."""


@pytest.mark.parametrize("who", PLAIN)
def test_plain_pages(context: BrowserContext, room: Room, who: str) -> None:
    """The desk without its component: the first page, a transcript, and what follows an answer."""
    seeded = room.seed([content(number) for number in range(3)], **PLAIN[who])
    page = come_in(context, room, split(seeded, 2).token if who == "adjudicator" else seeded.token)
    page.goto(f"{room.server.address}/?plain=1")
    expect(page.get_by_test_id("stMain").get_by_role("button").first).to_be_visible()
    check(page)
    if who == "adjudicator":
        return
    page.get_by_role("button", name="Start").click()
    submit = page.get_by_role("button", name="Submit")
    expect(submit).to_be_attached()
    at_rest(page)
    check(page)
    page.get_by_role("button", name="Expand sidebar").click()  # it was folded when the page was narrow
    for question in page.get_by_role("radiogroup").all()[:2]:
        question.get_by_text("No", exact=True).click()
        at_rest(page)
    submit.click()
    done = page.get_by_role("button", name="Go on") if who == "practice" else page.get_by_text("1 of ")
    expect(done.first).to_be_visible()
    at_rest(page)
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


@dataclass(frozen=True, slots=True)
class Console:
    """A console, with a page of a researcher who came in."""

    address: str
    page: Page


def at_rest(page: Page) -> None:
    """Wait until the script has run and everything has come."""
    page.wait_for_timeout(100)  # until a click has reached the server
    expect(page.get_by_test_id("stSpinner")).to_have_count(0, timeout=WAIT)
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached(timeout=WAIT)


def fill_studies(engine: Engine) -> None:
    """A labelled study `s` with judges; a draft with findings of the leak scan; `early`, closed before its reveal."""
    make_study(engine, Shape(n=48))
    text = Content(task="t", messages=(Message(role="user", text="I am a model of a vendor."),))
    leak = {"kind": "vendor", "where": "message 0 text", "excerpt": "of a vendor", "redacted": False}
    new = [NewTranscript(f"draft:{i}", f"c{i}", text, leaks=(leak,)) for i in range(6)]
    with writing(engine) as session:
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
    with writing(engine) as session:
        token = create_invite(session, ensure_annotator(session, None, "R", "researcher"))
    engine.dispose()
    script = REPOSITORY / "reports" / "console.py"
    with served(script, CONSOLE_OPTIONS, {"SECONDREADER_DB": target}) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{server.address}/join#{token}")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=WAIT)
        yield Console(server.address, page)
        page.close()


def unfold_all(page: Page) -> None:
    """Open whatever is folded."""
    folded = page.locator("details:not([open]) > summary >> visible=true")
    while n := folded.count():
        folded.first.click()
        expect(folded).to_have_count(n - 1)


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
    press_button(page, "Preview the draw")
    expect(page.get_by_role("button", name="Freeze this plan")).to_be_visible()


def without_reason(page: Page) -> None:
    """Reveal, state and unblinding, after a press without a reason."""
    for name in ("Reveal the readings to each other", "Unblind the study"):
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
    at_rest(page)


STEPS: dict[tuple[str, str], Callable[[Page], None]] = {
    ("draft", "plan"): previewed,
    ("draft", "leaks"): undecided,
    ("early", "progress"): without_reason,
    ("s", "agreement"): both_tabs,
    ("s", "people"): new_link,
    ("s", "report"): report,
}
"""What is done on a page of a study before it is checked."""


@pytest.mark.xdist_group("console")
@pytest.mark.parametrize(
    ("study", "path"), [*(("s", path) for path in PAGES), *[one for one in STEPS if one[0] != "s"]]
)
def test_console_pages(console: Console, study: str, path: str) -> None:
    """Every page of the console: everything unfolded, forms filled in, with what was done and what was refused."""
    page = console.page
    page.goto(f"{console.address}/{path}?study={study}")
    expect(page.get_by_role("heading", name=PAGES[path].title, exact=True)).to_be_visible(timeout=WAIT)
    at_rest(page)
    unfold_all(page)
    STEPS.get((study, path), at_rest)(page)
    at_rest(page)
    unfold_all(page)
    check(page)
