"""Rows of the table of estimates as blocks."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.reports.analysis.figures import list_rows
from secondreader.reports.sections.blocks import Figure, Figures
from secondreader.reports.wording.names import (
    explain_reason,
    format_interval,
    format_number,
    has_value,
    name_row,
)
from secondreader.reports.wording.shares import WEIGHTED, has_unequal_weights

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis

UNSURE_NOTES = {
    "category": "unsure is an answer of its own",
    "missing": "unsure is missing",
    "worst": "unsure counted both ways",
}
"""What "unsure" counts as, for a caption."""


def make_figures(
    estimates: pd.DataFrame | Iterable[dict[str, Any]],
    caption: str,
    scope: Mapping[str, str] | None = None,
    *,
    is_detail: bool = False,
) -> Figures:
    """A table of figures; `scope` maps the columns that tell figures of one name apart to their headings."""
    columns = scope or {}
    # an iterable has been put in order by its caller
    rows = list_rows(estimates) if isinstance(estimates, pd.DataFrame) else estimates
    figures = tuple(make_figure(row, columns) for row in rows)
    return Figures(caption, figures, tuple(columns.values()), is_detail=is_detail)


def make_figure(row: Mapping[str, Any], scope: Iterable[str] = ()) -> Figure:
    """One row of the table of estimates."""
    unit, columns = row["unit"], tuple(scope)
    remarks = [explain_reason(row["interval_reason"]), row["warnings"]]
    return Figure(
        # a column that says what "unsure" counts as needs no second word in the name
        name=str(row["label"]) if "unsure" in columns else name_row(row),
        value=format_number(unit, row["value"]) if has_value(row["value"]) else "",
        interval=format_interval(unit, row["low"], row["high"]) if has_value(row["low"]) else "",
        n=read_count(row["n"]),
        n_scenarios=read_count(row["n_clusters"]),
        reason=explain_reason(row["reason"]),
        remarks=" ".join(remark for remark in remarks if remark),
        scope=tuple(str(row[column]) for column in columns),
    )


def read_count(value: Any) -> int | None:
    """A count; pandas holds it as a float where another row has none."""
    return int(value) if has_value(value) else None


def describe_treatment(analysis: "Analysis", standard: str) -> str:
    """What "unsure" counts as in a table of headline figures, and whether they are weighted."""
    unsure = UNSURE_NOTES[analysis.summary.unsure_policy or standard]
    return f"{unsure}; {WEIGHTED}" if has_unequal_weights(analysis.ratings) else unsure
