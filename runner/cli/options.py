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
DEFAULT_DATABASE = "secondreader.db"
StudyName = Annotated[str, typer.Option("--study", help="Name of the study.")]


def require_actor(actor: str) -> str:
    """Who acts, without space around. Wrong usage where nobody is named."""
    if not actor.strip():
        raise typer.BadParameter("say who does it, for the audit log")
    return actor.strip()


Actor = Annotated[
    str,
    typer.Option(
        "--actor",
        envvar="SECONDREADER_ACTOR",
        show_envvar=True,
        callback=require_actor,
        help="Who does it, for the audit log.",
    ),
]
"""Every command that changes what is stored takes it, and puts it on record."""
DEFAULT_ACTOR = "researcher"

SignIn = Annotated[
    Path | None,
    typer.Option(
        help="Streamlit secrets file whose auth table lets people sign in with an account; without it, "
        "SECONDREADER_OIDC_CLIENT_ID and the like in the environment.",
        dir_okay=False,
    ),
]
