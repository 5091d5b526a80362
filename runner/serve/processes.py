"""Starts the desk and the console as processes of their own and stops them together."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

START_SECONDS = 60.0
STOP_SECONDS = 5.0
PASSED_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "VIRTUAL_ENV",
    "SYSTEMROOT",
    "SECONDREADER_SECURE_COOKIES",
)
"""Environment variables that a server gets. Keys and the owner's database URL are not among them."""


class LaunchError(Exception):
    """A server that cannot start, in one sentence."""


@dataclass(frozen=True, slots=True)
class StreamlitApp:
    """One Streamlit app to run."""

    name: str
    script: Path
    host: str
    port: int
    options: Mapping[str, str | tuple[str, ...]]
    """Streamlit settings, e.g. {"client.toolbarMode": "minimal"}; a tuple is given value by value."""
    environment: Mapping[str, str]
    """What it needs beyond PASSED_ON, e.g. its database."""

    @property
    def address(self) -> str:
        """The URL that a browser on this machine opens."""
        shown = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else self.host
        return f"http://{shown}:{self.port}"


def find_free_port(host: str, first_port: int, *, taken: Iterable[int] = ()) -> int:
    """`wanted` if nobody listens there, else the next free port. Raises LaunchError when 100 in a row are taken."""
    # a bounded search: a host name that does not resolve fails on every port
    for port in range(first_port, min(first_port + 100, 65536)):
        if port not in set(taken) and is_port_free(host, port):
            return port
    raise LaunchError(
        f"No free port from {first_port} to {first_port + 99} on {host}; name another with --port."
    )


def is_port_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # as the server will do: a port in TIME_WAIT counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def start_app(app: StreamlitApp) -> subprocess.Popen[bytes]:
    """Start one app in a session of its own, so that Ctrl-C reaches us first and we stop it in order."""
    command = [sys.executable, "-m", "streamlit", "run", str(app.script)]
    settings = {**app.options, "server.address": app.host, "server.port": str(app.port)}
    command += [
        f"--{name}={value}"
        for name, values in settings.items()
        for value in ((values,) if isinstance(values, str) else values)
    ]
    # a list of what may pass, not of what may not: new secrets stay out by themselves
    environment = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ} | dict(
        app.environment
    )
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        # Streamlit's banner would stand between our links; errors still reach standard error
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_until_healthy(app: StreamlitApp, process: subprocess.Popen[bytes]) -> None:
    """Return when the app answers. Raises LaunchError if it ends or takes longer than START_SECONDS."""
    host = "127.0.0.1" if app.host in {"0.0.0.0", "localhost"} else app.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{app.port}/_stcore/health"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        # first: another server on this port would answer instead
        if process.poll() is not None:
            raise LaunchError(f"The {app.name} ended while starting (exit code {process.returncode}).")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise LaunchError(f"The {app.name} did not answer on port {app.port} within {START_SECONDS:.0f} s.")


def stop_processes(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask every process to end, and end those that do not within STOP_SECONDS."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.terminate()
    # one deadline for all: they shut down at the same time
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Interrupted(BaseException):
    """Ctrl-C or a termination signal; not an error."""


def raise_interrupted(_number: int, _frame: FrameType | None) -> None:
    """Turn a signal into Interrupted, once: the second Ctrl-C must not break the orderly stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted


def run_apps(apps: Iterable[StreamlitApp], announce: str) -> None:
    """Run the apps until Ctrl-C, a termination signal or the end of one of them; `announce` is printed when all answer.

    Raises LaunchError when one cannot start or ends by itself; the others are stopped first.
    """
    processes: list[subprocess.Popen[bytes]] = []
    # before the first process starts: a signal in between must still stop it
    before = {number: signal.signal(number, raise_interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        wanted = list(apps)
        processes = [start_app(app) for app in wanted]
        for app, process in zip(wanted, processes, strict=True):
            wait_until_healthy(app, process)
        print(announce, flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        ended = next(app for app, one in zip(wanted, processes, strict=True) if one.poll() is not None)
        raise LaunchError(f"The {ended.name} ended by itself; the other server was stopped too.")
    except Interrupted:
        print("Stopping.", flush=True)
    finally:
        stop_processes(processes)
        for number, handler in before.items():
            signal.signal(number, handler)
