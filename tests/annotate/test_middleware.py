"""The auth middleware, over a real `streamlit run` of the desk on loopback."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlmodel import select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
from secondreader.db.access.invites import create_invite, hash_token, revoke_invites
from secondreader.db.access.middleware import format_cookie_header, is_same_origin
from secondreader.db.access.visitors import FAILURES_PER_MINUTE, LOOKUP_SECONDS, App, SignInFailures
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.core.tables import Visit, utc_now
from tests.annotate.seed import Seeded, seed
from tests.browser import REPOSITORY, served


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk and its study."""

    seeded: Seeded
    host: str

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of one request; an own Origin unless another is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if method not in {"GET", "HEAD"} and "Origin" not in headers:
            named["Origin"] = f"http://{self.host}"
        connection = http.client.HTTPConnection(self.host, timeout=15)
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        found = {name.lower(): value for name, value in answer.getheaders()}
        connection.close()
        return answer.status, found, text

    def join(self, token: str) -> str:
        """The cookie that an invite turns into."""
        status, headers, _ = self.ask("POST", "/join", token.encode())
        assert status == 303
        return headers["set-cookie"].split(";")[0]

    def new_invite(self, annotator_id: int, days: float = 1) -> str:
        """One more invite."""
        owner = open_engine(self.seeded.target)
        with write_session(owner) as session:
            token = create_invite(session, annotator_id, days)
        owner.dispose()
        return token

    def handshake(self, cookie: str, origin: str | None = None) -> int:
        """Status of a websocket handshake."""
        headers = {"Cookie": cookie} if cookie else {}
        try:
            with connect(
                f"ws://{self.host}/_stcore/stream",
                additional_headers=headers,
                origin=Origin(origin or f"http://{self.host}"),
                proxy=None,
            ):
                return 101
        except InvalidStatus as error:
            return error.response.status_code


def drain(socket: ClientConnection) -> None:
    """Read until the server closes."""
    while True:
        socket.recv(timeout=5)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all tests of this file."""
    made = seed(str(tmp_path_factory.mktemp("auth") / "study.db"))
    script = REPOSITORY / "annotate" / "app.py"
    with served(script, STREAMLIT_OPTIONS, {"SECONDREADER_DESK_DB": made.target}) as server:
        yield Desk(made, urlsplit(server.address).netloc)


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/host-config", "/media/x.png", "/assets/desk.js", "/static/js/x.js", "/anything"]
)
def test_nothing_is_served_without_a_session(desk: Desk, path: str) -> None:
    """Without a cookie every path is one sentence with status 401."""
    status, headers, text = desk.ask("GET", path)
    assert status == 401
    assert "invite link" in text
    assert headers["cache-control"] == "no-store"


def test_health_stays_open(desk: Desk) -> None:
    """A load balancer needs no invite."""
    assert desk.ask("GET", "/_stcore/health")[0] == 200


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_parts_of_the_framework_are_shut_even_to_visitors(desk: Desk, path: str) -> None:
    """Metrics and the agent interface do not exist here."""
    cookie = desk.join(desk.seeded.token)
    assert desk.ask("GET", path, Cookie=cookie)[0] == 404


def test_an_invite_becomes_a_strict_cookie(desk: Desk) -> None:
    """The cookie cannot be read by scripts nor sent from other sites, and opens pages and socket."""
    status, headers, _ = desk.ask("POST", "/join", desk.seeded.token.encode())
    assert (status, headers["location"]) == (303, "/")
    for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in headers["set-cookie"]
    cookie = headers["set-cookie"].split(";")[0]
    assert desk.ask("GET", "/", Cookie=cookie)[0] == 200
    assert desk.handshake(cookie) == 101


def test_the_join_page_never_sees_the_token(desk: Desk) -> None:
    """The static page is the same for everybody; its one script is allowed by hash."""
    status, headers, text = desk.ask("GET", "/join")
    assert status == 200
    assert "location.hash" in text
    assert "'sha256-" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]


def test_answers_carry_the_security_headers(desk: Desk) -> None:
    """A strict policy, no sniffing, no referrer, no frames, nothing personal in caches."""
    _, headers, _ = desk.ask("GET", "/", Cookie=desk.join(desk.seeded.token))
    policy = headers["content-security-policy"]
    assert "script-src 'self' blob:;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 43, "\x00" * 20, "é" * 20])
def test_wrong_tokens_open_nothing(desk: Desk, token: str) -> None:
    """A bad token gets a sentence and no cookie."""
    status, headers, text = desk.ask("POST", "/join", token.encode())
    assert (status, "set-cookie" in headers) == (403, False)
    assert "Ask the researcher" in text


def test_a_tampered_cookie_is_nobody(desk: Desk) -> None:
    """One changed character shuts pages and socket."""
    cookie = desk.join(desk.seeded.token)
    changed = cookie[:-1] + ("a" if cookie[-1] != "a" else "b")
    assert desk.ask("GET", "/", Cookie=changed)[0] == 401
    assert desk.handshake(changed) == 403


def test_other_roles_do_not_come_in(desk: Desk) -> None:
    """A researcher's link is for the console, and no session begins."""
    status, headers, _ = desk.ask("POST", "/join", desk.seeded.researcher_token.encode())
    assert (status, "set-cookie" in headers) == (403, False)


