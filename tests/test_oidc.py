"""Signing in with an account: a real provider on loopback, the real desk as the command line starts it, a real browser."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import BrowserContext, Locator, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed

from secondreader.db.access.anonymous import MAX_FRAME
from secondreader.db.access.invites import create_invite, revoke_invites
from secondreader.db.access.oidc_accounts import bind_account, compute_account_hash, unbind_account
from secondreader.db.access.sign_in_tokens import SignInTokens
from secondreader.db.access.visitors import LOOKUP_SECONDS
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.runner.cli.app import app
from tests.annotate.seed import CANARIES, Seeded, seed
from tests.axe import check
from tests.browser import Recorder, free_port, wait_until_healthy
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.sockets import TRIGGER, Socket, elements, opened

pytestmark = pytest.mark.browser
COOKIE_SECRET = "canary-cookie-secret-of-32-bytes-or-more"
CLI = (sys.executable, "-c", "import sys; from secondreader.runner.cli.app import app; sys.exit(app())")
FIRST, SECOND, RESEARCHER = "ada@example.org", "bea@example.org", "chief@example.org"


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk, its study and its provider."""

    seeded: Seeded
    provider: Provider
    address: str
    console: str
    """Address of the console of the same study."""
    folder: Path
    """Holds database and logs."""
    process_id: int

    def bind(self, name: str, *options: str, study: bool = True) -> None:
        """Bind an account by the command line."""
        named = [self.seeded.name] if study else []
        command = ["study", "account", *named, "--name", name, *options, "--db", self.seeded.target]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output


