"""Commands that change a study after the freeze, and the one that makes a study of a scenario pack."""

from pathlib import Path
from typing import Annotated

import typer

from secondreader.runner.cli.freeze import UnsurePolicy, parse_names
from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.people import DESK_URL, Days, DeskUrl, show_links
from secondreader.runner.cli.study import StudyArgument, study_app

Reason = Annotated[str, typer.Option(help="Reason, for the record and the report.")]


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(reveal)
    study_app.command()(amend)
    study_app.command("amendments")(list_amendments)
    study_app.command("review-scenarios")(review_scenarios)


def reveal(
    study: StudyArgument,
    why: Reason = "",
    force: Annotated[
        bool, typer.Option("--force", help="Do not wait for everybody; needs a reason.")
    ] = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Show all annotators each other's labels of the norming round, for good, and open the main queue."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.desk.norming_round import reveal_norming_ratings

    with write_session(open_engine(db)) as session:
        reveal_norming_ratings(session, get_study(session, study), actor, why, force=force)
    typer.echo(f"{study}: the labels of the norming round are shown, and the main queue is open.")


def amend(
    study: StudyArgument,
    why: Reason,
    title: Annotated[str | None, typer.Option(help="New title.")] = None,
    notice: Annotated[str | None, typer.Option(help="New notice.")] = None,
    guideline: Annotated[
        Path | None, typer.Option(help="Markdown file of the new guideline.", exists=True, dir_okay=False)
    ] = None,
    annotators: Annotated[str, typer.Option(help="New annotators, separated by commas.")] = "",
    more_items: Annotated[int, typer.Option(min=0, help="Transcripts to sample in addition.")] = 0,
    unsure: Annotated[
        UnsurePolicy | None, typer.Option(help='How the headline analysis treats "unsure".')
    ] = None,
    headline_judge: Annotated[str | None, typer.Option(help="The judge of the headline figures.")] = None,
    actor: Actor = DEFAULT_ACTOR,
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Change a frozen study, on record: texts, more annotators, more transcripts, analyses. Nothing else can change."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.amendments import amend_study, parse_change
    from secondreader.db.design.people import invite_annotators
    from secondreader.db.design.studies import get_study

    what = parse_change(
        title=title,
        notice=notice,
        guideline=read_text_file(guideline),
        annotators=parse_names(annotators),
        more_items=more_items,
        analyses=collect_analyses(unsure, headline_judge),
    )
    with write_session(open_engine(db)) as session:
        row = get_study(session, study)
        done = amend_study(session, row, what, actor=actor, why=why)
        # in the same transaction: nobody is added without a link to work with
        links = invite_annotators(session, row, done.annotator_ids, days=days, actor=actor, why=why)
    typer.echo(f"{study}: {done.n_items} more transcripts sampled, {done.n_assignments} new assignments.")
    typer.echo(f"plan {done.plan_hash}")
    # after the commit: a rolled-back link would open nothing
    if links:
        show_links(desk_url, links)


def collect_analyses(unsure: UnsurePolicy | None, judge: str | None) -> dict[str, str] | None:
    """The analyses that are set anew; None where all stay."""
    return {**({"unsure": unsure.value} if unsure else {}), **({"judge": judge} if judge else {})} or None


def read_text_file(path: Path | None) -> str | None:
    """The text of a file. Wrong usage if it is no text."""
    try:
        return path.read_text(encoding="utf-8") if path else None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not text in UTF-8", param_hint="--guideline") from None


def list_amendments(study: StudyArgument, db: Database = DEFAULT_DATABASE) -> None:
    """List what was changed after the freeze: when, by whom, what and why."""
    import json

    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.amendments import load_amendments
    from secondreader.db.design.studies import get_study

    with read_session(open_engine(db)) as session:
        rows = load_amendments(session, get_study(session, study))
    if not rows:
        typer.echo(f"{study}: nothing was amended.")
    for amendment in rows:
        what = json.dumps(amendment.what, ensure_ascii=False)
        typer.echo(
            f"{amendment.at:%Y-%m-%d %H:%M} UTC  {amendment.actor}: {amendment.why}\n  {what}\n"
            f"  plan {amendment.plan_hash}"
        )


def review_scenarios(
    pack: Annotated[
        str, typer.Argument(help='Scenario pack (YAML file), or "workplace" for the shipped one.')
    ],
    name: Annotated[str, typer.Option(help="Name of the review's study.")],
    scenario: Annotated[list[str], typer.Option(help="Only this scenario; repeatable.")] = [],  # noqa: B006 - typer copies it
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Make a draft study in which people check a pack's scenarios: realistic, relevant, benign and free of hints."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.runner.jobs.review_pack import review_pack
    from secondreader.runner.scenarios.load import load_named_pack

    loaded = load_named_pack(pack)
    with write_session(open_engine(db)) as session:
        _, n_new = review_pack(session, loaded, name, scenario, actor=actor)
    typer.echo(f"{n_new} scenarios are new in study {name!r}; freeze it to get links.")
