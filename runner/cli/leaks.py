"""The command of the leak review."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.study import StudyArgument, study_app

if TYPE_CHECKING:
    from secondreader.db.transcripts.leak_reviews import LeakItem

Accept = Annotated[list[str], typer.Option("--accept", help="Id of a transcript that may be drawn as it is.")]
Exclude = Annotated[list[str], typer.Option("--exclude", help="Id of a transcript to leave out of the pool.")]


def register(_app: typer.Typer) -> None:
    """Add this file's command to those of studies."""
    study_app.command("leaks")(review_leaks)


def review_leaks(
    study: StudyArgument,
    accept: Accept = [],  # noqa: B006
    exclude: Exclude = [],  # noqa: B006
    why: Annotated[str, typer.Option(help="Reason of these decisions, for the record.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every finding as CSV.")] = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """List what the leak scan found in a study's transcripts; accept or exclude them before the draw."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.transcripts.leak_reviews import (
        ACCEPTED,
        EXCLUDED,
        LEAK_COLUMNS,
        build_leak_rows,
        count_leaks,
        decide_leak,
        list_leak_items,
    )
    from secondreader.runner.exporters.spreadsheet_csv import write_rows

    with write_session(open_engine(db)) as session:
        row = get_study(session, study)
        for decision, chosen in ((ACCEPTED, accept), (EXCLUDED, exclude)):
            for item in chosen:
                decide_leak(session, row, item, decision, actor=actor, why=why)
        items = list_leak_items(session, row)
    if as_csv:
        write_rows(sys.stdout, LEAK_COLUMNS, build_leak_rows(items))
    else:
        print_leaks(items)
        typer.echo(count_leaks(items).sentence)


def print_leaks(items: "list[LeakItem]") -> None:
    """Every finding as a table."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.db.transcripts.leak_reviews import LEAK_COLUMNS, build_leak_rows
    from secondreader.runner.cli.terminal_text import escape_for_terminal

    table = Table(*LEAK_COLUMNS)
    for row in build_leak_rows(items):
        table.add_row(*(escape_for_terminal(one) for one in row))
    if table.row_count:
        Console().print(table)
