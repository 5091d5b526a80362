"""Mounts the desk's one browser component and answers its letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from threading import Lock

import streamlit as st

from secondreader.annotate.exchange.desk import Payload, handle_message, load_opening
from secondreader.annotate.session.process import DESK
from secondreader.db.core.engine import Database
from secondreader.db.core.errors import DatabaseUnavailable

TURN_LOCK = Lock()
TURN_SECONDS = 5.0
"""After so long a letter goes on without its turn: a lock held by another process must not line people up."""
KEY = "desk"
PAYLOAD = "packet"
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
    is_mine = engine.dialect.name == "sqlite" and TURN_LOCK.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if is_mine:
            TURN_LOCK.release()


def answer_message() -> None:
    """Callback: do what the browser's letter asks, and leave the answer for the fragment's run."""
    sent = st.session_state[KEY].letter
    try:
        visitor = DESK.identify_visitor(st.context.cookies)
        packet: Payload = {"gone": SESSION_ENDED}
        if visitor and visitor.role == "annotator":
            with hold_turn(DESK.engine):
                packet = handle_message(DESK.engine, visitor.annotator_id, visitor.study_id, sent)
    except DatabaseUnavailable as error:
        packet = {"trouble": str(error)}
    st.session_state[PAYLOAD] = stamp_payload(packet)


def stamp_payload(payload: Payload) -> Payload:
    """With an id, by which the browser tells a new packet from one that is shown again."""
    return payload | {"id": token_hex(8)}


@st.fragment
def page(annotator_id: int, study_id: int | None) -> None:
    """The annotator's page: one component, re-run alone."""
    if PAYLOAD not in st.session_state:
        st.session_state[PAYLOAD] = stamp_payload(load_opening(DESK.engine, annotator_id, study_id))
    mount(
        key=KEY,
        data={"script": "/assets/desk.js", "style": "/assets/desk.css", "packet": st.session_state[PAYLOAD]},
        on_letter_change=answer_message,
    )
