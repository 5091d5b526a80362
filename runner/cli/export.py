"""Commands that write what people said to files: labels, adjudicators' decisions, guideline gaps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from secondreader.runner.cli.options import DEFAULT_DATABASE, Database
from secondreader.runner.cli.study import StudyArgument, study_app

if TYPE_CHECKING:
    from secondreader.db.research.label_usage import UsageRow


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command("labels")(export_labels)
    study_app.command("gaps")(list_guideline_gaps)
    study_app.command("adjudications")(export_adjudications)


def export_labels(
    study: StudyArgument,
    csv: Annotated[Path, typer.Option("--csv", help="File to write.", dir_okay=False)],
    question: Annotated[str | None, typer.Option(help="Question id; all questions without it.")] = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Write every label with what it is used for, or why it is not, as CSV."""
    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.studies import get_study
    from secondreader.runner.exporters.labels import format_usage_csv, list_usage_rows

    with read_session(open_engine(db)) as session:
        row = get_study(session, study)
        ids = [require_question_id(row.codebook, question)] if question else list_question_ids(row.codebook)
        rows = list_usage_rows(session, row, ids)
    csv.write_text(format_usage_csv(rows), encoding="utf-8", newline="")
    typer.echo(format_usage_summary(rows, csv))


def list_question_ids(codebook: dict[str, list[dict[str, str]]]) -> list[str]:
    """The ids of a stored codebook's questions."""
    return [question["id"] for question in codebook["questions"]]


def require_question_id(codebook: dict[str, list[dict[str, str]]], question: str) -> str:
    """`wanted`, if the codebook has it. Raises StudyError."""
    from secondreader.db.core.errors import StudyError

    ids = list_question_ids(codebook)
    if question not in ids:
        raise StudyError(f"The codebook has no question {question!r}; there are: {', '.join(ids)}.")
    return question


def format_usage_summary(rows: "list[UsageRow]", file: Path) -> str:
    """How many were written and used."""
    n_used = sum(row.is_used for row in rows)
    return f"Wrote {len(rows)} rows to {file}: {n_used} answers are used, {len(rows) - n_used} are not."


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
        gaps = load_guideline_gaps(session, row)
    text = render_gaps(book, gaps)
    if out is None:
        typer.echo(text)
    else:
        write_new_file(out, text)
        typer.echo(f"{out}: {len(gaps)} guideline gaps.")
    if codebook is not None:
        write_new_file(codebook, make_next_codebook(book, gaps))
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
        decisions = list_decisions(session, get_study(session, study))
    with open_file(csv, "w") as file:
        file.write(format_decisions_csv(decisions))
    typer.echo(f"{csv}: {len(decisions)} decisions.")


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
