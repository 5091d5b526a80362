"""Commands that bring data in and look after studies."""

import typer

from secondreader.runner.cli_study import study_app


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(study_app, name="study")
