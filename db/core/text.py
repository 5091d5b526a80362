"""Text as a column can hold it and a terminal can print it."""

import re

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# zero-width and bidirectional marks, soft hyphen, tags: they let a transcript show other words than it holds
INVISIBLE_CHARACTERS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f"
)
"""Ranges of characters that hide or reorder text, for a class of a regular expression; as in annotate/static/transcript.js."""
TERMINAL_CONTROL = re.compile(f"[{INVISIBLE_CHARACTERS}\r\u2028\u2029\ud800-\udfff]")


def clean_text(text: str) -> str:
    """`text` with lone surrogates replaced by U+FFFD: they cannot be shown, sent or validated."""
    return LONE_SURROGATE.sub("\ufffd", text)


def make_storable(text: str) -> str:
    """`text` as a plain text column of either engine can hold it: `clean_text`, and NUL becomes U+FFFD as well.

    PostgreSQL refuses NUL in text (documentation, section 8.3).
    """
    return clean_text(text).replace("\0", "\ufffd")


def make_printable(text: str) -> str:
    """`text` for a terminal: what would steer it, or hide and reorder words, becomes U+FFFD; lines stay lines."""
    # tab and newline stay: lines stay lines
    return TERMINAL_CONTROL.sub("\ufffd", text)


def make_storable_or_none(text: str | None) -> str | None:
    """`make_storable` where there is any."""
    return None if text is None else make_storable(text)
