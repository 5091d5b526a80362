"""Walks through the adjudicator's pages, the pages without the component, and those of the auth middleware."""

from playwright.sync_api import BrowserContext, Page, expect

from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
from secondreader.db.access.invites import create_invite
from secondreader.db.access.oidc import SETTINGS_VARIABLE
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator, get_study
from tests.annotate.browser.test_stages import heading, press
from tests.annotate.desks import APP, SharedDesk, at, state
from tests.browser import appears, served
from tools.screenshots.desk import LIBRARY, Camera, Walk
from tools.screenshots.samples import contents, label_all, list_disputed_samples

REASON = "The rubric leaves open whether a text that hides every name still gives somebody away."


def adjudicator(shared_desk: SharedDesk) -> str:
    """An adjudicator's invite token, of a study whose annotators disagree on some transcripts."""
    samples = [*list_disputed_samples(), *LIBRARY]
    seeded = shared_desk.seed(contents(samples))
    label_all(seeded, samples)
    engine = open_engine(seeded.target)
    with write_session(engine) as session:
        person = ensure_annotator(session, get_study(session, seeded.name), "J", "adjudicator")
        token = create_invite(session, person)
    engine.dispose()
    return token


def opened(context: BrowserContext, shared_desk: SharedDesk, token: str) -> Page:
    """A page that came in by an invite link."""
    page = context.new_page()
    page.goto(f"{shared_desk.server.address}/join#{token}")
    appears(page, ".desk.styled .body > *")
    return page


def adjudication(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """The list, a transcript, the keys, the list once more, the end."""
    token = adjudicator(shared_desk)
    page = opened(context, shared_desk, token)
    heading(page, "Transcripts to settle")
    press(page, "Enter")
    at(page, 1)
    settle(page)
    press(page, "Enter")
    at(page, 2)
    state(page, "Saved")
    press(page, "l")
    heading(page, "Transcripts to settle")
    camera.take(page, "adjudication-list")
    press(page, "Enter")
    at(page, 2)
    settle(page)
    camera.take(page, "adjudication")
    press(page, "?")
    appears(page, "dialog table")
    camera.take(page, "adjudication-keys")
    press(page, "Escape", "Enter")
    while page.locator("h1:has-text('Everything is settled')").count() == 0:
        settle(page)
        press(page, "Enter")
        page.wait_for_timeout(500)
    state(page, "Saved")
    camera.take(page, "adjudication-end")


def settle(page: Page) -> None:
    """An answer, a kind and a reason for each open question of a transcript."""
    panels = page.locator(".disputes .question")
    for index in range(panels.count()):
        section = panels.nth(index)
        section.locator("h3").click()
        section.locator("[data-answer]").nth(1).click()
        section.locator("[data-kind='guideline gap']").click()
        section.locator("textarea").fill(REASON)
    press(page, "Escape")


def plain(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Guideline and a transcript in plain widgets; then a transcript to settle."""
    token = adjudicator(shared_desk)
    fresh = shared_desk.seed(contents(LIBRARY))
    page = opened(context, shared_desk, fresh.token)
    page.goto(f"{shared_desk.server.address}/?plain=1")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    camera.take(page, "plain-start")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="Transcript 1 of 2")).to_be_visible()
    camera.take(page, "plain")
    page = opened(context, shared_desk, token)
    page.goto(f"{shared_desk.server.address}/?plain=1")
    expect(page.get_by_text("Background").first).to_be_visible()
    camera.take(page, "plain-adjudication")


def refused(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Without a session, and with a link that is not valid."""
    page = context.new_page()
    page.goto(f"{shared_desk.server.address}/")
    camera.take(page, "no-visit")
    page.goto(f"{shared_desk.server.address}/join#wrong")
    expect(page.get_by_text("not valid any more")).to_be_visible()
    camera.take(page, "wrong-link")


def sign_in(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """A sentence and a button."""
    environment = {"SECONDREADER_DESK_DB": shared_desk.target, SETTINGS_VARIABLE: "{}"}
    with served(APP, STREAMLIT_OPTIONS, environment) as server:
        page = context.new_page()
        page.goto(server.address)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        camera.take(page, "sign-in")


WALKS: tuple[Walk, ...] = (adjudication, plain, refused, sign_in)
