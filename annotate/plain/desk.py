"""The desk in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.exchange.desk import Payload, handle_message, load_opening
from secondreader.annotate.plain import stages as native_stages
from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, render_guideline, show_conversation
from secondreader.db.core.engine import Database

QUESTIONS_HINT = "The questions are in the panel at the side; on a narrow screen, » above opens it."
CONFIDENCE_NAMES = {1: "Low", 2: "Medium", 3: "High"}


def page(engine: Database, annotator_id: int, study_id: int | None) -> None:
    """What comes next for this person: guideline, practice, one item with its questions, or the end."""
    start = load_opening(engine, annotator_id, study_id, st.session_state.get("stage", ""))
    if "trouble" in start:
        st.error(start["trouble"])
        return
    study, queue = start["study"], start["queue"]
    if study["notice"]:
        st.warning(escape_markdown(study["notice"]))
    n_done = sum(done for _, done in queue)
    if study["shared"] and start["stage"]["name"] == "main":
        st.caption(f"{n_done} labelled")
    else:
        st.progress(n_done / max(len(queue), 1), f"{n_done} of {len(queue)} labelled")
    if message := st.session_state.pop("saved", None):
        st.success(message)
    desk = PlainDesk(engine, annotator_id, study_id, start)
    if native_stages.show_stage(start, desk.load_item):
        return
    if n_done == 0 and not st.session_state.get("started"):
        begin_page("guideline")
        st.html(render_guideline(study["guideline"]))
        st.button(
            "Start", key="start", type="primary", on_click=lambda: st.session_state.update(started=True)
        )
        return
    if not queue:
        st.info("There is nothing in your queue. Ask the researcher.")
        return
    item = choose_item(desk)
    if item is None and native_stages.ask_guess(start, desk.load_item, desk.save_guess):
        return
    if item is None:
        begin_page("end")
        st.success(f"All {study['unit']}s are labelled. Thank you.")
        show_back_button(desk.tokens, None)
        return
    show_item(desk, item)


@dataclass(frozen=True, slots=True)
class PlainDesk:
    """Whose page this is, and what it was opened with."""

    engine: Database
    annotator_id: int
    study_id: int | None
    start: Payload

    @property
    def tokens(self) -> list[str]:
        """The places of this stage in their order."""
        return [token for token, _ in self.start["queue"]]

    def load_item(self, token: str) -> Payload | None:
        """One item as it stands now; None if it is not this person's."""
        letter = {"number": 1, "wanted": [token]}
        found = handle_message(self.engine, self.annotator_id, self.study_id, letter).get("items")
        return dict(found[0]) if found else None

    def save_guess(self, token: str, text: str) -> Payload:
        """Save which model the person thinks it was."""
        return self.send_operation("guess", token, token_urlsafe(16), guess=text)

    def send_operation(self, op: str, token: str, identity: str, **fields: Any) -> Payload:
        """Carry out one operation; its acknowledgement."""
        letter = {"number": 1, "operations": [{"id": identity, "op": op, "token": token, **fields}]}
        answer = handle_message(self.engine, self.annotator_id, self.study_id, letter)
        return dict(answer["acks"][0])


def choose_item(desk: PlainDesk) -> Payload | None:
    """The transcript that Back chose, or the first open one; None when all are labelled."""
    chosen = st.session_state.get("chosen")
    if chosen in desk.tokens and (found := desk.load_item(chosen)):
        return found
    if all(done for _, done in desk.start["queue"]):
        return None
    return dict(desk.start["items"][0])


def show_item(desk: PlainDesk, item: Payload) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    study, tokens, token = desk.start["study"], desk.tokens, item["token"]
    word = native_stages.ITEM_NAMES.get(desk.start["stage"]["name"], study["unit"].capitalize())
    is_shared = study["shared"] and desk.start["stage"]["name"] == "main"
    st.header(f"{word} {tokens.index(token) + 1}" + ("" if is_shared else f" of {len(tokens)}"))
    with st.sidebar:
        reading = ask_label(study, item)
        if item["withheld"]:
            show_reasoning_button(desk, token, reading)
        if st.button("Submit", key="submit", type="primary", disabled=not study["open"]):
            submit_item(desk, token, reading)
        show_back_button(tokens, token)
        if not study["open"]:
            st.info("The study takes no labels now.")
    st.text(QUESTIONS_HINT)
    show_conversation(item["content"])
    begin_page(token)


