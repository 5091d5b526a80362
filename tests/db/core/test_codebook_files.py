"""Codebooks: what a file may hold, which questions are asked, which answers pass."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from secondreader.db.core.codebook import (
    BUILTIN_CODEBOOKS,
    Codebook,
    CodebookError,
    load_builtin_codebook,
    load_builtin_guideline,
    load_codebook,
    read_codebook,
)

ANSWERS = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]


def make_codebook(*questions: dict[str, Any]) -> Codebook:
    """A codebook of yes-or-no questions."""
    filled = [{"text": "?", "answers": ANSWERS, **question} for question in questions]
    return Codebook.model_validate({"name": "b", "version": "1", "questions": filled})


@pytest.mark.parametrize("name", BUILTIN_CODEBOOKS)
def test_a_built_in_codebook_has_its_guideline(name: str) -> None:
    """Each loads by name, has a guideline, and hashes alike each time."""
    book = load_codebook(name)
    assert book == load_builtin_codebook(name)
    assert book.compute_hash() == read_codebook_hash(name)
    assert load_builtin_guideline(name).startswith("#")


def read_codebook_hash(name: str) -> str:
    """The hash of a built-in codebook that went through its JSON."""
    return Codebook.model_validate_json(load_builtin_codebook(name).model_dump_json()).compute_hash()


def test_a_file_that_is_not_there_names_the_built_in_ones(tmp_path: Path) -> None:
    """The sentence says what would have worked."""
    with pytest.raises(CodebookError, match=r"no such file; .* default or scenario-review"):
        load_codebook(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"name = ", b"= 1"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    """Wrong bytes and wrong syntax are one sentence with the file's name."""
    path = tmp_path / "book.toml"
    path.write_bytes(content)
    with pytest.raises(CodebookError, match=r"book\.toml: cannot be read as TOML"):
        read_codebook(path)


def test_a_folder_is_no_codebook(tmp_path: Path) -> None:
    """A path that cannot be read as a file is refused like one with wrong bytes."""
    with pytest.raises(CodebookError, match="cannot be read"):
        load_codebook(tmp_path)


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        (({"id": "a"}, {"id": "a"}), "share an id"),
        (({"id": "a", "asked_when": {"b": ["yes"]}},), "a: asked_when names"),
        (({"id": "a", "answers": ANSWERS[:1]},), "answers"),
        (({"id": "a", "answers": ANSWERS * 5},), "answers"),
        (({"id": "a", "examples": ["x"] * 21},), "examples"),
        (({"id": "a", "hint": "x"},), "hint"),
        ((), "questions"),
    ],
)
def test_questions_that_no_desk_could_ask_are_refused(
    questions: tuple[dict[str, Any], ...], message: str
) -> None:
    """Doubled ids, conditions on nothing, one answer or ten, unknown fields and no question at all."""
    with pytest.raises(ValidationError, match=message):
        make_codebook(*questions)


def test_a_question_is_asked_when_its_conditions_hold() -> None:
    """All conditions must hold; an unanswered question meets none."""
    book = make_codebook(
        {"id": "a"}, {"id": "b"}, {"id": "c", "asked_when": {"a": ["yes"], "b": ["yes", "no"]}}
    )
    asked = book.questions[2].is_asked
    assert asked({"a": "yes", "b": "no"})
    assert not asked({"a": "no", "b": "no"})
    assert not asked({"a": "yes"})
    assert not asked({})


@pytest.mark.parametrize(
    ("answers", "checked"),
    [
        ({"a": "no", "b": "yes"}, {"a": "no"}),
        ({"a": "yes", "b": "no"}, {"a": "yes", "b": "no"}),
        ({"a": "no", "c": "yes"}, {"a": "no", "c": "yes"}),
        ({"a": "no", "c": None}, {"a": "no"}),
    ],
)
def test_answers_to_unasked_questions_are_dropped(answers: dict[str, Any], checked: dict[str, str]) -> None:
    """What an earlier answer made unnecessary is not stored; an optional question may stay open."""
    book = make_codebook(
        {"id": "a"}, {"id": "b", "asked_when": {"a": ["yes"]}}, {"id": "c", "optional": True}
    )
    assert book.check_answers(answers) == checked


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "a: expected one of yes, no, got 'None'"),
        ({"a": "maybe"}, "got 'maybe'"),
        ({"a": "x" * 99}, f"got '{'x' * 40}'"),
        ({"a": "yes"}, "b: expected one of"),
        ({"a": "no", "z": "yes", "y": "yes"}, "no question 'y'"),
        ({"a": ["yes"]}, "a: expected one of"),
    ],
)
def test_wrong_answers_name_the_question(answers: dict[str, Any], message: str) -> None:
    """The sentence names the question and cuts a long answer short."""
    book = make_codebook({"id": "a"}, {"id": "b", "asked_when": {"a": ["yes"]}})
    with pytest.raises(CodebookError, match=message):
        book.check_answers(answers)


def test_the_hash_follows_the_words() -> None:
    """Any word that an annotator sees changes the hash."""
    hashes = {
        make_codebook({"id": "a", **change}).compute_hash()
        for change in ({}, {"text": "??"}, {"definition": "d"}, {"optional": True}, {"examples": ["x"]})
    }
    assert len(hashes) == 5
