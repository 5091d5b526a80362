"""Mounts the adjudicator's browser component and answers its messages."""

import streamlit as st

from secondreader.annotate.browser import desk as component
from secondreader.annotate.exchange.adjudication import handle_message, load_opening
from secondreader.annotate.exchange.payloads import AdjudicationPayload
from secondreader.annotate.session.process import DESK
from secondreader.db.core.engine import Database
from secondreader.db.core.errors import DatabaseUnavailable

KEY = "adjudication"
PAYLOAD = "adjudication_payload"  # not the annotator's key: one browser may have been both
mount = st.components.v2.component("second_reader_adjudication", js=component.LOADER)


def answer_message() -> None:
    """Callback: do what the browser's message asks, and leave the answer for the fragment's run."""
    raw_message = st.session_state[KEY].message
    payload: AdjudicationPayload = {"signed_out": component.SESSION_ENDED}
    try:
        visitor = DESK.identify_visitor(st.context.cookies)
        if visitor and visitor.role == "adjudicator":
            with component.hold_turn(DESK.engine):
                payload = handle_message(DESK.engine, visitor.annotator_id, raw_message)
    except DatabaseUnavailable as error:
        payload = {"error": str(error)}
    st.session_state[PAYLOAD] = payload | {"id": component.create_payload_id()}


@st.fragment
def page(engine: Database, annotator_id: int) -> None:
    """The adjudicator's page: one component, re-run alone."""
    if PAYLOAD not in st.session_state:
        opening = load_opening(engine, annotator_id)
        st.session_state[PAYLOAD] = opening | {"id": component.create_payload_id()}
    mount(
        key=KEY,
        data={
            "script": "/assets/adjudication.js",
            "style": "/assets/desk.css",  # the page adds its own sheet to the desk's
            "payload": st.session_state[PAYLOAD],
        },
        on_message_change=answer_message,
    )
