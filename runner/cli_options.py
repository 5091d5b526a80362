"""Options that many commands share."""

from typing import Annotated

import typer

Database = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="SECONDREADER_DB",
        show_envvar=True,
        help="SQLite file or postgresql:// URL.",
    ),
]
StudyName = Annotated[str, typer.Option("--study", help="Name of the study.")]
DEFAULT_DATABASE = "secondreader.db"
