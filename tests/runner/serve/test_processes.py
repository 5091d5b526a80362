"""Starting and stopping servers: ports, failures and Ctrl-C, with real processes."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from secondreader.runner.serve.processes import (
    LaunchError,
    StreamlitApp,
    find_free_port,
    is_port_free,
    run_apps,
)

APP = "import streamlit as st\nst.write('hello')\n"
OPTIONS = {"server.headless": "true", "browser.gatherUsageStats": "false", "server.fileWatcherType": "none"}


def make_app(tmp_path: Path, code: str = APP, port: int | None = None) -> StreamlitApp:
    """A tiny app."""
    script = tmp_path / "tiny_app.py"
    script.write_text(code)
    chosen = port or find_free_port("127.0.0.1", 18_700)
    return StreamlitApp("tiny app", script, "127.0.0.1", chosen, OPTIONS, {})


def test_a_taken_port_is_passed_over() -> None:
    """The next free port is chosen; ports promised to another app count as taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_port_free("127.0.0.1", port)
        chosen = find_free_port("127.0.0.1", port)
        assert chosen > port
        assert find_free_port("127.0.0.1", port, taken=[chosen]) > chosen


def test_a_server_that_ends_at_once_is_told(tmp_path: Path) -> None:
    """A script that is not there ends in one sentence, and nothing is left running."""
    missing = StreamlitApp(
        "tiny app", tmp_path / "none.py", "127.0.0.1", find_free_port("127.0.0.1", 18_750), OPTIONS, {}
    )
    with pytest.raises(LaunchError, match="ended while starting"):
        run_apps([missing], "never")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_server(tmp_path: Path, number: signal.Signals) -> None:
    """After Ctrl-C or a termination signal both ports are free again and the exit code is 0."""
    first = find_free_port("127.0.0.1", 18_800)
    second = find_free_port("127.0.0.1", first + 1)
    (tmp_path / "a.py").write_text(APP)
    driver = tmp_path / "driver.py"
    driver.write_text(
        "from pathlib import Path\n"
        "from secondreader.runner.serve.processes import StreamlitApp, run_apps\n"
        f"options = {OPTIONS!r}\n"
        f"apps = [StreamlitApp('r', Path({str(tmp_path / 'a.py')!r}), '127.0.0.1', p, options, {{}}) for p in ({first}, {second})]\n"
        "run_apps(apps, 'READY')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(driver)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"LANG": "C"},
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != "READY":
        assert process.poll() is None
    for port in (first, second):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            assert answer.status == 200
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Stopping." in rest
    deadline = time.monotonic() + 5
    while not (is_port_free("127.0.0.1", first) and is_port_free("127.0.0.1", second)):
        assert time.monotonic() < deadline


def test_a_server_gets_no_secret_it_does_not_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and the owner's database URL stay out of a server's environment."""
    from secondreader.runner.serve.processes import start_app, stop_processes

    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("SECONDREADER_DB", "postgresql://owner:canary@h/d")
    process = start_app(make_app(tmp_path))
    try:
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    finally:
        stop_processes([process])
    assert b"canary" not in environment
    assert process.returncode is not None
