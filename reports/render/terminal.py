"""The report on a terminal: what the page says at length, in short. Names from the data are taken literally."""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from secondreader.judge.inference.bootstrap import FEW_CLUSTERS
from secondreader.reports.sections.blocks import (
    Block,
    Cell,
    Chart,
    Excerpts,
    Figure,
    Figures,
    Fold,
    Heading,
    Identifier,
    Pairs,
    Paragraph,
    Report,
    Section,
    Sentences,
    Table,
)
from secondreader.reports.wording.names import finish_sentence, has_value, pluralize
from secondreader.runner.cli.terminal import escape_for_terminal

BRIEF_SECTIONS = frozenset(
    {"summary", "people", "judges", "rates", "disagreements", "unparsed", "preparation", "limits"}
)
"""Sections that are shown; design, transcripts and methods are for the page."""
ESTIMATE_HEADINGS = ("value", "95 % interval", "n", "scenarios")
TOO_SHORT_MARK = "†"
"""Marks an interval from few scenarios."""


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the report without its details."""
    # made here, not at import: a test or a pipe may have changed where output goes
    out = console or Console()
    if report.notice:
        out.print(f"[bold reverse] {escape_for_terminal(report.notice)} [/]")
    out.print(f"[bold]{escape_for_terminal(report.title)}[/] {escape_for_terminal(report.byline)}")
    for section in report.sections:
        if section.anchor in BRIEF_SECTIONS:
            print_section(section, out)
    out.print(f"\n{TOO_SHORT_MARK} from fewer than {FEW_CLUSTERS} scenarios: probably too short")
    out.print(f"[dim]data {report.data_hash[:12]}  inputs {report.inputs_hash[:12]}[/]")


def print_section(section: Section, out: Console) -> None:
    """A section's heading and its blocks; nothing of a section that has details alone."""
    blocks = [block for block in section.blocks if not block.is_detail]
    if not blocks:
        return
    out.print()
    out.rule(f"[bold]{escape_for_terminal(section.title)}[/]", align="left")
    # a new type of block without a printer fails loudly instead of vanishing
    for block in blocks:
        PRINTERS[type(block)](block, out)


def print_heading(block: Heading, out: Console) -> None:
    """A line of its own."""
    out.print(f"\n[bold]{escape_for_terminal(block.text)}[/]")


def print_paragraph(block: Paragraph, out: Console) -> None:
    """Running text, dim where it is quiet."""
    text = escape_for_terminal(block.text)
    out.print(f"[dim]{text}[/]" if block.tone == "quiet" else text, soft_wrap=True)


def print_sentences(block: Sentences, out: Console) -> None:
    """A list."""
    for item in block.items:
        out.print(f"  • {escape_for_terminal(finish_sentence(item))}", soft_wrap=True)


def print_pairs(block: Pairs, out: Console) -> None:
    """Names and values, one a line."""
    for name, value in block.items:
        out.print(f"{escape_for_terminal(name)}: {escape_for_terminal(format_cell(value))}", soft_wrap=True)


def print_table(block: Table, out: Console) -> None:
    """A table, or its first rows and how many there are more."""
    rows_shown = block.rows[: block.n_brief]
    left = len(block.rows) - len(rows_shown)
    caption = f"{block.caption} ({pluralize(left, 'more row')} in the report)" if left > 0 else block.caption
    rows = [[format_cell(cell) for cell in row] for row in rows_shown]
    out.print(make_rich_table(caption, block.head, rows, block.numeric))


def print_figures(block: Figures, out: Console) -> None:
    """A table of figures; one line where not a single one is defined."""
    # a table of dashes says less than one sentence
    if not any(figure.value for figure in block.figures):
        reason = block.figures[0].reason
        out.print(f"[bold]{escape_for_terminal(block.caption)}[/]: undefined, {reason}", soft_wrap=True)
        return
    head = (*block.scope, "figure", *ESTIMATE_HEADINGS)
    numeric = range(len(block.scope) + 1, len(head))
    out.print(make_rich_table(block.caption, head, map(list_figure_cells, block.figures), numeric))


def list_figure_cells(figure: Figure) -> list[str]:
    """Scope, name, value or the reason why there is none, interval, n, scenarios."""
    n_scenarios = figure.n_scenarios
    is_short = bool(figure.interval) and n_scenarios is not None and n_scenarios < FEW_CLUSTERS
    # the mark is explained once, below everything
    interval = (figure.interval or "–") + (TOO_SHORT_MARK if is_short else "")
    # there is no column of remarks: the reason stands where the value would
    value = figure.value or f"undefined: {figure.reason}"
    return [*figure.scope, figure.name, value, interval, format_cell(figure.n), format_cell(n_scenarios)]


def print_fold(block: Fold, out: Console) -> None:
    """What is folded on a page, unfolded."""
    for inner in block.blocks:
        PRINTERS[type(inner)](inner, out)


def print_excerpts(block: Excerpts, out: Console) -> None:
    """Words between those around them."""
    for item in block.items:
        before, marked, after = map(escape_for_terminal, (item.before, item.marked, item.after))
        out.print(f"  • {escape_for_terminal(item.lead)} {before}[reverse]{marked}[/]{after}", soft_wrap=True)


def skip_chart(_block: Chart, _out: Console) -> None:
    """The table beside it holds the same numbers."""


PRINTERS: dict[type[Block], Callable[[Any, Console], None]] = {
    Heading: print_heading,
    Paragraph: print_paragraph,
    Sentences: print_sentences,
    Pairs: print_pairs,
    Table: print_table,
    Figures: print_figures,
    Fold: print_fold,
    Excerpts: print_excerpts,
    Chart: skip_chart,
}
"""How each type of block is printed."""


def format_cell(cell: Cell) -> str:
    """What stands in a cell, as text."""
    if isinstance(cell, Identifier):
        return cell.text
    if isinstance(cell, tuple):
        return ", ".join(link.text for link in cell)
    return str(cell) if has_value(cell) else ""


def make_rich_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Container[int]
) -> RichTable:
    """A table in whose cells nothing is style."""
    table = RichTable(title=escape_for_terminal(caption), title_justify="left", title_style="bold")
    for index, title in enumerate(head):
        table.add_column(escape_for_terminal(title), justify="right" if index in numeric else "left")
    for row in rows:
        table.add_row(*map(escape_for_terminal, row))
    return table
