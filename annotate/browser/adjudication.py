"""Mounts the adjudicator's browser component and answers its letters."""

import streamlit as st

from secondreader.annotate.browser import desk as component
from secondreader.annotate.exchange.adjudication import exchange, opening
from secondreader.annotate.exchange.desk import Packet
from secondreader.annotate.session import door
from secondreader.db.core.unavailable import DatabaseUnavailable, Engine

KEY = "adjudication"
PACKET = "adjudication_packet"
mount = st.components.v2.component("second_reader_adjudication", js=component.LOADER)


def answer_letter() -> None:
    """Callback: do what the browser's letter asks, and leave the answer for the fragment's run."""
    sent = st.session_state[KEY].letter
    packet: Packet = {"gone": component.GONE}
    try:
        visitor = door.person(st.context.cookies)
        if visitor and visitor.role == "adjudicator":
            with component.one_at_a_time(door.engine()):
                packet = exchange(door.engine(), visitor.annotator_id, sent)
    except DatabaseUnavailable as error:
        packet = {"trouble": str(error)}
    st.session_state[PACKET] = component.stamped(packet)


@st.fragment
def page(engine: Engine, annotator_id: int) -> None:
    """The adjudicator's page: one component, re-run alone."""
    if PACKET not in st.session_state:
        st.session_state[PACKET] = component.stamped(opening(engine, annotator_id))
    mount(
        key=KEY,
        data={
            "script": "/room/adjudication.js",
            "style": "/room/desk.css",
            "packet": st.session_state[PACKET],
        },
        on_letter_change=answer_letter,
    )
