"""Rules of a desk: ranges, names, and the question that comes before the reasoning."""

from typing import Any

import pytest
from pydantic import ValidationError

from secondreader.db.core.codebook import Codebook, CodebookError
from secondreader.db.core.desk_rules import Rules, find_question_before_reasoning, parse_rules


def make_codebook(**second: Any) -> Codebook:
    """Two yes-or-no questions; `second` changes the second one."""
    answers = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    questions = [{"id": "risky", "text": "?", "answers": answers}]
    questions.append({"id": "why", "text": "?", "answers": answers, **second})
    return Codebook.model_validate({"name": "b", "version": "1", "questions": questions})


def test_an_old_study_has_the_default_rules() -> None:
    """A study that was frozen before a rule existed behaves as the desk did then."""
    assert parse_rules({}) == Rules()
    assert parse_rules({"overlap": 3}) == Rules(overlap=3)


@pytest.mark.parametrize(
    "stored",
    [
        {"qualification_threshold": 1.01},
        {"qualification_threshold": -0.1},
        {"qualification_rounds": 0},
        {"qualification_rounds": 11},
        {"queue": "random"},
        {"queue": "shared "},
        {"lease_minutes": 4},
        {"lease_minutes": 10_081},
        {"overlap": 0},
        {"repeats": 0.51},
        {"repeat_gap": 0},
        {"guesses": -1},
        {"guesses": 51},
        {"overlapp": 2},
    ],
)
def test_a_rule_out_of_range_is_refused(stored: dict[str, Any]) -> None:
    """A misspelt name or a value that no desk could obey is refused by name."""
    with pytest.raises(ValidationError, match=next(iter(stored))):
        parse_rules(stored)


def test_the_question_before_the_reasoning_is_found() -> None:
    """None withholds nothing; a name gives its question."""
    assert find_question_before_reasoning(make_codebook(), Rules()) is None
    question = find_question_before_reasoning(make_codebook(), Rules(reasoning_after="why"))
    assert question is not None
    assert question.id == "why"


@pytest.mark.parametrize(
    ("second", "after", "message"),
    [
        ({}, "other", "has no question 'other'"),
        ({"optional": True}, "why", "why"),
        ({"asked_when": {"risky": ["yes"]}}, "why", "why"),
        ({"needs_reasoning": True}, "why", "why"),
    ],
)
def test_a_question_that_may_not_come_first_is_refused(
    second: dict[str, Any], after: str, message: str
) -> None:
    """Where the question could stay unanswered, or needs the reasoning itself, nobody would ever see the reasoning."""
    with pytest.raises(CodebookError, match=message):
        find_question_before_reasoning(make_codebook(**second), Rules(reasoning_after=after))
