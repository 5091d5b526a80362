"""Finds what would tell an annotator which model wrote a transcript, or how somebody judged it.

Names alone prove nothing ("Claude Monet", "grok the problem"): a name counts where the text speaks of itself or of its maker.
What cannot be found so: style, length and format, which is why studies may ask annotators to guess the model.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from secondreader.db.content import Content

MARK = "▮▮▮"
NAMES = (
    r"(?:chat\s?gpt|gpt[-\s]?[345](?:\.\d)?[\w.-]*|claude(?:[-\s](?:\d[\w.]*|opus|sonnet|haiku|instant)){0,3}|gemini(?:[-\s](?:\d[\w.]*|pro|flash|ultra|nano)){0,2}|llama[-\s]?\d[\w.-]*"
    r"|qwen[\w.-]*|mistral[\w.-]*|mixtral[\w.-]*|deepseek[\w.-]*|grok(?:-?\d)?|command[-\s]r\+?|gemma[\w.-]*|phi-\d[\w.-]*)"
)
VENDORS = r"(?:open\s?ai|anthropic|google(?:\s+deepmind)?|meta(?:\s+ai)?|alibaba(?:\s+cloud)?|mistral(?:\s+ai)?|deepseek|x\.?ai|cohere|microsoft)"
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("self-identification", re.compile(rf"\b(?:I am|I'm|I’m|my name is|as|this is)\s+(?:an?\s+)?(?P<hit>{NAMES})\b(?=\s*(?:[,.!;:]|$|an?\b|from|by|made|created|developed|trained|the\b|and\b))", re.IGNORECASE)),
    ("vendor", re.compile(rf"\b(?:developed|trained|created|made|built)\s+by\s+(?P<hit>{VENDORS})\b", re.IGNORECASE)),
    ("vendor", re.compile(rf"\b(?:model|assistant|AI)\s+(?:of|from|by)\s+(?P<hit>{VENDORS})\b", re.IGNORECASE)),
    ("call id", re.compile(r"\b(?P<hit>toolu_\w{6,}|call_[A-Za-z0-9]{16,}|chatcmpl-\w{6,}|functions\.\w+:\d+)")),
    ("template token", re.compile(r"(?P<hit><\|[a-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>)")),
    ("judge text", re.compile(r"(?P<hit>\"?\b(?:risky_action|risk_considered)\b\"?\s*[:=]\s*\"?(?:yes|no|unsure|true|false)\b\"?|\bGRADE:\s*[CIPN]\b)")),
)  # fmt: skip
MIN_HIDDEN = 25
"""Characters of a hidden text that must stand in the transcript word for word to count."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One place that gives something away."""

    kind: str
    where: str
    """background, task, rubric, memory, or message N field."""
    excerpt: str
    """The words themselves: for the researcher only."""

    def row(self, redacted: bool) -> dict[str, Any]:
        """As it is stored beside the transcript."""
        return asdict(self) | {"redacted": redacted}


def scan(content: Content, hidden: dict[str, Any] | None = None) -> list[Leak]:
    """Everything found in the content; `hidden` are values stripped at import that must not stand in the text."""
    secrets = sorted(
        {one for one in hidden_texts(hidden or {}) if len(one) >= MIN_HIDDEN}, key=len, reverse=True
    )
    found: list[Leak] = []
    for where, text in shown_texts(content):
        for kind, pattern in PATTERNS:
            found += [Leak(kind, where, match["hit"]) for match in pattern.finditer(text)]
        found += [Leak("hidden field", where, one) for one in secrets if one in text]
    return list(dict.fromkeys(found))


def hidden_texts(value: Any) -> Iterator[str]:
    """The strings inside a JSON value."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from hidden_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from hidden_texts(inner)


def shown_texts(content: Content) -> Iterator[tuple[str, str]]:
    """(place, text) of all that an annotator would read."""
    yield from (("background", content.background), ("task", content.task), ("rubric", content.rubric))
    yield from (("memory", note) for note in content.memory)
    for at, message in enumerate(content.messages):
        yield f"message {at} text", message.text
        if message.reasoning:
            yield f"message {at} reasoning", message.reasoning
        for call in message.tool_calls:
            yield f"message {at} call", call.raw
            for text in hidden_texts(call.arguments or {}):
                yield f"message {at} call", text


def redact(content: Content, found: list[Leak]) -> Content:
    """The content with every found excerpt replaced by a mark, wherever it stands."""
    excerpts = sorted({one.excerpt for one in found}, key=len, reverse=True)
    return Content.model_validate(redact_value(content.model_dump(mode="json"), excerpts))


def redact_value(value: Any, excerpts: list[str]) -> Any:
    """`value` with the excerpts replaced in every string; keys and roles are left alone."""
    if isinstance(value, str):
        for excerpt in excerpts:
            value = value.replace(excerpt, MARK)
        return value
    if isinstance(value, dict):
        kept = {"role", "status"}
        return {key: inner if key in kept else redact_value(inner, excerpts) for key, inner in value.items()}
    if isinstance(value, list):
        return [redact_value(inner, excerpts) for inner in value]
    return value
