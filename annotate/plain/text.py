"""Text in plain Streamlit widgets: nothing of a transcript or of a study is read as Markdown or HTML."""

import json
import re
from html import escape
from typing import Any

import streamlit as st

from secondreader.db.core.text import INVISIBLE_CHARACTERS

MAX_TEXT_LENGTH = 2_000
MARKDOWN_PATTERN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&=^])")
# A run of one character is one match, so that a thousand of them do not fill the page.
INVISIBLE_PATTERN = re.compile(rf"([{INVISIBLE_CHARACTERS}])\1*")
ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Agent", "tool": "Tool"}


def reveal_invisible(text: str) -> str:
    """`text` with what would be invisible in it written out as code points."""
    return INVISIBLE_PATTERN.sub(format_code_points, text)


def format_code_points(run: re.Match[str]) -> str:
    """A run of one invisible character, e.g. ⟨U+200B ×3⟩."""
    name = f"U+{ord(run[1]):04X}"
    return f"⟨{name}⟩" if len(run[0]) == 1 else f"⟨{name} ×{len(run[0])}⟩"


def escape_markdown(text: str) -> str:
    """`text` for widgets that read Markdown, which then show it as it is (CommonMark 0.31, 2.4).

    Streamlit still makes a link of an address that stands in it, to that very address.
    """
    return MARKDOWN_PATTERN.sub(r"\\\1", reveal_invisible(text))


def show_conversation(content: dict[str, Any]) -> None:
    """The transcript as plain text: nothing of it is read as Markdown or HTML."""
    for name, title in (
        ("background", "Background"),
        ("task", "Task"),
        ("rubric", "What would count as risky here"),
    ):
        if content.get(name):
            with st.expander(title, expanded=name != "background"):
                st.text(reveal_invisible(content[name]))
    for name, title in (("tools", "Tools"), ("memory", "Memory")):
        if content.get(name):
            with st.expander(f"{title} ({len(content[name])})"):
                st.text(reveal_invisible(json.dumps(content[name], indent=2, ensure_ascii=False)))
    for number, message in enumerate(content["messages"], start=1):
        with st.container(border=True):
            show_message(number, message)


def show_message(number: int, message: dict[str, Any]) -> None:
    """One turn with its reasoning, text and calls."""
    origin = f" ({message['tool']})" if message.get("tool") else ""
    failed = "  error" if message.get("is_error") else ""
    st.text(reveal_invisible(f"{number}  {ROLE_NAMES[message['role']]}{origin}{failed}"))
    if message.get("reasoning"):
        show_long_text("Visible reasoning", message["reasoning"])
    if message.get("text"):
        show_long_text("", message["text"])
    for call in message.get("tool_calls", []):
        arguments = call.get("arguments")
        # Arguments that could not be parsed are shown as the agent wrote them.
        written = (
            call.get("raw", "") if arguments is None else json.dumps(arguments, indent=2, ensure_ascii=False)
        )
        show_long_text(f"Calls {call['name']} ({call.get('status', 'executed')})", written)


def show_long_text(title: str, text: str) -> None:
    """Text under a title; a long one is folded with its size."""
    if title:
        st.text(reveal_invisible(title))
    if len(text) <= MAX_TEXT_LENGTH:
        st.text(reveal_invisible(text))
        return
    st.text(reveal_invisible(text[:MAX_TEXT_LENGTH]))
    with st.expander(f"The rest ({len(text) - MAX_TEXT_LENGTH:,} characters)"):
        st.text(reveal_invisible(text[MAX_TEXT_LENGTH:]))


HEADING_PATTERN = re.compile(r"^(#{1,4})\s+(.*)$", re.DOTALL)
# Two stars before one: the second pattern would take the inner pair of the first.
INLINE_PATTERNS = (
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
)


def render_guideline(source: str) -> str:
    """The guideline's headings, lists and stressed words as HTML, as the component shows them; all else is text."""
    parts = []
    for block in re.split(r"\n{2,}", reveal_invisible(source.replace("\r", ""))):
        if heading := HEADING_PATTERN.match(block):
            level = min(len(heading[1]) + 1, 4)  # the page's title is its only heading of the first level
            parts.append(f"<h{level}>{render_inline(heading[2])}</h{level}>")
        elif block.startswith(("- ", "* ")):
            items = (render_inline(line[2:]) for line in re.split(r"\n(?=[-*] )", block))
            parts.append(f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>")
        elif block.strip():
            parts.append(f"<p>{render_inline(block)}</p>")
    return "".join(parts)


def render_inline(text: str) -> str:
    """One line of the guideline, escaped before anything else."""
    markup = escape(" ".join(text.split()))
    for pattern, replacement in INLINE_PATTERNS:
        markup = pattern.sub(replacement, markup)
    return markup
