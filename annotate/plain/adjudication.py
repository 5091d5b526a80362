"""The adjudicator's page in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.exchange.adjudication import handle_message, load_opening, perform_operation
from secondreader.annotate.exchange.messages import MAX_REASON, DecisionOperation
from secondreader.annotate.exchange.payloads import (
    AdjudicationItemPayload,
    AdjudicationStudyPayload,
    DisputedQuestionPayload,
    OwnDecisionPayload,
)
from secondreader.annotate.plain.desk import QUESTIONS_HINT
from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, reveal_invisible, show_conversation
from secondreader.db.adjudication.items import EntryState
from secondreader.db.core.engine import Database

STATE_NAMES: dict[EntryState, str] = {
    "open": "to settle",
    "settled": "settled",
    "changed": "answers changed since",
}


def page(engine: Database, annotator_id: int) -> None:
    """One transcript with its questions, and the list to choose from."""
    payload = load_opening(engine, annotator_id)
    if "error" in payload:
        st.error(payload["error"])
        return
    study, queue = payload["opening"]["study"], payload["opening"]["queue"]
    if study["notice"]:
        st.warning(escape_markdown(study["notice"]))
    n_settled = sum(state == "settled" for _, state in queue)
    st.progress(n_settled / max(len(queue), 1), f"{n_settled} of {len(queue)} settled")
    if message := st.session_state.pop("settled", None):
        st.success(message)
    if not queue:
        st.info("There are no disputes to settle yet.")
        return
    if not study["is_open"]:
        st.info("The study is paused: nothing can be settled now.")
    show_chosen_item(engine, annotator_id, study, choose_entry(queue))


def choose_entry(queue: list[tuple[str, EntryState]]) -> str:
    """Token of the transcript that the list points to; at first one that is not settled."""
    states = dict(queue)
    tokens = list(states)
    unsettled = [index for index, token in enumerate(tokens) if states[token] != "settled"]
    chosen: str = st.selectbox(
        "Transcript",
        tokens,
        index=unsettled[0] if unsettled else 0,
        format_func=lambda token: f"{tokens.index(token) + 1} of {len(tokens)}: {STATE_NAMES[states[token]]}",
    )
    return chosen


def show_chosen_item(
    engine: Database, annotator_id: int, study: AdjudicationStudyPayload, token: str
) -> None:
    """The transcript of this token, or why it is not shown."""
    answer = handle_message(engine, annotator_id, {"number": 1, "wanted": [token]})
    if answer.get("items"):
        show_item(engine, annotator_id, study, answer["items"][0])
    else:
        st.error(answer["missing"]["text"] if "missing" in answer else answer["error"])


def show_item(
    engine: Database, annotator_id: int, study: AdjudicationStudyPayload, item: AdjudicationItemPayload
) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    with st.sidebar:
        if item["contested"]:
            st.text("An annotator marked this transcript as contested.")
        for disputed in item["questions"]:
            if decision := show_question(study, item, disputed):
                save_decision(engine, annotator_id, item["token"], decision)
        for note in item["notes"]:
            st.text(reveal_invisible(f"An annotator noted: {note}"))
        if item["evidence"]:
            numbers = ", ".join(str(index + 1) for index in item["evidence"])
            st.text(f"Annotators marked messages {numbers} as evidence")
    st.text(QUESTIONS_HINT)
    show_conversation(item["content"])
    begin_page(item["token"])


def show_question(
    study: AdjudicationStudyPayload, item: AdjudicationItemPayload, disputed: DisputedQuestionPayload
) -> dict[str, Any] | None:
    """What annotators answered, and a form for the decision; the decision once the form was sent."""
    question = next(question for question in study["questions"] if question["id"] == disputed["id"])
    labels = {answer["value"]: answer["label"] for answer in question["answers"]}
    # The revision in the key empties the form after a decision, and fills it with what was saved.
    with st.form(f"form-{item['token']}-{disputed['id']}-{disputed['revision']}"):
        st.text(reveal_invisible(question["text"]))
        answers = " and ".join(labels[value] for value in disputed["answers"])
        st.text(reveal_invisible(f"Annotators answered: {answers}"))
        if disputed["has_changed"]:
            st.text("Annotators have changed their answers since you decided. Decide again.")
        answer, kind, reason = ask_decision(study, labels, disputed["decision"])
        is_sent = st.form_submit_button("Save", type="primary", disabled=not study["is_open"])
    if is_sent and kind is None:
        st.error("Say why annotators disagreed.")
    if not is_sent or kind is None:
        return None
    return {
        "question": disputed["id"],
        "answer": None if kind == "contested" else answer,
        "kind": kind,
        "reason": reason,
        "revision": disputed["revision"],
        "version": item["version"],
    }


def ask_decision(
    study: AdjudicationStudyPayload, labels: dict[str, str], own: OwnDecisionPayload | None
) -> tuple[str | None, str | None, str]:
    """The form's fields, filled with the decision that is saved: answer, kind, reason."""
    kinds = {kind["kind"]: kind["label"] for kind in study["kinds"]}
    answer = st.radio(
        "Your answer, if it is not contested",
        list(labels),
        index=list(labels).index(own["answer"]) if own and own["answer"] in labels else None,
        format_func=lambda value: escape_markdown(labels[value]),
    )
    kind = st.radio(
        "Why annotators disagreed",
        list(kinds),
        index=list(kinds).index(own["kind"]) if own and own["kind"] in kinds else None,
        format_func=kinds.__getitem__,
    )
    reason = st.text_area("Reason", own["reason"] if own else "", max_chars=MAX_REASON)
    return answer, kind, reason


def save_decision(engine: Database, annotator_id: int, token: str, decision: dict[str, Any]) -> None:
    """Save, say so after the commit, and go on."""
    # One id for each intended decision: a second press of the button repeats it, and stores nothing more.
    key = f"intended-{token}-{decision['question']}-{decision['revision']}"
    operation_id = st.session_state.setdefault(key, token_urlsafe(16))
    operation = DecisionOperation.model_validate(
        {"id": operation_id, "op": "decide", "token": token, "decision": decision}
    )
    ack = perform_operation(engine, annotator_id, operation)
    if not ack["ok"]:
        st.error(escape_markdown(ack["text"]))
        return
    st.session_state["settled"] = "Saved."
    st.rerun()
