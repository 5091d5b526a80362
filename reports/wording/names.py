"""How figures and their names are written for a reader."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from secondreader.judge.inference.estimate import REASON_SENTENCES, Estimate, Reason

PERCENT_ESTIMATES = frozenset(
    {
        "raw",
        "raw_pairs",
        "positive_agreement",
        "negative_agreement",
        "prevalence",
        "gold_prevalence",
        "judge_prevalence",
        "sensitivity",
        "specificity",
        "ppv",
        "npv",
        "balanced_accuracy",
        "unparsed_share",
        "flip_rate",
        "unsure_rate",
        "naive",
        "gold_only",
        "post_stratified",
        "ppi",
        "ppi_plus",
        "rogan_gladen",
        "winning_rate",
        "winning_rate_by_scenario",
        "advantage_probability",
        "error",
        "false_positive",
        "false_negative",
        "unparsed",
        "guess_rate",
        "guess_chance",
    }
)
"""Figures written in per cent; the others are coefficients."""

ESTIMATE_NAMES = {
    "raw": "raw agreement",
    "raw_pairs": "raw agreement, every pair alike",
    "positive_agreement": "agreement on the positive answer",
    "negative_agreement": "agreement on the negative answer",
    "prevalence": "share of positive answers",
    "gold_prevalence": "positive share in gold",
    "judge_prevalence": "positive share of the judge",
    "ac1": "Gwet AC1",
    "alpha": "Krippendorff alpha",
    "alpha_ordinal": "Krippendorff alpha, ordinal",
    "alpha_interval": "Krippendorff alpha, interval",
    "alpha_ratio": "Krippendorff alpha, ratio",
    "kappa": "Cohen kappa",
    "fleiss": "Fleiss kappa",
    "conger": "Conger kappa",
    "pabak": "PABAK",
    "mean_pair_kappa": "mean Cohen kappa of pairs",
    "prevalence_index": "prevalence index",
    "bias_index": "bias index",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "MCC",
    "unparsed_share": "verdicts without an answer",
    "naive": "naive (the judge's own)",
    "gold_only": "labels only",
    "post_stratified": "post-stratified by verdict",
    "ppi": "PPI",
    "ppi_plus": "PPI++",
    "rogan_gladen": "Rogan-Gladen",
    "flip_rate": "changed on a repeat",
    "repeat_alpha": "alpha between passes",
    "unsure_rate": "unsure",
    "winning_rate": "winning rate, as published",
    "winning_rate_by_scenario": "winning rate, by scenario",
    "advantage_probability": "advantage probability",
    "error": "error rate, inside less outside",
    "false_positive": "over-flagged, inside less outside",
    "false_negative": "missed, inside less outside",
    "unparsed": "no answer, inside less outside",
    "guess_rate": "guesses that name the model",
    "guess_chance": "the same by chance",
}
"""Figures as a reader knows them."""


ERROR_KIND_NAMES = {
    "error": "any error",
    "false_positive": "over-flagged",
    "false_negative": "missed",
    "unparsed": "no answer",
    "all": "all",
}
"""Kinds of wrong verdict as a reader knows them."""


def name_estimate(name: str) -> str:
    """A figure's name for a reader."""
    return ESTIMATE_NAMES.get(name, name.replace("_", " "))


def name_row(row: Mapping[str, Any]) -> str:
    """The name of a figure's row; where "unsure" counts both ways, with the way that it is counted."""
    way = row.get("unsure")
    return name_estimate(row["name"]) + (f", unsure {way}" if way in {"as positive", "as negative"} else "")


def has_value(value: Any) -> bool:
    """Whether a cell of a frame holds something."""
    return value is not None and not (isinstance(value, float) and isnan(value))


def format_number(name: str, value: float) -> str:
    """One value in its usual form: 21.3% or 0.613."""
    return f"{100 * value:.1f}%" if name in PERCENT_ESTIMATES else f"{value:.3f}"


def format_interval(name: str, low: float, high: float) -> str:
    """An interval in the same form."""
    if name in PERCENT_ESTIMATES:
        return f"[{100 * low:.1f}, {100 * high:.1f}]"
    return f"[{low:.3f}, {high:.3f}]"


def format_row_value(name: str, row: dict[str, Any]) -> str:
    """Value and interval of a figure's row, or why there is none."""
    if not has_value(row["value"]):
        return explain_reason(row["reason"])
    text = format_number(name, row["value"])
    return f"{text} {format_interval(name, row['low'], row['high'])}" if has_value(row["low"]) else text


def format_estimate(estimate: Estimate) -> str:
    """Value and interval of an estimate, or why there is none."""
    return format_row_value(estimate.name, estimate.build_row())


def explain_reason(reason: Any) -> str:
    """A reason code in words."""
    return REASON_SENTENCES[Reason(reason)] if has_value(reason) and reason else ""


def pluralize(n: int, singular: str, plural_form: str | None = None) -> str:
    """`3 labels`, `1 label`."""
    return f"{n:,} {singular if n == 1 else plural_form or singular + 's'}"
