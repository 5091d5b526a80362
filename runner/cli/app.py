"""The command line: the composition root, and where an error becomes a sentence and an exit code.

The commands stand beside this file, a module a topic; each imports what it needs inside the command, so that
`secondreader --help` stays quick.
"""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from secondreader.runner.cli import (
    amend,
    analysis,
    export,
    freeze,
    imports,
    judge,
    people,
    queues,
    run,
    serve,
    study,
)

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
            # what we did not foresee is a bug, and keeps its traceback
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


for topic in (imports, run, judge, study, freeze, amend, people, queues, export, analysis, serve):
    topic.register(app)

if __name__ == "__main__":
    sys.exit(app())
