"""Writes what desk and browser send each other as TypeScript declarations, which type the desk's JavaScript.

The Python models of `annotate.exchange` are the source: `python -m tools.wire_types`.
"""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from secondreader.annotate.exchange.messages import AdjudicationMessage, DeskMessage
from secondreader.annotate.exchange.payloads import AdjudicationPayload, DeskPayload

TARGET = Path(__file__).parent.parent / ".typing" / "wire.d.ts"
HEADER = "// Generated from annotate/exchange/messages.py and payloads.py by `make docs`; edit those.\n"
WIRE_TYPES = (DeskMessage, DeskPayload, AdjudicationMessage, AdjudicationPayload)
PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
JsonSchema = dict[str, Any]


def build_schemas() -> dict[str, JsonSchema]:
    """The JSON schema of each object on the wire by its name."""
    mode: JsonSchemaMode = "validation"
    adapters = [(wire_type.__name__, mode, TypeAdapter(wire_type)) for wire_type in WIRE_TYPES]
    _, definitions = TypeAdapter.json_schemas(adapters)
    schemas: dict[str, JsonSchema] = definitions["$defs"]
    return dict(sorted(schemas.items()))


def render_declarations() -> str:
    """The whole declaration file."""
    interfaces = [render_interface(name, schema) for name, schema in build_schemas().items()]
    return f"{HEADER}declare namespace Wire {{\n" + "\n".join(interfaces) + "}\n"


def render_interface(name: str, schema: JsonSchema) -> str:
    """One object as an interface; a field that may be left out is optional."""
    required = set(schema.get("required", ()))
    lines = [render_comment(schema, "  "), f"  interface {name} {{\n"]
    for field, field_schema in schema.get("properties", {}).items():
        mark = "" if field in required else "?"
        lines.append(render_comment(field_schema, "    "))
        lines.append(f"    {field}{mark}: {render_type(field_schema)};\n")
    return "".join([*lines, "  }\n"])


def render_comment(schema: JsonSchema, indent: str) -> str:
    """The schema's description as a comment on one line; nothing where there is none."""
    text = " ".join(schema.get("description", "").split())
    return f"{indent}/** {text} */\n" if text else ""


def render_type(schema: JsonSchema) -> str:
    """A schema as a TypeScript type. Raises KeyError for a kind of schema that the wire does not use yet."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(render_type(choice) for choice in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        values = schema.get("enum") or [schema["const"]]
        return " | ".join(f'"{value}"' for value in values)
    if schema.get("type") == "array":
        return render_array(schema)
    if schema.get("type") == "object":
        inner = schema["additionalProperties"]
        return f"Record<string, {'unknown' if inner is True else render_type(inner)}>"
    return PRIMITIVES[schema["type"]]


def render_array(schema: JsonSchema) -> str:
    """A tuple where each position has its own type, else an array."""
    if "prefixItems" in schema:
        return f"[{', '.join(render_type(position) for position in schema['prefixItems'])}]"
    inner = render_type(schema["items"])
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


if __name__ == "__main__":
    TARGET.write_text(render_declarations(), encoding="utf-8")
