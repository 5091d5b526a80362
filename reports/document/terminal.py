"""An analysis on the terminal: sentences first, then the tables behind them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice
from secondreader.judge.inference.bootstrap import FEW_CLUSTERS
from secondreader.reports.charts.marks import (
    list_human_names,
    list_judge_names,
    list_rows,
    order_rows,
    select_headline_estimates,
)
from secondreader.reports.document.markup import finish_sentence
from secondreader.reports.document.tables import format_cells
from secondreader.reports.wording.names import (
    explain_reason,
    format_estimate,
    format_row_value,
    has_value,
    name_row,
    pluralize,
)
from secondreader.reports.wording.sentences import describe_findings, describe_headline
from secondreader.runner.cli.terminal import escape_for_terminal

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

MAX_UNREAD = 15
"""Slices listed with verdicts that nobody could read."""
ESTIMATE_HEADINGS = ("value", "95 % interval", "n", "scenarios")
TOO_SHORT_MARK = "†"
"""Marks an interval from few scenarios."""
NUMERIC_HEADINGS = frozenset({"value", "95 % interval", "n", "scenarios", "all"})


def print_analysis(analysis: "Analysis", console: Console | None = None) -> None:
    """Print the analysis. Names from the data are taken literally."""
    out = console or Console()
    facts = analysis.summary
    if facts.notice:
        out.print(f"[bold reverse] {escape_for_terminal(facts.notice)} [/]")
    pool = f"{pluralize(facts.n_pool, facts.codebook.unit)}, {facts.n_labelled} labelled"
    out.print(f"[bold]{escape_for_terminal(facts.title)}[/] ({escape_for_terminal(facts.name)}): {pool}")
    out.print(f"{escape_for_terminal(analysis.question.text)} Labels of source {analysis.options.source}.")
    print_sentences(out, "", describe_headline(analysis))
    print_sentences(out, "Another judge than the plan's", analysis.deviations)
    print_sentences(out, "Missing", analysis.missing)
    print_estimates(
        out,
        "People with each other",
        order_rows(select_headline_estimates(analysis.estimates, "human-human"), list_human_names()),
    )
    couples = select_headline_estimates(analysis.estimates, "pair", judge="", name="kappa")
    body = [[f"{row['one']} – {row['two']}", *format_brief_cells(row)] for row in list_rows(couples)]
    if body:
        out.print(build_table("Cohen kappa of pairs", ["annotators", *ESTIMATE_HEADINGS], body))
    among = order_rows(select_headline_estimates(analysis.estimates, "judge-judge"), list_human_names())
    if among:
        print_estimates(out, "Judges with each other, on every transcript that they read", among)
    if analysis.judges and analysis.gold.known.any():
        out.print(analysis.gold.sentence)
    for part in analysis.judges:
        print_judge(analysis, part, out)
    print_preparation(analysis, out)
    out.print(f"{TOO_SHORT_MARK} from fewer than {FEW_CLUSTERS} scenarios: probably too short")
    print_sentences(out, "What these data cannot support", analysis.quality.limitations)
    print_sentences(out, "Read the figures with these in mind", analysis.warnings)
    out.print(f"[dim]data {analysis.data_hash[:12]}  inputs {analysis.inputs_hash[:12]}[/]")


def print_judge(analysis: "Analysis", part: "JudgeAnalysis", out: Console) -> None:
    """One judge: counts, figures, rates."""
    name = analysis.summary.headline.format_title(part.judge)
    if analysis.agreement.confusion["n"].sum():
        out.print(build_confusion_table(analysis, part.judge))
    rows = order_rows(
        select_headline_estimates(analysis.estimates, "judge-human", judge=part.judge), list_judge_names()
    )
    print_estimates(out, f"{name} against gold", rows)
    for row in list_rows(
        select_headline_estimates(analysis.estimates, "judge-human", judge=part.judge, name="unparsed_share")
    ):
        out.print(f"{name_row(row)}: {format_row_value(row)} of {row['n']}")
    print_unread(analysis, part.judge, out)
    print_sentences(out, f"Systematic disagreement of {escape_for_terminal(name)}", describe_findings(part))
    body = [
        [
            one.label,
            format_estimate(one.rates["naive"]),
            format_estimate(one.headline),
            one.n_judged,
            one.n_gold,
        ]
        for one in (part.rates.overall, *part.rates.groups)
    ]
    head = ["transcripts", "naive rate", "corrected rate", "judged", "with gold"]
    out.print(build_table(f"Rates by {name}", head, body))


def print_unread(analysis: "Analysis", judge: str, out: Console) -> None:
    """Where the verdicts that nobody could read lie: the slices with most of them."""
    counts = count_unread_by_slice(analysis.ratings, analysis.ratings.judges.index(judge))
    if counts.empty:
        return
    body = [[row["slice"], f"{row['n_unread']} of {row['n']}"] for row in list_rows(counts.head(MAX_UNREAD))]
    left = len(counts) - len(body)
    more = f" ({left} more slices in the report)" if left else ""
    out.print(build_table(f"Verdicts of {judge} without an answer{more}", ["slice", "unread"], body))


def print_estimates(out: Console, title: str, rows: list[dict[str, Any]]) -> None:
    """A table of figures; one line where not a single one is defined."""
    if any(has_value(row["value"]) for row in rows):
        out.print(build_table(title, ["figure", *ESTIMATE_HEADINGS], format_named_rows(rows)))
    elif rows:
        out.print(f"\n[bold]{escape_for_terminal(title)}[/]: undefined, {explain_reason(rows[0]['reason'])}")


def print_preparation(analysis: "Analysis", out: Console) -> None:
    """Every question of a review, calibration before and after, and guesses of the model, where there are any."""
    questions = list_rows(analysis.estimates[analysis.estimates["section"] == "review"])
    if questions:
        body = [[row["one"], name_row(row), *format_brief_cells(row)] for row in questions]
        out.print(build_table("Every question", ["question", "figure", *ESTIMATE_HEADINGS], body))
    rows = list_rows(analysis.estimates[analysis.estimates["section"] == "calibration"])
    if rows:
        body = [[f"{name_row(row)}, {row['one']}", *format_brief_cells(row)] for row in rows]
        out.print(
            build_table(
                "Calibration items, before and after the discussion", ["figure", *ESTIMATE_HEADINGS], body
            )
        )
    if analysis.preparation.n_guessers:
        out.print(escape_for_terminal(analysis.preparation.guesses.sentence))


def format_named_rows(rows: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """Figures by name."""
    return [[name_row(row), *format_brief_cells(row)] for row in rows]


def format_brief_cells(row: dict[str, Any]) -> list[Any]:
    """Value or the reason why there is none, interval, n, scenarios."""
    value, interval, n, clusters, _ = format_cells(row)
    if not has_value(row["value"]):
        value = f"undefined: {explain_reason(row['reason'])}"
    few = TOO_SHORT_MARK if has_value(row["low"]) and clusters < FEW_CLUSTERS else ""
    return [value, f"{interval}{few}", n, clusters]


def build_table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table; everything in it is taken literally."""
    made = Table(title=escape_for_terminal(title), title_justify="left", title_style="bold", expand=False)
    for one in head:
        made.add_column(escape_for_terminal(one), justify="right" if one in NUMERIC_HEADINGS else "left")
    for row in rows:
        made.add_row(*(escape_for_terminal(str(one)) for one in row))
    return made


def build_confusion_table(analysis: "Analysis", judge: str) -> Table:
    """Counts of gold by verdict."""
    mine = analysis.agreement.confusion
    mine = mine[(mine["judge"] == judge) & (mine["n"] > 0)]
    verdicts = list(dict.fromkeys(mine["verdict"]))
    counts = {(row["gold"], row["verdict"]): int(row["n"]) for row in list_rows(mine)}
    rows = [
        [gold, *(counts.get((gold, verdict), 0) for verdict in verdicts)]
        for gold in dict.fromkeys(mine["gold"])
    ]
    return build_table(
        f"Labelled transcripts: gold by verdict of {judge}", ["gold", *map(str, verdicts)], rows
    )


def print_sentences(out: Console, title: str, sentences: Iterable[str]) -> None:
    """A titled list; nothing where there is no sentence."""
    items = list(sentences)
    if items and title:
        out.print(f"\n[bold]{title}[/]")
    for one in items:
        out.print(f"  • {escape_for_terminal(finish_sentence(one))}", soft_wrap=True)
