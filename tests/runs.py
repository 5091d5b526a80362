"""When a Streamlit page is at rest: the runs of its script, as its websocket tells of them."""

import time
from weakref import WeakKeyDictionary

from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser import WAIT_SECONDS

TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


class Runs:
    """Whether a run that the page asked for has not ended yet: a click shows on the page only when the server has answered."""

    def __init__(self, page: Page) -> None:
        """To be made before the page goes anywhere."""
        self.is_asked = False
        page.on("websocket", self.socket)

    def socket(self, socket: WebSocket) -> None:
        """Look at a new websocket of the page: what an earlier one was asked for comes no more."""
        self.is_asked = False
        socket.on("framesent", self.sent)
        socket.on("framereceived", self.received)

    def sent(self, payload: bytes | str) -> None:
        """A run is asked for."""
        if isinstance(payload, bytes) and BackMsg.FromString(payload).HasField("rerun_script"):
            self.is_asked = True

    def received(self, payload: bytes | str) -> None:
        """A run has ended, unless another one took its place."""
        if not isinstance(payload, bytes):
            return
        message = ForwardMsg.FromString(payload)
        if (
            message.HasField("script_finished")
            and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            self.is_asked = False


WATCHED: WeakKeyDictionary[Page, Runs] = WeakKeyDictionary()


def watch_runs(page: Page) -> Page:
    """The same page, of whose runs `at_rest` then knows."""
    WATCHED[page] = Runs(page)
    return page


def at_rest(page: Page) -> None:
    """Wait until what was asked of Streamlit's script has run, has come and is drawn; for a page that `watch_runs` was told of."""
    page.evaluate(TWO_FRAMES)  # a click is sent by then
    deadline = time.monotonic() + WAIT_SECONDS
    while WATCHED[page].is_asked:
        assert time.monotonic() < deadline, f"the script still runs: {page.url}"
        page.wait_for_timeout(20)
    page.evaluate(TWO_FRAMES)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached()
