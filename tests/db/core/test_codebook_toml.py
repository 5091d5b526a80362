"""A codebook that was written is the codebook that is read."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondreader.db.core.canonical import plain_text
from secondreader.db.core.codebook import BUILTIN, Answer, Codebook, Question, builtin_codebook
from secondreader.db.core.codebook_toml import codebook_toml, next_version

TEXT = st.text(max_size=40)


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_codebooks_survive(name: str) -> None:
    """Written and read again they have the same hash; a remark changes nothing of that."""
    book = builtin_codebook(name)
    text = codebook_toml(book, {book.questions[0].id: ["say what a draft is"]})
    assert Codebook.model_validate(tomllib.loads(text)).hash() == book.hash()
    assert "# say what a draft is\n[[questions]]" in text


@settings(max_examples=150)
@given(texts=st.lists(TEXT, min_size=9, max_size=9), remark=TEXT, is_optional=st.booleans())
def test_any_text_survives(texts: list[str], remark: str, is_optional: bool) -> None:
    """Quotes, controls, line ends and lone surrogates neither break the file nor leave their place."""
    one, two, three, four, five, six, seven, eight, nine = map(plain_text, texts)
    answers = (Answer(value=one, label=two), Answer(value="no", label=three))
    first = Question(id="q1", text=four, definition=five, answers=answers, examples=(six, seven))
    asked_when = {"q1": (one, "no")}
    second = Question(id=f"x{eight}", text=nine, answers=answers, optional=is_optional, asked_when=asked_when)
    book = Codebook(name="n", version="1", questions=(first, second))
    found = Codebook.model_validate(tomllib.loads(codebook_toml(book, {"q1": [remark]})))
    assert found == book


@pytest.mark.parametrize(
    ("before", "after"),
    [("1", "2"), ("1.9", "1.10"), ("2024-11", "2024-12"), ("draft", "draft.2"), ("v3b", "v4b"), ("", ".2")],
)
def test_the_next_version_is_one_higher(before: str, after: str) -> None:
    """The last number counts up; a version without one gets one."""
    assert next_version(before) == after
