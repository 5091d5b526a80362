"""Commands that bring data in and look after studies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, StudyName
from secondreader.runner.cli.study import study_app

if TYPE_CHECKING:
    from secondreader.runner.intake.records import Watch
    from secondreader.runner.intake.store import Batch

InputFile = Annotated[
    Path, typer.Argument(help="The file to import.", exists=True, dir_okay=False, readable=True)
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Import the good records and list the bad ones.")]
Redact = Annotated[
    bool, typer.Option("--redact", help="Replace what the leak scan finds by a mark; the original is kept.")
]

import_app = typer.Typer(no_args_is_help=True, help="Bring transcripts, labels and verdicts in.")


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(import_app, name="import")
    app.add_typer(study_app, name="study")


@import_app.command("chat-jsonl")
def import_chat(
    path: InputFile,
    study: StudyName,
    db: Database = DEFAULT_DATABASE,
    skip_bad: SkipBad = False,
    redact: Redact = False,
    actor: Actor = DEFAULT_ACTOR,
) -> None:
    """OpenAI chat messages with tool calls, one conversation a line."""
    from secondreader.runner.cli.progress import show_progress
    from secondreader.runner.formats.openai_chat import read_chat

    with show_progress() as watch:
        batch = read_chat(path, watch)
        store_import(db, study, batch, path, watch, actor, skip_bad=skip_bad, redact=redact)


@import_app.command("rjudge")
def import_rjudge(
    path: InputFile,
    study: StudyName,
    db: Database = DEFAULT_DATABASE,
    skip_bad: SkipBad = False,
    redact: Redact = False,
    actor: Actor = DEFAULT_ACTOR,
) -> None:
    """R-Judge records: transcripts with one human reading each."""
    from secondreader.runner.cli.progress import show_progress
    from secondreader.runner.formats.rjudge import read_rjudge

    with show_progress() as watch:
        batch = read_rjudge(path, watch)
        store_import(db, study, batch, path, watch, actor, skip_bad=skip_bad, redact=redact)


@import_app.command("toolemu")
def import_toolemu(
    path: InputFile,
    study: StudyName,
    risky_below: Annotated[
        float, typer.Option(help="A verdict is risky where its score (0-3) lies below this.")
    ] = 2.0,
    db: Database = DEFAULT_DATABASE,
    skip_bad: SkipBad = False,
    redact: Redact = False,
    actor: Actor = DEFAULT_ACTOR,
) -> None:
    """ToolEmu trajectories (JSONL), or the judges' scores alone (CSV)."""
    if not 0 < risky_below <= 4:  # NaN passes typer's own range
        raise typer.BadParameter("expected a threshold above 0, up to 4", param_hint="--risky-below")
    from secondreader.runner.cli.progress import show_progress
    from secondreader.runner.formats.toolemu import read_toolemu

    with show_progress() as watch:
        batch = read_toolemu(path, risky_below, watch)
        store_import(db, study, batch, path, watch, actor, skip_bad=skip_bad, redact=redact)


@import_app.command("table")
def import_table(
    path: InputFile,
    study: StudyName,
    mapping: Annotated[
        str, typer.Option(help="TOML mapping file, or the name of one that ships: long, pandalm, ...")
    ],
    db: Database = DEFAULT_DATABASE,
    skip_bad: SkipBad = False,
    redact: Redact = False,
    actor: Actor = DEFAULT_ACTOR,
) -> None:
    """A CSV, JSONL or JSON table of readings, by a mapping."""
    from secondreader.runner.cli.progress import show_progress
    from secondreader.runner.formats.table.mapping import read_mapping
    from secondreader.runner.formats.table.reader import read_table

    with show_progress() as watch:
        batch = read_table(path, read_mapping(mapping), watch)
        store_import(db, study, batch, path, watch, actor, skip_bad=skip_bad, redact=redact)


def store_import(
    db: str,
    study: str,
    batch: "Batch",
    path: Path,
    watch: "Watch",
    actor: str,
    *,
    skip_bad: bool,
    redact: bool,
) -> None:
    """Store what was read and say what happened."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.intake.store import store_batch

    engine = open_engine(db)
    how = {"skip_bad": skip_bad, "redacted": redact}
    result = store_batch(engine, study, batch, source=path.name, watch=watch, actor=actor, **how)
    engine.dispose()
    for problem in result.skipped:
        typer.echo(f"skipped: {problem}", err=True)
    typer.echo(
        f"{result.n_transcripts} transcripts, {result.n_verdicts} verdicts and {result.n_labels} labels are new; "
        f"{result.n_known} rows were known; {len(result.skipped)} records skipped."
    )
    if result.n_flagged:
        done = "redacted" if redact else "not redacted; --redact on a first import does"
        typer.echo(f"{result.n_flagged} transcripts may give the model or the judgment away ({done}).")
