"""Tables that the parts of a report share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.reports.charts.marks import rows_of
from secondreader.reports.charts.svg import Mark, interval_chart
from secondreader.reports.document.markup import Html, join, table, tag
from secondreader.reports.wording.names import is_known, limits, name_of, number, row_name, why

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis
    from secondreader.reports.analysis.study_facts import StudyFacts

INTERVALS = "Dots are estimates, lines their 95 % intervals; the table beside it holds the same numbers."
CELLS = ("value", "95 % interval", "n", "scenarios", "remarks")


def cells(row: dict[str, Any]) -> list[Any]:
    """Value, interval, n, scenarios and remarks of one figure."""
    name = row["name"]
    value = number(name, row["value"]) if is_known(row["value"]) else "undefined"
    interval = limits(name, row["low"], row["high"]) if is_known(row["low"]) else "–"
    remarks = [why(row["reason"]), why(row["interval_reason"]), row["warnings"]]
    return [value, interval, row["n"], row["n_clusters"], " ".join(one for one in remarks if one)]


def figure_table(rows: Iterable[dict[str, Any]], caption: str) -> Html:
    """Figures by name."""
    body = [[row_name(row), *cells(row)] for row in rows]
    return table(["figure", *CELLS], body, caption=caption, numbers=(1, 2, 3, 4))


def named_table(figures: pd.DataFrame, scope: dict[str, str], caption: str) -> Html:
    """Figures with the scope columns that tell them apart; `scope` maps column to heading."""
    body = [[*(row[one] for one in scope), name_of(row["name"]), *cells(row)] for row in rows_of(figures)]
    head = [*scope.values(), "figure", *CELLS]
    first = len(scope) + 1
    return table(head, body, caption=caption, numbers=range(first, first + 4))


def confusion_table(confusion: pd.DataFrame, judge: str) -> Html:
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
    return table(head, rows, caption=caption, numbers=range(1, len(head)))


def pairs(items: Iterable[tuple[str, Any]]) -> Html:
    """Names and what they are, one a line."""
    rows = [join([tag("dt", name), tag("dd", value)]) for name, value in items]
    return tag("dl", *rows)


def people_table(facts: "StudyFacts") -> Html:
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
        for one in facts.annotators
    ]
    head = ["annotator", "role", "source", "labels", "assigned", "median time"]
    return table(head, rows, caption="Annotators (pseudonyms)", numbers=(3, 4, 5))


def strata_table(facts: "StudyFacts") -> Html:
    """Strata of the draw."""
    rows = [
        [
            one.name,
            one.n_drawn,
            "varies" if one.inclusion_probability is None else f"{one.inclusion_probability:.4f}",
            one.n_labelled,
        ]
        for one in facts.strata
    ]
    head = ["stratum", "drawn", "inclusion probability", "labelled"]
    return table(head, rows, caption="Strata of the draw", numbers=(1, 2, 3))


def judges_table(facts: "StudyFacts") -> Html:
    """Judges with what became of their readings."""
    rows = [
        [one.judge, facts.headline.role_of(one.judge) or "–", one.n_parsed, one.n_unparsed, one.n_error]
        for one in facts.judges
    ]
    head = ["judge", "in the plan", "verdicts", "unparsed", "failed"]
    return table(head, rows, caption="Judges", numbers=(2, 3, 4))


def chart(marks: list[Mark], chart_id: str, title: str, **options: Any) -> Html:
    """A chart in a figure; nothing where there is nothing to draw."""
    if not any(one.value is not None for one in marks):
        return Html("")
    drawn = interval_chart(marks, chart_id=chart_id, title=title, description=INTERVALS, **options)
    scroll = tag("div", Html(drawn), class_="scroll", tabindex="0", role="region", aria_label=title)
    return tag("figure", scroll, tag("figcaption", title))


def percent(value: float | None) -> str:
    """A share, or a dash."""
    return "–" if value is None else f"{100 * value:.1f}%"


def p_value(value: float | None) -> str:
    """A p-value, never a bare zero."""
    if value is None or not is_known(value):
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}"


def unsure_words(found: "Analysis", standard: str) -> str:
    """What "unsure" counts as in a table of headline figures."""
    ways = {
        "category": "unsure is an answer of its own",
        "missing": "unsure is missing",
        "worst": "unsure counted both ways",
    }
    return ways[found.facts.unsure_policy or standard]
