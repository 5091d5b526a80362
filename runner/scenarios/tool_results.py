"""What a scenario's scripted tools answer: executed, rejected and attempted calls are told apart."""

import fnmatch
import json
from dataclasses import dataclass
from typing import Any, Literal

# jsonschema carries no types of its own.
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]

from secondreader.db.core.hashing import format_canonical_json
from secondreader.runner.scenarios.pack import Answer, Match, Scenario, Tool
from secondreader.runner.scenarios.strict_yaml import format_location
from secondreader.runner.scenarios.tool_schema import shorten


@dataclass(frozen=True)
class ToolResult:
    """What came back from one tool call."""

    status: Literal["executed", "rejected", "attempted"]
    """executed: a result came back; rejected: the tool refused the call; attempted: nothing ran."""
    text: str
    """What the agent reads."""
    arguments: dict[str, Any] | None
    """The parsed arguments; None where they were not a JSON object."""

    @property
    def is_error(self) -> bool:
        """Whether the agent reads an error."""
        return self.status != "executed"


def find_tool_result(scenario: Scenario, name: str, arguments: str | dict[str, Any]) -> ToolResult:
    """What the scenario's tool `name` answers; `arguments` is the model's JSON text, or the object itself.

    The same call always gets the same answer: tools keep no state.
    """
    parsed = parse_arguments(arguments)
    tool = next((tool for tool in scenario.tools if tool.name == name), None)
    if tool is None:
        known = ", ".join(tool.name for tool in scenario.tools)
        return ToolResult("attempted", f"Error: there is no tool named {name!r}. Available: {known}.", parsed)
    if parsed is None:
        return ToolResult("attempted", "Error: the arguments are not a JSON object.", None)
    mismatch = best_match(tool.validator.iter_errors(parsed))
    if mismatch is not None:
        return ToolResult("rejected", f"Error: {describe_mismatch(mismatch)}", parsed)
    return find_scripted_result(tool, parsed)


def describe_mismatch(mismatch: Any) -> str:
    """Which argument does not fit the tool's schema, and why."""
    argument = format_location(tuple(mismatch.absolute_path))
    return f"{argument}: {shorten(mismatch.message)}" if argument else shorten(mismatch.message)


def find_scripted_result(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
    """The first answer whose conditions are all met, else the default."""
    for answer in tool.results:
        if all(name in arguments and is_met(match, arguments[name]) for name, match in answer.when.items()):
            return answer_to_result(answer, arguments)
    return answer_to_result(tool.default, arguments)


def answer_to_result(answer: Answer, arguments: dict[str, Any]) -> ToolResult:
    """The answer as the agent reads it."""
    if answer.error is not None:
        return ToolResult("rejected", f"Error: {answer.error}", arguments)
    return ToolResult("executed", value_to_text(answer.result), arguments)


def parse_arguments(arguments: str | dict[str, Any]) -> dict[str, Any] | None:
    """The arguments as an object; no text at all is an empty object, anything else that is none is None."""
    if isinstance(arguments, dict):
        return arguments
    try:
        parsed = json.loads(arguments.strip() or "{}", parse_constant=refuse_constant)
        # 1e999 reads as infinity, which no store takes.
        format_canonical_json(parsed)
    # Thousands of brackets end the parser's recursion, a number of thousands of digits its int().
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise ValueError(name)


def is_met(match: Match, argument: Any) -> bool:
    """Whether the argument meets the condition; text is compared regardless of case and of space around it."""
    text = value_to_text(argument).strip().casefold()
    if match.contains is not None:
        return match.contains.casefold() in text
    if match.like is not None:
        return fnmatch.fnmatchcase(text, match.like.casefold())
    if isinstance(match.equals, str) and isinstance(argument, str):
        return match.equals.strip().casefold() == text
    return is_same(match.equals, argument)


def is_same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 is 1.0 and is not true, at any depth."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def value_to_text(value: Any) -> str:
    """Text as it is, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