def test_the_console_cookie_is_worth_nothing_here(desk: Desk) -> None:
    """Cookies of the two apps have different names."""
    value = desk.join(desk.seeded.token).split("=", 1)[1]
    assert desk.ask("GET", "/", Cookie=f"secondreader_console={value}")[0] == 401


def test_an_expired_invite_opens_nothing(desk: Desk) -> None:
    """Past its day the link is refused."""
    token = desk.new_invite(desk.seeded.annotator_id, days=-1)
    assert desk.ask("POST", "/join", token.encode())[0] == 403


def test_an_ended_session_is_over(desk: Desk) -> None:
    """A session whose time has run out opens neither pages nor socket."""
    cookie = desk.join(desk.seeded.token)
    owner = open_engine(desk.seeded.target)
    with write_session(owner) as session:
        fingerprint = hash_token(cookie.split("=", 1)[1])
        visit = session.exec(select(Visit).where(Visit.cookie_hash == fingerprint)).one()
        visit.expires_at = utc_now() - timedelta(seconds=1)
        session.add(visit)
    owner.dispose()
    assert desk.ask("GET", "/", Cookie=cookie)[0] == 401
    assert desk.handshake(cookie) == 403


def test_revocation_shuts_pages_and_open_sockets(desk: Desk) -> None:
    """Within the lookup's few seconds a revoked person is out, the socket that was open included."""
    cookie = desk.join(desk.new_invite(desk.seeded.other_id))
    with connect(
        f"ws://{desk.host}/_stcore/stream",
        additional_headers={"Cookie": cookie},
        origin=Origin(f"http://{desk.host}"),
        proxy=None,
    ) as socket:
        owner = open_engine(desk.seeded.target)
        with write_session(owner) as session:
            assert revoke_invites(session, desk.seeded.other_id) > 0
        owner.dispose()
        time.sleep(LOOKUP_SECONDS + 0.2)
        assert desk.ask("GET", "/", Cookie=cookie)[0] == 401
        socket.send(b"\x00")
        with pytest.raises(ConnectionClosed):
            drain(socket)
    assert desk.handshake(cookie) == 403


def test_logout_ends_the_session(desk: Desk) -> None:
    """After signing out the old cookie is worth nothing, at once."""
    cookie = desk.join(desk.seeded.token)
    assert desk.ask("GET", "/", Cookie=cookie)[0] == 200
    assert desk.ask("GET", "/logout", Cookie=cookie)[0] == 405
    status, headers, _ = desk.ask("POST", "/logout", Cookie=cookie)
    assert status == 303
    assert "Max-Age=0" in headers["set-cookie"]
    assert desk.ask("GET", "/", Cookie=cookie)[0] == 401


def test_a_socket_needs_a_session_of_this_site(desk: Desk) -> None:
    """No cookie or a foreign Origin: the handshake is refused with 403."""
    assert desk.handshake("") == 403
    cookie = desk.join(desk.seeded.token)
    assert desk.handshake(cookie, origin="http://evil.example") == 403


