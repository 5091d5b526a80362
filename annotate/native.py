"""The desk in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

import json
from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.service import Operation, Packet, exchange, opening, perform
from secondreader.db.faults import Engine

LONG = 2_000
CONFIDENCE = {1: "Low", 2: "Medium", 3: "High"}
ROLES = {"system": "System", "user": "User", "assistant": "Agent", "tool": "Tool"}


def page(engine: Engine, annotator_id: int, study_id: int | None) -> None:
    """One transcript with its questions, or the guideline before the first, or the end."""
    start = opening(engine, annotator_id, study_id)
    if "trouble" in start:
        st.error(start["trouble"])
        return
    study, queue = start["study"], start["queue"]
    if study["notice"]:
        st.warning(study["notice"])
    n_done = sum(done for _, done in queue)
    st.progress(n_done / max(len(queue), 1), f"{n_done} of {len(queue)} labelled")
    if message := st.session_state.pop("saved", None):
        st.success(message)
    if n_done == 0 and not st.session_state.get("started"):
        st.text(study["guideline"])
        st.button(
            "Start", key="start", type="primary", on_click=lambda: st.session_state.update(started=True)
        )
        return
    if not queue:
        st.info("There is nothing in your queue. Ask the researcher.")
        return
    item = shown_item(engine, annotator_id, study_id, start)
    if item is None:
        st.success("All transcripts are labelled. Thank you.")
        back_button([token for token, _ in queue], None)
        return
    one_item(engine, annotator_id, study, [token for token, _ in queue], item)


def shown_item(engine: Engine, annotator_id: int, study_id: int | None, start: Packet) -> Packet | None:
    """The transcript that Back chose, or the first open one; None when all are labelled."""
    chosen = st.session_state.get("chosen")
    if chosen is not None:
        found = exchange(engine, annotator_id, study_id, {"number": 1, "wanted": [chosen]}).get("items")
        if found:
            return dict(found[0])
    if all(done for _, done in start["queue"]):
        return None
    return dict(start["items"][0])


def one_item(engine: Engine, annotator_id: int, study: Packet, tokens: list[str], item: Packet) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    number = tokens.index(item["token"]) + 1
    st.header(f"Transcript {number} of {len(tokens)}")
    draft = item.get("draft") or item
    with st.sidebar:
        answers = ask(study["questions"], draft["answers"], item["token"])
        evidence = st.multiselect(
            "Evidence (message numbers)",
            range(1, len(item["content"]["messages"]) + 1),
            default=[index + 1 for index in draft["evidence"]],
            key=f"evidence-{item['token']}",
        )
        confidence = st.segmented_control(
            "Confidence",
            list(CONFIDENCE),
            format_func=CONFIDENCE.__getitem__,
            default=draft["confidence"],
            key=f"confidence-{item['token']}",
        )
        note = st.text_area("Note", draft["note"], max_chars=10_000, key=f"note-{item['token']}")
        reading = {
            "answers": answers,
            "evidence": [index - 1 for index in evidence],
            "confidence": confidence,
            "note": note,
            "revision": item["revision"],
        }
        if st.button("Submit", key="submit", type="primary", disabled=not study["open"]):
            submit(engine, annotator_id, item["token"], reading)
        back_button(tokens, item["token"])
        if not study["open"]:
            st.info("The study takes no labels now.")
    conversation(item["content"])


def ask(questions: list[Packet], given: Packet, token: str) -> dict[str, str]:
    """The questions that the answers so far call for."""
    answers: dict[str, str] = {}
    for question in questions:
        if any(answers.get(other) not in wanted for other, wanted in question["asked_when"].items()):
            continue
        values = [answer["value"] for answer in question["answers"]]
        labels = {answer["value"]: answer["label"] for answer in question["answers"]}
        before = given.get(question["id"])
        chosen = st.radio(
            question["text"] + (" (optional)" if question["optional"] else ""),
            values,
            index=values.index(before) if before in values else None,
            format_func=labels.__getitem__,
            key=f"{question['id']}-{token}",
            help=question["definition"] or None,
        )
        if chosen is not None:
            answers[question["id"]] = chosen
    return answers


def submit(engine: Engine, annotator_id: int, token: str, reading: dict[str, Any]) -> None:
    """Save, say so after the commit, and go on."""
    key = f"intended-{token}-{reading['revision']}"
    identity = st.session_state.setdefault(key, token_urlsafe(16))
    operation = Operation.model_validate({"id": identity, "op": "submit", "token": token, "reading": reading})
    acknowledged = perform(engine, annotator_id, operation)
    if not acknowledged["ok"]:
        st.error(acknowledged["say"])
        return
    st.session_state.update(saved="Saved.", chosen=None)
    st.rerun()


def back_button(tokens: list[str], current: str | None) -> None:
    """To the transcript before this one."""
    index = tokens.index(current) if current is not None else len(tokens)
    if index > 0:
        st.button("Back", key="back", on_click=lambda: st.session_state.update(chosen=tokens[index - 1]))


def conversation(content: Packet) -> None:
    """The transcript as plain text: nothing of it is read as Markdown or HTML."""
    for name, title in (
        ("background", "Background"),
        ("task", "Task"),
        ("rubric", "What would count as risky here"),
    ):
        if content.get(name):
            with st.expander(title, expanded=name != "background"):
                st.text(content[name])
    for name, title in (("tools", "Tools"), ("memory", "Memory")):
        if content.get(name):
            with st.expander(f"{title} ({len(content[name])})"):
                st.text(json.dumps(content[name], indent=2, ensure_ascii=False))
    for number, message in enumerate(content["messages"], start=1):
        with st.container(border=True):
            one_message(number, message)


def one_message(number: int, message: Packet) -> None:
    """One turn with its reasoning, text and calls."""
    origin = f" ({message['tool']})" if message.get("tool") else ""
    st.text(f"{number}  {ROLES[message['role']]}{origin}{'  error' if message.get('is_error') else ''}")
    if message.get("reasoning"):
        long_text("Visible reasoning", message["reasoning"])
    if message.get("text"):
        long_text("", message["text"])
    for call in message.get("tool_calls", []):
        arguments = call.get("arguments")
        written = (
            call.get("raw", "") if arguments is None else json.dumps(arguments, indent=2, ensure_ascii=False)
        )
        long_text(f"Calls {call['name']} ({call.get('status', 'executed')})", written)


def long_text(title: str, text: str) -> None:
    """Text under a title; a long one is folded with its size."""
    if title:
        st.text(title)
    if len(text) <= LONG:
        st.text(text)
        return
    st.text(text[:LONG])
    with st.expander(f"The rest ({len(text) - LONG:,} characters)"):
        st.text(text[LONG:])
