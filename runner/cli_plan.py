"""Commands that say what a study consists of: from a file, from a scenario pack, and what changes after the freeze."""

from pathlib import Path
from typing import Annotated

import typer

from secondreader.runner.cli_options import DEFAULT_DATABASE, Database
from secondreader.runner.cli_study import (
    DESK_URL,
    Days,
    DeskUrl,
    Name,
    Unsure,
    links_for,
    show_drawn,
    show_links,
    study_app,
)

Why = Annotated[str, typer.Option(help="Reason, for the record and the report.")]
Actor = Annotated[str, typer.Option(help="Who does it.")]


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(create)
    study_app.command()(reveal)
    study_app.command()(amend)
    study_app.command("amendments")(list_amendments)
    study_app.command("review-scenarios")(review_scenarios)


def create(
    path: Annotated[Path, typer.Argument(help="The study file (TOML).", exists=True, dir_okay=False)],
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Make a study from a file: a draft or, where the file has a draw, frozen with one link a person."""
    from secondreader.db.engine import open_engine, writing
    from secondreader.db.study_file import create_from_file, read_study_file

    given = read_study_file(path)
    with writing(open_engine(db)) as session:
        study, drawn = create_from_file(session, given)
        links = links_for(session, drawn.annotator_ids, desk_url, days) if drawn else []
        book = study.codebook
    if drawn is None:
        typer.echo(f"{given.name} is a draft with the questions of {book['name']} {book['version']}.")
        return
    show_drawn(given.name, drawn)
    show_links(links)


def reveal(
    study: Name,
    why: Why = "",
    force: Annotated[
        bool, typer.Option("--force", help="Do not wait for everybody; needs a reason.")
    ] = False,
    actor: Actor = "researcher",
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Show all annotators each other's calibration readings, for good, and open the main queue."""
    from secondreader.db.calibration import reveal as reveal_readings
    from secondreader.db.engine import open_engine, writing
    from secondreader.db.studies import get_study

    with writing(open_engine(db)) as session:
        reveal_readings(session, get_study(session, study), actor, why, force=force)
    typer.echo(f"{study}: the calibration readings are shown, and the main queue is open.")


def amend(
    study: Name,
    why: Why,
    title: Annotated[str | None, typer.Option(help="New title.")] = None,
    notice: Annotated[str | None, typer.Option(help="New notice.")] = None,
    guideline: Annotated[
        Path | None, typer.Option(help="Markdown file of the new guideline.", exists=True, dir_okay=False)
    ] = None,
    annotators: Annotated[str, typer.Option(help="New annotators, separated by commas.")] = "",
    more_items: Annotated[int, typer.Option(min=0, help="Transcripts to draw in addition.")] = 0,
    unsure: Annotated[Unsure | None, typer.Option(help='How the headline analysis treats "unsure".')] = None,
    actor: Actor = "researcher",
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Change a frozen study, on record: texts, more annotators, more transcripts, analyses. Nothing else can change."""
    from secondreader.db.amendments import Change
    from secondreader.db.amendments import amend as amend_study
    from secondreader.db.engine import open_engine, writing
    from secondreader.db.studies import get_study

    what = Change(
        title=title,
        notice=notice,
        guideline=read_text(guideline),
        annotators=tuple(name.strip() for name in annotators.split(",") if name.strip()),
        more_items=more_items,
        analyses={"unsure": unsure.value} if unsure else None,
    )
    with writing(open_engine(db)) as session:
        done = amend_study(session, get_study(session, study), what, actor=actor, why=why)
        links = links_for(session, done.annotator_ids, desk_url, days)
    typer.echo(f"{study}: {done.n_items} more transcripts drawn, {done.n_assignments} new places in queues.")
    typer.echo(f"plan {done.plan_hash}")
    if links:
        show_links(links)


def read_text(path: Path | None) -> str | None:
    """The text of a file. Wrong usage if it is no text."""
    try:
        return path.read_text(encoding="utf-8") if path else None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not text in UTF-8", param_hint="--guideline") from None


def list_amendments(study: Name, db: Database = DEFAULT_DATABASE) -> None:
    """List what was changed after the freeze: when, by whom, what and why."""
    import json

    from secondreader.db.amendments import amendments_of
    from secondreader.db.engine import open_engine, reading
    from secondreader.db.studies import get_study

    with reading(open_engine(db)) as session:
        rows = amendments_of(session, get_study(session, study))
    if not rows:
        typer.echo(f"{study}: nothing was amended.")
    for one in rows:
        what = json.dumps(one.what, ensure_ascii=False)
        typer.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.actor}: {one.why}\n  {what}\n  plan {one.plan_hash}")


def review_scenarios(
    pack: Annotated[
        str, typer.Argument(help='Scenario pack (YAML file), or "workplace" for the shipped one.')
    ],
    name: Annotated[str, typer.Option(help="Name of the review's study.")],
    scenario: Annotated[list[str], typer.Option(help="Only this scenario; repeatable.")] = [],  # noqa: B006 - typer copies it
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Make a draft study in which people check a pack's scenarios: realistic, relevant, benign and free of hints."""
    from secondreader.db.engine import open_engine, writing
    from secondreader.runner.scenario_review import review_pack
    from secondreader.runner.scenarios import WORKPLACE, load_pack

    loaded = load_pack(WORKPLACE if pack == "workplace" else Path(pack))
    with writing(open_engine(db)) as session:
        _, n_new = review_pack(session, loaded, name, scenario)
    typer.echo(f"{n_new} scenarios are new in study {name!r}; freeze it to get links.")
