"""Finds what would tell an annotator which model wrote a transcript, or how somebody judged it.

Names alone prove nothing ("Claude Monet", "grok the problem"): a name counts where the text speaks of itself or of its maker.
What cannot be found so: style, length and format, which is why studies may ask annotators to guess the model.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from secondreader.db.core.content import Content

SCAN_VERSION = "1"
"""Stored with each scan. Raise it whenever the scan finds more, less or otherwise: a test compares the rules with it."""
MARK = "▮▮▮"
NAMES = (
    r"(?:chat\s?gpt[\w.-]*|gpt[-\s]?[345](?:\.\d)?[\w.-]*|claude(?:[-\s](?:\d[\w.]*|opus|sonnet|haiku|instant)){0,3}|gemini(?:[-\s](?:\d[\w.]*|pro|flash|ultra|nano)){0,3}|llama[-\s]?\d[\w.-]*"
    r"|qwen[\w.-]*|mistral(?:[-\s](?:large|medium|small|nemo|\d[\w.]*)){0,2}|mixtral[\w.-]*|deepseek[\w.-]*|grok(?:[-\s]?\d)?|command[-\s]r\+?|gemma[\w.-]*|phi-\d[\w.-]*|kimi(?:[-\s]k\d[\w.]*)?|glm-\d[\w.-]*)"
)
VENDORS = r"(?:open\s?ai|anthropic|google(?:\s+deepmind)?|meta(?:\s+ai)?|alibaba(?:\s+cloud)?|mistral(?:\s+ai)?|deepseek|x\.?ai|cohere|microsoft)"
MAKING = rf"(?:developed|trained|created|made|built)\s+by\s+(?P<hit>{VENDORS})\b"
SELF = r"\b(?:I\s+am|I['’]m|my\s+name\s+is|you\s+are|you['’]re)\s+"
KIND = r"(?:model|assistant|AI|chatbot|LLM|agent)"
ENDING = r"(?=\s*(?:[,.!;:]|$|an?\b|from|by|made|created|developed|trained|the\b|and\b))"
Rules = tuple[tuple[str, re.Pattern[str]], ...]
PATTERNS: Rules = (
    *((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in (
        ("self-identification", rf"{SELF}(?P<hit>{NAMES})\b{ENDING}"),
        ("self-identification", rf"{SELF}(?:an?\s+|the\s+)?(?P<hit>{NAMES})\s+{KIND}\b"),
        ("self-identification", rf"\b{KIND}\s*,?\s+(?:called|named|known\s+as)\s+(?P<hit>{NAMES})\b"),
        ("self-identification", rf"\bthis\s+is\s+(?P<hit>{NAMES})(?=\s*(?:[.!]|$|speaking\b|here\b))"),
        # "as Gemini, Leo and Virgo" is no confession; "As GPT-4, I cannot" and "as Claude, an AI" are.
        ("self-identification", rf"\bas\s+(?P<hit>{NAMES})(?=\s*,?\s+(?:I\b|my\b|an?\s+(?:\w+\s+){{0,2}}{KIND}\b))"),
        ("self-identification", rf"\bas\s+an?\s+(?P<hit>{NAMES})\s+{KIND}\b"),
        ("vendor", rf"\b(?:I|you)(?:['’]m|['’]ve\s+been|\s+am|\s+are|\s+was|\s+were|\s+have\s+been)\s+(?:\w+\s+)?{MAKING}"),
        ("vendor", rf"\b{KIND}[\s,(]+(?:(?:that|which)\s+)?(?:(?:was|is|has\s+been)\s+)?(?:\w+ly\s+)?{MAKING}"),
        ("vendor", rf"\b(?:model|assistant|AI)\s+(?:of|from|by)\s+(?P<hit>{VENDORS})\b"),
        ("template token", r"(?P<hit><\|[a-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>)"),
    )),
    ("call id", re.compile(r"\b(?P<hit>toolu_\w{6,}|call_[A-Za-z0-9]{16,}|chatcmpl-\w{6,}|functions\.\w+:\d+)")),
    ("judge text", re.compile(r"(?P<hit>\"?\b(?:risky_action|risk_considered)\b\"?\s*[:=]\s*\"?(?:yes|no|unsure|true|false)\b\"?|\bGRADE:\s*[CIPN]\b)")),
)  # fmt: skip
MIN_HIDDEN = 25
"""Characters of a hidden text that must stand in the transcript word for word to count."""
AROUND = 80
"""Characters before and after a hit that are kept, so that a person can judge it."""
FIXED_FIELDS = frozenset({"role", "status", "name", "tool"})
"""Fields that a mark would break: roles, and the names of tools."""
FREE_FIELDS = frozenset({"arguments", "parameters"})
"""Fields whose keys the transcript's author chose: a "name" among them is text like any other."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One passage that gives something away."""

    kind: str
    where: str
    """background, task, rubric, memory, tool, or message N field."""
    excerpt: str
    """The words themselves: for the researcher only."""
    before: str = field(default="", compare=False)
    """What stands before them where they come first: whole words of at most AROUND characters."""
    after: str = field(default="", compare=False)

    def to_row(self, redacted: bool) -> dict[str, Any]:
        """As it is stored beside the transcript."""
        return asdict(self) | {"redacted": redacted}


