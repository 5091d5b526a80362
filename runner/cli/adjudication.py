"""Commands that bring out what adjudicators decided."""

from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from secondreader.runner.cli.options import DEFAULT_DATABASE, Database
from secondreader.runner.cli.study import Name, study_app


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(gaps)
    study_app.command()(adjudications)


def gaps(
    study: Name,
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
    from secondreader.db.core.engine import open_engine, reading
    from secondreader.db.design.studies import get_study
    from secondreader.db.research.adjudication_outcomes import guideline_gaps
    from secondreader.runner.exporters.guideline_gaps import gaps_markdown, next_codebook

    with reading(open_engine(db)) as session:
        row = get_study(session, study)
        book = Codebook.model_validate(row.codebook)
        found = guideline_gaps(session, row)
    text = gaps_markdown(book, found)
    if out is None:
        typer.echo(text)
    else:
        write(out, text)
        typer.echo(f"{out}: {len(found)} guideline gaps.")
    if codebook is not None:
        write(codebook, next_codebook(book, found))
        typer.echo(f"{codebook}: begun with the gaps as comments; edit it, then use it in a new study.")


def adjudications(
    study: Name,
    csv: Annotated[Path, typer.Option("--csv", help="File to write.", dir_okay=False)],
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Write every decision of adjudicators as CSV, corrected ones too; `counts` says which is the latest."""
    from secondreader.db.core.engine import open_engine, reading
    from secondreader.db.design.studies import get_study
    from secondreader.db.research.adjudication_outcomes import decisions
    from secondreader.runner.exporters.labels import decisions_csv

    with reading(open_engine(db)) as session:
        made = decisions(session, get_study(session, study))
    with opened(csv, "w") as file:
        file.write(decisions_csv(made))
    typer.echo(f"{csv}: {len(made)} decisions.")


def write(path: Path, text: str) -> None:
    """Write a new file; one that is there may hold a person's work and is not overwritten. Raises BadParameter."""
    with opened(path, "x") as file:
        file.write(text)


def opened(path: Path, mode: str) -> TextIO:
    """The file, to be written. Raises BadParameter where that is not possible."""
    try:
        return cast(TextIO, path.open(mode, encoding="utf-8", newline=""))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}.") from None
