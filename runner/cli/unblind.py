"""The command that ends the blind part of a study."""

from typing import Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.study import StudyArgument, study_app


def register(_app: typer.Typer) -> None:
    """Add this file's command to those of studies."""
    study_app.command()(unblind)


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
