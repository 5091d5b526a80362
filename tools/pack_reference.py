"""The fields of a scenario pack as Markdown, made from the models: the reference in docs/scenario-packs.md."""

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from secondreader.runner.scenarios.pack import (
    Action,
    Answer,
    Key,
    Match,
    Pack,
    PackModel,
    Rubric,
    Scenario,
    ScriptedAnswer,
    Text,
    Tool,
    ToolName,
    Variant,
)

PACK_MODELS: tuple[type[PackModel], ...] = (
    Pack,
    Variant,
    Scenario,
    Tool,
    ScriptedAnswer,
    Answer,
    Match,
    Rubric,
    Action,
)
KIND_NAMES: dict[Any, str] = {
    Text: "text",
    Key: "key",
    ToolName: "name",
    str: "text",
    bool: "true or false",
    Any: "any value",
    type(None): "nothing",
}


def render_fields_as_markdown() -> str:
    """One table a model: field, kind, whether it must be given, meaning."""
    return "\n".join(line for part in PACK_MODELS for line in format_model_lines(part))


def format_model_lines(model: type[PackModel]) -> Iterator[str]:
    """Heading, sentence and table of one model."""
    yield f"### {model.__name__}\n"
    yield f"{(model.__doc__ or '').strip()}\n"
    yield "| field | kind | must be given | meaning |"
    yield "|---|---|---|---|"
    hints = model.__annotations__
    for name, field in model.model_fields.items():
        yield format_field_row(name, hints.get(name, field.annotation), field)
    yield ""


def format_field_row(name: str, hint: Any, field: FieldInfo) -> str:
    """One row."""
    given = "yes" if field.is_required() else "no"
    return f"| `{name}` | {describe_kind(hint)} | {given} | {field.description or ''} |"


def describe_kind(hint: Any) -> str:
    """A type in the words of the file's author."""
    return KIND_NAMES[hint] if hint in KIND_NAMES else describe_compound_kind(hint)


def describe_compound_kind(hint: Any) -> str:
    """A list, a mapping, something that may be left out, or another model."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return f"list of {describe_kind(arguments[0])}"
    if origin is dict:
        return f"mapping of {describe_kind(arguments[1])}"
    if origin in {Union, types.UnionType}:
        return " or ".join(describe_kind(argument) for argument in arguments if argument is not type(None))
    return f"[{hint.__name__}](#{hint.__name__.lower()})"
