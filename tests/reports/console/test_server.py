"""The running console: nobody but a researcher comes in, and hostile text does nothing in a real browser."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, TimeoutError, expect

from secondreader.db.access.invites import create_invite
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.reports.console.navigation import PAGES
from secondreader.reports.console.settings import DATABASE_VARIABLE, STREAMLIT_OPTIONS
from tests.browser import REPOSITORY, Recorder, served
from tests.reports.seed import HOSTILE, JUDGES, Shape, make_study
from tests.runs import at_rest, watch_runs

WAIT = 60_000
"""Milliseconds; a busy machine computes slowly."""
HOSTILE_NAME = f"Ada{HOSTILE}"
WIDTH = "document.querySelector('[data-testid=stMain]').scrollWidth"


@dataclass(frozen=True, slots=True)
class Console:
    """A running console on a hostile study."""

    address: str
    target: str

    def invite(self, role: str) -> str:
        """A fresh invite of a role."""
        engine = open_engine(self.target)
        with write_session(engine) as session:
            study = None if role == "researcher" else get_study(session, "s")
            token = create_invite(session, ensure_annotator(session, study, f"a {role}", role=role))
        engine.dispose()
        return token

    def status(self, path: str, method: str = "GET", body: bytes | None = None) -> int:
        """Status of a request without a cookie."""
        request = urllib.request.Request(f"{self.address}{path}", body, method=method)
        request.add_header("Origin", self.address)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all tests of this file."""
    target = str(tmp_path_factory.mktemp("console") / "study.db")
    engine = open_engine(target)
    make_study(engine, Shape(n=48, hostile=HOSTILE, judges=JUDGES[:1]))
    engine.dispose()
    script = Path(REPOSITORY / "reports" / "console" / "app.py")
    with served(script, STREAMLIT_OPTIONS, {DATABASE_VARIABLE: target}) as server:
        yield Console(server.address, target)


def test_nothing_is_served_without_a_session(console: Console) -> None:
    """Every page, file and interface is behind the auth middleware; only health is open."""
    assert console.status("/_stcore/health") == 200
    for path in ("/", "/agreement", "/report", "/static/index.html", "/_stcore/host-config", "/media/x"):
        assert console.status(path) == 401


def test_only_researchers_come_in(console: Console) -> None:
    """The invites of annotators and adjudicators are worth nothing here."""
    for role in ("annotator", "adjudicator"):
        assert console.status("/join", "POST", console.invite(role).encode()) == 403


def come_in(console: Console, context: BrowserContext) -> Page:
    """Open the researcher's invite link."""
    page = watch_runs(context.new_page())
    page.goto(f"{console.address}/join#{console.invite('researcher')}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=WAIT)
    return page


@pytest.mark.browser
def test_hostile_text_is_inert_in_a_browser(console: Console, context: BrowserContext) -> None:
    """On every page nothing runs, nothing is fetched from elsewhere, no page fails, and none is wider than a phone."""
    recorder, alerts = Recorder(), list[str]()
    recorder.watch(context)
    page = come_in(console, context)

    def dismissed(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    for path, (title, *_) in PAGES.items():
        page.goto(f"{console.address}/{path}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=WAIT)
        at_rest(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        made = "img[src*=evil], img[onerror], a[href*=evil], a[href^=javascript], .katex, main script"
        assert page.locator(made).count() == 0
        page.set_viewport_size({"width": 390, "height": 800})
        check_width(page, path)
        page.set_viewport_size({"width": 1280, "height": 800})
    assert not alerts
    assert recorder.refusals() == [], "the policy forbids something that the page itself does"
    assert not [address for address in recorder.addresses if "evil.example" in address]
    ours = console.address.split("//")[1]
    assert all(ours in address or address.startswith(("blob:", "data:")) for address in recorder.addresses)


def check_width(page: Page, path: str) -> None:
    """Nothing is wider than a phone, once charts and tables have taken the new width."""
    at_rest(page)
    try:
        page.wait_for_function(f"() => {WIDTH} <= 390", timeout=WAIT)
    except TimeoutError:
        assert page.evaluate(WIDTH) <= 390, path


@pytest.mark.browser
def test_a_disagreement_is_one_click_away_on_a_phone(console: Console, browser: Browser) -> None:
    """At 390 px a researcher opens a disagreement and reads transcript, rationale and labels; no page is wider."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = come_in(console, context)
    check_width(page, "overview")
    page.goto(f"{console.address}/disagreements")
    expect(page.get_by_text("Because it acted.").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("evidence of").first).to_be_visible()
    expect(page.get_by_text(HOSTILE_NAME).first).to_be_attached()
    check_width(page, "disagreements")
    context.close()