@pytest.mark.parametrize(
    "sent", [(), ("Origin: null",), ("Origin: http://{host}.evil.example",), ("Origin: {host}",)]
)
def test_a_socket_says_where_it_comes_from(desk: Desk, sent: tuple[str, ...]) -> None:
    """Streamlit itself lets a handshake without an Origin in; the auth middleware does not, whatever cookie comes with it."""
    cookie = desk.join(desk.seeded.token)
    asked = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {desk.host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
    ]
    asked += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", f"Cookie: {cookie}"]
    origin = [f"Origin: http://{desk.host}"]
    statuses = []
    for more in ([line.format(host=desk.host) for line in sent], origin):
        with socket.create_connection(tuple(desk.host.split(":")), timeout=10) as plain:  # type: ignore[arg-type]
            plain.sendall("\r\n".join([*asked, *more, "", ""]).encode())
            statuses.append(int(plain.recv(64).split()[1]))
    assert statuses == [403, 101]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_foreign_posts_are_refused(desk: Desk, origin: str) -> None:
    """A form on another site, or one without an Origin, cannot join or sign anybody out."""
    assert desk.ask("POST", "/join", desk.seeded.token.encode(), Origin=origin)[0] == 403
    assert desk.ask("POST", "/logout", Origin=origin)[0] == 403


def test_oversized_bodies_are_refused(desk: Desk) -> None:
    """By their announced length, and by what really comes when none is announced."""
    assert desk.ask("POST", "/join", b"x" * 100_000)[0] == 413
    assert desk.ask("POST", "/join", b"x" * 1_000)[0] == 413
    connection = http.client.HTTPConnection(desk.host, timeout=15)
    headers = {"Origin": f"http://{desk.host}"}
    chunks = (b"x" * 300 for _ in range(4))
    connection.request("POST", "/join", chunks, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_claimed_identities_are_ignored(desk: Desk) -> None:
    """Headers that name a user open nothing."""
    assert desk.ask("GET", "/", X_Forwarded_User="A1", Remote_User="A1")[0] == 401


def test_failures_are_counted_by_address() -> None:
    """After thirty wrong tokens in a minute one address waits; another does not."""
    failures = SignInFailures()
    for _ in range(30):
        assert not failures.is_over_limit("10.0.0.1")
        failures.add_failure("10.0.0.1")
    assert failures.is_over_limit("10.0.0.1")
    assert not failures.is_over_limit("10.0.0.2")


def test_too_many_wrong_links_are_told_to_wait(tmp_path: Path) -> None:
    """After thirty wrong links over HTTP even the right one waits, while people who are in stay in."""
    made = seed(str(tmp_path / "study.db"))
    script = REPOSITORY / "annotate" / "app.py"
    with served(script, STREAMLIT_OPTIONS, {"SECONDREADER_DESK_DB": made.target}) as server:
        own = Desk(made, urlsplit(server.address).netloc)
        cookie = own.join(made.other_token)
        statuses = [own.ask("POST", "/join", b"wrong" * 4)[0] for _ in range(FAILURES_PER_MINUTE)]
        assert statuses == [403] * FAILURES_PER_MINUTE
        status, headers, text = own.ask("POST", "/join", made.token.encode())
        assert (status, "set-cookie" in headers) == (429, False)
        assert "Wait a minute" in text
        assert own.ask("GET", "/", Cookie=cookie)[0] == 200


def test_behind_tls_the_cookie_is_bound_to_the_host() -> None:
    """Secure and the __Host- prefix go together."""
    header = format_cookie_header(App("desk", frozenset({"annotator"}), secure=True), "v")
    assert header.startswith("__Host-secondreader_desk=v;")
    assert header.endswith("; Secure")


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ({"origin": "https://a.example", "host": "a.example"}, True),
        ({"origin": "https://a.example:444", "host": "a.example"}, False),
        ({"origin": "null", "host": "a", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://a", "host": "a", "sec-fetch-site": "cross-site"}, False),
        ({"host": "a"}, False),
    ],
)
def test_same_origin_is_read_from_what_pages_cannot_set(headers: dict[str, str], fine: bool) -> None:
    """Origin must be our host; Sec-Fetch-Site overrules it."""
    assert is_same_origin(headers) is fine


def test_a_desk_without_a_database_says_so(tmp_path: Path) -> None:
    """Started by hand without its variable, the desk ends with one sentence."""
    script = "import secondreader.annotate.app"
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, cwd=tmp_path, env={}
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("secondreader: SECONDREADER_DESK_DB is not set")


def test_the_server_freezes_what_is_loaded(seeded: Seeded) -> None:
    """After start-up the collector no longer walks the modules at every run of the script."""
    script = (
        "import asyncio, gc\nfrom secondreader.annotate.app import app\n"
        "from secondreader.db.access.app_process import freeze_loaded_modules\n"
        "async def main():\n    async with freeze_loaded_modules(app):\n        print(gc.get_freeze_count())\nasyncio.run(main())"
    )
    environment = {"SECONDREADER_DESK_DB": seeded.target}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment
    )
    assert int(done.stdout) > 10_000
