"""Tables that the parts of a report share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.reports.charts.marks import list_rows
from secondreader.reports.charts.svg import ChartMark, render_interval_svg
from secondreader.reports.document.markup import Html, join_html, render_table, tag
from secondreader.reports.wording.names import (
    explain_reason,
    format_interval,
    format_number,
    has_value,
    name_row,
)

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis
    from secondreader.reports.analysis.study_facts import StudySummary

CHART_DESCRIPTION = (
    "Dots are estimates, lines their 95 % intervals; the table beside it holds the same numbers."
)
CELL_HEADINGS = ("value", "95 % interval", "n", "scenarios", "remarks")


def format_cells(row: dict[str, Any]) -> list[Any]:
    """Value, interval, n, scenarios and remarks of one figure."""
    unit = row["unit"]
    value = format_number(unit, row["value"]) if has_value(row["value"]) else "undefined"
    interval = format_interval(unit, row["low"], row["high"]) if has_value(row["low"]) else "–"
    remarks = [explain_reason(row["reason"]), explain_reason(row["interval_reason"]), row["warnings"]]
    return [value, interval, row["n"], row["n_clusters"], " ".join(one for one in remarks if one)]


def render_estimates(rows: Iterable[dict[str, Any]], caption: str) -> Html:
    """Figures by name."""
    body = [[name_row(row), *format_cells(row)] for row in rows]
    return render_table(["figure", *CELL_HEADINGS], body, caption=caption, numbers=(1, 2, 3, 4))


def render_scoped_estimates(estimates: pd.DataFrame, scope: dict[str, str], caption: str) -> Html:
    """Figures with the scope columns that tell them apart; `scope` maps column to heading."""
    body = [
        [*(row[one] for one in scope), str(row["label"]), *format_cells(row)] for row in list_rows(estimates)
    ]
    head = [*scope.values(), "figure", *CELL_HEADINGS]
    first = len(scope) + 1
    return render_table(head, body, caption=caption, numbers=range(first, first + 4))


def render_confusion_table(confusion: pd.DataFrame, judge: str) -> Html:
    """Counts of gold by verdict, with unsure, unparsed, ties and unlabelled."""
    mine = confusion[confusion["judge"] == judge]
    wide = mine.pivot(index="gold", columns="verdict", values="n")
    wide = wide.reindex(index=list(dict.fromkeys(mine["gold"])), columns=list(dict.fromkeys(mine["verdict"])))
    wide = wide.loc[wide.sum(axis=1) > 0, wide.sum(axis=0) > 0]
    rows = [[gold, *(int(one) for one in counts), int(counts.sum())] for gold, counts in wide.iterrows()]
    totals = [int(one) for one in wide.sum(axis=0)]
    rows.append(["all", *totals, sum(totals)])
    head = ["gold \\ verdict", *(str(one) for one in wide.columns), "all"]
    caption = f"Labelled transcripts by gold answer and verdict of {judge}"
    return render_table(head, rows, caption=caption, numbers=range(1, len(head)))


def render_pairs(items: Iterable[tuple[str, Any]]) -> Html:
    """Names and what they are, one a line."""
    rows = [join_html([tag("dt", name), tag("dd", value)]) for name, value in items]
    return tag("dl", *rows)


def render_people_table(summary: "StudySummary") -> Html:
    """Annotators with their progress."""
    rows = [
        [
            one.name,
            one.role,
            one.source,
            one.n_labelled,
            one.n_assigned or "–",
            "–" if one.median_seconds is None else f"{one.median_seconds:.0f} s",
        ]
        for one in summary.annotators
    ]
    head = ["annotator", "role", "source", "labels", "assigned", "median time"]
    return render_table(head, rows, caption="Annotators (pseudonyms)", numbers=(3, 4, 5))


def render_strata_table(summary: "StudySummary") -> Html:
    """Strata of the draw."""
    rows = [
        [
            one.name,
            one.n_drawn,
            "varies" if one.inclusion_probability is None else f"{one.inclusion_probability:.4f}",
            one.n_labelled,
        ]
        for one in summary.strata
    ]
    head = ["stratum", "drawn", "inclusion probability", "labelled"]
    return render_table(head, rows, caption="Strata of the draw", numbers=(1, 2, 3))


def render_judges_table(summary: "StudySummary") -> Html:
    """Judges with what became of their readings."""
    rows = [
        [one.judge, summary.headline.get_role(one.judge) or "–", one.n_parsed, one.n_unparsed, one.n_error]
        for one in summary.judges
    ]
    head = ["judge", "in the plan", "verdicts", "unparsed", "failed"]
    return render_table(head, rows, caption="Judges", numbers=(2, 3, 4))


def render_chart(marks: list[ChartMark], chart_id: str, title: str, **options: Any) -> Html:
    """A chart in a figure; nothing where there is nothing to draw."""
    if not any(one.value is not None for one in marks):
        return Html("")
    drawn = render_interval_svg(
        marks, chart_id=chart_id, title=title, description=CHART_DESCRIPTION, **options
    )
    scroll = tag("div", Html(drawn), class_="scroll", tabindex="0", role="region", aria_label=title)
    return tag("figure", scroll, tag("figcaption", title))


def format_percent(value: float | None) -> str:
    """A share, or a dash."""
    return "–" if value is None else f"{100 * value:.1f}%"


def format_p_value(value: float | None) -> str:
    """A p-value, never a bare zero."""
    if value is None or not has_value(value):
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}"


def describe_unsure(analysis: "Analysis", standard: str) -> str:
    """What "unsure" counts as in a table of headline figures."""
    ways = {
        "category": "unsure is an answer of its own",
        "missing": "unsure is missing",
        "worst": "unsure counted both ways",
    }
    return ways[analysis.summary.unsure_policy or standard]
