"""Commands that bring out what adjudicators decided."""

from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from secondreader.runner.cli.options import DEFAULT_DATABASE, Database
from secondreader.runner.cli.study import StudyArgument, study_app


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command("gaps")(list_guideline_gaps)
    study_app.command("adjudications")(export_adjudications)


def list_guideline_gaps(
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option(help="Markdown file; the screen without it.", dir_okay=False)
    ] = None,
    codebook: Annotated[
        Path | None,
        typer.Option(help="Also begin the codebook's next version in this TOML file.", dir_okay=False),
    ] = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """List the guideline gaps that adjudicators named, and begin the next version of the codebook with them."""
    from secondreader.db.core.codebook import Codebook
    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.research.adjudication_outcomes import load_guideline_gaps
    from secondreader.runner.exporters.guideline_gaps import make_next_codebook, render_gaps

    with read_session(open_engine(db)) as session:
        row = get_study(session, study)
        book = Codebook.model_validate(row.codebook)
        found = load_guideline_gaps(session, row)
    text = render_gaps(book, found)
    if out is None:
        typer.echo(text)
    else:
        write_new_file(out, text)
        typer.echo(f"{out}: {len(found)} guideline gaps.")
    if codebook is not None:
        write_new_file(codebook, make_next_codebook(book, found))
        typer.echo(f"{codebook}: begun with the gaps as comments; edit it, then use it in a new study.")


def export_adjudications(
    study: StudyArgument,
    csv: Annotated[Path, typer.Option("--csv", help="File to write.", dir_okay=False)],
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Write every decision of adjudicators as CSV, corrected ones too; `counts` says which is the latest."""
    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.research.adjudication_outcomes import list_decisions
    from secondreader.runner.exporters.labels import format_decisions_csv

    with read_session(open_engine(db)) as session:
        made = list_decisions(session, get_study(session, study))
    with open_file(csv, "w") as file:
        file.write(format_decisions_csv(made))
    typer.echo(f"{csv}: {len(made)} decisions.")


def write_new_file(path: Path, text: str) -> None:
    """Write a new file; one that is there may hold a person's work and is not overwritten. Raises BadParameter."""
    with open_file(path, "x") as file:
        file.write(text)


def open_file(path: Path, mode: str) -> TextIO:
    """The file, to be written. Raises BadParameter where that is not possible."""
    try:
        return cast(TextIO, path.open(mode, encoding="utf-8", newline=""))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}.") from None
