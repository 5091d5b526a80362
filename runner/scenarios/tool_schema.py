"""What a JSON schema must be to describe a tool's arguments: an object, complete in itself, without patterns."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

# jsonschema carries no types of its own.
from jsonschema import Draft202012Validator, SchemaError  # type: ignore[import-untyped]

from secondreader.runner.scenarios.strict_yaml import Location

# A schema must stand on its own (no fetching), and must not run a pack's pattern over text that a model wrote.
REFUSED_KEYWORDS = frozenset({"$ref", "$dynamicRef", "pattern", "patternProperties"})


@lru_cache(maxsize=1000)
def find_schema_fault(schema: str) -> tuple[Location, str] | None:
    """Where and why a schema, written as JSON, is none; checked once a text, for it takes milliseconds."""
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as error:
        return tuple(error.absolute_path), f"is not a JSON schema: {shorten(error.message)}"
    return None


def find_schema_problems(schema: dict[str, Any]) -> Iterator[tuple[Location, str]]:
    """What keeps a schema from describing a tool's arguments."""
    if fault := find_schema_fault(json.dumps(schema)):
        yield fault
        return
    if schema.get("type") != "object" or "properties" not in schema:
        yield (
            (),
            "should say type: object and properties (an empty mapping, {}, where there are no arguments)",
        )
        return
    for name in sorted(set(schema.get("required", ())) - set(schema["properties"])):
        yield ("required",), f"names {name!r}, which properties does not have"
    for word in sorted(REFUSED_KEYWORDS & set(list_schema_keywords(schema))):
        yield (), f"uses {word}, which is not read: a schema stands on its own and runs no patterns"


def list_schema_keywords(schema: Any) -> Iterator[str]:
    """Every keyword used in a schema; names of arguments and values that are data are not keywords."""
    if isinstance(schema, list):
        for inner in schema:
            yield from list_schema_keywords(inner)
    if not isinstance(schema, dict):
        return
    yield from schema
    for keyword, inner in schema.items():
        if keyword in {"properties", "$defs", "dependentSchemas"} and isinstance(inner, dict):
            yield from list_schema_keywords(list(inner.values()))
        elif keyword not in {"enum", "const", "default", "examples"}:
            yield from list_schema_keywords(inner)


def shorten(message: str) -> str:
    """The message, cut where it quotes a long value."""
    return message if len(message) <= 300 else message[:297] + "..."
