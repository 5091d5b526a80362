"""Who may what: every page and action of desk and console, by everybody, at the real servers.

The tables below are the rule. A page, message, route or script that is in the product and not in them fails a test.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus

from secondreader.annotate.exchange import adjudication, desk
from secondreader.annotate.exchange.messages import DecisionOperation, LabelOperation
from secondreader.annotate.session.settings import STREAMLIT_OPTIONS as DESK_OPTIONS
from secondreader.db.access.invites import create_invite, redeem_invite, revoke_invites
from secondreader.db.adjudication.items import list_adjudication_queue
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Invite, Visit, utc_now
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.desk.queue_entries import list_queue
from secondreader.reports.console.navigation import PAGES
from secondreader.reports.console.settings import STREAMLIT_OPTIONS as CONSOLE_OPTIONS
from tests.annotate.disputes import create_disputes
from tests.annotate.seed import Seeded, seed
from tests.browser import REPOSITORY, served
from tests.sockets import TRIGGER, elements, opened

STRANGER, ANNOTATOR, ADJUDICATOR, RESEARCHER = "no token", "annotator", "adjudicator", "researcher"
REVOKED, EXPIRED, OTHER = "revoked", "expired", "other study"
EVERYBODY = (STRANGER, ANNOTATOR, ADJUDICATOR, RESEARCHER, REVOKED, EXPIRED, OTHER)
DESK_PEOPLE = {ANNOTATOR, ADJUDICATOR, OTHER}
APPS = {"desk": DESK_PEOPLE, "console": {RESEARCHER}}

REQUESTS = {
    # what is asked for: (who is answered, status for them, status for the others); None: the app's own people
    "GET /": (None, 200, 401),
    "GET /?plain=1": (None, 200, 401),
    "GET /any/page": (None, 200, 401),
    "GET /assets/desk.js": (None, 200, 401),
    "GET /media/0123.csv": (None, 404, 401),
    "GET /static/index.html": (None, 200, 401),
    "GET /component/x/index.html": (None, 404, 401),
    "GET /_stcore/bidi-components/x/y.js": (None, 404, 401),
    "GET /_stcore/host-config": (None, 200, 401),
    "GET /_stcore/upload_file/a/b": (None, 200, 401),
    "PUT /_stcore/upload_file/a/b": (None, 403, 401),
    "DELETE /_stcore/upload_file/a/b": (None, 403, 401),
    "GET /_stcore/health": (set(EVERYBODY), 200, None),
    "GET /join": (set(EVERYBODY), 200, None),
    "GET /logout": (set(EVERYBODY), 405, None),
    "GET /_stcore/metrics": (set(EVERYBODY), 404, None),
    "GET /_stcore/agent/openapi.json": (set(EVERYBODY), 404, None),
    "GET /auth/login": (set(EVERYBODY), 404, None),
    "GET /auth/logout": (set(EVERYBODY), 404, None),
    "GET /oauth2callback": (set(EVERYBODY), 404, None),
}
GUARDED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer, whoever asked."""
SHUT = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
"""What no page of ours may do; object-src, frame-src and worker-src follow default-src where they are not named."""
ROUTES = {"desk": ["/assets"], "console": []}
"""Routes that our apps add to Streamlit's."""
DESK_SCRIPTS = {
    ANNOTATOR: "/assets/desk.js",
    OTHER: "/assets/desk.js",
    ADJUDICATOR: "/assets/adjudication.js",
}
CONSOLE_PAGES = {
    "overview",
    "plan",
    "progress",
    "leaks",
    "people",
    "audit",
    "agreement",
    "disagreements",
    "rates",
    "quality",
    "report",
}
"""Every page of the console is a researcher's, and nobody else's."""
OPERATIONS = {
    "submit": ANNOTATOR,
    "draft": ANNOTATOR,
    "show_reasoning": ANNOTATOR,
    "guess": ANNOTATOR,
    "decide": ADJUDICATOR,
}
"""Kinds of operation, and whose they are; everybody acts on their own assignments alone."""
WRITTEN = ("label", "draft", "guess", "adjudication", "assignment")


