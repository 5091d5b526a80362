"""A codebook that was written is the codebook that is read."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondreader.db.core.codebook import BUILTIN_CODEBOOKS, Answer, Codebook, Question, load_builtin_codebook
from secondreader.db.core.text import make_storable
from secondreader.runner.exporters.codebook_toml import bump_version, format_codebook_toml

TEXT = st.text(max_size=40)


@pytest.mark.parametrize("name", BUILTIN_CODEBOOKS)
def test_built_in_codebooks_survive(name: str) -> None:
    """Written and read again they have the same hash; a remark changes nothing of that."""
    book = load_builtin_codebook(name)
    text = format_codebook_toml(book, {book.questions[0].id: ["say what a draft is"]})
    assert Codebook.model_validate(tomllib.loads(text)).compute_hash() == book.compute_hash()
    assert "# say what a draft is\n[[questions]]" in text


@settings(max_examples=150)
@given(texts=st.lists(TEXT, min_size=9, max_size=9), remark=TEXT, is_optional=st.booleans())
def test_any_text_survives(texts: list[str], remark: str, is_optional: bool) -> None:
    """Quotes, controls, line ends and lone surrogates neither break the file nor leave their place."""
    one, two, three, four, five, six, seven, eight, nine = map(make_storable, texts)
    answers = (Answer(value=one, label=two), Answer(value="no", label=three))
    first = Question(id="q1", text=four, definition=five, answers=answers, examples=(six, seven))
    asked_when = {"q1": (one, "no")}
    second = Question(id=f"x{eight}", text=nine, answers=answers, optional=is_optional, asked_when=asked_when)
    book = Codebook(name="n", version="1", questions=(first, second))
    found = Codebook.model_validate(tomllib.loads(format_codebook_toml(book, {"q1": [remark]})))
    assert found == book


@pytest.mark.parametrize(
    ("before", "after"),
    [("1", "2"), ("1.9", "1.10"), ("2024-11", "2024-12"), ("draft", "draft.2"), ("v3b", "v4b"), ("", ".2")],
)
def test_the_next_version_is_one_higher(before: str, after: str) -> None:
    """The last number counts up; a version without one gets one."""
    assert bump_version(before) == after
