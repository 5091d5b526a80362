"""One spelling for every JSON document that is stored or hashed."""

import hashlib
import json
import re
from typing import Any

LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_json(value: Any) -> str:
    """ASCII JSON with sorted keys and no spaces; NaN and infinities raise ValueError.

    ASCII because PostgreSQL text cannot hold NUL and no wire can hold a lone surrogate: both survive as escapes.
    """
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(value: Any) -> str:
    """SHA-256 (hex) over the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def clean_text(text: str) -> str:
    """`text` with lone surrogates replaced by U+FFFD: they cannot be shown, sent or validated."""
    return LONE_SURROGATE.sub("\ufffd", text)


def plain_text(text: str) -> str:
    """`text` as a plain text column of either engine can hold it: `clean_text`, and NUL becomes U+FFFD as well.

    PostgreSQL refuses NUL in text (documentation, section 8.3).
    """
    return clean_text(text).replace("\0", "\ufffd")
