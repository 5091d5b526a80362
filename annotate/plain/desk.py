"""The desk in plain Streamlit widgets: for browsers in which the component does not load, at `/?plain=1`."""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import streamlit as st

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import (
    AckPayload,
    DraftPayload,
    ItemPayload,
    OpeningPayload,
    QuestionPayload,
    StudyPayload,
)
from secondreader.annotate.plain import stages as plain_stages
from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, render_guideline, show_conversation
from secondreader.db.core.engine import Database

QUESTIONS_HINT = "The questions are in the panel at the side; on a narrow screen, » above opens it."
CONFIDENCE_NAMES = {1: "Low", 2: "Medium", 3: "High"}
LabelDict = dict[str, Any]
"""What the widgets say of one item, as `LabelContent` takes it."""


def page(engine: Database, annotator_id: int, study_id: int | None) -> None:
    """What comes next for this annotator: guideline, qualification, one item with its questions, or the end."""
    payload = load_opening(engine, annotator_id, study_id, st.session_state.get("stage", ""))
    if "error" in payload:
        st.error(payload["error"])
        return
    desk = PlainDesk(engine, annotator_id, study_id, payload["opening"], payload["items"])
    show_header(desk.opening)
    if plain_stages.show_stage(desk.opening, desk.load_item):
        return
    if not desk.tokens:
        st.info("There is nothing in your queue. Ask the researcher.")
        return
    if not any(is_labelled for _, is_labelled in desk.opening["queue"]) and not st.session_state.get(
        "started"
    ):
        show_guideline(desk.opening["study"])
        return
    item = choose_item(desk)
    if item is not None:
        show_item(desk, item)
    elif not plain_stages.ask_guess(desk.opening, desk.load_item, desk.save_guess):
        show_end(desk)


def show_header(opening: OpeningPayload) -> None:
    """The study's notice, how far the annotator is, and that the label before was saved."""
    study, queue = opening["study"], opening["queue"]
    if study["notice"]:
        st.warning(escape_markdown(study["notice"]))
    n_labelled = sum(is_labelled for _, is_labelled in queue)
    if is_open_ended(opening):
        st.caption(f"{n_labelled} labelled")
    else:
        st.progress(n_labelled / max(len(queue), 1), f"{n_labelled} of {len(queue)} labelled")
    if message := st.session_state.pop("saved", None):
        st.success(message)


def is_open_ended(opening: OpeningPayload) -> bool:
    """Whether nobody knows how many items this annotator will label."""
    return opening["study"]["is_shared"] and opening["stage"]["name"] == "main"


def show_guideline(study: StudyPayload) -> None:
    """The first page."""
    begin_page("guideline")
    st.html(render_guideline(study["guideline"]))
    st.button("Start", key="start", type="primary", on_click=lambda: st.session_state.update(started=True))


def show_end(desk: "PlainDesk") -> None:
    """The last page."""
    begin_page("end")
    st.success(f"All {desk.opening['study']['unit']}s are labelled. Thank you.")
    show_back_button(desk.tokens, None)


@dataclass(frozen=True, slots=True)
class PlainDesk:
    """Whose page this is, and what it was opened with."""

    engine: Database
    annotator_id: int
    study_id: int | None
    opening: OpeningPayload
    first_items: list[ItemPayload]
    """The items that came with the opening."""

    @property
    def tokens(self) -> list[str]:
        """The assignments of this stage in their order."""
        return [token for token, _ in self.opening["queue"]]

    def load_item(self, token: str) -> ItemPayload | None:
        """One item as it stood when the page began; None if it is not this annotator's."""
        # Saves a query in each run of the script, which Streamlit starts with every click.
        if at_hand := [item for item in self.first_items if item["token"] == token]:
            return at_hand[0]
        message = {"number": 1, "wanted": [token]}
        answer = handle_message(self.engine, self.annotator_id, self.study_id, message)
        return next(iter(answer.get("items", [])), None)

    def save_guess(self, token: str, text: str) -> AckPayload:
        """Save which model the annotator thinks it was."""
        return self.send_operation("guess", token, token_urlsafe(16), guess=text)

    def send_operation(self, op: str, token: str, operation_id: str, **fields: Any) -> AckPayload:
        """Carry out one operation; its acknowledgement."""
        operation = {"id": operation_id, "op": op, "token": token, **fields}
        message = {"number": 1, "operations": [operation]}
        return handle_message(self.engine, self.annotator_id, self.study_id, message)["acks"][0]


