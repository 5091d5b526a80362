"""Commands for queues: who labels what, and how fast."""

from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.study import StudyArgument, study_app

if TYPE_CHECKING:
    from secondreader.db.research.idle import IdleAssignment
    from secondreader.db.research.pace import StudyPace


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(reassign)
    study_app.command("pace")(show_pace)


def reassign(
    study: StudyArgument,
    giver: Annotated[str, typer.Option("--from", help="Who has the assignments now.")],
    takers: Annotated[str, typer.Option("--to", help="Who gets them: names, separated by commas.")],
    why: Annotated[str, typer.Option(help="Reason, for the audit log.")],
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Move the untouched assignments of one annotator to others. Nobody gets a transcript twice; labels and drafts stay."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.reassignment import reassign_items
    from secondreader.db.design.studies import get_study

    # a trailing comma is no annotator
    names = [name.strip() for name in takers.split(",") if name.strip()]
    with write_session(open_engine(db)) as session:
        done = reassign_items(session, get_study(session, study), giver, names, actor=actor, why=why)
    for name, n in done.moved.items():
        typer.echo(f"{name}: {n} more assignments.")
    if done.n_kept:
        typer.echo(f"{done.n_kept} assignments stay with {giver}: the others have these transcripts already.")
    if done.n_repeats_dropped:
        typer.echo(f"{done.n_repeats_dropped} repeats of moved transcripts are dropped.")


def show_pace(
    study: StudyArgument,
    hours: Annotated[float, typer.Option(min=0.0, help="After so long an untouched draft is stale.")] = 24.0,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Show how fast a study is labelled, how long it will take, and which assignments were begun and left."""
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

    from secondreader.runner.cli.terminal import escape_for_terminal

    out = Console()
    out.print(f"{pace.n_labelled} of {pace.n_wanted} labels.")
    if pace.labels_per_hour is not None and pace.hours_left is not None:
        days = "" if pace.days_left is None else f", {pace.days_left:.1f} days like those so far"
        out.print(
            f"{pace.labels_per_hour:.0f} labels in an hour of work; {pace.hours_left:.1f} hours of work left{days}."
        )
    people = Table("annotator", "labelled", "open", "seconds a label", "hours left", "stale")
    for person in pace.people:
        n_stale = sum(assignment.annotator_id == person.annotator_id for assignment in idle)
        figures = (format_figure(person.seconds_per_label, 0), format_figure(person.hours_left, 1))
        people.add_row(
            escape_for_terminal(person.name),
            str(person.n_labelled),
            str(person.n_open),
            *figures,
            str(n_stale),
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