@dataclass
class Servers:
    """Both servers on one database, and everybody's keys."""

    seeded: Seeded
    people: dict[str, int]
    tokens: dict[str, str]
    cookies: dict[str, str]
    """Values; the cookie's name is the app's."""
    hosts: dict[str, str] = field(default_factory=dict)

    def cookie(self, app: str, who: str) -> str:
        """The Cookie header with which somebody tries an app: their own value under the app's name."""
        return f"secondreader_{app}={self.cookies[who]}" if who in self.cookies else ""

    def ask(self, app: str, who: str, method: str, path: str, body: str = "") -> tuple[int, dict[str, str]]:
        """Status and headers of one request."""
        connection = HTTPConnection(self.hosts[app], timeout=20)
        cookie = self.cookie(app, who)
        headers = {"Origin": f"http://{self.hosts[app]}"} | ({"Cookie": cookie} if cookie else {})
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def written(self) -> list[int]:
        """How many rows stand where people write."""
        engine = open_engine(self.seeded.target)
        with engine.connect() as connection:
            found = [connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in WRITTEN]
        engine.dispose()
        return found


def invited(session: Session, person: int) -> tuple[str, str]:
    """An invite's token and a session's cookie."""
    token = create_invite(session, person)
    return token, redeem_invite(session, token) or ""


def prepare_servers(target: str) -> Servers:
    """A study with something to settle, another one beside it, and one person of each kind."""
    other = seed(target, name="the other study")
    made = seed(target, interim_looks=True)  # the newest study is the one that the console opens with
    create_disputes(made, 2)
    engine = open_engine(target)
    with write_session(engine) as session:
        study = get_study(session, made.name)
        people = {
            ANNOTATOR: made.annotator_id,
            ADJUDICATOR: ensure_annotator(session, study, "J", "adjudicator"),
            RESEARCHER: ensure_annotator(session, None, "R", "researcher"),
            REVOKED: made.other_id,
            EXPIRED: ensure_annotator(session, study, "late", "annotator"),
            OTHER: other.annotator_id,
        }
        keys = {who: invited(session, person) for who, person in people.items()}
        revoke_invites(session, people[REVOKED])
        for invite in session.exec(select(Invite).where(Invite.annotator_id == people[EXPIRED])):
            invite.expires_at = utc_now() - timedelta(seconds=1)
            for visit in session.exec(select(Visit).where(col(Visit.invite_id) == invite.id)):
                visit.expires_at = invite.expires_at
    engine.dispose()
    tokens = {who: token for who, (token, _) in keys.items()}
    return Servers(made, people, tokens, {who: cookie for who, (_, cookie) in keys.items()})


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers for all tests of this file."""
    made = prepare_servers(str(tmp_path_factory.mktemp("roles") / "study.db"))
    target = made.seeded.target
    with ExitStack() as stack:
        for app, script, options, variable in (
            ("desk", "annotate/app.py", DESK_OPTIONS, "SECONDREADER_DESK_DB"),
            ("console", "reports/console/app.py", CONSOLE_OPTIONS, "SECONDREADER_DB"),
        ):
            server = stack.enter_context(served(REPOSITORY / script, options, {variable: target}))
            made.hosts[app] = urlsplit(server.address).netloc
        yield made


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("what", REQUESTS)
def test_requests(servers: Servers, app: str, what: str) -> None:
    """Every path is answered to the people of the app, and to nobody else."""
    who_may, status, refusal = REQUESTS[what]
    if (app, what) == ("console", "GET /assets/desk.js"):
        status = 200  # the console has no such file: Streamlit answers with its page
    told = {who: servers.ask(app, who, *what.split(" ", 1)) for who in EVERYBODY}
    may = APPS[app] if who_may is None else who_may
    assert {who: one[0] for who, one in told.items()} == {
        who: status if who in may else refusal for who in EVERYBODY
    }
    for code, headers in told.values():
        assert headers.items() >= GUARDED.items()
        directives = dict(one.strip().split(" ", 1) for one in headers["content-security-policy"].split(";"))
        assert directives.items() >= SHUT.items()
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & set(
            directives.get("script-src", "").split()
        )
        is_bundle = what.startswith("GET /static/") and code == 200
        assert is_bundle or headers["cache-control"] == "no-store"


@pytest.mark.parametrize("app", APPS)
def test_invites(servers: Servers, app: str) -> None:
    """An invite opens the app of its role, while it is open; none is worth anything in the other app."""
    answered = {
        who: servers.ask(app, STRANGER, "POST", "/join", servers.tokens.get(who, "x"))[0] for who in EVERYBODY
    }
    assert answered == {who: 303 if who in APPS[app] else 403 for who in EVERYBODY}


@pytest.mark.parametrize("app", APPS)
def test_signing_out_ends_ones_own_session(servers: Servers, app: str) -> None:
    """Anybody may sign out; it ends the session whose cookie was sent and no other."""
    for who in APPS[app]:
        _, headers = servers.ask(app, STRANGER, "POST", "/join", servers.tokens[who])
        mine = Servers(
            servers.seeded, {}, {}, {who: headers["set-cookie"].split(";")[0].split("=", 1)[1]}, servers.hosts
        )
        assert mine.ask(app, who, "GET", "/")[0] == 200
        assert mine.ask(app, who, "POST", "/logout")[0] == 303
        assert mine.ask(app, who, "GET", "/")[0] == 401
    for who in EVERYBODY:
        assert (servers.ask(app, who, "GET", "/")[0] == 200) == (who in APPS[app])
    assert servers.ask(app, STRANGER, "POST", "/logout")[0] == 303


@pytest.mark.parametrize("app", APPS)
def test_sockets(servers: Servers, app: str) -> None:
    """The app's websocket is open to the people of the app, and its handshake is refused to everybody else."""
    for who in EVERYBODY:
        try:
            with opened(servers.hosts[app], servers.cookie(app, who)):
                status = 101
        except InvalidStatus as error:
            status = error.response.status_code
        assert status == (101 if who in APPS[app] else 403), who


