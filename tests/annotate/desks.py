"""A desk's process for tests, and steps that a person takes in it in a real browser."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect
from sqlmodel import col, select

from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.content import Content
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Label
from secondreader.db.design.studies import get_study, set_status
from tests.annotate.seed import Seeded, seed
from tests.browser import REPOSITORY, Served, appears, free_port, served

SHADOW = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot"
APP = REPOSITORY / "annotate" / "app.py"


@dataclass(frozen=True, slots=True)
class SharedDesk:
    """A desk that tests share; each seeds a study of its own into it."""

    server: Served
    target: str
    """The owner's database."""
    desk_target: str
    """The same, as the desk's process opens it."""

    def seed(self, contents: Sequence[Content] | None = None, **more: Any) -> Seeded:
        """One more study; `more` goes to `tests.annotate.seed.seed`."""
        return seed(self.target, contents, name=f"canary-study-name-{token_hex(4)}", **more)


def desk_on(target: str, port: int | None = None) -> AbstractContextManager[Served]:
    """The desk's process on a database (a context manager)."""
    return served(APP, STREAMLIT_OPTIONS, {"SECONDREADER_DESK_DB": target}, port)


def desk_of(seeded: Seeded, port: int | None = None) -> AbstractContextManager[Served]:
    """The desk's process on a seeded study (a context manager)."""
    return desk_on(seeded.target, port)


@contextmanager
def start_sqlite_desk(file: Path) -> Iterator[SharedDesk]:
    """A desk on a new SQLite file, until the block ends."""
    seed(str(file), n_items=1)
    with desk_on(str(file)) as server:
        yield SharedDesk(server, str(file), str(file))


@contextmanager
def start_postgres_desk(target: str) -> Iterator[SharedDesk]:
    """A desk on a PostgreSQL database, by a role of its own that cannot read a verdict, until the block ends."""
    owner = open_engine(target)
    url = prepare_desk_url(owner).render_as_string(hide_password=False)
    owner.dispose()
    with desk_on(url) as server:
        yield SharedDesk(server, target, url)


class RestartableDesk:
    """A desk that a test may stop or kill, and start again at the same address."""

    def __init__(self, file: Path) -> None:
        self.target = str(file)
        self.port = free_port()
        self.stack = ExitStack()
        self.server: Served | None = None
        seed(self.target, n_items=1)

    def seed(self, **more: Any) -> Seeded:
        """One more study; `more` goes to `tests.annotate.seed.seed`."""
        return seed(self.target, name=f"canary-study-name-{token_hex(4)}", **more)

    def start(self) -> Served:
        """The running desk; a new process where there is none."""
        if self.server is None:
            self.server = self.stack.enter_context(desk_on(self.target, self.port))
        return self.server

    def stop(self) -> None:
        """End its process as an operator would."""
        self.server = None
        self.stack.close()

    def kill(self) -> None:
        """End its process as a power cut would."""
        if self.server is not None:
            self.server.process.kill()
        self.stop()


def entered(context: BrowserContext, server: Served, token: str) -> Page:
    """A page that came in by its invite link and stands at the first transcript."""
    page = context.new_page()
    page.goto(f"{server.address}/join#{token}")
    appears(page, ".desk.styled .body > *")
    if page.locator(".sheet.guideline").count():
        page.keyboard.press("Enter")
    at(page, 1)
    return page


def at(page: Page, number: int) -> None:
    """Wait until this transcript is on the screen."""
    appears(page, rf"h1:text-matches('^Transcript {number}( of \\d+)?$')")


def state(page: Page, text: str) -> None:
    """Wait until the bar says so."""
    appears(page, f".state:text-is('{text}')")


def stored(seeded: Seeded) -> list[Label]:
    """All labels in the order in which they were saved."""
    engine = open_engine(seeded.target)
    with read_session(engine) as session:
        mine = select(Label).where(Label.study_id == seeded.study_id)
        found = list(session.exec(mine.order_by(col(Label.id))))
    engine.dispose()
    return found


def close_study(seeded: Seeded) -> None:
    """As the researcher would."""
    engine = open_engine(seeded.target)
    with write_session(engine) as session:
        set_status(session, get_study(session, seeded.name), "closed", actor="R", why="test")
    engine.dispose()


def wait_for_articles(page: Page, wanted: int) -> None:
    """Wait until all messages are made."""
    expect(page.locator("article")).to_have_count(wanted)
