"""One spelling for every JSON document that is stored or hashed."""

import hashlib
import json
import re
from typing import Any

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
INVISIBLE_CHARACTERS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f"
)
"""Ranges of characters that hide or reorder text, for a class of a regular expression; as in annotate/static/transcript.js."""
TERMINAL_CONTROL = re.compile(f"[{INVISIBLE_CHARACTERS}\r\u2028\u2029\ud800-\udfff]")


def format_canonical_json(value: Any) -> str:
    """ASCII JSON with sorted keys and no spaces; NaN and infinities raise ValueError.

    ASCII because PostgreSQL text cannot hold NUL and no wire can hold a lone surrogate: both survive as escapes.
    """
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def compute_content_hash(value: Any) -> str:
    """SHA-256 (hex) over the canonical JSON of `value`."""
    return hashlib.sha256(format_canonical_json(value).encode()).hexdigest()


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
    return TERMINAL_CONTROL.sub("\ufffd", text)
