"""The adjudicator's page in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.exchange.adjudication import (
    Operation,
    handle_message,
    load_opening,
    perform_operation,
)
from secondreader.annotate.exchange.desk import Payload
from secondreader.annotate.plain import desk as native
from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, reveal_invisible, show_conversation
from secondreader.db.core.engine import Database

STATE_NAMES = {"open": "to settle", "settled": "settled", "changed": "answers changed since"}


def page(engine: Database, annotator_id: int) -> None:
    """One transcript with its questions, and the list to choose from."""
    start = load_opening(engine, annotator_id)
    if "trouble" in start:
        st.error(start["trouble"])
        return
    study, places = start["study"], start["queue"]
    if study["notice"]:
        st.warning(escape_markdown(study["notice"]))
    n_done = sum(state == "settled" for _, state in places)
    st.progress(n_done / max(len(places), 1), f"{n_done} of {len(places)} settled")
    if message := st.session_state.pop("settled", None):
        st.success(message)
    if not places:
        st.info("There is nothing to settle yet.")
        return
    token = choose_assignment(places)
    answer = handle_message(engine, annotator_id, {"number": 1, "wanted": [token]})
    if not answer.get("items"):
        st.error(answer.get("say") or answer.get("trouble") or "Choose another transcript.")
        return
    if not study["open"]:
        st.info("The study is paused: nothing can be settled now.")
    show_item(engine, annotator_id, study, answer["items"][0])


def choose_assignment(assignments: list[list[str]]) -> str:
    """The place that the list points to; at first one that is not settled."""
    states = {token: state for token, state in assignments}
    tokens = list(states)
    waiting = [at for at, token in enumerate(tokens) if states[token] != "settled"]
    chosen: str = st.selectbox(
        "Transcript",
        tokens,
        index=waiting[0] if waiting else 0,
        format_func=lambda token: f"{tokens.index(token) + 1} of {len(tokens)}: {STATE_NAMES[states[token]]}",
    )
    return chosen


def show_item(engine: Database, annotator_id: int, study: Payload, item: Payload) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    with st.sidebar:
        if item["contested"]:
            st.text("A reader marked this transcript as contested.")
        for question in item["questions"]:
            show_question(engine, annotator_id, study, item, question)
        for note in item["notes"]:
            st.text(reveal_invisible(f"A reader noted: {note}"))
        if item["evidence"]:
            st.text("Readers marked messages " + ", ".join(str(index + 1) for index in item["evidence"]))
    st.text(native.QUESTIONS_HINT)
    show_conversation(item["content"])
    begin_page(item["token"])


def show_question(
    engine: Database, annotator_id: int, study: Payload, item: Payload, disputed_question: Payload
) -> None:
    """What readers answered, and a form for the decision."""
    question = next(known for known in study["questions"] if known["id"] == disputed_question["id"])
    labels = {answer["value"]: answer["label"] for answer in question["answers"]}
    kinds = {kind["kind"]: kind["label"] for kind in study["kinds"]}
    own = disputed_question.get("decision") or {"answer": None, "kind": None, "reason": ""}
    place = f"{item['token']}-{disputed_question['id']}-{disputed_question['revision']}"
    with st.form(f"form-{place}"):
        st.text(reveal_invisible(question["text"]))
        st.text(
            reveal_invisible(
                "Readers answered: " + " and ".join(labels[value] for value in disputed_question["given"])
            )
        )
        if disputed_question.get("changed"):
            st.text("Readers answer otherwise now than when you decided. Decide again.")
        answer = st.radio(
            "Your answer, if it is not contested",
            list(labels),
            index=list(labels).index(own["answer"]) if own["answer"] in labels else None,
            format_func=lambda value: escape_markdown(labels[value]),
        )
        kind = st.radio(
            "Why readers parted",
            list(kinds),
            index=list(kinds).index(own["kind"]) if own["kind"] in kinds else None,
            format_func=kinds.__getitem__,
        )
        reason = st.text_area("Reason", own["reason"], max_chars=10_000)
        is_sent = st.form_submit_button("Save", type="primary", disabled=not study["open"])
    if is_sent and kind is None:
        st.error("Say why readers parted.")
    elif is_sent:
        decision = {
            "question": disputed_question["id"],
            "answer": None if kind == "contested" else answer,
            "kind": kind,
        }
        decision |= {"reason": reason, "revision": disputed_question["revision"], "version": item["version"]}
        send_decision(engine, annotator_id, item["token"], place, decision)


def send_decision(
    engine: Database, annotator_id: int, token: str, form_key: str, decision: dict[str, Any]
) -> None:
    """Save, say so after the commit, and go on."""
    identity = st.session_state.setdefault(f"intended-{form_key}", token_urlsafe(16))
    operation = Operation.model_validate(
        {"id": identity, "op": "decide", "token": token, "decision": decision}
    )
    acknowledged = perform_operation(engine, annotator_id, operation)
    if not acknowledged["ok"]:
        st.error(escape_markdown(acknowledged["say"]))
        return
    st.session_state["settled"] = "Saved."
    st.rerun()
