"""How numbers, intervals, reasons and names are written in sentences and tables."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from secondreader.judge.inference.estimate import REASON_SENTENCES, Estimate, Reason, Unit

ERROR_KIND_NAMES = {
    "error": "any error",
    "false_positive": "over-flagged",
    "false_negative": "missed",
    "unparsed": "no answer",
    "all": "all",
}
"""Kinds of wrong verdict, as reports name them."""


def name_row(row: Mapping[str, Any]) -> str:
    """The label of an estimate; where the plan counts "unsure" both ways, with the side that this row takes."""
    # only these two ways give two rows of one name
    way = row.get("unsure")
    return str(row["label"]) + (f", unsure {way}" if way in {"as positive", "as negative"} else "")


def has_value(value: Any) -> bool:
    """Whether a cell of a frame holds a value: neither None nor NaN."""
    return value is not None and not (isinstance(value, float) and isnan(value))


def format_number(unit: Unit, value: float) -> str:
    """One value in the form of its unit: 21.3% or 0.613."""
    return f"{100 * value:.1f}%" if unit == "percent" else f"{value:.3f}"


def format_interval(unit: Unit, low: float, high: float) -> str:
    """An interval in the form of its unit: [14.0, 30.2] or [0.441, 0.752]."""
    if unit == "percent":
        return f"[{100 * low:.1f}, {100 * high:.1f}]"
    return f"[{low:.3f}, {high:.3f}]"


def format_row_value(row: Mapping[str, Any]) -> str:
    """Value and interval of a row of estimates, or the reason why it is undefined."""
    if not has_value(row["value"]):
        return explain_reason(row["reason"])
    text = format_number(row["unit"], row["value"])
    return (
        f"{text} {format_interval(row['unit'], row['low'], row['high'])}" if has_value(row["low"]) else text
    )


def format_estimate(estimate: Estimate) -> str:
    """Value and interval of an estimate, or the reason why it is undefined."""
    return format_row_value(estimate.build_row())


def explain_reason(reason: Any) -> str:
    """The sentence of a reason code; empty for no reason."""
    return REASON_SENTENCES[Reason(reason)] if has_value(reason) and reason else ""


def pluralize(n: int, singular: str, plural_form: str | None = None) -> str:
    """A count with its noun: `3 labels`, `1 label`."""
    return f"{n:,} {singular if n == 1 else plural_form or singular + 's'}"


def finish_sentence(sentence: str) -> str:
    """The sentence with a capital first letter and a full stop."""
    stop = "" if sentence.endswith((".", "!", "?")) else "."
    return f"{sentence[:1].upper()}{sentence[1:]}{stop}"


def format_percent(value: float | None) -> str:
    """A share (0..1) in per cent, or a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}%"


def format_p_value(value: float | None) -> str:
    """A p-value with three decimals; what would round to zero is "< .001"."""
    if value is None or not has_value(value):
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}"
