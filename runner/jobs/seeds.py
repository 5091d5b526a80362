"""Seeds of requests: the same plan asks with the same seeds, on any machine."""

import hashlib
from typing import Any

from secondreader.db.core.hashing import format_canonical_json


def derive_seed(*parts: Any) -> int:
    """A seed of 31 bits (all that some servers take) from anything that JSON can hold."""
    digest = hashlib.sha256(format_canonical_json(list(parts)).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
