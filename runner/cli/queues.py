"""Commands that look after queues and labels: who reads what, how fast, and which label is used for what."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.study import StudyArgument, study_app

if TYPE_CHECKING:
    from secondreader.db.research.idle import IdleAssignment
    from secondreader.db.research.label_usage import UsageRow
    from secondreader.db.research.pace import StudyPace


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(reassign)
    study_app.command("labels")(export_labels)
    study_app.command("pace")(show_pace)


def reassign(
    study: StudyArgument,
    giver: Annotated[str, typer.Option("--from", help="Who has the places now.")],
    takers: Annotated[str, typer.Option("--to", help="Who gets them: names, separated by commas.")],
    why: Annotated[str, typer.Option(help="Reason, for the audit log.")],
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Move the untouched places of one annotator to others. Nobody gets a transcript twice; labels and drafts stay."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.reassignment import reassign_items as reassign_places
    from secondreader.db.design.studies import get_study

    names = [name.strip() for name in takers.split(",") if name.strip()]
    with write_session(open_engine(db)) as session:
        done = reassign_places(session, get_study(session, study), giver, names, actor=actor, why=why)
    for name, n in done.moved.items():
        typer.echo(f"{name}: {n} places more.")
    if done.n_kept:
        typer.echo(f"{done.n_kept} places stay with {giver}: the others have these transcripts already.")
    if done.n_repeats_dropped:
        typer.echo(f"{done.n_repeats_dropped} repeats of moved transcripts are dropped.")


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
    n_used = sum(one.is_used for one in rows)
    return f"Wrote {len(rows)} rows to {file}: {n_used} answers are used, {len(rows) - n_used} are not."


def show_pace(
    study: StudyArgument,
    hours: Annotated[float, typer.Option(min=0.0, help="After so long an untouched draft is stale.")] = 24.0,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Show how fast a study is labelled, how long it will take, and which places were begun and left."""
    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.research.idle import list_idle_assignments
    from secondreader.db.research.pace import compute_study_pace

    with read_session(open_engine(db)) as session:
        row = get_study(session, study)
        print_pace(compute_study_pace(session, row), list_idle_assignments(session, row, hours))


def print_pace(pace: "StudyPace", idle: "list[IdleAssignment]") -> None:
    """Sentences and two tables."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.runner.cli.terminal_text import escape_for_terminal

    out = Console()
    out.print(f"{pace.n_labelled} of {pace.n_wanted} labels.")
    if pace.labels_per_hour is not None and pace.hours_left is not None:
        days = "" if pace.days_left is None else f", {pace.days_left:.1f} days like those so far"
        out.print(
            f"{pace.labels_per_hour:.0f} labels in an hour of work; {pace.hours_left:.1f} hours of work left{days}."
        )
    people = Table("annotator", "labelled", "open", "seconds a label", "hours left", "stale")
    for one in pace.people:
        n_stale = sum(place.annotator_id == one.annotator_id for place in idle)
        figures = (format_figure(one.seconds_per_label, 0), format_figure(one.hours_left, 1))
        people.add_row(
            escape_for_terminal(one.name), str(one.n_labelled), str(one.n_open), *figures, str(n_stale)
        )
    out.print(people)
    strata = Table("stratum", "items", "labels", "complete items")
    for part in pace.strata:
        strata.add_row(
            escape_for_terminal(part.stratum),
            str(part.n_items),
            f"{part.n_labelled} of {part.n_wanted}",
            str(part.n_complete),
        )
    out.print(strata)


def format_figure(value: float | None, digits: int) -> str:
    """A figure, or a dash where it is not known."""
    return "-" if value is None else f"{value:.{digits}f}"
