"""Practice, calibration and its discussion in plain Streamlit widgets."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from secondreader.annotate.plain.frame import frame
from secondreader.annotate.plain.text import conversation, literal, shown

Packet = dict[str, Any]
WORDS = {"qualification": "Practice", "calibration": "Calibration", "waiting": "Calibration"}
"""What an item is called in a stage; its codebook's unit elsewhere."""


def shows(start: Packet, item_of: Callable[[str], Packet | None]) -> bool:
    """Show what stands before the next item, if anything does; True where nothing else is to be shown."""
    name, practised = start["stage"]["name"], st.session_state.get("practised")
    if practised and (item := item_of(practised)) and item.get("feedback"):
        feedback(start["study"], item)
        return True
    if start["result"] and name in {"failed", "qualification"}:
        result(start["result"])
    if name == "waiting":
        st.info(
            "You have read all calibration transcripts. Come back when the researcher has opened the discussion."
        )
    elif name == "discussion":
        discussion(start, item_of)
    return name in {"failed", "waiting", "discussion"}


def result(outcome: Packet) -> None:
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


def feedback(study: Packet, item: Packet) -> None:
    """Right or wrong for each question of a practice item, and the reason."""
    frame(f"feedback {item['token']}")
    st.header("Practice: what was right")
    known = {question: rest for question, *rest in item["feedback"]["answers"]}
    for question in study["questions"]:
        if question["id"] not in known:
            continue
        given, right, is_right = known[question["id"]]
        sign = "Right" if is_right else f"You said {literal(given or 'nothing')}; right is {literal(right)}"
        (st.success if is_right else st.error)(f"{literal(question['text'])} {sign}.")
    if item["feedback"]["why"]:
        st.text(shown(item["feedback"]["why"]))
    st.button("Go on", key="go-on", type="primary", on_click=lambda: st.session_state.update(practised=None))
    conversation(item["content"])


def discussion(start: Packet, item_of: Callable[[str], Packet | None]) -> None:
    """Each calibration item with what the others said, under letters; the person's own answer beside it."""
    frame("discussion")
    st.button(
        "Go on to the main queue",
        key="main",
        type="primary",
        on_click=lambda: st.session_state.update(stage="main"),
    )
    for number, (token, _) in enumerate(start["queue"], start=1):
        item = item_of(token)
        if item is None:
            continue
        with st.expander(f"Calibration {number} of {len(start['queue'])}", expanded=number == 1):
            st.text(f"You: {said(item['answers'])}")
            for other in item.get("others", []):
                st.text(
                    shown(f"Reader {other['letter']}: {said(other['answers'])}\n{other['note']}".rstrip())
                )
            conversation_text(item["content"])


def asks_guess(
    start: Packet, item_of: Callable[[str], Packet | None], save: Callable[[str, str], Packet]
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
        acknowledged = save(token, text if saves else "")
        if acknowledged["ok"]:
            st.rerun()
        st.error(literal(acknowledged["say"]))
    if item := item_of(token):
        conversation(item["content"])
    frame(f"guess {token}")
    return True


def said(answers: dict[str, str]) -> str:
    """Answers on one line."""
    return ", ".join(f"{question}: {answer}" for question, answer in answers.items())


def conversation_text(content: Packet) -> None:
    """The messages alone: an expander holds no other expander."""
    for number, message in enumerate(content["messages"], start=1):
        said_here = f"{message.get('reasoning') or ''}\n{message.get('text', '')}"
        st.text(shown(f"{number}  {message['role']}\n{said_here}".rstrip()))
