"""Options that many commands share, and what is made of them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from secondreader.runner.jobs.batch import WorkOutcome
    from secondreader.runner.models.client import Endpoint
    from secondreader.runner.models.prices import Prices

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

Redact = Annotated[
    bool, typer.Option("--redact", help="Replace what the leak scan finds by a mark; the original is kept.")
]


SignIn = Annotated[
    Path | None,
    typer.Option(
        help="Streamlit secrets file whose auth table lets people sign in with an account; without it, "
        "SECONDREADER_OIDC_CLIENT_ID and the like in the environment.",
        dir_okay=False,
    ),
]

# The OpenAI SDK's own default: with a key in the environment and nothing else said, that is where it goes.
DEFAULT_BASE_URL = "https://api.openai.com/v1"
BaseUrl = Annotated[
    str,
    typer.Option(envvar=["SECONDREADER_BASE_URL", "OPENAI_BASE_URL"], help="Any OpenAI-compatible server."),
]
KeyVariable = Annotated[
    str,
    typer.Option(
        "--key-env", help="Environment variable that holds the key; a server without keys needs none."
    ),
]
Concurrency = Annotated[int, typer.Option(min=1, max=512, help="Requests under way at once.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait for one answer.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Longest reply; by default the server decides.")]
PriceTable = Annotated[
    Path | None, typer.Option("--prices", help="TOML table of prices per million tokens, by model.")
]
Seed = Annotated[int, typer.Option(help="Base seed; each request's own seed is derived from it.")]
Temperature = Annotated[float, typer.Option(min=0, max=2, help="Sampling temperature.")]


def make_endpoint(base_url: str, key_variable: str, timeout: float, concurrency: int) -> "Endpoint":
    """Where to ask; a variable that was named and is not set is wrong usage."""
    from secondreader.runner.models.client import KEY_VARIABLE, Endpoint

    # a server of one's own needs no key, so only a variable that was asked for must be there
    if key_variable != KEY_VARIABLE and not os.environ.get(key_variable):
        raise typer.BadParameter(f"the environment has no variable {key_variable}", param_hint="--key-env")
    return Endpoint(base_url, key_variable, timeout=timeout, concurrency=concurrency)


def load_price_table(path: Path | None) -> "Prices | None":
    """The price table, if one is named."""
    from secondreader.runner.models.prices import load_prices

    return load_prices(path) if path else None


def exit_on_failures(outcome: "WorkOutcome", what: str) -> None:
    """Tell what failed and exit with 1; nothing of it is stored, so the same command tries it again."""
    if outcome.is_complete:
        return
    typer.secho(
        f"secondreader: {outcome.n_failed + outcome.n_untried} {what} failed and are not stored; "
        "run the same command again for them.",
        err=True,
        fg=typer.colors.RED,
    )
    for line in outcome.describe_problems():
        typer.echo(f"  {line}", err=True)
    raise typer.Exit(1)


def tell_flagged(n_flagged: int, redacted: bool) -> None:
    """Say how many transcripts the leak scan flagged, if there are any."""
    if n_flagged:
        done = (
            "redacted" if redacted else "not redacted; --redact does it, the first time that they are stored"
        )
        typer.echo(f"{n_flagged} transcripts may give the model or the judgment away ({done}).")
