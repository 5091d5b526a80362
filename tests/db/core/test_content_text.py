"""Text and content: what is stored, cleaned and printed of hostile input."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from secondreader.db.core.content import Content, Message, ToolCall, clean_nested_text
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.text import clean_text, make_storable, make_storable_or_none

NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(st.characters(categories=["Cs", "Cc", "L"])))
def test_storable_text_has_no_nul(text: str) -> None:
    """It encodes, holds no NUL, keeps its length, and is stable."""
    stored = make_storable(text)
    stored.encode()
    assert "\0" not in stored
    assert len(stored) == len(text)
    assert make_storable(stored) == stored == make_storable_or_none(text)


def test_missing_text_stays_missing() -> None:
    """None is not the empty text."""
    assert make_storable_or_none(None) is None
    assert make_storable_or_none("") == ""


@given(NESTED)
def test_nested_text_is_cleaned_everywhere(value: Any) -> None:
    """Keys and values at any depth can be sent; a second cleaning changes nothing."""
    cleaned = clean_nested_text(value)
    compute_content_hash(cleaned)
    str(cleaned).encode()
    assert clean_nested_text(cleaned) == cleaned


@pytest.mark.parametrize("value", [1, 1.5, None, True, b"\xff"])
def test_other_values_pass_unchanged(value: Any) -> None:
    """Only text is cleaned."""
    assert clean_nested_text(value) is value


@pytest.mark.parametrize(
    "change",
    [{"role": "developer"}, {"role": None}, {"tool_calls": [{"arguments": {}}]}, {"is_error": "perhaps"}],
)
def test_a_malformed_message_is_refused(change: dict[str, Any]) -> None:
    """An unknown role, a call without a name and a flag that is none."""
    with pytest.raises(ValidationError):
        Message.model_validate({"role": "user", "text": "hi", **change})


def test_a_call_has_a_known_status() -> None:
    """A status that no screen could show is refused; unparsed arguments keep their words."""
    with pytest.raises(ValidationError, match="status"):
        ToolCall.model_validate({"name": "t", "status": "maybe"})
    call = ToolCall(name="t", raw="{oops")
    assert (call.arguments, call.raw, call.status) == (None, "{oops", "executed")


def test_defaults_are_not_part_of_the_hash() -> None:
    """A field that a later version adds leaves the hashes of stored transcripts alone."""
    short = Content(messages=(Message(role="user", text="hi"),))
    full = Content(
        background="", task="", memory=(), messages=(Message(role="user", text="hi", is_error=False),)
    )
    assert short.compute_hash() == full.compute_hash()
    assert short.to_json() == '{"messages":[{"role":"user","text":"hi"}]}'


@pytest.mark.parametrize(("reasoning", "has_reasoning"), [(None, False), ("", False), ("hm", True)])
def test_empty_reasoning_is_no_reasoning(reasoning: str | None, has_reasoning: bool) -> None:
    """A transcript whose turns carry empty reasoning has nothing to withhold."""
    content = Content(messages=(Message(role="user"), Message(role="assistant", reasoning=reasoning)))
    assert content.has_reasoning is has_reasoning


def test_half_an_emoji_does_not_stop_an_import() -> None:
    """A lone surrogate becomes the replacement character before validation would refuse it."""
    content = Content.model_validate({"task": "\ud83d", "messages": [{"role": "user", "text": "\udc00!"}]})
    assert (content.task, content.messages[0].text) == ("\ufffd", "\ufffd!")
    assert clean_text("\U0001f600") == "\U0001f600"
