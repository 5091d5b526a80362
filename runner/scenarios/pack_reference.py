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
    Part,
    Rubric,
    Scenario,
    ScriptedAnswer,
    Text,
    Tool,
    ToolName,
    Variant,
)

PARTS: tuple[type[Part], ...] = (Pack, Variant, Scenario, Tool, ScriptedAnswer, Answer, Match, Rubric, Action)
NAMES: dict[Any, str] = {
    Text: "text",
    Key: "key",
    ToolName: "name",
    str: "text",
    bool: "true or false",
    Any: "any value",
    type(None): "nothing",
}


def fields_as_markdown() -> str:
    """One table a model: field, kind, whether it must be given, meaning."""
    return "\n".join(line for part in PARTS for line in part_lines(part))


def part_lines(part: type[Part]) -> Iterator[str]:
    """Heading, sentence and table of one model."""
    yield f"### {part.__name__}\n"
    yield f"{(part.__doc__ or '').strip()}\n"
    yield "| field | kind | must be given | meaning |"
    yield "|---|---|---|---|"
    hints = part.__annotations__
    for name, field in part.model_fields.items():
        yield field_line(name, hints.get(name, field.annotation), field)
    yield ""


def field_line(name: str, hint: Any, field: FieldInfo) -> str:
    """One row."""
    given = "yes" if field.is_required() else "no"
    return f"| `{name}` | {kind_name(hint)} | {given} | {field.description or ''} |"


def kind_name(hint: Any) -> str:
    """A type in the words of the file's author."""
    return NAMES[hint] if hint in NAMES else compound_name(hint)


def compound_name(hint: Any) -> str:
    """A list, a mapping, something that may be left out, or another model."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return f"list of {kind_name(arguments[0])}"
    if origin is dict:
        return f"mapping of {kind_name(arguments[1])}"
    if origin in {Union, types.UnionType}:
        return " or ".join(kind_name(one) for one in arguments if one is not type(None))
    return f"[{hint.__name__}](#{hint.__name__.lower()})"