def find_leaks(
    content: Content, hidden: dict[str, Any] | None = None, model: str | None = None
) -> list[Leak]:
    """Everything found in the content; `hidden` are values stripped at import that must not stand in the text.

    The transcript's own `model` counts wherever its id stands as a whole token.
    """
    rules = build_rules(content, hidden, model)
    leaks = [
        make_leak(kind, where, text, *match.span("hit"))
        for where, text in list_visible_texts(content)
        for kind, pattern in rules
        for match in pattern.finditer(text)
    ]
    # equal words in one field count once, however often they stand there
    return list(dict.fromkeys(leaks))


def make_leak(kind: str, where: str, text: str, start: int, end: int) -> Leak:
    """The words from `start` to `end`, and what stands around them."""
    before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
    # a cut word could be a name of its own: only whole words are kept
    if start > AROUND:
        before = "… " + before.partition(" ")[2]
    if len(text) - end > AROUND:
        after = after.rpartition(" ")[0] + " …"
    return Leak(kind, where, text[start:end], before, after)


def build_rules(content: Content, hidden: dict[str, Any] | None, model: str | None) -> Rules:
    """The general patterns, the hidden texts that stand in the content word for word, and the model's id."""
    texts = [text for _, text in list_visible_texts(content)]
    # short values ("yes", "3") stand in any text and would mark all of it
    secrets = {secret for secret in list_strings(hidden or {}) if len(secret) >= MIN_HIDDEN}
    # `in` is far quicker than a pattern, and nearly all hidden texts stand nowhere
    present = [secret for secret in secrets if any(secret in text for text in texts)]
    exact = [("hidden field", re.escape(secret)) for secret in sorted(present, key=len, reverse=True)]
    own = [re.escape(token) for token in list_model_tokens(model or "")]
    rules = tuple((kind, re.compile(f"(?P<hit>{text})")) for kind, text in exact)
    if own:
        token = rf"(?<![\w-])(?P<hit>{'|'.join(own)})(?![\w-])"
        rules += (("own model id", re.compile(token, re.IGNORECASE)),)
    return PATTERNS + rules


def list_model_tokens(model: str) -> list[str]:
    """Spellings of a model id that are no ordinary word, longest first: the id, and its parts with hyphen and digit.

    "meta-llama/Llama-3.1-8B" gives itself and "Llama-3.1-8B"; an id such as "agent" gives nothing.
    """
    parts = [part for part in re.split(r"[/_]", model) if "-" in part and re.search(r"\d", part)]
    whole = [model] if re.search(r"[^A-Za-z\s]", model) else []
    # longest first, or an alternative that begins alike would match a part and leave the rest to be read
    return sorted({token for token in [*whole, *parts] if len(token) >= 5}, key=len, reverse=True)


def list_strings(value: Any) -> Iterator[str]:
    """The strings inside a JSON value."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from list_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_strings(inner)


def list_visible_texts(content: Content) -> Iterator[tuple[str, str]]:
    """(field, text) of all that an annotator would read."""
    yield from (("background", content.background), ("task", content.task), ("rubric", content.rubric))
    yield from (("memory", note) for note in content.memory)
    for tool in content.tools:
        yield from (("tool", text) for text in list_strings([tool.description, tool.parameters]))
    for at, message in enumerate(content.messages, start=1):
        yield f"message {at} text", message.text
        if message.reasoning:
            yield f"message {at} reasoning", message.reasoning
        for call in message.tool_calls:
            # both: the raw text may be all that there is, and arguments may be escaped in it
            yield f"message {at} call", call.raw
            for text in list_strings(call.arguments or {}):
                yield f"message {at} call", text


def redact_content(
    content: Content, hidden: dict[str, Any] | None = None, model: str | None = None
) -> Content:
    """The content with a mark on the very words that `scan` finds; the same words elsewhere are left alone."""
    rules = build_rules(content, hidden, model)
    return Content.model_validate(redact_value(content.model_dump(mode="json"), rules))


def redact_value(value: Any, rules: Rules, kept: frozenset[str] = FIXED_FIELDS) -> Any:
    """`value` with marks in every string; keys are left alone, and so is what stands under the `kept` ones."""
    if isinstance(value, str):
        return redact_text(value, rules)
    if isinstance(value, dict):
        return {
            key: inner
            if key in kept
            else redact_value(inner, rules, frozenset() if key in FREE_FIELDS else kept)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [redact_value(inner, rules, kept) for inner in value]
    return value


def redact_text(text: str, rules: Rules) -> str:
    """`text` with every hit of the rules replaced by a mark; hits that overlap become one."""
    spans = sorted(match.span("hit") for _, pattern in rules for match in pattern.finditer(text))
    kept, end = [], 0
    for start, stop in spans:
        if start >= end:
            kept += [text[end:start], MARK]
        end = max(end, stop)
    return "".join(kept) + text[end:]
