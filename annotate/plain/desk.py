"""The desk in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.exchange.desk import Packet, exchange, opening
from secondreader.annotate.plain import stages as native_stages
from secondreader.annotate.plain.frame import frame
from secondreader.annotate.plain.text import conversation, guideline_html, literal
from secondreader.db.core.unavailable import Engine

WHERE = "The questions are in the panel at the side; on a narrow screen, » above opens it."
CONFIDENCE = {1: "Low", 2: "Medium", 3: "High"}


def page(engine: Engine, annotator_id: int, study_id: int | None) -> None:
    """What comes next for this person: guideline, practice, one item with its questions, or the end."""
    start = opening(engine, annotator_id, study_id, st.session_state.get("stage", ""))
    if "trouble" in start:
        st.error(start["trouble"])
        return
    study, queue = start["study"], start["queue"]
    if study["notice"]:
        st.warning(literal(study["notice"]))
    n_done = sum(done for _, done in queue)
    if study["shared"] and start["stage"]["name"] == "main":
        st.caption(f"{n_done} labelled")
    else:
        st.progress(n_done / max(len(queue), 1), f"{n_done} of {len(queue)} labelled")
    if message := st.session_state.pop("saved", None):
        st.success(message)
    desk = Desk(engine, annotator_id, study_id, start)
    if native_stages.shows(start, desk.item):
        return
    if n_done == 0 and not st.session_state.get("started"):
        frame("guideline")
        st.html(guideline_html(study["guideline"]))
        st.button(
            "Start", key="start", type="primary", on_click=lambda: st.session_state.update(started=True)
        )
        return
    if not queue:
        st.info("There is nothing in your queue. Ask the researcher.")
        return
    item = shown_item(desk)
    if item is None and native_stages.asks_guess(start, desk.item, desk.guess):
        return
    if item is None:
        frame("end")
        st.success(f"All {study['unit']}s are labelled. Thank you.")
        back_button(desk.tokens, None)
        return
    one_item(desk, item)


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose page this is, and what it was opened with."""

    engine: Engine
    annotator_id: int
    study_id: int | None
    start: Packet

    @property
    def tokens(self) -> list[str]:
        """The places of this stage in their order."""
        return [token for token, _ in self.start["queue"]]

    def item(self, token: str) -> Packet | None:
        """One item as it stands now; None if it is not this person's."""
        letter = {"number": 1, "wanted": [token]}
        found = exchange(self.engine, self.annotator_id, self.study_id, letter).get("items")
        return dict(found[0]) if found else None

    def guess(self, token: str, text: str) -> Packet:
        """Save which model the person thinks it was."""
        return self.send("guess", token, token_urlsafe(16), guess=text)

    def send(self, op: str, token: str, identity: str, **given: Any) -> Packet:
        """Carry out one operation; its acknowledgement."""
        letter = {"number": 1, "operations": [{"id": identity, "op": op, "token": token, **given}]}
        answer = exchange(self.engine, self.annotator_id, self.study_id, letter)
        return dict(answer["acks"][0])


def shown_item(desk: Desk) -> Packet | None:
    """The transcript that Back chose, or the first open one; None when all are labelled."""
    chosen = st.session_state.get("chosen")
    if chosen in desk.tokens and (found := desk.item(chosen)):
        return found
    if all(done for _, done in desk.start["queue"]):
        return None
    return dict(desk.start["items"][0])


def one_item(desk: Desk, item: Packet) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    study, tokens, token = desk.start["study"], desk.tokens, item["token"]
    word = native_stages.WORDS.get(desk.start["stage"]["name"], study["unit"].capitalize())
    is_shared = study["shared"] and desk.start["stage"]["name"] == "main"
    st.header(f"{word} {tokens.index(token) + 1}" + ("" if is_shared else f" of {len(tokens)}"))
    with st.sidebar:
        reading = ask_all(study, item)
        if item["withheld"]:
            reasoning_button(desk, token, reading)
        if st.button("Submit", key="submit", type="primary", disabled=not study["open"]):
            submit(desk, token, reading)
        back_button(tokens, token)
        if not study["open"]:
            st.info("The study takes no labels now.")
    st.text(WHERE)
    conversation(item["content"])
    frame(token)


def ask_all(study: Packet, item: Packet) -> dict[str, Any]:
    """Every widget about one item; what they say together."""
    token, draft = item["token"], item.get("draft") or item
    answers = ask(study["questions"], {**draft["answers"], **item["fixed"]}, item)
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
        list(CONFIDENCE),
        format_func=CONFIDENCE.__getitem__,
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


def ask(questions: list[Packet], given: Packet, item: Packet) -> dict[str, str]:
    """The questions that the answers so far call for; those about reasoning wait until it is shown."""
    answers: dict[str, str] = {}
    for question in questions:
        if any(answers.get(other) not in wanted for other, wanted in question["asked_when"].items()):
            continue
        values = [answer["value"] for answer in question["answers"]]
        labels = {answer["value"]: literal(answer["label"]) for answer in question["answers"]}
        before = given.get(question["id"])
        waits = item["withheld"] and question["needs_reasoning"]
        chosen = st.radio(
            literal(question["text"]) + (" (optional)" if question["optional"] else ""),
            values,
            index=values.index(before) if before in values else None,
            format_func=labels.__getitem__,
            key=f"{question['id']}-{item['token']}",
            help=help_of(question),
            disabled=waits or question["id"] in item["fixed"],
        )
        if chosen is not None and not waits:
            answers[question["id"]] = chosen
    return answers


def help_of(question: Packet) -> str | None:
    """Definition and cases of a question, as its tooltip."""
    parts = [question["definition"]]
    parts += [f"For example: {case}" for case in question["examples"]]
    parts += [f"But not: {case}" for case in question["counter_examples"]]
    return "\n\n".join(literal(part) for part in parts if part) or None


def reasoning_button(desk: Desk, token: str, reading: dict[str, Any]) -> None:
    """Fixes the answer before the reasoning and shows it."""
    gate = desk.start["study"]["reasoning_after"]
    ready = gate in reading["answers"]
    if st.button("Show the reasoning", key="reasoning", disabled=not ready):
        acknowledged = desk.send("show_reasoning", token, token_urlsafe(16), reading=reading)
        if acknowledged["ok"]:
            st.rerun()
        st.error(literal(acknowledged["say"]))


def submit(desk: Desk, token: str, reading: dict[str, Any]) -> None:
    """Save, say so after the commit, and go on."""
    key = f"intended-{token}-{reading['revision']}"
    identity = st.session_state.setdefault(key, token_urlsafe(16))
    acknowledged = desk.send("submit", token, identity, reading=reading)
    if not acknowledged["ok"]:
        st.error(literal(acknowledged["say"]))
        return
    practised = token if desk.start["stage"]["name"] == "qualification" else None
    st.session_state.update(saved="Saved.", chosen=None, practised=practised)
    st.rerun()


def back_button(tokens: list[str], current: str | None) -> None:
    """To the transcript before this one."""
    index = tokens.index(current) if current is not None else len(tokens)
    if index > 0:
        st.button("Back", key="back", on_click=lambda: st.session_state.update(chosen=tokens[index - 1]))
