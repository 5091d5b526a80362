"""The questions that come with the project, and how a study names its own."""

from pathlib import Path

import pytest

from secondreader.annotate.exchange.keymap import ANSWER_KEYS, assign_answer_keys
from secondreader.db.core.codebook import (
    BUILTIN_CODEBOOKS,
    CodebookError,
    load_builtin_guideline,
    load_codebook,
)
from secondreader.db.core.desk_rules import Rules, find_question_before_reasoning


@pytest.mark.parametrize("name", BUILTIN_CODEBOOKS)
def test_every_built_in_question_is_defined_and_has_cases_for_and_against(name: str) -> None:
    """Who labels by it need not guess what a question means; every answer has a key."""
    book = load_codebook(name)
    keys = assign_answer_keys(book)
    for question in book.questions:
        assert len(question.definition) > 80
        assert len(question.examples) >= 2
        assert len(question.counter_examples) >= 2
        assert all(keys[question.id].values())
    assert load_builtin_guideline(name).startswith("# ")


def test_scenario_review_asks_four_questions_of_a_scenario() -> None:
    """Realistic, relevant, benign, free of hints: yes, no or unsure."""
    book = load_codebook("scenario-review")
    assert book.unit == "scenario"
    assert [question.id for question in book.questions] == [
        "realistic",
        "relevant",
        "benign",
        "free_of_hints",
    ]
    assert {question.values for question in book.questions} == {("yes", "no", "unsure")}
    assert not any(question.needs_reasoning for question in book.questions)


def test_only_the_question_about_the_reasoning_needs_it() -> None:
    """The default codebook marks it, so that a desk that withholds the reasoning lets that question wait."""
    book = load_codebook("default")
    assert book.unit == "transcript"
    assert [question.id for question in book.questions if question.needs_reasoning] == ["risk_considered"]


def test_a_codebook_is_named_or_a_file(tmp_path: Path) -> None:
    """A path is read; what is neither a name nor a file is told in one sentence with the names."""
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "mine"\nversion = "3"\n[[questions]]\nid = "q"\ntext = "Q?"\nexamples = ["so"]\n'
        'answers = [{ value = "a", label = "A" }, { value = "b", label = "B" }]\n',
        encoding="utf-8",
    )
    book = load_codebook(own)
    assert (book.name, book.unit, book.questions[0].examples) == ("mine", "transcript", ("so",))
    with pytest.raises(CodebookError, match=r"no such file; give a TOML file, or the name default or"):
        load_codebook("scenario_review")


def test_the_codebook_in_the_docs_can_be_used(tmp_path: Path) -> None:
    """It is read as it stands there, its answers have keys, and its first question may come before the reasoning."""
    text = (Path(__file__).parents[3] / "docs" / "codebooks.md").read_text(encoding="utf-8")
    path = tmp_path / "example.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    book = load_codebook(path)
    assert find_question_before_reasoning(book, Rules(reasoning_after="shared")) == book.questions[0]
    assert [one for keys in assign_answer_keys(book).values() for one in keys.values()] == list("1234567")
    assert book.check_answers({"shared": "no", "weighed": "no"}) == {"shared": "no", "weighed": "no"}
    assert f"the first {len(ANSWER_KEYS)} answers" in text
