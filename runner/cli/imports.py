"""Commands that bring data in: one for each format of the registry."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from secondreader.runner.cli.options import (
    DEFAULT_ACTOR,
    DEFAULT_DATABASE,
    Actor,
    Database,
    Redact,
    StudyName,
    tell_flagged,
)

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

    from secondreader.runner.formats.registry import Format

InputFile = Annotated[
    Path, typer.Argument(help="The file to import.", exists=True, dir_okay=False, readable=True)
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Import the good records and list the bad ones.")]


class FormatGroup(TyperGroup):
    """A command for each format, made when it is asked for: to list the other commands no format is loaded."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the formats."""
        from secondreader.runner.formats.registry import FORMATS

        return list(FORMATS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command that imports files of this format; None where there is no such format."""
        from secondreader.runner.formats.registry import FORMATS, load_format

        return build_import_command(load_format(cmd_name)) if cmd_name in FORMATS else None


import_app = typer.Typer(
    cls=FormatGroup, no_args_is_help=True, help="Bring transcripts, labels and verdicts in."
)


@import_app.callback()
def describe_imports() -> None:
    """Bring transcripts, labels and verdicts in."""


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(import_app, name="import")


def build_import_command(file_format: "Format[Any]") -> TyperCommand:
    """The command of one format: file and study, then the format's own options, then those that all imports share."""

    def import_file(
        path: InputFile,
        study: StudyName,
        db: Database = DEFAULT_DATABASE,
        skip_bad: SkipBad = False,
        redact: Redact = False,
        actor: Actor = DEFAULT_ACTOR,
        **format_options: Any,
    ) -> None:
        options = parse_format_options(file_format, format_options)
        run_import(db, study, file_format, options, path, actor, skip_bad=skip_bad, redact=redact)

    # typer makes options of a function's parameters; this one's depend on the format
    set_signature(import_file, list_format_parameters(file_format))
    app = typer.Typer(add_completion=False)
    app.command(file_format.name, help=file_format.summary)(import_file)
    return cast(TyperCommand, typer.main.get_command(app))


def list_format_parameters(file_format: "Format[Any]") -> Iterator[inspect.Parameter]:
    """A command-line parameter for each field of the format's options."""
    for name, field in file_format.options.model_fields.items():
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.is_required() else field.get_default(),
            annotation=make_option_type(field),
        )


def make_option_type(field: "FieldInfo") -> Any:
    """The field as typer declares an option."""
    return Annotated[field.annotation, typer.Option(help=field.description)]


def set_signature(command: Callable[..., None], added: Iterator[inspect.Parameter]) -> None:
    """Let `command` be declared with these parameters in place of its `**format_options`, behind file and study."""
    path, study, *shared, _format_options = inspect.signature(command).parameters.values()
    # by keyword alone: then a required option may stand behind one that has a default
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (path, study, *added, *shared)
    ]
    # typer reads both: the signature for names and defaults, the annotations for types
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def parse_format_options(file_format: "Format[Any]", given: dict[str, Any]) -> Any:
    """The format's options, checked. Wrong usage where one is out of its bounds."""
    from pydantic import ValidationError

    try:
        return file_format.options.model_validate(given)
    except ValidationError as error:
        raise make_usage_error(error) from None


def make_usage_error(error: "ValidationError") -> typer.BadParameter:
    """The first fault of a format's options, with the option's name."""
    first = error.errors(include_url=False)[0]
    option = "--" + str(first["loc"][0]).replace("_", "-")
    return typer.BadParameter(f"{first['msg']}, got {first['input']}", param_hint=option)


def run_import(
    db: str,
    study: str,
    file_format: "Format[Any]",
    options: Any,
    path: Path,
    actor: str,
    *,
    skip_bad: bool,
    redact: bool,
) -> None:
    """Read the file, store what it holds and say what happened."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.cli.terminal import show_progress
    from secondreader.runner.intake.store import store_batch

    with show_progress() as progress:
        # before the database is opened: a file that is refused makes no empty one
        batch = file_format.read(path, options, progress)
        engine = open_engine(db)
        how = {"skip_bad": skip_bad, "redacted": redact}
        result = store_batch(engine, study, batch, source=path.name, progress=progress, actor=actor, **how)
        engine.dispose()
    for problem in result.skipped:
        typer.echo(f"skipped: {problem}", err=True)
    typer.echo(
        f"{result.n_transcripts} transcripts, {result.n_verdicts} verdicts and {result.n_labels} labels are new; "
        f"{result.n_known} rows were known; {len(result.skipped)} records skipped."
    )
    tell_flagged(result.n_flagged, redact)
