"""Scenario packs: benign situations for an agent, written in YAML.

docs/scenario-packs.md lists every field. The models here are that schema; load.py reads a file into them.
tool_results.py answers the agent's calls, briefing.py gives what the agent reads.
"""

from functools import cached_property
from typing import Annotated, Any

# jsonschema carries no types of its own.
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from referencing import Registry

from secondreader.db.core.hashing import compute_content_hash
from secondreader.runner.scenarios.strict_yaml import Location
from secondreader.runner.scenarios.tool_schema import find_schema_problems
from secondreader.runner.scenarios.validation import make_validation_error, require_unique

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


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
        # fields that are set and not values: `equals: null` is a condition
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
        # `result: null` is a result
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
        # parameters that are wrong themselves are not there: one fault is told once
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
        # a field that is added later must not change the hash of packs that do not use it
        return self.model_dump(mode="json", exclude_unset=True)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `dump_body`; layout and comments of the file do not change it."""
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
