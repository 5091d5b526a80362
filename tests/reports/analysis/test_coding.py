"""Rows of the long frame, coded: which verdicts count, and which answers there are."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.core.codebook import Answer, Question
from secondreader.db.research.items import FRAME_COLUMNS
from secondreader.reports.analysis.coding import (
    build_long_frame,
    list_answers,
    make_answer_sort_key,
    should_count_verdict,
)
from secondreader.reports.analysis.options import AnalysisOptions

QUESTION = Question(
    id="q", text="?", answers=tuple(Answer(value=value, label=value) for value in ("yes", "no"))
)


def make_row(rater: str, answer: str | None, kind: str = "judge", state: str = "parsed") -> dict[str, Any]:
    """A row of the long frame."""
    blank: dict[str, Any] = dict.fromkeys(FRAME_COLUMNS)
    return {**blank, "item": "i", "rater": rater, "kind": kind, "answer": answer, "state": state}


@pytest.mark.parametrize(
    ("row", "judges", "expected"),
    [
        (make_row("a", "yes"), None, True),
        (make_row("a", "yes"), {"a", None}, True),
        (make_row("a", "yes"), {"b", None}, False),
        (make_row("a", None), None, False),
        (make_row("a", None, state="unparsed"), None, True),
        (make_row("a", None, state="error"), {"b"}, False),
    ],
)
def test_verdicts_count_by_judge_and_by_what_was_asked(
    row: dict[str, Any], judges: set[str | None] | None, expected: bool
) -> None:
    """A parsed verdict without an answer was never asked; an unparsed one was, and counts as missing."""
    assert should_count_verdict(row, judges) is expected


def test_labels_count_whichever_judge_is_chosen() -> None:
    """A chosen judge, and its reference, leave the other judges out and nobody else."""
    rows = [make_row("Ada", "yes", "human"), make_row("a", "no"), make_row("b", "no"), make_row("c", "no")]
    frame = build_long_frame(rows, AnalysisOptions(judge="a", reference="b"))
    assert list(frame["rater"]) == ["Ada", "a", "b"]
    assert list(build_long_frame(rows, AnalysisOptions())["rater"]) == ["Ada", "a", "b", "c"]


def test_empty_columns_are_no_slices_but_required_ones_stay() -> None:
    """A slice that no row has is dropped; item, rater, kind and answer are kept, even without a value."""
    row = {**make_row("a", None, state="unparsed"), "motive": None, "score": 0.5}
    frame = build_long_frame([row], AnalysisOptions())
    assert {"item", "rater", "kind", "answer"} <= set(frame.columns)
    assert not {"motive", "score"} & set(frame.columns)


def test_no_rows_make_an_empty_frame_with_its_columns() -> None:
    """A study without ratings can be coded, too."""
    frame = build_long_frame([], AnalysisOptions())
    assert len(frame) == 0
    assert {"item", "rater", "kind", "answer"} <= set(frame.columns)


def test_answers_are_the_codebooks_and_strange_ones_unsure_last() -> None:
    """Unsure is an answer only where somebody gave it."""
    frame = pd.DataFrame({"answer": ["yes", "maybe", None]})
    assert list_answers(frame, QUESTION, "unsure") == ["maybe", "no", "yes"]
    frame = pd.DataFrame({"answer": ["unsure", "yes"]})
    assert list_answers(frame, QUESTION, "unsure") == ["no", "yes", "unsure"]


@given(st.lists(st.integers(-50, 50), unique=True))
def test_numbers_are_ordered_by_value(numbers: list[int]) -> None:
    """The answer 10 comes after 9, and every number before every word."""
    ordered = sorted([*map(str, numbers), "a"], key=make_answer_sort_key)
    assert ordered == [*map(str, sorted(numbers)), "a"]
