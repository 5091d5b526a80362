"""Reads the actions that R-Judge's agents wrote: JSON, Python and prose spellings of a call, the words kept verbatim."""

import ast
import re
import warnings
from typing import Any

from secondreader.db.core.content import ToolCall
from secondreader.runner.intake.problems import BadRecord
from secondreader.runner.intake.records import MAX_DEPTH, check_json_value, parse_json

# Possessive quantifiers (*+): these texts are hostile input, and runs of white space must not cost quadratic time.
NAMED_ACTION = re.compile(
    r"\s*+(?P<name>[A-Za-z_]\w*+)\s*+(?:(?:Action )?Input:|:)?+\s*+(?P<arguments>\{.*\})\s*+", re.DOTALL
)
WRAPPED_ACTION = re.compile(
    r"\s*+\{\s*+['\"]?(?P<name>[A-Za-z_]\w*+)['\"]?\s*+:\s*+(?P<arguments>\{.*?\})\s*+\}?\s*+", re.DOTALL
)
FUNCTION_ACTION = re.compile(r"\s*+(?P<name>[A-Za-z_]\w*+)\s*+\((?P<arguments>.*)\)\s*+", re.DOTALL)
HEADED_ACTION = re.compile(r"\s*+(?P<name>[A-Z]\w++)[^\S\n]*+\n\s*+Action Input:(?P<arguments>.*)", re.DOTALL)
COMMAND_ACTION = re.compile(
    r"\s*+\"command\"\s*+:\s*+(?P<arguments>\{.*?\})\s*+(?P<outer>\}?)\s*+", re.DOTALL
)
SHELL_ACTION = re.compile(r"\s*+```(?P<name>bash|sh|shell|python)\n(?P<code>.*?)\n?```\s*+", re.DOTALL)
TYPED_ACTION = re.compile(r"\s*+(?:The action is\s++)?(?P<arguments>\{.*\})\s*+", re.DOTALL)
LEADING_VERB = re.compile(r"\s*+(?P<name>[A-Za-z]++)\s++\S")
STRING_OR_KEY = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?P<key>\b[A-Za-z_]\w*)\s*[:=](?!=)", re.DOTALL
)
TALK = re.compile(
    r"[?!](?:\s|$)|^\s*(?:hey|hi|hello|thanks|thank you|roger|okay|sure|yes|no|got it|final answer)\b"
    r"|\b(?:I|I'm|I'll|I've|my|we)\b",
    re.IGNORECASE,
)
MAX_LITERAL = 20_000
"""Characters that Python's own parser is trusted with; longer arguments must be JSON."""


def parse_action(action_text: str, answered: bool) -> ToolCall | None:
    """The call that an action spells; None where it is talk.

    Prose ("click <pay>") is a call where the environment answered it, unless it plainly is talk: a question, an
    exclamation, a greeting or the first person.
    """
    # from the most to the least particular spelling: a later form would also match an earlier one's texts
    if command := COMMAND_ACTION.fullmatch(action_text):
        given = parse_object(command["arguments"]) or parse_object(command["arguments"] + command["outer"])
        return parse_command_call(action_text, given or {})
    typed = TYPED_ACTION.fullmatch(action_text)
    given = (parse_object(typed["arguments"]) if typed else None) or {}
    if isinstance(kind := given.get("action_type"), str):
        return ToolCall(name=kind, arguments=given, raw=action_text)
    if shell := SHELL_ACTION.fullmatch(action_text):
        return ToolCall(name=shell["name"], arguments={"command": shell["code"]}, raw=action_text)
    for form in (NAMED_ACTION, WRAPPED_ACTION, HEADED_ACTION):
        if match := form.fullmatch(action_text):
            return ToolCall(name=match["name"], arguments=parse_object(match["arguments"]), raw=action_text)
    # prose may end in brackets too: without an answer, only readable arguments make it a call
    if (match := FUNCTION_ACTION.fullmatch(action_text)) and (
        answered or parse_object(match["arguments"]) is not None
    ):
        return ToolCall(name=match["name"], arguments=parse_object(match["arguments"]), raw=action_text)
    if not answered or not action_text.strip() or TALK.search(action_text):
        return None
    verb = LEADING_VERB.match(action_text)
    return ToolCall(name=verb["name"].lower() if verb else "action", raw=action_text)


def parse_command_call(action_text: str, command: dict[str, Any]) -> ToolCall:
    """An action written as `"command": {"name": ..., "args": {...}}`."""
    name, arguments = command.get("name"), command.get("args")
    return ToolCall(
        name=name if isinstance(name, str) else "command",
        arguments=arguments if isinstance(arguments, dict) else None,
        raw=action_text,
    )


def parse_object(text: str) -> dict[str, Any] | None:
    """The arguments as an object: JSON, a Python dict, or the inside of a call (`id=1`, `'id': 1`, `id: 1`)."""
    # agents break lines inside strings, which JSON forbids
    for spelling in (text, text.replace("\n", "\\n")):
        parsed = parse_json(spelling)
        if isinstance(parsed, dict):
            return parsed
    if len(text) > MAX_LITERAL:
        return None
    braced = text.strip() if text.lstrip().startswith("{") else f"{{{text}}}"
    keyed = STRING_OR_KEY.sub(quote_key, braced)
    for spelling in (braced, keyed, braced.replace("\n", "\\n"), keyed.replace("\n", "\\n")):
        value = parse_literal(spelling)
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
    return None


def quote_key(match: re.Match[str]) -> str:
    """A bare key in quotes; a string as it stands, whatever it holds."""
    return f"'{match['key']}':" if match["key"] else match[0]


def parse_literal(text: str) -> Any:
    """A Python literal as a JSON value; None where it is none. Nothing is run."""
    if max(text.count("{"), text.count("["), text.count("(")) > MAX_DEPTH:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            value = check_json_value(make_jsonable(ast.literal_eval(text.strip())))
    # ast.literal_eval's documentation names these five for input that it cannot take.
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return None if isinstance(value, BadRecord) else value


def make_jsonable(value: Any) -> Any:
    """Tuples and sets as lists. Raises TypeError for what JSON cannot hold (bytes, complex numbers, ...)."""
    if isinstance(value, dict):
        return {key: make_jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [make_jsonable(inner) for inner in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"JSON cannot hold {type(value).__name__}")
