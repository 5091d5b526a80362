"""Storing transcripts: hostile text, a second import, redaction."""

import json

import pytest
from sqlalchemy import Engine

from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Transcript
from secondreader.db.core.text import clean_text
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts, get_unredacted_content


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\u202e\u200b", "\x1b[31m", "<script>", "é" * 1000])
def test_hostile_text_is_stored_on_both_engines(engine: Engine, text: str) -> None:
    """NUL, surrogates, bidi marks and escapes neither fail nor change on the way."""
    call = ToolCall(name="t", arguments={text: text}, raw=text)
    content = Content(messages=(Message(role="assistant", text=text, tool_calls=(call,)),))
    with write_session(engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", content, hidden={"x": clean_text(text)})])
    with read_session(engine) as session:
        row = session.get(Transcript, 1)
        assert row is not None
        assert get_unredacted_content(row) == content
        assert row.hidden == {"x": clean_text(text)}


def test_a_second_import_changes_nothing(engine: Engine) -> None:
    """The first content of an origin key stays; its id is returned."""
    one, other = (Content(messages=(Message(role="user", text=text),)) for text in "ab")
    with write_session(engine) as session:
        first = add_transcripts(session, [NewTranscript("k", "c", one)])
        second = add_transcripts(session, [NewTranscript("k", "c", other), NewTranscript("k2", "c", other)])
    assert (second.n_added, second.n_known, second.ids[0]) == (1, 1, first.ids[0])
    with read_session(engine) as session:
        row = session.get(Transcript, first.ids[0])
        assert row is not None
        assert get_unredacted_content(row) == one


def test_redaction_keeps_the_original_for_the_researcher(engine: Engine) -> None:
    """What the desk reads is redacted; judges and researchers get the original, whose hash identifies it."""
    shown, original = (
        Content(messages=(Message(role="user", text=text),)) for text in ("I am ▮▮▮", "I am X")
    )
    with write_session(engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", shown, original=original)])
    with read_session(engine) as session:
        row = session.get(Transcript, 1)
        assert row is not None
        assert json.loads(row.content or "")["messages"][0]["text"] == "I am ▮▮▮"
        assert get_unredacted_content(row) == original
        assert row.content_hash == original.compute_hash()
