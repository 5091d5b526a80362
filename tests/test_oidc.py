"""Signing in with an account: a real provider on loopback, the real desk as the command line starts it, a real browser."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, BrowserContext, Page, expect

from secondreader.db.access import create_invite, revoke_invites
from secondreader.db.engine import open_engine, writing
from secondreader.db.studies import get_study
from tests.annotate.seed import CANARIES, Seeded, seed
from tests.browser import Recorder, chromium, free_port, wait_until_healthy
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider, provider

pytestmark = pytest.mark.browser
COOKIE_SECRET = "canary-cookie-secret-of-32-bytes-or-more"
CLI = (sys.executable, "-c", "import sys; from secondreader.runner.cli import app; sys.exit(app())")
FIRST, SECOND, RESEARCHER = "ada@example.org", "bea@example.org", "chief@example.org"


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk, its study and its provider."""

    seeded: Seeded
    provider: Provider
    address: str
    secrets: Path
    log: Path

    def bind(self, name: str, *options: str, study: bool = True) -> None:
        """Bind an account by the command line."""
        named = [self.seeded.name] if study else []
        command = [*CLI, "study", "account", *named, "--name", name, *options, "--db", self.seeded.target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def started(room: str, seeded: Seeded, secrets: Path, port: int, log: Path) -> Iterator[str]:
    """`secondreader desk` or `console` with a sign-in."""
    command = [*CLI, room, "--db", seeded.target, "--port", str(port), "--sign-in", str(secrets)]
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            wait_until_healthy(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(15)


def write_secrets(file: Path, provider: Provider, port: int) -> Path:
    """Streamlit's own secrets file."""
    lines = {
        "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
        "cookie_secret": COOKIE_SECRET,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "server_metadata_url": f"{provider.issuer}/.well-known/openid-configuration",
    }
    file.write_text("[auth]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
    return file


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all tests of this file; the first annotator is bound by e-mail, the second by subject."""
    folder = tmp_path_factory.mktemp("oidc")
    made, port, log = seed(str(folder / "study.db")), free_port(), folder / "desk.log"
    with provider() as one:
        secrets = write_secrets(folder / "secrets.toml", one, port)
        with started("desk", made, secrets, port, log) as address:
            running = Desk(made, one, address, secrets, log)
            running.bind("A1", "--email", FIRST.upper(), "--sign-in", str(secrets))
            running.bind("A2", "--subject", f"id-of-{SECOND}", "--issuer", one.issuer + "/")
            running.bind("R", "--email", RESEARCHER, "--issuer", one.issuer, study=False)
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium."""
    with chromium() as made:
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that was never here."""
    made = browser.new_context()
    yield made
    made.close()


def sign_in(desk: Desk, context: BrowserContext) -> Page:
    """Open the desk and press the button."""
    page = context.new_page()
    page.goto(desk.address)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_an_account_comes_to_its_work_and_out_again(desk: Desk, context: BrowserContext) -> None:
    """A bound, verified address opens the person's desk; signing out ends it, and what Streamlit remembers of it."""
    desk.provider.person("Ada@Example.org")
    page = sign_in(desk, context)
    expect(page.get_by_text("Task 0").or_(page.get_by_role("main").get_by_text("of 12")).first).to_be_visible()
    names = {cookie["name"] for cookie in context.cookies() if "name" in cookie}
    assert {"secondreader_desk", "_streamlit_user"} <= names
    page.evaluate("fetch('/logout', {method: 'POST', redirect: 'manual'})")
    page.wait_for_timeout(300)
    names = {cookie["name"] for cookie in context.cookies() if "name" in cookie}
    assert not names & {"secondreader_desk", "_streamlit_user", "_streamlit_user_tokens", "_streamlit_session"}
    page.goto(desk.address)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
