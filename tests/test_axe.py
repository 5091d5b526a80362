"""axe-core finds nothing serious on any page of ours: light and dark, 1280 and 390 px.

Pages that other tests walk through anyway are checked there: qualification, norming round, discussion, scenarios, waiting
reasoning, search, keys and guesses in `annotate/test_desk_pages.py`; banners and decisions beside the tests of them,
signing in with an account in `test_oidc.py`, the console in `test_axe_console.py`.
"""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from secondreader.db.core.desk_rules import Rules
from tests.annotate.desks import SHADOW, SharedDesk, at
from tests.annotate.disputes import create_disputes
from tests.annotate.seed import content
from tests.axe import check, findings, looks
from tests.browser import appears
from tests.runs import at_rest, watch_runs

pytestmark = pytest.mark.browser


def come_in(context: BrowserContext, shared_desk: SharedDesk, token: str) -> Page:
    """A desk's page as it is first seen."""
    page = watch_runs(context.new_page())
    page.goto(f"{shared_desk.server.address}/join#{token}")
    appears(page, ".desk.styled .body > *")
    return page


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def heading(page: Page, words: str) -> None:
    """Wait for a page of this heading."""
    appears(page, f"h1:text({words!r})")


def unfold(page: Page) -> int:
    """Open whatever is folded; returns how much that was."""
    return int(
        page.evaluate(
            f"(() => {{ const all = [...{SHADOW}.querySelectorAll('details')];"
            "all.forEach(one => one.open = true); return all.length; })()"
        )
    )


def test_the_instrument_sees_through_shadow_roots(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """A button without a name, tiny ones and grey on grey inside the desk's component are found."""
    page = come_in(context, shared_desk, shared_desk.seed().token)
    press(page, "Enter")
    at(page, 1)
    above = "position:fixed;top:0;left:0;z-index:9999"
    tiny = "<button aria-label='tiny' style='width:8px;height:8px;min-height:0;padding:0;border:0'></button>"
    grey = "<p style='color:#777;background:#888'>grey</p>"
    bad = f"<div style='{above}'><button></button>{tiny * 2}{grey}</div>"
    page.evaluate(f"bad => {SHADOW}.querySelector('.desk').insertAdjacentHTML('beforeend', bad)", bad)
    for look in looks(page):
        assert {one.rule for one in findings(page)} >= {"button-name", "color-contrast", "target-size"}, look
        assert {one.rule for one in findings(page, only_colours=True)} == {"color-contrast"}, look
    with pytest.raises(AssertionError, match="button-name"):
        check(page)


def test_the_desk(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Guideline, transcript, everything unfolded, answers given, the last question, the end."""
    seeded = shared_desk.seed([content(number) for number in range(2)], rules=Rules(guesses=2))
    page = come_in(context, shared_desk, seeded.token)
    appears(page, ".sheet.guideline button.primary")
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
    appears(page, ".panel:has-text('Guess 1 of 2')")
    press(page, "i")
    appears(page, ".panel:has-text('Guess 2 of 2')")
    press(page, "i")
    heading(page, "All transcripts are labelled")
    check(page)


def test_the_adjudicator(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """The list, a transcript with its ratings, and the help."""
    made = create_disputes(shared_desk.seed([content(number) for number in range(3)]), 2)
    page = come_in(context, shared_desk, made.token)
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
    "qualification": {
        "rules": Rules(qualification_threshold=1.0, qualification_rounds=1),
        "n_qualification": 1,
    },
    "norming": {"n_calibration": 1},
}
"""Whose plain pages -> what their study has."""


@pytest.mark.parametrize("who", PLAIN)
def test_plain_pages(context: BrowserContext, shared_desk: SharedDesk, who: str) -> None:
    """The desk without its component: the first page, a transcript, and what follows an answer."""
    seeded = shared_desk.seed([content(number) for number in range(3)], **PLAIN[who])
    page = come_in(
        context, shared_desk, create_disputes(seeded, 2).token if who == "adjudicator" else seeded.token
    )
    page.goto(f"{shared_desk.server.address}/?plain=1")
    expect(page.get_by_test_id("stMain").get_by_role("button").first).to_be_visible()
    check(page)
    if who == "adjudicator":
        return
    start(page)
    check(page)
    page.reload()  # the check made it narrow, and wide again: only a new page has its sidebar unfolded for certain
    start(page)
    for question in page.get_by_role("radiogroup").all()[:2]:
        question.get_by_text("No", exact=True).click()
        at_rest(page)
    page.get_by_role("button", name="Submit").click()
    done = (
        page.get_by_role("button", name="Continue") if who == "qualification" else page.get_by_text("1 of ")
    )
    expect(done.first).to_be_visible()
    at_rest(page)
    check(page)


def start(page: Page) -> None:
    """From the plain page's guideline to its first transcript."""
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Submit")).to_be_attached()
    at_rest(page)


def test_pages_of_the_middleware(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Without a session, and with a link that is not valid."""
    page = context.new_page()
    for path in ("/", "/join#wrong"):
        page.goto(f"{shared_desk.server.address}{path}")
        page.wait_for_load_state("networkidle")
        check(page)
        page.goto("about:blank")
