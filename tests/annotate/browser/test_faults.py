"""Faults under a real desk with a real browser before it: what is told, what is kept, and that it goes through after."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
from tests.annotate.desks import APP, SHADOW, RestartableDesk, SharedDesk, at, entered, state, stored
from tests.annotate.seed import Seeded
from tests.axe import check
from tests.browser import Served, appears, served
from tests.db.core.test_errors import admit

pytestmark = pytest.mark.browser
OUTBOX = "localStorage.getItem('secondreader.outbox') || '[]'"
IMPATIENT = "import secondreader.db.core.engine\nsecondreader.db.core.engine.BUSY_MILLISECONDS = 300\n"
"""A desk that waits for a lock for 0.3 s in place of 10 s, so that the test need not."""
HOLD = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\nsys.stdin.read()\n"


def label(page: Page) -> None:
    """No, no visible consideration, submit."""
    for key in ("2", "5", "Enter"):
        page.keyboard.press(key)


def told(page: Page, sentence: str) -> None:
    """Wait until the banner says it; meanwhile nothing is called saved."""
    appears(page, f".banner [role=alert]:has-text({sentence!r})")
    assert page.locator(".state.good").count() == 0


def is_kept(page: Page) -> bool:
    """Whether the browser keeps a submit that is not acknowledged."""
    return '"op":"submit"' in str(page.evaluate(OUTBOX))


def goes_through(page: Page, seeded: Seeded, n: int) -> None:
    """After the fault, one click sends what waited, unless the page did so by itself just then; it is stored once and no longer kept."""
    page.evaluate(f"{SHADOW}.querySelector('.banner button')?.click()")
    appears(page, ".state.good:text-is('Saved')")
    assert len({one.assignment_id for one in stored(seeded)}) == len(stored(seeded)) == n
    assert page.locator(".banner").is_hidden()
    assert not is_kept(page)


@contextmanager
def full_disk(server: Served, seeded: Seeded) -> Iterator[None]:
    """The desk's process may not make its files any longer: the next write to the log fails."""
    size = os.path.getsize(f"{seeded.target}-wal")
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_a_disk_that_takes_no_more(context: BrowserContext, restartable_desk: RestartableDesk) -> None:
    """The sentence says that nothing was saved; the label of before is there, the one that waits comes after it."""
    seeded, server = restartable_desk.seed(), restartable_desk.start()
    page = entered(context, server, seeded.token)
    label(page)
    at(page, 2)
    state(page, "Saved")
    with full_disk(server, seeded):
        label(page)
        told(page, "cannot write to its disk; nothing was saved")
        assert is_kept(page)
        assert len(stored(seeded)) == 1
    goes_through(page, seeded, 2)
    at(page, 3)


@contextmanager
def held(target: str) -> Iterator[None]:
    """Another process holds the database's write lock."""
    command = [sys.executable, "-c", HOLD, target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        assert holder.stdin is not None
        holder.stdin.close()


def test_a_database_that_another_process_locks(
    context: BrowserContext, seeded: Seeded, tmp_path: Path
) -> None:
    """Told as busy, tried again by itself, and saved once the lock is free; reading goes on meanwhile."""
    (tmp_path / "impatient").mkdir()
    (tmp_path / "impatient" / "sitecustomize.py").write_text(IMPATIENT)
    environment = {"SECONDREADER_DESK_DB": seeded.target, "PYTHONPATH": str(tmp_path / "impatient")}
    with served(APP, STREAMLIT_OPTIONS, environment) as server:
        page = entered(context, server, seeded.token)
        with held(seeded.target):
            label(page)
            told(page, "The database is busy")
            check(page)
            at(page, 2)
            assert is_kept(page)
        goes_through(page, seeded, 1)
        page.close()


@contextmanager
def nobody_admitted(target: str) -> Iterator[None]:
    """The PostgreSQL server ends all connections to a database and takes no new ones."""
    admit(target, False)
    try:
        yield
    finally:
        admit(target, True)


def test_a_postgresql_server_that_goes_away(context: BrowserContext, postgres_desk: SharedDesk) -> None:
    """Also after a reload of the page, which says in a sentence that it must wait."""
    seeded = postgres_desk.seed()
    page = entered(context, postgres_desk.server, seeded.token)
    label(page)
    at(page, 2)
    state(page, "Saved")
    with nobody_admitted(postgres_desk.target):
        label(page)
        told(page, "The database did not answer")
        assert is_kept(page)
        page.reload()
        appears(page, "text=/Reload (this page )?in a moment/")  # the page's sentence, or the middleware's
    page.reload()
    appears(page, ".state.good:text-is('Saved')")
    at(page, 3)
    assert [one.position for one in stored(seeded)] == [1, 2]
    page.close()


def test_keys_before_the_next_transcript_comes_change_nothing(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """While the one that was submitted is still on the screen, answers and Enter are not taken for it."""
    seeded = shared_desk.seed()
    page = entered(context, shared_desk.server, seeded.token)
    last = 1
    os.kill(shared_desk.server.process.pid, signal.SIGSTOP)
    try:
        label(page)
        while page.inner_text("h1").startswith(f"Transcript {last + 1} "):  # it had come before
            last += 1
            label(page)
        for key in ("1", "Enter", "x", "Enter"):
            page.keyboard.press(key)
    finally:
        os.kill(shared_desk.server.process.pid, signal.SIGCONT)
    at(page, last + 1)
    state(page, "Saved")
    page.keyboard.press("u")
    at(page, last)
    assert page.locator("[data-question='risky_action'][data-value='no'][aria-pressed='true']").count() == 1
    assert page.locator(".contested[aria-pressed='true']").count() == 0
    assert [one.answers["risky_action"] for one in stored(seeded)] == ["no"] * last


def test_two_devices_of_one_person(browser: Browser, shared_desk: SharedDesk) -> None:
    """Two browsers with the same link answer the same transcript: one label, the other is told and loads it."""
    seeded = shared_desk.seed()
    devices = [browser.new_context(), browser.new_context(viewport={"width": 390, "height": 844})]
    pages = [entered(device, shared_desk.server, seeded.token) for device in devices]
    for page, answer in zip(pages, ("1", "2"), strict=True):
        for key in (answer, "5", "8", "Enter") if answer == "1" else (answer, "5", "Enter"):
            page.keyboard.press(key)
        appears(page, ".state.good, .banner [role=alert]")
    assert "another window" in pages[1].inner_text(".banner")
    pages[1].click("text=Load the saved answer")
    appears(pages[1], "[data-question='risky_action'][data-value='yes'][aria-pressed='true']")
    assert [one.answers["risky_action"] for one in stored(seeded)] == ["yes"]
    for device in devices:
        device.close()
