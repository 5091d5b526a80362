"""The websocket of a running app, spoken to as a browser would, or as somebody who writes frames by hand."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

TRIGGER = "$$STREAMLIT_INTERNAL_KEY_{component}__events"
SECONDS = 20.0


@dataclass
class Socket:
    """One open websocket and everything that came over it."""

    link: ClientConnection
    raw: list[bytes] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    """What Streamlit calls each page, by its address, as the first run told."""

    def run(
        self, page: str = "", *, query: str = "", fragment: str = "", events: Mapping[str, Any] | None = None
    ) -> list[ForwardMsg]:
        """Ask for a run of the script and return what it sends until it is finished."""
        return self.ask(self.wish(page, query=query, fragment=fragment, events=events))

    def tell(self, **wish: Any) -> None:
        """Ask for a run as `run` does, and wait for nothing."""
        self.link.send(self.wish(**wish).SerializeToString())

    def wish(
        self, page: str = "", *, query: str = "", fragment: str = "", events: Mapping[str, Any] | None = None
    ) -> BackMsg:
        """The message that asks for a run."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        message.rerun_script.page_script_hash = self.pages.get(page, "")
        message.rerun_script.fragment_id = fragment
        for widget, value in (events or {}).items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = widget
            if isinstance(value, bool):
                state.trigger_value = value
            else:
                state.json_trigger_value = json.dumps(value)
        return message

    def ask(self, message: BackMsg) -> list[ForwardMsg]:
        """Send a message and return the answers until a script has finished."""
        self.link.send(message.SerializeToString())
        answers: list[ForwardMsg] = []
        while not (answers and answers[-1].HasField("script_finished")):
            raw = self.link.recv(SECONDS)
            assert isinstance(raw, bytes)
            self.raw.append(raw)
            answers.append(ForwardMsg.FromString(raw))
            for one in answers[-1].navigation.app_pages:
                self.pages[one.url_pathname] = one.page_script_hash
        return answers


@contextmanager
def opened(host: str, cookie: str = "", *protocols: str) -> Iterator[Socket]:
    """A socket of the app at this host and port. Raises InvalidStatus when the handshake is refused."""
    with connect(
        f"ws://{host}/_stcore/stream",
        origin=Origin(f"http://{host}"),
        subprotocols=[Subprotocol(name) for name in ("streamlit", *protocols)],
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
        proxy=None,
    ) as link:
        yield Socket(link)


def elements(messages: list[ForwardMsg]) -> list[str]:
    """The kinds of the elements that were sent."""
    found = [
        message.delta.new_element.WhichOneof("type") for message in messages if message.HasField("delta")
    ]
    return [str(kind) for kind in found if kind]
