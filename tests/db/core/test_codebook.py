"""Codebook files, and the answers that fit one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.core.codebook import (
    Codebook,
    CodebookError,
    load_default_codebook,
    load_default_guideline,
    read_codebook,
)


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
