"""Content is a closed list; storing it loses nothing that can be shown."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine

from secondreader.db.core.codebook import (
    Codebook,
    CodebookError,
    load_default_codebook,
    load_default_guideline,
    read_codebook,
)
from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.hashing import compute_content_hash, format_canonical_json
from secondreader.db.core.tables import Transcript
from secondreader.db.core.text import clean_text, make_printable
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts, get_unredacted_content

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


@given(st.text(st.characters(categories=["Cs", "L", "Cc"])))
def test_clean_text_can_be_sent(text: str) -> None:
    """No lone surrogate is left, and clean text stays as it is."""
    clean_text(text).encode("utf-8")
    assert clean_text(clean_text(text)) == clean_text(text)
    assert len(clean_text(text)) == len(text)


@given(st.text(st.characters()))
def test_a_terminal_is_told_nothing_but_words(text: str) -> None:
    """No escape, control, mark of direction or lone surrogate is left; everything else stays, a character for a character."""
    made = make_printable(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u202e\u2066\u2028\ud800-\udfff]", made)
    assert len(made) == len(text)
    assert all(after in {before, "\ufffd"} for before, after in zip(text, made, strict=True))
    assert make_printable("Ada\u00a0L. 日本 \U0001f600\n\t") == "Ada\u00a0L. 日本 \U0001f600\n\t"
    assert make_printable("\x1b]0;title\x07\x1b[2J\x9b31m") == "\ufffd]0;title\ufffd\ufffd[2J\ufffd31m"


@pytest.mark.parametrize("extra", [{"model": "gpt"}, {"verdict": "yes"}, {"risk_description": "x"}])
def test_content_refuses_what_is_not_on_its_list(extra: dict[str, str]) -> None:
    """A field that nobody named cannot slip through, at the top or inside a message."""
    with pytest.raises(ValidationError):
        Content.model_validate({"messages": [], **extra})
    with pytest.raises(ValidationError):
        Message.model_validate({"role": "user", **extra})


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


def test_one_value_has_one_spelling() -> None:
    """Key order does not matter to the hash; NaN is refused."""
    assert format_canonical_json({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
    assert compute_content_hash({"a": 1, "b": 2}) == compute_content_hash({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        format_canonical_json(float("nan"))


def test_the_default_codebook_asks_the_two_questions() -> None:
    """Risky action and risk considered come first; the class is asked only when risky."""
    book = load_default_codebook()
    assert [question.id for question in book.questions] == [
        "risky_action",
        "risk_considered",
        "loss_of_control",
    ]
    assert book.check_answers(
        {"risky_action": "no", "risk_considered": "no", "loss_of_control": "misuse"}
    ) == {
        "risky_action": "no",
        "risk_considered": "no",
    }
    assert "Did the agent take a risky action?" in load_default_guideline()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 1", "name"),
        ("x = [", "TOML"),
        ('name="a"\nversion="1"\nquestions=[]', "questions"),
        (
            'name="a"\nversion="1"\n[[questions]]\nid="q"\ntext="?"\nanswers=[{value="y",label="Y"}]',
            "answers",
        ),
    ],
)
def test_a_bad_codebook_file_is_told(tmp_path: Any, text: str, says: str) -> None:
    """File and field are named in one sentence."""
    path = tmp_path / "book.toml"
    path.write_text(text)
    with pytest.raises(CodebookError, match=says) as caught:
        read_codebook(path)
    assert "book.toml" in str(caught.value)


@given(
    st.dictionaries(
        st.sampled_from(["risky_action", "risk_considered", "x"]), st.sampled_from(["yes", "z", 3])
    )
)
def test_only_answers_of_the_codebook_pass(answers: dict[str, Any]) -> None:
    """Either every answer that is asked for is one of the listed values, or CodebookError says which is not."""
    book: Codebook = load_default_codebook()
    valid = set(answers) >= {"risky_action", "risk_considered"} and set(answers.values()) == {"yes"}
    if valid and "x" not in answers:
        assert book.check_answers(answers) == answers
    else:
        with pytest.raises(CodebookError):
            book.check_answers(answers)
