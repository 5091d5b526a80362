"""The commands of studies: the list, one study, its leaks, its state, its unblinding. More stand in freeze, amend, people, queues, export."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database

if TYPE_CHECKING:
    from secondreader.db.transcripts.leak_reviews import LeakItem

Accept = Annotated[
    list[str], typer.Option("--accept", help="Id of a transcript that may be sampled as it is.")
]
Exclude = Annotated[list[str], typer.Option("--exclude", help="Id of a transcript to leave out of the pool.")]
StudyArgument = Annotated[str, typer.Argument(help="Name of the study.")]

study_app = typer.Typer(no_args_is_help=True, help="List, freeze, open and close studies; invite people.")


def register(app: typer.Typer) -> None:
    """Add the group of commands; the other modules add theirs to it."""
    app.add_typer(study_app, name="study")


@study_app.command("list")
def list_studies(db: Database = DEFAULT_DATABASE) -> None:
    """List the studies with their size and progress."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.summaries import summarize_studies
    from secondreader.runner.cli.terminal import escape_for_terminal

    with read_session(open_engine(db)) as session:
        summaries = summarize_studies(session)
    table = Table(
        "study", "status", "transcripts", "with text", "sampled", "annotators", "labels", "verdicts"
    )
    for study in summaries:
        counts = (study.n_transcripts, study.n_with_text, study.n_drawn, study.n_annotators, study.n_labels)
        table.add_row(escape_for_terminal(study.name), study.status, *map(str, counts), str(study.n_verdicts))
    Console().print(table if summaries else "There are no studies yet: import or run transcripts first.")


@study_app.command("show")
def show_study(study: StudyArgument, db: Database = DEFAULT_DATABASE) -> None:
    """Show one study: plan, people, progress and judges."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.headline_judge import choose_headline_judge
    from secondreader.db.design.studies import get_study
    from secondreader.db.design.summaries import list_judges, summarize_studies
    from secondreader.db.research.progress import list_annotator_progress
    from secondreader.runner.cli.terminal import escape_for_terminal

    console = Console()
    with read_session(open_engine(db)) as session:
        row = get_study(session, study)
        summary = next(known for known in summarize_studies(session) if known.name == study)
        people, judges = list_annotator_progress(session, row), list_judges(session, row)
        headline = choose_headline_judge(row.plan, [judge.name for judge in judges])
        console.print(
            f"[bold]{escape_for_terminal(row.name)}[/bold]: {row.status}, shown as {escape_for_terminal(repr(row.title))}"
        )
        console.print(
            f"{summary.n_transcripts} transcripts ({summary.n_with_text} with text, {summary.n_drawn} sampled), "
            f"plan {row.plan_hash or 'not frozen yet'}"
        )
    people_table = Table("person", "role", "from", "labelled", "assigned", "median seconds")
    for person in people:
        pace = "" if person.median_seconds is None else f"{person.median_seconds:.0f}"
        done = (str(person.n_labelled), str(person.n_assigned))
        people_table.add_row(escape_for_terminal(person.name), person.role, person.source, *done, pace)
    judge_table = Table("judge", "in the plan", "verdicts", "unparsed", "errors")
    # the headline judge first; sorting is stable, so the others keep their order
    for judge in sorted(judges, key=lambda judge: judge.name != headline.judge):
        counts = map(str, (judge.n_verdicts, judge.n_unparsed, judge.n_errors))
        judge_table.add_row(escape_for_terminal(judge.name), headline.get_role(judge.name), *counts)
    for table in (people_table, judge_table):
        if table.row_count:
            console.print(table)


@study_app.command("leaks")
def review_leaks(
    study: StudyArgument,
    accept: Accept = [],  # noqa: B006
    exclude: Exclude = [],  # noqa: B006
    why: Annotated[str, typer.Option(help="Reason of these decisions, for the record.")] = "",
    scan: Annotated[
        bool,
        typer.Option(
            "--scan", help="First scan what no scan has looked at: runs made before runs were scanned."
        ),
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every finding as CSV.")] = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """List what the leak scan found in a study's transcripts; accept or exclude them before sampling."""
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
    from secondreader.db.transcripts.leak_scans import count_scans
    from secondreader.runner.exporters.spreadsheet_csv import write_rows
    from secondreader.runner.intake.transcripts import scan_stored

    with write_session(open_engine(db)) as session:
        row = get_study(session, study)
        # before the decisions, which are about what scans found
        if scan:
            scan_stored(session, row, actor=actor)
        for decision, chosen in ((ACCEPTED, accept), (EXCLUDED, exclude)):
            for item in chosen:
                decide_leak(session, row, item, decision, actor=actor, why=why)
        items, coverage = list_leak_items(session, row), count_scans(session, row)
    if as_csv:
        write_rows(sys.stdout, LEAK_COLUMNS, build_leak_rows(items))
    else:
        print_leaks(items)
        typer.echo(count_leaks(items, coverage).sentence)


def print_leaks(items: "list[LeakItem]") -> None:
    """Every finding as a table."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.db.transcripts.leak_reviews import LEAK_COLUMNS, build_leak_rows
    from secondreader.runner.cli.terminal import escape_for_terminal

    table = Table(*LEAK_COLUMNS)
    for row in build_leak_rows(items):
        # excerpts come from transcripts: they must neither style nor steer the terminal
        table.add_row(*(escape_for_terminal(cell) for cell in row))
    if table.row_count:
        Console().print(table)


def add_status_command(status: str, sentence: str) -> None:
    """Add the command that brings a study to this status."""
    command = {"open": "open", "paused": "pause", "closed": "close"}[status]

    def change(
        study: StudyArgument,
        why: Annotated[str, typer.Option(help="Reason, for the audit log.")] = "",
        actor: Actor = DEFAULT_ACTOR,
        db: Database = DEFAULT_DATABASE,
    ) -> None:
        from secondreader.db.core.engine import open_engine, write_session
        from secondreader.db.design.studies import get_study, set_status

        with write_session(open_engine(db)) as session:
            set_status(session, get_study(session, study), status, actor=actor, why=why)
        typer.echo(f"{study} is {status}.")

    study_app.command(command, help=sentence)(change)


add_status_command("open", "Take labels again after a pause.")
add_status_command("paused", "Take no labels for a while; drafts are kept.")
add_status_command("closed", "Take no more labels.")


@study_app.command()
def unblind(
    study: StudyArgument,
    why: Annotated[str, typer.Option(help="Reason, for the audit log and the report.")],
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Let judge and people be compared, for good. The study must be closed; the reason goes on record."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.design.unblinding import unblind_study

    with write_session(open_engine(db)) as session:
        event = unblind_study(session, get_study(session, study), actor=actor, why=why)
    typer.echo(f"{study} is unblinded since {event.at:%Y-%m-%d %H:%M UTC}.")
