"""Qualification, norming round and its discussion in plain Streamlit widgets."""

from collections.abc import Callable

import streamlit as st

from secondreader.annotate.exchange.payloads import (
    AckPayload,
    ItemPayload,
    OpeningPayload,
    QuestionPayload,
    RoundResultPayload,
    StudyPayload,
    TranscriptContent,
)
from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, reveal_invisible, show_conversation

ItemLoader = Callable[[str], ItemPayload | None]
PART_NAMES = {"qualification": "Qualification", "calibration": "Norming round", "waiting": "Norming round"}
"""How a stage is called above its items; the main queue is not named."""


def show_stage(opening: OpeningPayload, load_item: ItemLoader) -> bool:
    """Show what stands before the next item, if anything does; True where nothing else is to be shown."""
    name, qualified = opening["stage"]["name"], st.session_state.get("qualified")
    # Feedback comes before anything else: the stage may have changed with the answer that it is about.
    if qualified and (item := load_item(qualified)) and item.get("feedback"):
        show_feedback(opening["study"], item)
        return True
    if opening["result"] and name in {"failed", "qualification"}:
        show_result(opening["result"])
    if name == "waiting":
        unit = opening["study"]["unit"]
        st.info(
            f"You have labelled all {unit}s of the norming round. Come back when the researcher has opened the discussion."
        )
    elif name == "discussion":
        show_discussion(opening, load_item)
    return name in {"failed", "waiting", "discussion"}


def show_result(result: RoundResultPayload) -> None:
    """How a round of the qualification went."""
    score = f"You got {result['n_right']} of {result['n_total']} right; {result['threshold']:.0%} was needed."
    if result["state"] == "failed":
        st.error(
            f"{score} Thank you for your time; please tell the researcher. Nothing more is asked of you here."
        )
    else:
        st.warning(f"{score} Read the guideline again, then try once more.")


def show_feedback(study: StudyPayload, item: ItemPayload) -> None:
    """Right or wrong for each question of a qualification item, and the reason."""
    feedback = item["feedback"]
    begin_page(f"feedback {item['token']}")
    st.header("Qualification: the right answers")
    answers = {answer["question"]: answer for answer in feedback["answers"]}
    for question in study["questions"]:
        if answer := answers.get(question["id"]):
            verdict = "Right"
            if not answer["is_right"]:
                own = find_label(question, answer["answer"])
                verdict = f"You answered {own}; right is {find_label(question, answer['right_answer'])}"
            show = st.success if answer["is_right"] else st.error
            show(f"{escape_markdown(question['text'])} {escape_markdown(verdict)}.")
    if feedback["why"]:
        st.text(reveal_invisible(feedback["why"]))
    st.button(
        "Continue", key="go-on", type="primary", on_click=lambda: st.session_state.update(qualified=None)
    )
    show_conversation(item["content"])


def show_discussion(opening: OpeningPayload, load_item: ItemLoader) -> None:
    """Each item of the norming round with what the others answered, under aliases; the person's own answer beside it."""
    begin_page("discussion")
    st.button(
        "Continue with the main queue",
        key="main",
        type="primary",
        on_click=lambda: st.session_state.update(stage="main"),
    )
    questions, n_items = opening["study"]["questions"], len(opening["queue"])
    for number, (token, _) in enumerate(opening["queue"], start=1):
        item = load_item(token)
        if item is None:
            continue
        with st.expander(f"Norming round: {number} of {n_items}", expanded=number == 1):
            st.text(f"You: {format_answers(questions, item['answers'])}")
            for other in item.get("others", []):
                answers = format_answers(questions, other["answers"])
                st.text(reveal_invisible(f"Annotator {other['alias']}: {answers}\n{other['note']}".rstrip()))
            show_messages(item["content"])


def ask_guess(
    opening: OpeningPayload, load_item: ItemLoader, save_guess: Callable[[str, str], AckPayload]
) -> bool:
    """Ask which model the next of the chosen transcripts was, unless nothing is asked or the person skips it."""
    if not opening["guess_tokens"] or st.session_state.get("skips_guesses"):
        return False
    token = opening["guess_tokens"][0]
    st.header("Which model do you think this was?")
    st.text("Your guesses measure how blind this study was; they change none of your answers.")
    text = st.text_input("Your guess", key=f"guess-{token}", max_chars=200)
    has_guess = st.button("Save guess", key="guess", type="primary", disabled=not text.strip())
    has_no_idea = st.button("No idea", key="no-idea")
    st.button("Skip", key="skip", on_click=lambda: st.session_state.update(skips_guesses=True))
    if has_guess or has_no_idea:
        ack = save_guess(token, text if has_guess else "")
        if ack["ok"]:
            st.rerun()
        st.error(escape_markdown(ack["text"]))
    if item := load_item(token):
        show_conversation(item["content"])
    begin_page(f"guess {token}")
    return True


def find_label(question: QuestionPayload, value: str | None) -> str:
    """An answer as its button says it."""
    labels = {answer["value"]: answer["label"] for answer in question["answers"]}
    return "nothing" if value is None else labels.get(value, value)


def format_answers(questions: list[QuestionPayload], answers: dict[str, str]) -> str:
    """Answers on one line, in the order of the questions."""
    answered = [question for question in questions if question["id"] in answers]
    return ", ".join(
        f"{question['text']} {find_label(question, answers[question['id']])}" for question in answered
    )


def show_messages(content: TranscriptContent) -> None:
    """The messages alone: an expander holds no other expander."""
    for number, message in enumerate(content["messages"], start=1):
        # A field that is left out of the stored content has its default: text is then empty.
        text = f"{message.get('reasoning') or ''}\n{message.get('text', '')}"
        st.text(reveal_invisible(f"{number}  {message['role']}\n{text}".rstrip()))
