"""One value has one spelling and one hash."""

import pytest

from secondreader.db.core.hashing import compute_content_hash, format_canonical_json


def test_one_value_has_one_spelling() -> None:
    """Key order does not matter to the hash; NaN is refused."""
    assert format_canonical_json({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
    assert compute_content_hash({"a": 1, "b": 2}) == compute_content_hash({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        format_canonical_json(float("nan"))
