"""What every figure carries: value or reason, interval or why there is none, one sentence, one row."""

import math

import pytest

from secondreader.judge.inference.estimate import (
    REASON_SENTENCES,
    Estimate,
    Measure,
    Reason,
    make_undefined_estimate,
)

MEASURE = Measure("raw", "raw agreement", "pairs that agree ÷ pairs", "a paper")


def test_a_figure_has_either_a_value_or_a_reason() -> None:
    """Neither and both are refused, and so is NaN, which is no value."""
    with pytest.raises(ValueError, match="raw: an estimate has either a value or a reason"):
        Estimate(MEASURE, None)
    with pytest.raises(ValueError, match="either a value or a reason"):
        Estimate(MEASURE, 0.5, reason=Reason.NO_ITEMS)
    with pytest.raises(ValueError, match="raw: NaN is not a value"):
        Estimate(MEASURE, math.nan)


def test_zero_is_a_value() -> None:
    """A share of nothing right is 0, not undefined."""
    assert Estimate(MEASURE, 0.0, n=4).sentence == "raw = 0.000, n = 4, no interval"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    """An undefined figure says why, in words."""
    figure = make_undefined_estimate(MEASURE, reason, n=3, n_clusters=2)
    assert figure.sentence == f"raw is undefined: {REASON_SENTENCES[reason]}"
    assert (figure.value, figure.n, figure.n_clusters) == (None, 3, 2)


def test_a_refused_interval_says_why() -> None:
    """The value stays, the reason for the missing interval follows in brackets."""
    figure = Estimate(MEASURE, 0.75, n=12, interval_reason=Reason.TOO_FEW_CLUSTERS)
    assert figure.sentence == (
        "raw = 0.750, n = 12, no interval (there are fewer than 8 scenarios, too few for an interval)"
    )


def test_limits_are_printed_beside_the_value() -> None:
    """Three digits each."""
    assert Estimate(MEASURE, 2 / 3, 0.25, 0.9, n=30).sentence == "raw = 0.667 [0.250, 0.900], n = 30"


def test_warnings_are_added_in_order_and_the_figure_stays() -> None:
    """The first figure keeps its own; the new one has all."""
    first = Estimate(MEASURE, 0.5, warnings=("one",))
    assert first.add_warnings("two", "three").warnings == ("one", "two", "three")
    assert first.warnings == ("one",)


def test_a_row_is_flat_and_holds_everything() -> None:
    """Reasons as stored words, warnings as one text, and the measure's names and source."""
    figure = Estimate(MEASURE, 0.5, n=8, interval_reason=Reason.NO_VARIATION, warnings=("A.", "B."))
    row = figure.build_row()
    assert (row["reason"], row["interval_reason"], row["warnings"]) == (None, "no_variation", "A. B.")
    assert (row["name"], row["label"], row["unit"], row["source"]) == (
        "raw",
        "raw agreement",
        "percent",
        "a paper",
    )
    assert not [value for value in row.values() if isinstance(value, list | dict | tuple)]
    assert make_undefined_estimate(MEASURE, Reason.NO_ITEMS).build_row()["reason"] == "no_items"
