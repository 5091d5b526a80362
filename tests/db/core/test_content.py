"""Content is a closed list; storing it loses nothing that can be shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from secondreader.db.core.content import Content, Message

ANY_TEXT = st.text(st.characters(), max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "tool"]), ANY_TEXT, ANY_TEXT), max_size=5))
def test_content_survives_its_json(turns: list[tuple[Any, str, str]]) -> None:
    """Whatever text a turn holds, the stored form is ASCII and reads back equal, with the same hash."""
    content = Content(
        messages=tuple(Message(role=role, text=text, reasoning=why) for role, text, why in turns)
    )
    stored = content.to_json()
    assert stored.isascii()
    assert Content.model_validate_json(stored) == content
    assert Content.model_validate_json(stored).compute_hash() == content.compute_hash()


@pytest.mark.parametrize("extra", [{"model": "gpt"}, {"verdict": "yes"}, {"risk_description": "x"}])
def test_content_refuses_what_is_not_on_its_list(extra: dict[str, str]) -> None:
    """A field that nobody named cannot slip through, at the top or inside a message."""
    with pytest.raises(ValidationError):
        Content.model_validate({"messages": [], **extra})
    with pytest.raises(ValidationError):
        Message.model_validate({"role": "user", **extra})
