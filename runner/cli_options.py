"""Options that many commands share."""

from pathlib import Path
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

SignIn = Annotated[
    Path | None,
    typer.Option(
        help="Streamlit secrets file whose auth table lets people sign in with an account; without it, "
        "SECONDREADER_OIDC_CLIENT_ID and the like in the environment.",
        dir_okay=False,
    ),
]