def shown(servers: Servers, who: str, query: str = "") -> tuple[list[ForwardMsg], dict[str, Any]]:
    """What the desk sends to somebody, and the data of its component."""
    with opened(servers.hosts["desk"], servers.cookie("desk", who)) as socket:
        messages = socket.run(query=query)
    found = [one.delta.new_element.bidi_component.json for one in messages]
    return messages, json.loads(next(filter(None, found), "{}"))


@pytest.mark.parametrize("who", DESK_SCRIPTS)
def test_the_desk_shows_everybody_their_own_page(servers: Servers, who: str) -> None:
    """The script and the assignments are those of the person: nobody's payload holds one of somebody else."""
    _, data = shown(servers, who)
    assert data["script"] == DESK_SCRIPTS[who]
    tokens = {token for token, _ in data["payload"]["opening"]["queue"]}
    assert tokens == set(tokens_of(servers, who))
    assert all(tokens.isdisjoint(tokens_of(servers, one)) for one in DESK_SCRIPTS if one != who)
    plain, data = shown(servers, who, "plain=1")
    assert set(data) == {"page"}, "the plain page's one component only scrolls"
    assert "exception" not in elements(plain)


def tokens_of(servers: Servers, who: str) -> list[str]:
    """Tokens of somebody's places."""
    engine = open_engine(servers.seeded.target)
    with read_session(engine) as session:
        rows: Any = list_adjudication_queue if who == ADJUDICATOR else list_queue
        found = [entry.token for entry in rows(session, servers.people[who])]
    engine.dispose()
    return found


def build_message(kind: str, token: str) -> dict[str, Any]:
    """A message of one operation."""
    operation: dict[str, Any] = {"id": token_hex(8), "op": kind, "token": token}
    if kind == "decide":
        decision = {"question": "risky_action", "answer": "yes", "kind": "ambiguous", "reason": "because"}
        operation["decision"] = decision | {"revision": 0, "version": "0" * 32}
    elif kind in {"submit", "draft"}:
        operation["label"] = {"answers": {"risky_action": "no", "risk_considered": "no"}}
    return {"number": 1, "operations": [operation], "wanted": [token], "begin": False}


@pytest.mark.parametrize("who", DESK_SCRIPTS)
@pytest.mark.parametrize("kind", OPERATIONS)
def test_messages_about_other_peoples_assignments_do_nothing(servers: Servers, who: str, kind: str) -> None:
    """Sent over the real socket, to one's own component and to the other role's: no row, no transcript."""
    targets = [tokens_of(servers, one)[0] for one in DESK_SCRIPTS if one != who]
    before = servers.written()
    with opened(servers.hosts["desk"], servers.cookie("desk", who)) as socket:
        messages = socket.run()
        element = next(one for one in messages if one.delta.new_element.HasField("bidi_component"))
        own = element.delta.new_element.bidi_component.id
        keys = (own, own.replace("-desk", "-adjudication"), own.replace("-adjudication", "-desk"))
        for component, token in ((key, token) for key in dict.fromkeys(keys) for token in targets):
            event = [{"event": "message", "value": build_message(kind, token)}]
            answers = socket.run(
                fragment=element.delta.fragment_id, events={TRIGGER.format(component=component): event}
            )
            payloads = [json.loads(one.delta.new_element.bidi_component.json or "{}") for one in answers]
            for payload in (one["payload"] for one in payloads if one):
                assert all(not ack["ok"] for ack in payload.get("acks", []))
                assert token not in {item["token"] for item in payload.get("items", [])}
    assert servers.written() == before