@contextmanager
def started(
    app_name: str, seeded: Seeded, secrets: Path, port: int, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`secondreader desk` or `console` with a sign-in; it may not answer yet."""
    command = [*CLI, app_name, "--db", seeded.target, "--port", str(port), "--sign-in", str(secrets)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield process
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
    """One desk and console for this file; the first annotator is bound by e-mail, the second by subject."""
    folder = tmp_path_factory.mktemp("oidc")
    made, ports = seed(str(folder / "study.db")), {"desk": free_port(), "console": free_port()}
    with provider() as one, ExitStack() as stack:
        files = {
            app_name: write_secrets(folder / f"{app_name}.toml", one, port)
            for app_name, port in ports.items()
        }
        processes = {
            app_name: stack.enter_context(
                started(app_name, made, files[app_name], port, folder / f"{app_name}.log")
            )
            for app_name, port in ports.items()
        }
        addresses = {app_name: f"http://127.0.0.1:{port}" for app_name, port in ports.items()}
        for app_name, process in processes.items():
            wait_until_healthy(addresses[app_name], process)
        running = Desk(made, one, addresses["desk"], addresses["console"], folder, processes["desk"].pid)
        running.bind("A1", "--email", FIRST.upper(), "--sign-in", str(files["desk"]))
        running.bind("A2", "--subject", f"id-of-{SECOND}", "--issuer", one.issuer + "/")
        running.bind("R", "--email", RESEARCHER, "--issuer", one.issuer, study=False)
        yield running


def sign_in(desk: Desk, context: BrowserContext) -> Page:
    """Open the desk and press the button."""
    page = context.new_page()
    page.goto(desk.address)
    page.get_by_role("button", name="Sign in").click()
    return page


def at_work(page: Page) -> Locator:
    """What only somebody who came in sees: the guideline, at the first visit, or a transcript's heading."""
    return page.locator(".desk.styled .body > *, .desk .sheet.guideline").first


def ask(desk: Desk, method: str, path: str, body: str = "", cookie: str = "") -> tuple[int, dict[str, str]]:
    """Status and headers of one request of the desk's own page."""
    connection = HTTPConnection(urlsplit(desk.address).netloc, timeout=15)
    headers = {"Origin": desk.address} | ({"Cookie": cookie} if cookie else {})
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


@dataclass
class Walker:
    """A browser without a screen: cookies, redirects and the app's websocket."""

    address: str
    client: httpx.Client

    @property
    def cookie(self) -> str:
        """The Cookie header that it sends."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.client.cookies.jar)

    def page(self) -> list[ForwardMsg]:
        """What the page shows."""
        with self.socket() as socket:
            return socket.run()

    @contextmanager
    def socket(self) -> Iterator[Socket]:
        """The app's websocket, with the token that Streamlit wants before it looks at a sign-in."""
        self.client.get(f"{self.address}/_stcore/health")
        jar = {cookie.name: cookie.value for cookie in self.client.cookies.jar}
        with opened(urlsplit(self.address).netloc, self.cookie, str(jar["_streamlit_xsrf"])) as socket:
            yield socket

    def sign_in(self) -> None:
        """Press the button and follow wherever it leads."""
        with self.socket() as socket:
            buttons = [one.delta.new_element.button.id for one in socket.run()]
            pressed = socket.run(events={next(filter(None, buttons)): True})
        path = next(one.auth_redirect.url for one in pressed if one.HasField("auth_redirect"))
        assert self.client.get(self.address + path).url == f"{self.address}/"

    def options(self) -> list[dict[str, str]]:
        """The links that the page has, as data: each with its sign-in token."""
        found = [one.delta.new_element.bidi_component.json for one in self.page()]
        options: list[dict[str, str]] = json.loads(next(filter(None, found)))["options"]
        return options

    def texts(self) -> str:
        """The sentences of the page."""
        return " ".join(filter(None, (one.delta.new_element.text.body for one in self.page())))


@pytest.fixture
def walker(desk: Desk) -> Iterator[Walker]:
    """A browser without a screen that was never here."""
    with httpx.Client(follow_redirects=True, trust_env=False) as client:
        yield Walker(desk.address, client)


def test_an_account_comes_to_its_work_and_out_again(desk: Desk, context: BrowserContext) -> None:
    """A bound, verified address opens the person's desk; signing out ends it, and what Streamlit remembers of it."""
    desk.provider.person("Ada@Example.org")
    page = sign_in(desk, context)
    expect(at_work(page)).to_be_visible()
    names = {cookie["name"] for cookie in context.cookies() if "name" in cookie}
    assert {"secondreader_desk", "_streamlit_user"} <= names
    page.evaluate("fetch('/logout', {method: 'POST', redirect: 'manual'})")
    names = {cookie["name"] for cookie in context.cookies() if "name" in cookie}
    assert not names & {
        "secondreader_desk",
        "_streamlit_user",
        "_streamlit_user_tokens",
        "_streamlit_session",
    }
    page.goto(desk.address)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("app_name", ["desk", "console"])
def test_a_fresh_browser_sees_a_button_and_nothing_else(
    desk: Desk, context: BrowserContext, app_name: str
) -> None:
    """Without a session: one heading, one sentence, one button; no canary and no transcript in any traffic; accessible."""
    recorder = Recorder()
    recorder.watch(context)
    page = context.new_page()
    page.goto(desk.address if app_name == "desk" else desk.console)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    seen = ["Second Reader", "Sign in to come to your work.", "Sign in"]
    assert page.get_by_test_id("stMain").inner_text().split() == " ".join(seen).split()
    for secret in (*CANARIES, *desk.seeded.public_ids, "reminder", CLIENT_SECRET, COOKIE_SECRET):
        assert recorder.holding(secret) == [], secret
    check(page)


def test_a_person_bound_by_subject_needs_no_verified_address(desk: Desk, walker: Walker) -> None:
    """The provider's own id opens what it is bound to, whatever is said of the address."""
    desk.provider.person(SECOND, verified=False)
    walker.sign_in()
    assert len(walker.options()) == 1


@pytest.mark.parametrize(
    ("email", "verified", "more", "sentence"),
    [
        ("eve@example.org", True, {}, "Nobody here is bound to the account eve@example.org."),
        (FIRST, False, {}, f"Your provider does not vouch for the address {FIRST}"),
        (FIRST, True, {"email_verified": "true"}, f"Your provider does not vouch for the address {FIRST}"),
        ("", False, {"sub": FIRST}, f"Nobody here is bound to the account {FIRST}."),
        (RESEARCHER, True, {}, f"Nobody here is bound to the account {RESEARCHER}."),
        ("![x](http://127.0.0.1:1/x)@e.org", True, {}, "Nobody here is bound to the account ![x]"),
        (FIRST, True, {"iat": int(time.time()) - 13 * 3600}, "Your sign-in is over. Sign in again."),
    ],
)
def test_other_accounts_get_a_sentence(
    desk: Desk, walker: Walker, email: str, verified: bool, more: dict[str, Any], sentence: str
) -> None:
    """Unknown, unverified, an address that poses as a subject, another app's role, a sign-in of yesterday."""
    desk.provider.person(email, verified=verified, **more)
    walker.sign_in()
    assert "_streamlit_user=" in walker.cookie
    page = walker.page()
    assert sentence in " ".join(one.delta.new_element.text.body for one in page)
    assert elements(page) == ["heading", "text", "button"]


@pytest.mark.parametrize(
    "claims", [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://127.0.0.1:1"}, {"exp": 1}, "key"]
)
def test_forged_tokens_open_nothing(desk: Desk, walker: Walker, claims: dict[str, Any] | str) -> None:
    """A token with another nonce, audience or issuer, an old one, or one signed with another key is no sign-in."""
    desk.provider.person(FIRST, **(claims if isinstance(claims, dict) else {}))
    if claims == "key":
        desk.provider.signing_key = RSAKey.generate_key(2048, {"kid": "k1"})
    walker.sign_in()
    assert "_streamlit_user=" not in walker.cookie
    assert walker.texts() == "Sign in to come to your work."


def test_a_revoked_person_is_out_both_ways(desk: Desk, context: BrowserContext) -> None:
    """Revoking closes the invite link and the account alike, the page that is open included."""
    desk.provider.person(SECOND)
    page = sign_in(desk, context)
    expect(at_work(page)).to_be_visible()
    owner = open_engine(desk.seeded.target)
    with write_session(owner) as session:
        revoke_invites(session, desk.seeded.other_id)
    page.wait_for_timeout(int(LOOKUP_SECONDS * 1000) + 200)
    page.goto(desk.address)
    expect(page.get_by_text("Your invite has ended. Ask the researcher for a new one.")).to_be_visible()
    assert ask(desk, "POST", "/join", desk.seeded.other_token)[0] == 403
    with write_session(owner) as session:
        create_invite(session, desk.seeded.other_id)
    owner.dispose()
    page.reload()
    expect(at_work(page)).to_be_visible()


def test_somebody_with_two_studies_chooses(desk: Desk, context: BrowserContext) -> None:
    """One account bound to two people gets a link for each, in plain text."""
    owner = open_engine(desk.seeded.target)
    with write_session(owner) as session:
        judge = ensure_annotator(session, get_study(session, desk.seeded.name), "J", "adjudicator")
        create_invite(session, judge)
        bind_account(session, judge, compute_account_hash(desk.provider.issuer, email=FIRST), actor="R")
    desk.provider.person(FIRST)
    page = sign_in(desk, context)
    expect(page.get_by_role("link", name="(adjudicator)")).to_be_visible()
    assert page.get_by_role("link", name="Go to").count() == 2
    page.get_by_role("link", name="Go to").first.click()
    expect(at_work(page)).to_be_visible()
    with write_session(owner) as session:
        unbind_account(session, judge, actor="R")
    owner.dispose()


def test_a_sign_in_token_is_for_one_browser_once(desk: Desk, walker: Walker) -> None:
    """Without the sign-in cookie, a second time, or made up, a sign-in token opens nothing."""
    desk.provider.person(FIRST)
    walker.sign_in()
    cookie, first, second = walker.cookie, walker.options()[0]["token"], walker.options()[0]["token"]
    assert ask(desk, "POST", "/join", first)[0] == 403, "a token without the browser's cookie"
    assert ask(desk, "POST", "/join", first, cookie)[0] == 403, "it was spent by the attempt"
    status, headers = ask(desk, "POST", "/join", second, cookie)
    assert (status, headers["set-cookie"].split("=")[0]) == (303, "secondreader_desk")
    assert ask(desk, "POST", "/join", second, cookie)[0] == 403, "a second time"
    assert ask(desk, "POST", "/join", "x" * 43, cookie)[0] == 403, "made up"
    real = next(str(one.value) for one in walker.client.cookies.jar if one.name == "_streamlit_user")
    walker.client.cookies.set(
        "_streamlit_user", real[:-2] + ("aa" if real[-2:] != "aa" else "bb"), "127.0.0.1"
    )
    assert walker.texts() == "Sign in to come to your work.", "a forged sign-in cookie"


def test_a_sign_in_token_ends_after_a_minute() -> None:
    """Sixty seconds by a clock that nobody sets."""
    now = 1000.0
    tokens = SignInTokens(lambda: now)
    fresh, old = tokens.issue_token(1, "b"), tokens.issue_token(2, "b")
    now += 59
    assert tokens.redeem_token(fresh, "b") == 1
    now += 2
    assert tokens.redeem_token(old, "b") is None


def test_a_strangers_socket_reaches_the_sign_in_page_only(desk: Desk) -> None:
    """Whatever a person without a session sends over the websocket, what comes back is the sign-in page."""
    host = urlsplit(desk.address).netloc
    opening = {"number": 1, "operations": [], "wanted": ["x"], "begin": True}
    with opened(host) as socket:
        pages = [socket.run(), socket.run("labels"), socket.run(query="plain=1")]
        forged = TRIGGER.format(component="$$ID-desk")
        pages.append(socket.run(events={forged: [{"event": "message", "value": opening}], "desk": True}))
        message = BackMsg()
        message.file_urls_request.request_id = "r"
        message.file_urls_request.file_names.append("x.csv")
        socket.link.send(message.SerializeToString())
        message.rerun_script.fragment_id = "x"
        socket.link.send(message.SerializeToString())
        pages.append(socket.run())
        kinds = {kind for page in pages for kind in elements(page)}
        everything = b"".join(socket.raw)
    assert kinds <= {"heading", "text", "button"}, kinds
    for secret in (*CANARIES, *desk.seeded.public_ids, "reminder", "library", CLIENT_SECRET, COOKIE_SECRET):
        assert secret.encode() not in everything, secret
    with opened(host) as socket:
        socket.link.send(b"\x00" * (MAX_FRAME + 1))
        with pytest.raises(ConnectionClosed):
            socket.link.recv(5)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/media/x.png", 401),
        ("GET", "/assets/desk.js", 401),
        ("GET", "/anything", 401),
        ("GET", "/_stcore/upload_file/a/b", 401),
        ("PUT", "/_stcore/upload_file/a/b", 401),
        ("POST", "/", 401),
        ("POST", "/auth/login", 401),
        ("GET", "/auth/logout", 404),
        ("GET", "/_stcore/metrics", 404),
        ("GET", "/auth/login", 302),
        ("GET", "/oauth2callback", 302),
        ("GET", "/oauth2callback?code=x&state=y", 302),
        ("GET", "/", 200),
        ("GET", "/_stcore/host-config", 200),
    ],
)
def test_strangers_get_no_more_than_the_page_needs(desk: Desk, method: str, path: str, status: int) -> None:
    """Over HTTP the way to the provider is open, and nothing behind the auth middleware is."""
    found, headers = ask(desk, method, path)
    assert found == status
    assert "streamlit_user" not in headers.get("set-cookie", "")


