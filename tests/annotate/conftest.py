"""Lets the desk's tests import `tests.browser` and `tests.annotate.seed`, and gives them a seeded study."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

REPOSITORY = Path(__file__).parents[2]
if str(REPOSITORY) not in sys.path:
    sys.path.append(str(REPOSITORY))

from tests.annotate.rooms import Room, desk_of
from tests.annotate.seed import Seeded, seed
from tests.browser import chromium


@pytest.fixture
def seeded(sqlite_target: str) -> Seeded:
    """A small open study in a SQLite file."""
    return seed(sqlite_target)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own for each test."""
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    yield made
    made.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A running desk."""
    first = seed(str(tmp_path_factory.mktemp("desk") / "study.db"), n_items=1)
    with desk_of(first) as server:
        yield Room(server, first.target)