def choose_item(desk: PlainDesk) -> ItemPayload | None:
    """The transcript that Back chose, or the first open one; None when all are labelled."""
    chosen = st.session_state.get("chosen")
    if chosen in desk.tokens and (item := desk.load_item(chosen)):
        return item
    open_tokens = [token for token, is_labelled in desk.opening["queue"] if not is_labelled]
    return desk.load_item(open_tokens[0]) if open_tokens else None


def show_item(desk: PlainDesk, item: ItemPayload) -> None:
    """Questions in the sidebar, which stays in view; the transcript beside it."""
    study, tokens, token = desk.opening["study"], desk.tokens, item["token"]
    st.header(format_title(desk.opening, tokens.index(token)))
    # The sidebar comes first in the script: its buttons may end the run before a long transcript is drawn.
    with st.sidebar:
        label = ask_label(study, item)
        if item["withheld"]:
            show_reasoning_button(desk, token, label)
        if st.button("Submit", key="submit", type="primary", disabled=not study["is_open"]):
            submit_item(desk, token, label)
        show_back_button(tokens, token)
        if not study["is_open"]:
            st.info("The study takes no labels now.")
    st.text(QUESTIONS_HINT)
    show_conversation(item["content"])
    begin_page(token)


def format_title(opening: OpeningPayload, index: int) -> str:
    """E.g. `Transcript 3 of 24`, `Qualification: transcript 1 of 2`."""
    total = "" if is_open_ended(opening) else f" of {len(opening['queue'])}"
    title = f"{opening['study']['unit']} {index + 1}{total}"
    part = plain_stages.PART_NAMES.get(opening["stage"]["name"])
    return f"{part}: {title}" if part else title.capitalize()


def ask_label(study: StudyPayload, item: ItemPayload) -> LabelDict:
    """Every widget about one item; what they say together."""
    token = item["token"]
    draft: DraftPayload | ItemPayload = item.get("draft") or item
    answers = ask_questions(study["questions"], {**draft["answers"], **item["fixed"]}, item)
    evidence: list[int] = []  # numbers as they are shown, from 1
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
        "Contested: careful annotators would split",
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


def ask_questions(
    questions: list[QuestionPayload], previous_answers: dict[str, str], item: ItemPayload
) -> dict[str, str]:
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
            # The token keeps an answer from going on to the next item, as a widget of the same key would.
            key=f"{question['id']}-{item['token']}",
            help=format_help(question),
            disabled=waits or question["id"] in item["fixed"],
        )
        if chosen is not None and not waits:
            answers[question["id"]] = chosen
    return answers


def format_help(question: QuestionPayload) -> str | None:
    """Definition and cases of a question, as its tooltip."""
    parts = [question["definition"]]
    parts += [f"For example: {case}" for case in question["examples"]]
    parts += [f"But not: {case}" for case in question["counter_examples"]]
    return "\n\n".join(escape_markdown(part) for part in parts if part) or None


def show_reasoning_button(desk: PlainDesk, token: str, label: LabelDict) -> None:
    """Fixes the answer before the reasoning and shows it."""
    is_ready = desk.opening["study"]["reasoning_after"] in label["answers"]
    if st.button("Show the reasoning", key="reasoning", disabled=not is_ready):
        ack = desk.send_operation("show_reasoning", token, token_urlsafe(16), label=label)
        if ack["ok"]:
            st.rerun()
        st.error(escape_markdown(ack["text"]))


def submit_item(desk: PlainDesk, token: str, label: LabelDict) -> None:
    """Save, say so after the commit, and go on."""
    # One id for each intended label: a second press of the button repeats the submit, and stores nothing more.
    key = f"intended-{token}-{label['revision']}"
    operation_id = st.session_state.setdefault(key, token_urlsafe(16))
    ack = desk.send_operation("submit", token, operation_id, label=label)
    if not ack["ok"]:
        st.error(escape_markdown(ack["text"]))
        return
    qualified = token if desk.opening["stage"]["name"] == "qualification" else None
    st.session_state.update(saved="Saved.", chosen=None, qualified=qualified)
    st.rerun()


def show_back_button(tokens: list[str], current: str | None) -> None:
    """To the transcript before this one."""
    index = tokens.index(current) if current is not None else len(tokens)
    if index > 0:
        st.button("Back", key="back", on_click=lambda: st.session_state.update(chosen=tokens[index - 1]))