def ask_label(study: Payload, item: Payload) -> dict[str, Any]:
    """Every widget about one item; what they say together."""
    token, draft = item["token"], item.get("draft") or item
    answers = ask_questions(study["questions"], {**draft["answers"], **item["fixed"]}, item)
    evidence: list[int] = []
    if item["content"]["messages"]:
        evidence = st.multiselect(
            "Evidence (message numbers)",
            range(1, len(item["content"]["messages"]) + 1),
            default=[index + 1 for index in draft["evidence"]],
            key=f"evidence-{token}",
        )
    confidence = st.segmented_control(
        "Confidence",
        list(CONFIDENCE_NAMES),
        format_func=CONFIDENCE_NAMES.__getitem__,
        default=draft["confidence"],
        key=f"confidence-{token}",
    )
    contested = st.checkbox(
        "Contested: careful readers would split",
        bool(draft.get("contested")),
        key=f"contested-{token}",
    )
    note = st.text_area("Note", draft["note"], max_chars=10_000, key=f"note-{token}")
    return {
        "answers": answers,
        "evidence": [index - 1 for index in evidence],
        "confidence": confidence,
        "contested": contested,
        "note": note,
        "revision": item["revision"],
    }


def ask_questions(questions: list[Payload], previous_answers: Payload, item: Payload) -> dict[str, str]:
    """The questions that the answers so far call for; those about reasoning wait until it is shown."""
    answers: dict[str, str] = {}
    for question in questions:
        if any(answers.get(other) not in wanted for other, wanted in question["asked_when"].items()):
            continue
        values = [answer["value"] for answer in question["answers"]]
        labels = {answer["value"]: escape_markdown(answer["label"]) for answer in question["answers"]}
        before = previous_answers.get(question["id"])
        waits = item["withheld"] and question["needs_reasoning"]
        chosen = st.radio(
            escape_markdown(question["text"]) + (" (optional)" if question["optional"] else ""),
            values,
            index=values.index(before) if before in values else None,
            format_func=labels.__getitem__,
            key=f"{question['id']}-{item['token']}",
            help=format_help(question),
            disabled=waits or question["id"] in item["fixed"],
        )
        if chosen is not None and not waits:
            answers[question["id"]] = chosen
    return answers


def format_help(question: Payload) -> str | None:
    """Definition and cases of a question, as its tooltip."""
    parts = [question["definition"]]
    parts += [f"For example: {case}" for case in question["examples"]]
    parts += [f"But not: {case}" for case in question["counter_examples"]]
    return "\n\n".join(escape_markdown(part) for part in parts if part) or None


def show_reasoning_button(desk: PlainDesk, token: str, label_content: dict[str, Any]) -> None:
    """Fixes the answer before the reasoning and shows it."""
    gate = desk.start["study"]["reasoning_after"]
    ready = gate in label_content["answers"]
    if st.button("Show the reasoning", key="reasoning", disabled=not ready):
        acknowledged = desk.send_operation("show_reasoning", token, token_urlsafe(16), reading=label_content)
        if acknowledged["ok"]:
            st.rerun()
        st.error(escape_markdown(acknowledged["say"]))


def submit_item(desk: PlainDesk, token: str, label_content: dict[str, Any]) -> None:
    """Save, say so after the commit, and go on."""
    key = f"intended-{token}-{label_content['revision']}"
    identity = st.session_state.setdefault(key, token_urlsafe(16))
    acknowledged = desk.send_operation("submit", token, identity, reading=label_content)
    if not acknowledged["ok"]:
        st.error(escape_markdown(acknowledged["say"]))
        return
    practised = token if desk.start["stage"]["name"] == "qualification" else None
    st.session_state.update(saved="Saved.", chosen=None, practised=practised)
    st.rerun()


def show_back_button(tokens: list[str], current: str | None) -> None:
    """To the transcript before this one."""
    index = tokens.index(current) if current is not None else len(tokens)
    if index > 0:
        st.button("Back", key="back", on_click=lambda: st.session_state.update(chosen=tokens[index - 1]))
