"""Mounts the adjudicator's browser component and answers its letters."""

import streamlit as st

from secondreader.annotate.browser import desk as component
from secondreader.annotate.exchange.adjudication import handle_message, load_opening
from secondreader.annotate.exchange.desk import Payload
from secondreader.annotate.session.process import DESK
from secondreader.db.core.engine import Database
from secondreader.db.core.errors import DatabaseUnavailable

KEY = "adjudication"
PAYLOAD = "adjudication_packet"
mount = st.components.v2.component("second_reader_adjudication", js=component.LOADER)


def answer_message() -> None:
    """Callback: do what the browser's letter asks, and leave the answer for the fragment's run."""
    sent = st.session_state[KEY].letter
    packet: Payload = {"gone": component.SESSION_ENDED}
    try:
        visitor = DESK.identify_visitor(st.context.cookies)
        if visitor and visitor.role == "adjudicator":
            with component.hold_turn(DESK.engine):
                packet = handle_message(DESK.engine, visitor.annotator_id, sent)
    except DatabaseUnavailable as error:
        packet = {"trouble": str(error)}
    st.session_state[PAYLOAD] = component.stamp_payload(packet)


@st.fragment
def page(engine: Database, annotator_id: int) -> None:
    """The adjudicator's page: one component, re-run alone."""
    if PAYLOAD not in st.session_state:
        st.session_state[PAYLOAD] = component.stamp_payload(load_opening(engine, annotator_id))
    mount(
        key=KEY,
        data={
            "script": "/assets/adjudication.js",
            "style": "/assets/desk.css",
            "packet": st.session_state[PAYLOAD],
        },
        on_letter_change=answer_message,
    )
