"""What can be stored, sent and printed of a text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.core.text import clean_text, make_printable


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
