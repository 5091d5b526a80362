"""A desk's process for tests, and steps that a person takes in it in a real browser."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from playwright.sync_api import BrowserContext, Page
from sqlmodel import col, select

from secondreader.annotate.settings import STREAMLIT_OPTIONS
from secondreader.db.content import Content
from secondreader.db.engine import open_engine, reading, writing
from secondreader.db.studies import get_study, set_status
from secondreader.db.tables import Label
from tests.annotate.seed import Seeded, seed
from tests.browser import REPOSITORY, Served, served

SHADOW = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot"
APP = REPOSITORY / "annotate" / "app.py"


@dataclass(frozen=True, slots=True)
class Room:
    """A desk that the tests of this file share; each seeds a study of its own into it."""

    server: Served
    target: str

    def seed(self, contents: Sequence[Content] | None = None, **more: Any) -> Seeded:
        """One more study; `more` goes to `tests.annotate.seed.seed`."""
        return seed(self.target, contents, name=f"canary-study-name-{token_hex(4)}", **more)


def desk_of(seeded: Seeded, port: int | None = None) -> AbstractContextManager[Served]:
    """The desk's process on a seeded study (a context manager)."""
    return served(APP, STREAMLIT_OPTIONS, {"SECONDREADER_DESK_DB": seeded.target}, port)


def entered(context: BrowserContext, server: Served, token: str) -> Page:
    """A page that came in by its invite link and stands at the first transcript."""
    page = context.new_page()
    page.goto(f"{server.address}/join#{token}")
    page.wait_for_selector(".desk.styled .body > *")
    if page.locator(".sheet.guideline").count():
        page.keyboard.press("Enter")
    at(page, 1)
    return page


def at(page: Page, number: int) -> None:
    """Wait until this transcript is on the screen."""
    page.wait_for_selector(rf"h1:text-matches('^Transcript {number}( of \\d+)?$')")


def state(page: Page, text: str) -> None:
    """Wait until the bar says so."""
    page.wait_for_selector(f".state:text('{text}')")


def stored(seeded: Seeded) -> list[Label]:
    """All labels in the order in which they were saved."""
    engine = open_engine(seeded.target)
    with reading(engine) as session:
        mine = select(Label).where(Label.study_id == seeded.study_id)
        found = list(session.exec(mine.order_by(col(Label.id))))
    engine.dispose()
    return found


def close_study(seeded: Seeded) -> None:
    """As the researcher would."""
    engine = open_engine(seeded.target)
    with writing(engine) as session:
        set_status(session, get_study(session, seeded.name), "closed", actor="R", why="test")
    engine.dispose()


def wait_for_articles(page: Page, wanted: int) -> None:
    """Wait until all messages are made. The page's policy forbids Playwright's own polling, which needs eval."""
    deadline = time.monotonic() + 20
    while page.locator("article").count() != wanted:
        assert time.monotonic() < deadline
        page.wait_for_timeout(200)
