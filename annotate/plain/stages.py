"""Practice, calibration and its discussion in plain Streamlit widgets."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from secondreader.annotate.plain.frame import begin_page
from secondreader.annotate.plain.text import escape_markdown, reveal_invisible, show_conversation

Payload = dict[str, Any]
ITEM_NAMES = {"qualification": "Practice", "calibration": "Calibration", "waiting": "Calibration"}
"""What an item is called in a stage; its codebook's unit elsewhere."""


def show_stage(start: Payload, load_item: Callable[[str], Payload | None]) -> bool:
    """Show what stands before the next item, if anything does; True where nothing else is to be shown."""
    name, practised = start["stage"]["name"], st.session_state.get("practised")
    if practised and (item := load_item(practised)) and item.get("feedback"):
        show_feedback(start["study"], item)
        return True
    if start["result"] and name in {"failed", "qualification"}:
        show_result(start["result"])
    if name == "waiting":
        st.info(
            "You have read all calibration transcripts. Come back when the researcher has opened the discussion."
        )
    elif name == "discussion":
        show_discussion(start, load_item)
    return name in {"failed", "waiting", "discussion"}


def show_result(outcome: Payload) -> None:
    """How a round of practice went."""
    score = (
        f"You had {outcome['n_right']} of {outcome['n_total']} right; {outcome['threshold']:.0%} were needed."
    )
    if outcome["state"] == "failed":
        st.error(
            f"{score} Thank you for your time; please tell the researcher. Nothing more is asked of you here."
        )
    else:
        st.warning(f"{score} Read the guideline again, then try once more.")


def show_feedback(study: Payload, item: Payload) -> None:
    """Right or wrong for each question of a practice item, and the reason."""
    begin_page(f"feedback {item['token']}")
    st.header("Practice: what was right")
    known = {question: rest for question, *rest in item["feedback"]["answers"]}
    for question in study["questions"]:
        if question["id"] not in known:
            continue
        given, right, is_right = known[question["id"]]
        sign = (
            "Right"
            if is_right
            else f"You said {escape_markdown(given or 'nothing')}; right is {escape_markdown(right)}"
        )
        (st.success if is_right else st.error)(f"{escape_markdown(question['text'])} {sign}.")
    if item["feedback"]["why"]:
        st.text(reveal_invisible(item["feedback"]["why"]))
    st.button("Go on", key="go-on", type="primary", on_click=lambda: st.session_state.update(practised=None))
    show_conversation(item["content"])


def show_discussion(start: Payload, load_item: Callable[[str], Payload | None]) -> None:
    """Each calibration item with what the others said, under letters; the person's own answer beside it."""
    begin_page("discussion")
    st.button(
        "Go on to the main queue",
        key="main",
        type="primary",
        on_click=lambda: st.session_state.update(stage="main"),
    )
    for number, (token, _) in enumerate(start["queue"], start=1):
        item = load_item(token)
        if item is None:
            continue
        with st.expander(f"Calibration {number} of {len(start['queue'])}", expanded=number == 1):
            st.text(f"You: {format_answers(item['answers'])}")
            for other in item.get("others", []):
                st.text(
                    reveal_invisible(
                        f"Reader {other['alias']}: {format_answers(other['answers'])}\n{other['note']}".rstrip()
                    )
                )
            show_messages(item["content"])


def ask_guess(
    start: Payload, load_item: Callable[[str], Payload | None], save_guess: Callable[[str, str], Payload]
) -> bool:
    """Ask which model the next of the chosen transcripts was, unless nothing is asked or the person skips it."""
    if not start["guesses"] or st.session_state.get("skips_guesses"):
        return False
    token = start["guesses"][0]
    st.header("Which model do you think this was?")
    st.text("Your guesses measure how blind this study was; they change none of your answers.")
    text = st.text_input("Your guess", key=f"guess-{token}", max_chars=200)
    saves = st.button("Save guess", key="guess", type="primary", disabled=not text.strip())
    knows_nothing = st.button("No idea", key="no-idea")
    st.button("Skip", key="skip", on_click=lambda: st.session_state.update(skips_guesses=True))
    if saves or knows_nothing:
        acknowledged = save_guess(token, text if saves else "")
        if acknowledged["ok"]:
            st.rerun()
        st.error(escape_markdown(acknowledged["say"]))
    if item := load_item(token):
        show_conversation(item["content"])
    begin_page(f"guess {token}")
    return True


def format_answers(answers: dict[str, str]) -> str:
    """Answers on one line."""
    return ", ".join(f"{question}: {answer}" for question, answer in answers.items())


def show_messages(content: Payload) -> None:
    """The messages alone: an expander holds no other expander."""
    for number, message in enumerate(content["messages"], start=1):
        said_here = f"{message.get('reasoning') or ''}\n{message.get('text', '')}"
        st.text(reveal_invisible(f"{number}  {message['role']}\n{said_here}".rstrip()))
