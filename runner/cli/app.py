"""The command line: the composition root, and the one place where an error becomes a sentence and an exit code.

The commands stand in `cli_*.py`, a file a topic; each imports what it needs inside the command, so that
`secondreader --help` stays quick.
"""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from secondreader.runner.cli import accounts as cli_people
from secondreader.runner.cli import adjudication as cli_adjudication
from secondreader.runner.cli import amend as cli_plan
from secondreader.runner.cli import analysis as cli_reports
from secondreader.runner.cli import freeze as cli_freeze
from secondreader.runner.cli import imports as cli_data
from secondreader.runner.cli import invites as cli_links
from secondreader.runner.cli import leaks as cli_leaks
from secondreader.runner.cli import models as cli_models
from secondreader.runner.cli import queues as cli_queue
from secondreader.runner.cli import serve as cli_serve
from secondreader.runner.cli import unblind as cli_unblind

FAILURE = 1


class ErrorSentenceGroup(TyperGroup):
    """Tells our own errors in one sentence and exits with 1; typer tells wrong usage and exits with 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise
        except Exception as error:
            if not type(error).__module__.startswith("secondreader."):
                raise
            typer.secho(f"secondreader: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(FAILURE) from None


app = typer.Typer(
    cls=ErrorSentenceGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"auto_envvar_prefix": "SECONDREADER", "help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(version("secondreader"))
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Blind human verification of LLM judges on agent transcripts."""


for topic in (
    cli_adjudication,
    cli_data,
    cli_freeze,
    cli_leaks,
    cli_links,
    cli_models,
    cli_people,
    cli_plan,
    cli_queue,
    cli_reports,
    cli_serve,
    cli_unblind,
):
    topic.register(app)

if __name__ == "__main__":
    sys.exit(app())