@pytest.mark.parametrize("kind", OPERATIONS)
def test_messages_of_the_other_role_are_not_known(servers: Servers, kind: str) -> None:
    """Even about an own assignment: an annotator cannot decide, an adjudicator cannot label."""
    engine = open_engine(servers.seeded.target)
    before = servers.written()
    if OPERATIONS[kind] == ADJUDICATOR:
        message = build_message(kind, tokens_of(servers, ANNOTATOR)[0])
        annotator, study = servers.people[ANNOTATOR], servers.seeded.study_id
        is_unreadable = desk.handle_message(engine, annotator, study, message)["unreadable"]
    else:
        message = build_message(kind, tokens_of(servers, ADJUDICATOR)[0])
        adjudicator = servers.people[ADJUDICATOR]
        is_unreadable = adjudication.handle_message(engine, adjudicator, message)["unreadable"]
    engine.dispose()
    assert is_unreadable
    assert servers.written() == before


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("path", sorted(CONSOLE_PAGES))
def test_console_pages(servers: Servers, who: str, path: str) -> None:
    """Nobody but a researcher gets as much as the frame of a page."""
    assert servers.ask("console", who, "GET", f"/{path}")[0] == (200 if who == RESEARCHER else 401)


def button_id(messages: list[ForwardMsg], label: str) -> str:
    """What the page calls the button of this label."""
    buttons = [one.delta.new_element.button for one in messages]
    return next(one.id for one in buttons if one.label == label)


def test_a_researcher_sees_every_page_and_downloads_for_nobody_else(servers: Servers) -> None:
    """Each page runs; the files that they offer are the researcher's alone, in the console alone."""
    with opened(servers.hosts["console"], servers.cookie("console", RESEARCHER)) as socket:
        socket.run()
        for path in sorted(CONSOLE_PAGES):
            messages = socket.run(path)
            shown = {one.delta.new_element.heading.body for one in messages}
            assert PAGES[path].title in shown
            assert "exception" not in elements(messages), path
        made = socket.run("report", events={button_id(socket.run("report"), "Make the report"): True})
        files = {one.delta.new_element.download_button.url for one in made} - {""}
        assert len(files) == 3
        for file in files:
            answered = {who: servers.ask("console", who, "GET", file)[0] for who in EVERYBODY}
            assert answered == {who: 200 if who == RESEARCHER else 401 for who in EVERYBODY}
            at_desk = {who: servers.ask("desk", who, "GET", file)[0] for who in EVERYBODY}
            assert at_desk == {who: 404 if who in DESK_PEOPLE else 401 for who in EVERYBODY}


def test_no_page_or_message_is_missing_from_the_tables() -> None:
    """What is added to the product is added here, or this fails."""
    assert set(PAGES) == CONSOLE_PAGES
    kinds = [get_args(one.model_fields["op"].annotation) for one in (LabelOperation, DecisionOperation)]
    assert set(chain(*kinds)) == set(OPERATIONS)
    scripts = [
        path.name for path in (REPOSITORY / "annotate").rglob("*.py") if "/assets/" in path.read_text()
    ]
    named = {f"/assets/{one.name}" for one in (REPOSITORY / "annotate" / "static").glob("*.js")}
    assert set(DESK_SCRIPTS.values()) <= named
    assert set(scripts) == {"desk.py", "adjudication.py", "app.py"} - {"app.py"}


def test_no_route_is_missing_from_the_tables(servers: Servers) -> None:
    """The apps add these routes to Streamlit's, and behind the same middleware; every file below them is for the desk."""
    script = (
        "import json\nfrom secondreader.annotate.app import app as desk\n"
        "from secondreader.reports.console.app import app as console\n"
        "apps = {'desk': desk, 'console': console}\n"
        "print(json.dumps({name: [one.path for one in app._user_routes] for name, app in apps.items()}))"
    )
    target = servers.seeded.target
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={"SECONDREADER_DESK_DB": target, "SECONDREADER_DB": target},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ROUTES
    static = Path(REPOSITORY / "annotate" / "static")
    for file in (path for path in static.rglob("*") if path.is_file()):
        for who in (STRANGER, REVOKED, ANNOTATOR):
            status = servers.ask("desk", who, "GET", f"/assets/{file.relative_to(static)}")[0]
            assert status == (200 if who == ANNOTATOR else 401)
