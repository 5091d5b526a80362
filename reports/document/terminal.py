"""An analysis on the terminal: sentences first, then the tables behind them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from secondreader.judge.disagreement.verdict_errors import unread_by_slice
from secondreader.judge.inference.bootstrap import FEW_CLUSTERS
from secondreader.reports.charts.marks import JUDGE, PEOPLE, in_order, pick, rows_of
from secondreader.reports.document.markup import finished
from secondreader.reports.document.tables import cells
from secondreader.reports.wording.names import is_known, name_of, plural, row_name, shown, why
from secondreader.reports.wording.sentences import finding_sentences, headline_sentences
from secondreader.runner.cli.terminal_text import literal

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis, JudgePart

MOST_UNREAD = 15
"""Slices listed with verdicts that nobody could read."""
FIGURE_HEAD = ("value", "95 % interval", "n", "scenarios")
SHORT = "†"
"""Marks an interval from few scenarios."""
NUMBERS = frozenset({"value", "95 % interval", "n", "scenarios", "all"})


def show(found: "Analysis", console: Console | None = None) -> None:
    """Print the analysis. Names from the data are taken literally."""
    out = console or Console()
    facts = found.facts
    if facts.notice:
        out.print(f"[bold reverse] {literal(facts.notice)} [/]")
    pool = f"{plural(facts.n_pool, facts.codebook.unit)}, {facts.n_labelled} labelled"
    out.print(f"[bold]{literal(facts.title)}[/] ({literal(facts.name)}): {pool}")
    out.print(f"{literal(found.question.text)} Labels of source {found.options.source}.")
    listing(out, "", headline_sentences(found))
    listing(out, "Another judge than the plan's", found.deviations)
    listing(out, "Missing", found.missing)
    show_figures(out, "People with each other", in_order(pick(found.figures, "human-human"), PEOPLE))
    couples = pick(found.figures, "pair", judge="", name="kappa")
    body = [[f"{row['one']} – {row['two']}", *brief(row)] for row in rows_of(couples)]
    if body:
        out.print(grid("Cohen kappa of pairs", ["annotators", *FIGURE_HEAD], body))
    among = in_order(pick(found.figures, "judge-judge"), PEOPLE)
    if among:
        show_figures(out, "Judges with each other, on every transcript that they read", among)
    for part in found.judges:
        show_judge(found, part, out)
    show_beside(found, out)
    out.print(f"{SHORT} from fewer than {FEW_CLUSTERS} scenarios: probably too short")
    listing(out, "What these data cannot support", found.quality.cannot_support)
    listing(out, "Read the figures with these in mind", found.warnings)
    out.print(f"[dim]data {found.data_hash[:12]}  inputs {found.inputs_hash[:12]}[/]")


def show_judge(found: "Analysis", part: "JudgePart", out: Console) -> None:
    """One judge: counts, figures, rates."""
    name = found.facts.headline.titled(part.judge)
    if found.agreement.confusion["n"].sum():
        out.print(confusion_grid(found, part.judge))
    rows = in_order(pick(found.figures, "judge-human", judge=part.judge), JUDGE)
    show_figures(out, f"{name} against gold", rows)
    for row in rows_of(pick(found.figures, "judge-human", judge=part.judge, name="unparsed_share")):
        out.print(f"{name_of('unparsed_share')}: {shown('unparsed_share', row)} of {row['n']}")
    show_unread(found, part.judge, out)
    listing(out, f"Systematic disagreement of {literal(name)}", finding_sentences(part))
    body = [
        [
            f"{one.column} = {one.group}" if one.column else "all",
            shown("naive", one.rates["naive"].row()),
            shown("post_stratified", one.headline.row()),
            one.n_judged,
            one.n_gold,
        ]
        for one in (part.rates.overall, *part.rates.groups)
    ]
    head = ["transcripts", "naive rate", "corrected rate", "judged", "with gold"]
    out.print(grid(f"Rates by {name}", head, body))


def show_unread(found: "Analysis", judge: str, out: Console) -> None:
    """Where the verdicts that nobody could read lie: the slices with most of them."""
    counts = unread_by_slice(found.readings, found.readings.judges.index(judge))
    if counts.empty:
        return
    body = [
        [f"{row['slice_name']} = {row['slice_value']}", f"{row['n_unread']} of {row['n']}"]
        for row in rows_of(counts.head(MOST_UNREAD))
    ]
    left = len(counts) - len(body)
    more = f" ({left} more slices in the report)" if left else ""
    out.print(grid(f"Verdicts of {judge} without an answer{more}", ["slice", "unread"], body))


def show_figures(out: Console, title: str, rows: list[dict[str, Any]]) -> None:
    """A table of figures; one line where not a single one is defined."""
    if any(is_known(row["value"]) for row in rows):
        out.print(grid(title, ["figure", *FIGURE_HEAD], named(rows)))
    elif rows:
        out.print(f"\n[bold]{literal(title)}[/]: undefined, {why(rows[0]['reason'])}")


def show_beside(found: "Analysis", out: Console) -> None:
    """Every question of a review, calibration before and after, and guesses of the model, where there are any."""
    questions = rows_of(found.figures[found.figures["section"] == "review"])
    if questions:
        body = [[row["one"], name_of(row["name"]), *brief(row)] for row in questions]
        out.print(grid("Every question", ["question", "figure", *FIGURE_HEAD], body))
    rows = rows_of(found.figures[found.figures["section"] == "calibration"])
    if rows:
        body = [[f"{name_of(row['name'])}, {row['one']}", *brief(row)] for row in rows]
        out.print(grid("Calibration items, before and after the discussion", ["figure", *FIGURE_HEAD], body))
    if found.preparation.n_guessers:
        out.print(literal(found.preparation.guesses.sentence))


def named(rows: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """Figures by name."""
    return [[row_name(row), *brief(row)] for row in rows]


def brief(row: dict[str, Any]) -> list[Any]:
    """Value or the reason why there is none, interval, n, scenarios."""
    value, interval, n, clusters, _ = cells(row)
    if not is_known(row["value"]):
        value = f"undefined: {why(row['reason'])}"
    few = SHORT if is_known(row["low"]) and clusters < FEW_CLUSTERS else ""
    return [value, f"{interval}{few}", n, clusters]


def grid(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table; everything in it is taken literally."""
    made = Table(title=literal(title), title_justify="left", title_style="bold", expand=False)
    for one in head:
        made.add_column(literal(one), justify="right" if one in NUMBERS else "left")
    for row in rows:
        made.add_row(*(literal(str(one)) for one in row))
    return made


def confusion_grid(found: "Analysis", judge: str) -> Table:
    """Counts of gold by verdict."""
    mine = found.agreement.confusion
    mine = mine[(mine["judge"] == judge) & (mine["n"] > 0)]
    verdicts = list(dict.fromkeys(mine["verdict"]))
    counts = {(row["gold"], row["verdict"]): int(row["n"]) for row in rows_of(mine)}
    rows = [
        [gold, *(counts.get((gold, verdict), 0) for verdict in verdicts)]
        for gold in dict.fromkeys(mine["gold"])
    ]
    return grid(f"Labelled transcripts: gold by verdict of {judge}", ["gold", *map(str, verdicts)], rows)


def listing(out: Console, title: str, sentences: Iterable[str]) -> None:
    """A titled list; nothing where there is no sentence."""
    items = list(sentences)
    if items and title:
        out.print(f"\n[bold]{title}[/]")
    for one in items:
        out.print(f"  • {literal(finished(one))}", soft_wrap=True)
