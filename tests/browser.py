"""A real Chromium and a real server for tests, and a recorder of everything that passes between them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest
import streamlit
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Response,
    WebSocket,
    expect,
    sync_playwright,
)

REPOSITORY = Path(__file__).parent.parent
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SWITCHED_OFF = (
    # Playwright's own, for the last --disable-features counts
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    # pages of the address bar, which nobody sees: each window loads them, for a quarter of the time that it takes to open
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 60.0
WAIT_SECONDS = 60.0
"""For what a page must show: a busy machine is slow, and nobody waits so long where all is well."""
STREAMLIT_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
WHOLE_PAGE = """() => {
  const roots = [document];
  for (const root of roots)
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
  const fields = roots.flatMap(root => [...root.querySelectorAll("input, textarea")].map(one => one.value));
  const markup = roots.map(root => root.documentElement?.outerHTML ?? root.innerHTML);
  return [markup, fields, {...localStorage}, {...sessionStorage}, location.href, document.title, document.cookie, history.state];
}"""
"""A page's policy forbids nothing of this: it is run by the debugger."""
expect.set_options(timeout=WAIT_SECONDS * 1_000)


def chromium_path() -> str | None:
    """The browser that this machine has; None leaves the choice to Playwright."""
    named = os.environ.get("SECONDREADER_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Fails, rather than skips, with a sentence if there is none."""
    with sync_playwright() as playwright:
        try:
            flags = [*FLAGS, f"--disable-features={','.join(SWITCHED_OFF)}"]
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        except Error as error:
            pytest.fail(
                "no Chromium: install the package chromium, set SECONDREADER_CHROMIUM, or run "
                f"`playwright install chromium` ({str(error).splitlines()[0]})"
            )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Recorder:
    """Everything a page sent and received: addresses, bodies and websocket frames, as bytes."""

    seen: list[tuple[str, bytes]] = field(default_factory=list)
    """(what it is, its bytes)"""
    addresses: list[str] = field(default_factory=list)
    """Every URL that was asked for, websockets included."""
    console: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Record all pages of a browser context from now on."""
        context.on("page", self.watch_page)

    def watch_page(self, page: Page) -> None:
        """Record one page."""
        page.on("request", lambda request: self.asked(request.url, request.post_data_buffer))
        page.on("response", self.answered)
        page.on("websocket", self.socket)
        page.on("console", lambda message: self.console.append(message.text))

    def asked(self, url: str, body: bytes | None) -> None:
        """Note a request."""
        self.addresses.append(url)
        self.seen.append((f"request {url}", url.encode() + (body or b"")))

    def answered(self, response: Response) -> None:
        """Note a response; Streamlit's own bundle is left out, for it is the same for everybody."""
        self.seen.append((f"headers {response.url}", repr(response.headers).encode()))
        if "/static/" in response.url or response.status in range(300, 400):
            return
        try:
            self.seen.append((f"body {response.url}", response.body()))
        except Error:
            self.seen.append((f"no body {response.url}", b""))

    def socket(self, socket: WebSocket) -> None:
        """Note both directions of a websocket."""
        self.addresses.append(socket.url)
        socket.on("framereceived", lambda payload: self.frame("received", payload))
        socket.on("framesent", lambda payload: self.frame("sent", payload))

    def frame(self, way: str, payload: bytes | str) -> None:
        """Note one frame."""
        self.seen.append((f"frame {way}", payload.encode() if isinstance(payload, str) else payload))

    def look_at(self, page: Page) -> None:
        """Note what a page holds now: its elements in and below every shadow root, stores, address, cookies, console."""
        found = page.evaluate(WHOLE_PAGE)
        self.seen.append((f"page {page.url}", json.dumps(found, ensure_ascii=False).encode()))
        self.seen.append(("cookies", json.dumps(page.context.cookies(), ensure_ascii=False).encode()))

    def holding(self, text: str) -> list[str]:
        """Where a text was seen."""
        lines = [("console", line.encode()) for line in self.console]
        return [what for what, body in (*self.seen, *lines) if text.encode() in body]

    def refusals(self) -> list[str]:
        """What the browser did not do because of the page's Content-Security-Policy, but for the script in Streamlit's own page.

        That one sets a flag for search engines, and nothing needs it.
        """
        own = [sha256(text.encode()).digest() for text in INLINE.findall(STREAMLIT_PAGE.read_text())]
        allowed = [f"sha256-{b64encode(digest).decode()}" for digest in own]
        lines = [line for line in self.console if "Content Security Policy" in line]
        return [line for line in lines if not any(one in line for one in allowed)]

    def frame_bytes(self, way: str) -> list[int]:
        """Sizes of the frames in one direction."""
        return [len(body) for what, body in self.seen if what == f"frame {way}"]


def appears(page: Page, selector: str) -> None:
    """Wait until this is visible, as `wait_for_selector` does, but see it within 20 ms: that one looks every 500 ms."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not page.locator(selector).first.is_visible():
        assert time.monotonic() < deadline, f"not there after {WAIT_SECONDS:.0f} s: {selector} ({page.url})"
        page.wait_for_timeout(20)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Served:
    """A running app."""

    address: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    """What it prints, on either channel."""

    def log(self) -> bytes:
        """All that it has printed so far."""
        # by its place: the server goes on writing at the end of the same file
        return os.pread(self.output.fileno(), 100_000_000, 0)


@contextmanager
def served(
    script: Path, options: Mapping[str, str], environment: Mapping[str, str], port: int | None = None
) -> Iterator[Served]:
    """`streamlit run script` on a loopback port, until the block ends."""
    port = port or free_port()
    settings = {**options, "server.port": str(port)}
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [f"--{name}={value}" for name, value in settings.items()]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    with TemporaryFile() as output:
        process = subprocess.Popen(command, env={**kept, **environment}, stdout=output, stderr=output)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", process)
            yield Served(f"http://127.0.0.1:{port}", process, output)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_seconds(process_id: int) -> float:
    """Seconds of work of a process and of what it started, ended children included: unlike a clock, the same on a busy machine."""
    folder = Path(f"/proc/{process_id}")
    ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:15]
    children = (
        one for task in (folder / "task").iterdir() for one in (task / "children").read_text().split()
    )
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + sum(cpu_seconds(int(one)) for one in children)


def wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; fail the test when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the server did not answer within {START_SECONDS:.0f} s")
