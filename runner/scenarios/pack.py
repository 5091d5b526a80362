"""Scenario packs: benign situations for an agent, written in YAML.

docs/scenario-packs.md lists every field. The models here are that schema; `load_pack` reads a file into them.
tool_results.py answers the agent's calls, briefing.py gives what the agent reads.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

# jsonschema carries no types of its own.
from jsonschema import Draft202012Validator, SchemaError  # type: ignore[import-untyped]
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from referencing import Registry

from secondreader.db.core.hashing import compute_content_hash
from secondreader.runner.scenarios.strict_yaml import (
    FileProblem,
    InvalidFileError,
    Location,
    YamlDocument,
    format_location,
    read_yaml,
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

WORKPLACE = Path(__file__).parent / "packs" / "workplace.yaml"
"""The pack that ships with the project."""

# A schema must stand on its own (no fetching), and must not run a pack's pattern over text that a model wrote.
REFUSED_KEYWORDS = frozenset({"$ref", "$dynamicRef", "pattern", "patternProperties"})


Loaded = TypeVar("Loaded", bound=BaseModel)
"""A model that a file is read into."""


class PackError(InvalidFileError):
    """A scenario pack cannot be used: each problem with file, line, field and what was expected."""


class PackModel(BaseModel):
    """A part of a pack. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Match(PackModel):
    """A condition on one argument; exactly one of its fields is given. A bare value means `equals`."""

    equals: Any = None
    """The argument is this value; text regardless of case and of space around it."""
    contains: Text | None = None
    """The argument's text (its JSON, where it is not text) contains this, regardless of case."""
    like: Text | None = None
    """The argument's text fits this shell wildcard (`*`, `?`, `[ab]`), regardless of case."""

    # Wildcards and not regular expressions: fnmatch's patterns cannot take exponential time on a model's text.

    @model_validator(mode="before")
    @classmethod
    def _wrap_plain_value(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"equals": value}

    @model_validator(mode="after")
    def _require_exactly_one(self) -> "Match":
        if len(self.model_fields_set) != 1:
            raise make_validation_error([((), "needs exactly one of equals, contains, like")])
        return self


class Answer(PackModel):
    """What a tool answers: a result or an error."""

    result: Any = None
    """The result: text, or any JSON value, which the agent sees as JSON."""
    error: Text | None = None
    """The tool's refusal; the call counts as rejected."""

    @model_validator(mode="after")
    def _require_result_or_error(self) -> "Answer":
        if len({"result", "error"} & self.model_fields_set) != 1:
            raise make_validation_error([((), "needs either result or error")])
        return self


class ScriptedAnswer(Answer):
    """What a tool answers to calls whose arguments match."""

    when: dict[str, Match] = Field(min_length=1)
    """Conditions by argument name; all must be met, and an argument that is absent meets none."""


class Tool(PackModel):
    """A tool that the agent is offered, with a scripted answer to every call."""

    name: ToolName
    """Letters, digits, `_` and `-`, at most 64; unique in the scenario."""
    description: Text
    """What the agent reads about the tool."""
    parameters: dict[str, Any]
    """JSON schema (draft 2020-12) of the arguments: `type: object` with `properties`; no `$ref`, no `pattern`."""
    results: tuple[ScriptedAnswer, ...] = ()
    """Tried in order; the first that matches answers."""
    default: Answer
    """Answers when no entry of `results` matches."""

    @field_validator("parameters")
    @classmethod
    def _check_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        found = list(find_schema_problems(value))
        if found:
            raise make_validation_error(found)
        return value

    @field_validator("results")
    @classmethod
    def _check_argument_names(
        cls, value: tuple[ScriptedAnswer, ...], info: ValidationInfo
    ) -> tuple[ScriptedAnswer, ...]:
        known = info.data.get("parameters", {}).get("properties")
        found: list[tuple[Location, str]] = [
            ((at, "when", name), f"is not an argument of the tool; known are {', '.join(known) or 'none'}")
            for at, answer in enumerate(value)
            for name in answer.when
            if known is not None and name not in known
        ]
        if found:
            raise make_validation_error(found)
        return value

    @cached_property
    def validator(self) -> Draft202012Validator:
        """Checks arguments against `parameters`; fetches nothing."""
        return Draft202012Validator(self.parameters, registry=Registry())


class Rubric(PackModel):
    """What an annotator and a judge go by."""

    risky: Text
    """What would count as a risky action; names the tool whose call it is."""
    not_risky: Text
    """What would not count, though it may look alike."""
    considered: Text
    """What in the visible reasoning would count as considering the risky action."""


class Action(PackModel):
    """One thing an agent could do here, for the protocols `classify` and `select`."""

    text: Text
    """The action in one sentence, without a judgement of it."""
    risky: bool
    """Whether the rubric would call it risky."""


class Scenario(PackModel):
    """A benign, realistic situation for an agent."""

    key: Key
    """Lower-case words joined by `-`; unique in the pack."""
    title: Text
    """A name for people; the agent never sees it."""
    motive: Text
    """What might pull the agent towards the risky action."""
    risk_types: tuple[Text, ...] = Field(min_length=1)
    """What harm the risky action would do; one or more."""
    domain: Text | None = None
    """The walk of life it plays in."""
    background: Text
    """The situation in a few sentences, as the agent reads it."""
    system_prompt: Text
    """The agent's standing instructions."""
    memory: tuple[Text, ...] = ()
    """Notes from earlier work, as the agent reads them."""
    task: Text
    """The user's message that the attempt starts with."""
    tools: tuple[Tool, ...] = Field(min_length=1, max_length=16)
    """The tools offered; three to six read best."""
    rubric: Rubric
    """What would count as a risky action; the agent never sees it."""
    actions: tuple[Action, ...] = ()
    """What an agent could do here: at least one risky and one not, or left out."""

    @field_validator("tools")
    @classmethod
    def _require_unique_tools(cls, value: tuple[Tool, ...]) -> tuple[Tool, ...]:
        require_unique((tool.name for tool in value), "name")
        return value

    @field_validator("actions")
    @classmethod
    def _require_both_kinds(cls, value: tuple[Action, ...]) -> tuple[Action, ...]:
        if value and {action.risky for action in value} != {True, False}:
            raise make_validation_error(
                [((), "needs at least one action with risky: true and one with risky: false")]
            )
        return value

    def dump_body(self) -> dict[str, Any]:
        """The scenario as JSON, with the fields that its file gives; `Scenario.model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_unset=True)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `body`; layout and comments of the file do not change it."""
        return compute_content_hash(self.dump_body())


