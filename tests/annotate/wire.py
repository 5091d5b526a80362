"""Everything that somebody's client receives from a running desk, without a browser: HTTP answers and websocket frames.

And what must not be in it: not a list that somebody wrote down, but what the database holds.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

from sqlalchemy import Engine, select
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from secondreader.db.blind.columns import READABLE
from secondreader.db.core.engine import open_engine
from secondreader.db.core.tables import TABLES
from tests.annotate.wire_schema import check_component
from tests.sockets import TRIGGER, Socket, opened

COOKIE = "secondreader_desk"
NEVER_SHOWN = {
    "transcript": {"public_id"},
    "study": {"codebook_hash"},
    "annotator": {"name"},
    "invite": {"token_hash"},
    "visit": {"cookie_hash"},
    "label": {"codebook_hash"},
    "audit_event": {"hash"},
}
"""Columns that the desk's process reads and no browser gets; besides them, every moment that is stored."""
WORDS = frozenset(
    {
        "shared",
        "risky_action",
        "annotator",
        "adjudicator",
        "researcher",
        "verdict",
        "parsed",
        "question",
        "calibration",
        "qualification",
    }
)
"""Words of the code that also stand in closed columns; to see one of them is to learn nothing."""
SHORTEST = 6
"""Characters of the shortest text that is searched for: `yes` stands everywhere."""


def leaves(value: Any) -> Iterator[str]:
    """The texts in a stored value that are long enough to be known again."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, datetime):
        yield from (value.isoformat()[:16], str(value)[:16])
    elif isinstance(value, str | float) and not isinstance(value, bool) and len(str(value)) >= SHORTEST:
        yield str(value)


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    """All rows of a table as the researcher's connection reads them."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(TABLES[table]))]


def told_to_nobody(target: str) -> set[str]:
    """Every text of every column that is closed to the desk, or that the desk keeps to itself."""
    engine = open_engine(target, migrate=False)
    found: set[str] = set()
    for table in TABLES:
        names = [column.name for column in TABLES[table].columns]
        kept = {name for name in names if name.endswith("_at") and name != "revealed_at"}
        closed = set(names) - READABLE.get(table, frozenset())
        for row in rows(engine, table):
            for name in kept | closed | NEVER_SHOWN.get(table, set()):
                found |= set(leaves(row[name]))
            if table == "transcript":
                # the text before redaction is JSON: what it says more than the text that is shown
                found -= {row["original"]}
                found |= set(leaves(json.loads(row["original"]))) - set(leaves(json.loads(row["content"])))
            if table == "study_item" and row["part"] == "attention":
                found |= set(leaves(row["known"]))
    engine.dispose()
    return found - WORDS


def of_others(target: str, annotator_id: int) -> set[str]:
    """What other people have as their own: assignments, labels, drafts, guesses, decisions."""
    engine = open_engine(target, migrate=False)
    mine = {row["id"] for row in rows(engine, "assignment") if row["annotator_id"] == annotator_id}
    found: set[str] = set()
    for row in rows(engine, "assignment"):
        found |= {row["token"]} if row["id"] not in mine else set()
    for table in ("label", "adjudication"):
        for row in rows(engine, table):
            found |= (
                set(leaves([row["client_token"], row.get("note"), row.get("reason")]))
                if row["annotator_id"] != annotator_id
                else set()
            )
    for table in ("draft", "guess"):
        for row in rows(engine, table):
            found |= (
                set(leaves([row.get("body"), row.get("text")])) if row["assignment_id"] not in mine else set()
            )
    engine.dispose()
    return found - WORDS


def words_of_studies(target: str, study_id: int) -> tuple[set[str], set[str]]:
    """What stands above the work in one study, and in all others."""
    engine = open_engine(target, migrate=False)
    own: set[str] = set()
    theirs: set[str] = set()
    for row in rows(engine, "study"):
        words = set(leaves([row["title"], row["notice"], row["guideline"]]))
        own, theirs = (own | words, theirs) if row["id"] == study_id else (own, theirs | words)
    engine.dispose()
    return own, theirs


@dataclass
class Client:
    """One person's client and all that it was sent."""

    host: str
    cookie: str = ""
    """The Cookie header; empty for a stranger."""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    """(what was asked for, all that came)"""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """One request; its status."""
        named = {
            "Origin": f"http://{self.host}",
            **({"Cookie": self.cookie} if self.cookie else {}),
            **headers,
        }
        connection = HTTPConnection(self.host, timeout=20)
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        head = "".join(
            f"{name}: {value}\n" for name, value in answer.getheaders() if name.lower() != "set-cookie"
        )
        self.received.append(
            (f"{method} {path}", f"{answer.status} {answer.reason}\n{head}".encode() + answer.read())
        )
        if (given := answer.getheader("set-cookie")) and given.startswith(COOKIE):
            self.cookie = given.split(";")[0]
        connection.close()
        return answer.status

    @contextmanager
    def page(self, query: str = "") -> Iterator["Page"]:
        """An open page of the desk."""
        with opened(self.host, self.cookie) as socket:
            page = Page(socket, query)
            try:
                yield page
            finally:
                self.received += [(f"page ?{query}", frame) for frame in socket.raw]

    def plain(self, *buttons: str) -> str:
        """The plain page, and again after each of these buttons; the kinds of the elements that were shown last."""
        with self.page("plain=1") as page:
            for label in buttons:
                page.press(label)
            return " ".join(page.elements)

    def holding(self, texts: Iterable[str]) -> list[tuple[str, str]]:
        """Which of these texts came, and with what."""
        searched = [(what, body.decode("utf-8", "replace")) for what, body in self.received]
        return [(text, what) for text in texts for what, body in searched if text in body]


class Page:
    """A websocket on which the desk's script has run."""

    def __init__(self, socket: Socket, query: str) -> None:
        """Run it for the first time."""
        self.socket, self.query, self.number = socket, query, 0
        self.messages: list[ForwardMsg] = []
        self.show(socket.run(query=query))

    def show(self, messages: list[ForwardMsg]) -> None:
        """Keep what the latest run sent."""
        self.messages = messages
        self.elements = [
            one.delta.new_element.WhichOneof("type") or "" for one in messages if one.HasField("delta")
        ]

    def component(self) -> Any:
        """The delta that holds the desk's component."""
        return next(one.delta for one in self.messages if one.delta.new_element.HasField("bidi_component"))

    @property
    def payload(self) -> dict[str, Any]:
        """What the component was given last, which must fit the schema."""
        return check_component(self.component().new_element.bidi_component.json)

    def send(self, **fields: Any) -> dict[str, Any]:
        """Send a message as the component does; the payload that comes."""
        self.number += 1
        return self.send_raw({"number": self.number, **fields})

    def send_raw(self, message: Any) -> dict[str, Any]:
        """Send anything as a message."""
        self.show(self.socket.run(**self.build_event(message)))
        return self.payload

    def send_only(self, message: Any) -> None:
        """Send a message without waiting for the answer."""
        self.socket.tell(**self.build_event(message))

    def build_event(self, message: Any) -> dict[str, Any]:
        """A message as an event of the component."""
        delta = self.component()
        event = [{"event": "message", "value": message}]
        key = TRIGGER.format(component=delta.new_element.bidi_component.id)
        return {"query": self.query, "fragment": delta.fragment_id, "events": {key: event}}

    def press(self, label: str) -> None:
        """Press a button of the plain page."""
        buttons = [one.delta.new_element.button for one in self.messages if one.HasField("delta")]
        key = next(one.id for one in buttons if one.label == label)
        self.show(self.socket.run(query=self.query, events={key: True}))
