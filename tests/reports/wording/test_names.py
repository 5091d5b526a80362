"""Numbers, intervals, reasons and counts as sentences and tables write them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.estimate import REASON_SENTENCES, Estimate, Measure, Reason
from secondreader.reports.wording.names import (
    explain_reason,
    finish_sentence,
    format_estimate,
    format_interval,
    format_number,
    format_p_value,
    format_percent,
    has_value,
    name_row,
    pluralize,
)

MEASURE = Measure("kappa", "Cohen kappa", "a formula", "a source")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"label": "AC1"}, "AC1"),
        ({"label": "AC1", "unsure": ""}, "AC1"),
        ({"label": "AC1", "unsure": "missing"}, "AC1"),
        ({"label": "AC1", "unsure": "as positive"}, "AC1, unsure as positive"),
        ({"label": "AC1", "unsure": "as negative"}, "AC1, unsure as negative"),
    ],
)
def test_a_row_names_the_side_that_unsure_takes(row: dict[str, Any], name: str) -> None:
    """Only where a plan counts "unsure" both ways are there two rows of one label."""
    assert name_row(row) == name


@pytest.mark.parametrize(("value", "expected"), [(None, False), (math.nan, False), (0, True), ("", True)])
def test_none_and_nan_are_no_values(value: object, expected: bool) -> None:
    """A zero and an empty text are values."""
    assert has_value(value) is expected


def test_units_decide_about_the_form() -> None:
    """Percentages have one decimal, coefficients three; an interval has its sign once per limit."""
    assert format_number("percent", 0.2134) == "21.3%"
    assert format_number("number", 0.2134) == "0.213"
    assert format_interval("percent", -0.05, 0.1) == "[-5.0, 10.0]"
    assert format_interval("number", -0.05, 0.1) == "[-0.050, 0.100]"


@pytest.mark.parametrize("reason", list(Reason))
def test_an_undefined_estimate_is_its_reason(reason: Reason) -> None:
    """Never 0, never empty: the sentence says why there is no value."""
    estimate = Estimate(MEASURE, None, reason=reason)
    assert format_estimate(estimate) == REASON_SENTENCES[reason] == explain_reason(reason.value)


def test_a_refused_interval_leaves_the_value() -> None:
    """Without limits there are no brackets."""
    estimate = Estimate(MEASURE, 0.5, n=9, interval_reason=Reason.TOO_FEW_CLUSTERS)
    assert format_estimate(estimate) == "50.0%"


@pytest.mark.parametrize("reason", [None, "", math.nan])
def test_no_reason_has_no_sentence(reason: object) -> None:
    """A cell without a reason is empty, whatever pandas makes of it."""
    assert explain_reason(reason) == ""


def test_an_unknown_reason_is_refused() -> None:
    """A code that nobody defined is a fault, not a sentence."""
    with pytest.raises(ValueError, match="no such reason"):
        explain_reason("no such reason")


@pytest.mark.parametrize(
    ("count", "plural", "text"),
    [
        (0, "guesses", "0 guesses"),
        (1, "guesses", "1 guess"),
        (2, "guesses", "2 guesses"),
        (1200, "guesses", "1,200 guesses"),
    ],
)
def test_counts_have_their_noun(count: int, plural: str | None, text: str) -> None:
    """An irregular plural must be named; thousands have a separator."""
    assert pluralize(count, "guess", plural) == text


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("nothing stands out", "Nothing stands out."),
        ("Done.", "Done."),
        ("really?", "Really?"),
        ("stop!", "Stop!"),
        ("", "."),
    ],
)
def test_sentences_begin_with_a_capital_and_end(sentence: str, expected: str) -> None:
    """A stop that is there is not doubled."""
    assert finish_sentence(sentence) == expected


@given(st.text(min_size=1))
def test_finishing_a_sentence_twice_changes_nothing(sentence: str) -> None:
    """What is finished stays as it is, but for letters whose capital has a capital of its own."""
    done = finish_sentence(sentence)
    assert finish_sentence(done) == done or done[:1].upper() != done[:1]


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.0, "0.0%"), (1.0, "100.0%"), (0.0004, "0.0%")])
def test_shares_in_per_cent(value: float | None, text: str) -> None:
    """A share that is zero is not the same as none."""
    assert format_percent(value) == text


@given(st.floats(min_value=0, max_value=1))
def test_no_p_value_is_printed_as_zero(p: float) -> None:
    """Whatever the p-value, its text is no bare 0.000."""
    text = format_p_value(p)
    assert text == "< .001" if p < 0.001 else float(text) == pytest.approx(p, abs=0.0005)


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_missing_p_value_is_a_dash(value: float | None) -> None:
    """No test, no p."""
    assert format_p_value(value) == "–"
