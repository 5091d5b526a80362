"""A finding's sentence, its flat row, and when gold itself is doubtful."""

from typing import Any

import pytest

from secondreader.judge.disagreement.error_measures import ERROR_DIFFERENCES
from secondreader.judge.disagreement.finding import Finding, LeaveOneOutResult, has_doubtful_gold
from secondreader.judge.disagreement.search import is_driver, nan_to_none
from secondreader.judge.disagreement.verdict_errors import (
    ERROR,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    UNPARSED,
    format_p,
)


def make_finding(**changes: Any) -> Finding:
    """A finding of missed cases in one slice, with some fields changed."""
    fields: dict[str, Any] = {
        "slice": "motive = speed",
        "attributes": ("motive",),
        "values": ("speed",),
        "kind": "one-way",
        "statistic": FALSE_NEGATIVE,
        "direction": "misses",
        "n_in": 20,
        "n_out": 60,
        "wrong_in": 12,
        "wrong_out": 6,
        "rate_in": 0.6,
        "rate_out": 0.1,
        "difference": 0.5,
        "low": 0.3,
        "high": 0.7,
        "ratio": 6.0,
        "expected_wrong": 2.0,
        "shrunken_rate": 0.5,
        "shrunken_low": 0.3,
        "shrunken_high": 0.7,
        "p": 0.001,
        "p_adjusted": 0.004,
        "q": 0.002,
        "permutations": 999,
        "seed": 0,
        "human_disagreement_in": 0.1,
        "human_disagreement_out": 0.1,
        "driven_by": (),
        "without": (),
        "items": ("i1", "i2"),
    }
    return Finding(**{**fields, **changes})


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("misses", "The judge misses 'yes' where motive = speed: 12 of 20 missed, 6 of 60 elsewhere"),
        ("over-flags", "The judge over-flags 'yes' where motive = speed: 12 of 20 over-flagged, 6 of 60"),
        ("errs", "The judge errs more where motive = speed: 12 of 20 wrong, 6 of 60 elsewhere"),
    ],
)
def test_the_sentence_says_direction_and_raw_counts(direction: str, words: str) -> None:
    """Counts of the slice and of the rest, and the adjusted p."""
    sentence = make_finding(direction=direction).sentence
    assert sentence.startswith(words)
    assert sentence.endswith("(adjusted p = .004).")


def test_annotators_that_carry_a_finding_are_named() -> None:
    """Without their labels the finding would not stand."""
    sentence = make_finding(driven_by=("A", "B")).sentence
    assert sentence.endswith("It depends on A and B: without their labels it disappears.")


@pytest.mark.parametrize(
    ("inside", "outside", "is_doubtful"),
    [
        (0.3, 0.1, True),
        (0.2, 0.1, True),
        (0.19, 0.1, False),
        (0.09, 0.0, False),
        (0.1, 0.0, True),
        (None, 0.1, False),
        (0.5, None, False),
    ],
)
def test_gold_is_doubtful_where_people_disagree_twice_as_often(
    inside: float | None, outside: float | None, is_doubtful: bool
) -> None:
    """Twice as often, and on one pair in ten at least; unknown is not doubtful."""
    finding = make_finding(human_disagreement_in=inside, human_disagreement_out=outside)
    assert has_doubtful_gold(finding) == is_doubtful
    assert ("gold itself may be wrong" in finding.sentence) == is_doubtful


def test_a_row_is_flat() -> None:
    """Tuples become text, the retests are left out, and the sentence is added."""
    retest = LeaveOneOutResult("A", 0.1, 0.2, 18)
    finding = make_finding(attributes=("motive", "tool"), driven_by=("A",), without=(retest,))
    row = finding.build_row()
    assert (row["attributes"], row["driven_by"], row["items"]) == ("motive; tool", "A", "i1; i2")
    assert "without" not in row
    assert row["sentence"] == finding.sentence
    assert not [value for value in row.values() if isinstance(value, tuple | list | dict)]


@pytest.mark.parametrize(
    ("retest", "is_one"),
    [
        (LeaveOneOutResult("A", 0.4, 0.01, 20), False),
        (LeaveOneOutResult("A", 0.2, 0.01, 20), True),
        (LeaveOneOutResult("A", 0.4, 0.06, 20), True),
        (LeaveOneOutResult("A", None, 1.0, 0), True),
    ],
)
def test_a_driver_takes_significance_or_half_of_the_difference(
    retest: LeaveOneOutResult, is_one: bool
) -> None:
    """Of a difference of .4 at alpha .05: p above alpha, .2 or less left, or one side empty."""
    assert is_driver(retest, 0.4, 0.05) == is_one


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0005, "< .001"), (0.001, "= .001"), (0.0496, "= .050"), (0.643, "= .643"), (1.0, "= 1.000")],
)
def test_p_values_are_printed_as_papers_do(p: float, text: str) -> None:
    """Three digits, no leading zero, and never "= .000"."""
    assert format_p(p) == text


def test_every_kind_of_wrong_verdict_has_its_measure() -> None:
    """Differences are signed, with a label of their own each."""
    assert list(ERROR_DIFFERENCES) == [ERROR, FALSE_POSITIVE, FALSE_NEGATIVE, UNPARSED]
    assert {measure.kind for measure in ERROR_DIFFERENCES.values()} == {"signed"}
    assert len({measure.label for measure in ERROR_DIFFERENCES.values()}) == 4


def test_nan_becomes_none() -> None:
    """JSON has no NaN."""
    assert nan_to_none(float("nan")) is None
    assert nan_to_none(0.0) == 0.0
