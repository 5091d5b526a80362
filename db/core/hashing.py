"""One spelling for every JSON document that is stored or hashed."""

import hashlib
import json
from typing import Any


def format_canonical_json(value: Any) -> str:
    """ASCII JSON with sorted keys and no spaces; NaN and infinities raise ValueError.

    ASCII because PostgreSQL text cannot hold NUL and no wire can hold a lone surrogate: both survive as escapes.
    """
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def compute_content_hash(value: Any) -> str:
    """SHA-256 (hex) over the canonical JSON of `value`."""
    return hashlib.sha256(format_canonical_json(value).encode()).hexdigest()
