"""OpenAI chat messages with tool calls, one conversation a line.

Kept for the annotator: roles, text, visible reasoning, calls and their results. Never kept: vendor ids, model, usage,
scores, and any field that is not named here.
"""

import re
from pathlib import Path
from typing import Any

from secondreader.db.core.content import CallStatus, Content, Message, ToolCall, ToolSpec
from secondreader.db.core.hashing import compute_content_hash, format_canonical_json
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.intake.records import (
    BadRecord,
    ImportProblem,
    Watch,
    get_optional_field,
    parse_json,
    pass_through,
    read_records,
    require_field,
)
from secondreader.runner.intake.store import Batch

THINK = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool", "function": "tool"}  # fmt: skip
SLICES = (
    "motive",
    "risk_type",
    "persona",
    "protocol",
    "framing",
    "mitigation",
    "condition",
    "task",
    "scenario",
)
"""Metadata fields that become slice columns; the others go to the hidden fields."""


def read_chat(path: Path, watch: Watch = pass_through) -> Batch:
    """Every conversation of the file. Raises ImportRefused."""
    batch = Batch()
    for place, record in watch(read_records(path), "Reading"):
        try:
            if isinstance(record, BadRecord):
                raise record
            batch.transcripts.append(parse_conversation(record))
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
    return batch


def parse_conversation(record: Any) -> NewTranscript:
    """One line: {"messages": [...], "tools"?, "metadata"?, "id" | "custom_id"?} or a batch request's body."""
    request = record.get("body") if isinstance(record, dict) else None
    body: Any = request if isinstance(request, dict) else record
    raw = require_field(body, "messages", list)
    if not raw:
        raise BadRecord("messages", "is empty")
    answered = {
        one["tool_call_id"]
        for one in raw
        if isinstance(one, dict) and isinstance(one.get("tool_call_id"), str)
    }
    names: dict[str, str] = {}
    messages = [parse_chat_message(one, at, names, answered) for at, one in enumerate(raw)]
    tools = get_optional_field(body, "tools", list) or []
    content = Content(messages=tuple(messages), tools=tuple(parse_tool_spec(one) for one in tools))
    metadata: dict[str, Any] = record["metadata"] if isinstance(record.get("metadata"), dict) else {}
    name = str(
        get_optional_field(record, "custom_id", (str, int))
        or get_optional_field(record, "id", (str, int))
        or content.compute_hash()[:16]
    )
    calls = [call.name for message in messages for call in message.tool_calls]
    return NewTranscript(
        origin_key=f"chat:{name}:{content.compute_hash()}",
        cluster=f"chat:{find_cluster(metadata, messages)}",
        content=content,
        model=get_optional_field(body, "model") or get_optional_field(metadata, "model", where="metadata"),
        attributes={
            key: str(metadata[key]) for key in SLICES if isinstance(metadata.get(key), str | int | float)
        }
        | {"n_turns": len(messages), "n_calls": len(calls), "tool": calls[-1] if calls else "none"},
        hidden={key: value for key, value in metadata.items() if key not in SLICES},
        provenance={"id": name},
    )


def find_cluster(metadata: dict[str, Any], messages: list[Message]) -> str:
    """The scenario or task that the metadata name, else what stands before the first answer."""
    for key in ("scenario", "task"):
        named = metadata.get(key)
        if isinstance(named, str | int | float) and named != "":
            return str(named)
    return compute_content_hash(get_opening(messages))[:16]


def get_opening(messages: list[Message]) -> list[str]:
    """What stands before the first answer: conversations that share it are attempts at one situation."""
    first = next((at for at, one in enumerate(messages) if one.role == "assistant"), len(messages))
    return [one.text.strip() for one in messages[:first]]


