"""Rows of the table of estimates: which a reader looks at first, and in which order."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from secondreader.judge.agreement.comparisons import MEAN_PAIR_KAPPA
from secondreader.judge.inference.coefficients import list_brief_names
from secondreader.judge.rates.corrected import HEADLINE_ESTIMATOR

RATE_ESTIMATES = ("naive", HEADLINE_ESTIMATOR)
"""The judge's own rate, and what the labels make of it."""


def list_human_names() -> tuple[str, ...]:
    """Figures of people with each other that charts and short tables show, in their order."""
    return (*list_brief_names("group"), MEAN_PAIR_KAPPA.name)


def list_judge_names() -> tuple[str, ...]:
    """Figures of a judge against gold that charts and short tables show, in their order."""
    return list_brief_names("gold")


def select_headline_estimates(estimates: pd.DataFrame, section: str, **scope: Any) -> pd.DataFrame:
    """The headline figures of a section over all items, narrowed by scope columns."""
    conditions = {"headline": True, "slice_name": "", "slice_value": "", **scope}
    keep = estimates["section"] == section
    for name, value in conditions.items():
        keep &= estimates[name] == value
    return estimates[keep]


def order_rows(estimates: pd.DataFrame, names: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the named figures, in the order of the names."""
    rank = {name: number for number, name in enumerate(names)}
    return sorted(list_rows(estimates[estimates["name"].isin(rank)]), key=lambda row: rank[row["name"]])


def list_rows(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts keyed by text."""
    return [{str(key): value for key, value in row.items()} for row in estimates.to_dict("records")]