def test_an_invite_still_opens_the_desk(desk: Desk) -> None:
    """Both ways in lead to the same session."""
    status, headers = ask(desk, "POST", "/join", desk.seeded.token)
    assert status == 303
    with opened(urlsplit(desk.address).netloc, headers["set-cookie"].split(";")[0]) as socket:
        assert "bidi_component" in elements(socket.run())


def test_no_secret_is_written_anywhere(desk: Desk, walker: Walker) -> None:
    """Neither log nor database holds a secret, a token or the address of an account."""
    desk.provider.person(FIRST)
    walker.sign_in()
    assert ask(desk, "POST", "/join", walker.options()[0]["token"], walker.cookie)[0] == 303
    files = [*desk.folder.glob("*.log"), *desk.folder.glob("study.db*")]
    everything = b"".join(file.read_bytes() for file in files)
    assert desk.provider.tokens
    for secret in (CLIENT_SECRET, COOKIE_SECRET, FIRST, SECOND, f"id-of-{FIRST}", *desk.provider.tokens):
        assert secret.encode() not in everything, secret
    process = Path(f"/proc/{desk.process_id}/cmdline").read_bytes()
    assert CLIENT_SECRET.encode() not in process


def test_a_researcher_signs_in_to_the_console(desk: Desk, walker: Walker) -> None:
    """The console has a sign-in of its own; the desk's people and cookies are nobody there."""
    desk.provider.person(FIRST)
    walker.sign_in()
    walker.address = desk.console
    assert walker.texts() == "Sign in to come to your work.", "the desk's sign-in, signed with the desk's key"
    walker.sign_in()
    assert walker.texts().startswith("Nobody here is bound")
    desk.provider.person(RESEARCHER)
    walker.sign_in()
    token = walker.options()[0]["token"]
    console = replace(desk, address=desk.console)
    assert ask(desk, "POST", "/join", token, walker.cookie)[0] == 403, (
        "the desk knows no sign-in token of the console"
    )
    status, headers = ask(console, "POST", "/join", token, walker.cookie)
    assert (status, headers["set-cookie"].split("=")[0]) == (303, "secondreader_console")