def parse_chat_message(raw: Any, at: int, names: dict[str, str], answered: set[str]) -> Message:
    """One message. `names` remembers which call had which tool, so that results name their tool."""
    where = f"messages[{at}]"
    role = ROLES.get(require_field(raw, "role", where=where))
    if role is None:
        raise BadRecord(f"{where}.role", f"expected one of {', '.join(ROLES)}, got {raw['role'][:40]!r}")
    text = parse_text(raw.get("content"), where)
    if role == "tool":
        answers = raw.get("tool_call_id")
        tool = (names.get(answers) if isinstance(answers, str) else None) or raw.get("name")
        return Message(role="tool", text=text, tool=tool if isinstance(tool, str) else None)
    if role != "assistant":
        return Message(role="system" if role == "system" else "user", text=text)
    refusal = raw.get("refusal")
    thoughts = [extract_field_reasoning(raw), *THINK.findall(text)]
    return Message(
        role="assistant",
        text="\n".join(part for part in (THINK.sub("", text).strip(), refusal if isinstance(refusal, str) else "") if part),
        reasoning="\n\n".join(one.strip() for one in thoughts if one and one.strip()) or None,
        tool_calls=tuple(parse_call(one, where, names, answered) for one in list_raw_calls(raw, where)),
    )  # fmt: skip


def parse_text(content: Any, where: str) -> str:
    """Text, or the text parts of a list; other parts are named, not shown."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise BadRecord(f"{where}.content", f"expected text or a list of parts, got {type(content).__name__}")
    parts = []
    for part in content:
        if not isinstance(part, dict):
            raise BadRecord(f"{where}.content", "expected parts that are objects")
        text = part.get("text", part.get("refusal"))
        parts.append(text if isinstance(text, str) else f"[{part.get('type', 'part')}]")
    return "\n".join(parts)


def extract_field_reasoning(raw: dict[str, Any]) -> str | None:
    """Visible reasoning from the fields that servers use for it, in the order in which they are usually read."""
    details = raw.get("reasoning_details")
    if isinstance(details, list):
        texts = [one.get("text") or one.get("summary") for one in details if isinstance(one, dict)]
        if any(isinstance(one, str) for one in texts):
            return "\n\n".join(one for one in texts if isinstance(one, str))
    for name in ("reasoning_content", "reasoning"):
        if isinstance(raw.get(name), str):
            return str(raw[name])
    return None


def list_raw_calls(raw: dict[str, Any], where: str) -> list[Any]:
    """Tool calls of today's and of the first format."""
    calls = raw.get("tool_calls") or []
    if not isinstance(calls, list):
        raise BadRecord(f"{where}.tool_calls", "expected a list")
    legacy = raw.get("function_call")
    return [*calls, {"function": legacy}] if isinstance(legacy, dict) else calls


def parse_call(raw: Any, where: str, names: dict[str, str], answered: set[str]) -> ToolCall:
    """One call; arguments that are no JSON object are kept verbatim. A call without a result was only attempted."""
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BadRecord(f"{where}.tool_calls", "expected function.name in every call")
    identity = get_optional_field(raw, "id", where=f"{where}.tool_calls")
    if identity is not None:
        names[identity] = function["name"]
    status: CallStatus = "attempted" if identity is not None and identity not in answered else "executed"
    given = function.get("arguments", "")
    if isinstance(given, dict):
        return ToolCall(name=function["name"], arguments=given, status=status)
    text = given if isinstance(given, str) else format_canonical_json(given)
    parsed = parse_json(text or "{}")
    return ToolCall(
        name=function["name"], arguments=parsed if isinstance(parsed, dict) else None, raw=text, status=status
    )


def parse_tool_spec(raw: Any) -> ToolSpec:
    """One offered tool."""
    function = raw.get("function", raw) if isinstance(raw, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BadRecord("tools", "expected function.name in every tool")
    parameters = function.get("parameters")
    return ToolSpec(
        name=function["name"],
        description=str(function.get("description") or ""),
        parameters=parameters if isinstance(parameters, dict) else {},
    )