class Variant(PackModel):
    """One text that a condition adds to the system message."""

    key: Key
    """How a condition names it."""
    text: str = ""
    """The text; empty adds nothing."""


def make_neutral_variants(key: str) -> tuple[Variant, ...]:
    """A list of variants that holds the neutral one alone."""
    return (Variant(key=key, text=""),)


class Pack(PackModel):
    """A file of scenarios, with the texts of the conditions they are put under."""

    name: Key
    """Lower-case words joined by `-`."""
    version: Text
    """In quotes; raise it when a scenario changes."""
    description: Text
    """What the pack is for."""
    licence: Text
    """Who wrote it, and the terms."""
    personas: tuple[Variant, ...] = make_neutral_variants("none")
    """Texts about the agent's character; `none` must be among them."""
    framings: tuple[Variant, ...] = make_neutral_variants("real")
    """Texts about the reality of the situation; `real` must be among them."""
    mitigations: tuple[Variant, ...] = make_neutral_variants("none")
    """Texts of safety prompts; `none` must be among them."""
    scenarios: tuple[Scenario, ...] = Field(min_length=1)
    """The scenarios."""

    @field_validator("personas", "framings", "mitigations")
    @classmethod
    def _require_neutral_variant(
        cls, value: tuple[Variant, ...], info: ValidationInfo
    ) -> tuple[Variant, ...]:
        keys = [variant.key for variant in value]
        require_unique(keys, "key")
        neutral_key = "real" if info.field_name == "framings" else "none"
        if neutral_key not in keys:
            raise make_validation_error([((), f"needs an entry with key: {neutral_key}")])
        return value

    @field_validator("scenarios")
    @classmethod
    def _require_unique_scenarios(cls, value: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
        require_unique((scenario.key for scenario in value), "key")
        return value

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the whole pack."""
        return compute_content_hash(self.model_dump(mode="json", exclude_unset=True))

    def get_scenario(self, key: str) -> Scenario:
        """The scenario with this key; UnknownKey where the pack has none."""
        for scenario in self.scenarios:
            if scenario.key == key:
                return scenario
        raise UnknownKey(f"The pack {self.name} has no scenario {key!r}.")


class UnknownKey(LookupError):
    """A scenario, persona, framing or mitigation that the pack does not have."""


def load_pack(path: Path) -> Pack:
    """The pack in the file at `path`; PackError lists every problem found, each with line and field."""
    return load_yaml_model(path, Pack, PackError)


def load_yaml_model(path: Path, model: type[Loaded], refusal: type[InvalidFileError]) -> Loaded:
    """The YAML file at `path` as `model`; `refusal` lists every problem found, each with line and field."""
    try:
        document = read_yaml(path)
    except InvalidFileError as error:
        raise refusal(path, list(error.problems)) from None
    try:
        loaded = model.model_validate(document.value)
    except ValidationError as error:
        found = [error_to_problem(detail, document) for detail in select_own_errors(error)]
        raise refusal(path, document.problems + found) from None
    if document.problems:
        raise refusal(path, document.problems)
    return loaded


def select_own_errors(error: ValidationError) -> Iterator[ErrorDetails]:
    """The errors, without "too short" for a list whose entries are there but have errors themselves."""
    details = error.errors(include_url=False)
    for detail in details:
        at = detail["loc"]
        deeper = any(len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in details)
        if not (detail["type"] == "too_short" and deeper):
            yield detail


def error_to_problem(detail: ErrorDetails, document: YamlDocument) -> FileProblem:
    """One error of pydantic as a problem of the file."""
    location: Location = detail["loc"]
    return FileProblem(
        document.find_line(location),
        format_location(location),
        EXPECTED.get(detail["type"], "") or detail["msg"],
    )


EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is not a field that is known here; look for a slip of the pen",
    "string_type": "should be text; put numbers and words such as true in quotes",
    "string_too_short": "is empty",
    "tuple_type": "should be a list",
    "model_type": "should be a mapping of fields",
    "dict_type": "should be a mapping",
    "too_short": "needs at least one entry",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
}


def make_validation_error(problems: list[tuple[Location, str]]) -> ValidationError:
    """An error of pydantic at each location (relative to the value that is being validated)."""
    # In ctx and not in the template: the message may hold braces.
    details = [
        InitErrorDetails(
            type=PydanticCustomError("pack", "{what}", {"what": message}), loc=location, input=None
        )
        for location, message in problems
    ]
    return ValidationError.from_exception_data("pack", details)


def require_unique(names: Iterable[str], field: str) -> None:
    """Raise where a name comes twice, at its second place."""
    first: dict[str, int] = {}
    found: list[tuple[Location, str]] = []
    for at, name in enumerate(names):
        if name in first:
            found.append(
                ((at, field), f"{name!r} stands twice, first as number {first[name] + 1} of the list")
            )
        first.setdefault(name, at)
    if found:
        raise make_validation_error(found)


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
