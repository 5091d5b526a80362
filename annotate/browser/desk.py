"""Mounts the desk's one browser component and answers its messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from threading import Lock

import streamlit as st

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import DeskPayload
from secondreader.annotate.session.process import DESK
from secondreader.db.core.engine import Database
from secondreader.db.core.errors import DatabaseUnavailable

TURN_LOCK = Lock()
TURN_SECONDS = 5.0
"""After so long a message goes on without its turn: a lock held by another process must not line people up."""
KEY = "desk"
PAYLOAD = "payload"
SESSION_ENDED = (
    "Your session has ended. Open your invite link again; what was not saved yet stays in this browser."
)

LOADER = """
// Streamlit sends this text with every update, so it is only a loader: the desk itself comes once, from its own URL.
let desk;
export default async function (component) {
  desk ??= import(new URL(component.data.script, location.origin).href);
  try {
    return (await desk).default(component);
  } catch (error) {
    console.error(error);
    location.replace("/?plain=1");
  }
}
"""
mount = st.components.v2.component("second_reader_desk", js=LOADER)


@contextmanager
def hold_turn(engine: Database) -> Iterator[None]:
    """Let SQLite's writers of this process pass in turn.

    There is one at a time anyway, but SQLite itself has the others sleep for up to 100 ms between two looks at its
    lock, and wakes none of them (sqliteDefaultBusyCallback in SQLite's main.c). Correctness does not depend on this lock.
    """
    has_turn = engine.dialect.name == "sqlite" and TURN_LOCK.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if has_turn:
            TURN_LOCK.release()


def answer_message() -> None:
    """Callback: do what the browser's message asks, and leave the answer for the fragment's run."""
    raw_message = st.session_state[KEY].message
    # Asked anew with each message: a revoked link, or a change of roles, counts from the next message on.
    payload: DeskPayload = {"signed_out": SESSION_ENDED}
    try:
        visitor = DESK.identify_visitor(st.context.cookies)
        if visitor and visitor.role == "annotator":
            with hold_turn(DESK.engine):
                payload = handle_message(DESK.engine, visitor.annotator_id, visitor.study_id, raw_message)
    except DatabaseUnavailable as error:
        payload = {"error": str(error)}
    st.session_state[PAYLOAD] = payload | {"id": create_payload_id()}


def create_payload_id() -> str:
    """An id by which the browser tells a new payload from one that Streamlit shows again."""
    return token_hex(8)


@st.fragment
def page(annotator_id: int, study_id: int | None) -> None:
    """The annotator's page: one component, re-run alone."""
    # Streamlit runs the fragment for its own reasons as well, e.g. another theme: then the last payload is shown again.
    if PAYLOAD not in st.session_state:
        opening = load_opening(DESK.engine, annotator_id, study_id)
        st.session_state[PAYLOAD] = opening | {"id": create_payload_id()}
    mount(
        key=KEY,
        data={"script": "/assets/desk.js", "style": "/assets/desk.css", "payload": st.session_state[PAYLOAD]},
        on_message_change=answer_message,
    )
