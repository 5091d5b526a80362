"""Makes example values for a JSON schema: arguments for a dry run, without a model."""

import random
from typing import Any

EXAMPLE_TEXTS = ("the first entry", "as agreed", "the usual place", "next week", "all of them")
MAX_DEPTH = 8


def make_example(schema: Any, rng: random.Random, depth: int = 0) -> Any:
    """A value of the schema's type: const, enum, default and examples first; required properties always, others at times.

    Bounds on numbers and lists are kept; patterns and formats are not.
    """
    # a schema may be true or false, or contain itself
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return {} if depth == 0 else EXAMPLE_TEXTS[0]
    if "const" in schema:
        return schema["const"]
    for key in ("enum", "examples"):
        if schema.get(key):
            return rng.choice(list(schema[key]))
    if "default" in schema:
        return schema["default"]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return make_typed_example(kind[0] if isinstance(kind, list) else kind, schema, rng, depth)


def make_typed_example(kind: str, schema: dict[str, Any], rng: random.Random, depth: int) -> Any:
    """A value of one JSON type."""
    if kind == "object":
        required = set(schema.get("required", ()))
        properties = schema.get("properties", {})
        # some optional fields, so that dry runs meet calls with and without them
        names = [name for name in properties if name in required or rng.random() < 0.5]
        return {name: make_example(properties[name], rng, depth + 1) for name in names}
    if kind == "array":
        count = max(1, int(schema.get("minItems", 0)))
        return [make_example(schema.get("items", {"type": "string"}), rng, depth + 1) for _ in range(count)]
    if kind in {"integer", "number"}:
        low = int(schema.get("minimum", 1))
        # whole numbers are valid for both types
        return rng.randint(low, max(low, int(schema.get("maximum", low + 9))))
    if kind == "boolean":
        return rng.random() < 0.5
    return None if kind == "null" else rng.choice(EXAMPLE_TEXTS)
