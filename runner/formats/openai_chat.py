"""OpenAI chat messages with tool calls, one conversation a line.

Kept for the annotator: roles, text, visible reasoning, calls and their results. Never kept: vendor ids, model, usage,
scores, and any field that is not named here.
"""

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from secondreader.db.core.content import CallStatus, Content, Message, ToolCall, ToolSpec
from secondreader.db.core.hashing import compute_content_hash, format_canonical_json
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.formats.registry import Format, FormatOptions
from secondreader.runner.intake.batch import Batch, read_into
from secondreader.runner.intake.progress import Progress, pass_through
from secondreader.runner.intake.record_model import (
    MAX_SHOWN_VALUE,
    Identifier,
    RecordModel,
    make_mismatch,
    validate_record,
)
from secondreader.runner.intake.records import parse_json

# An open tag without its end is reasoning up to the end of the text: the model was cut off while it thought.
THINK = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)
ChatRole = Literal["system", "developer", "user", "assistant", "tool", "function"]
ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
UNSHOWN_PARTS = frozenset(
    {"image_url", "image", "input_image", "input_audio", "audio", "video", "file", "input_file", "document"}
)
"""Parts of a message that are no text: they are named, not shown."""
TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
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


def list_parts(value: Any) -> Any:
    """Content as a list of parts. Raises an error for `validate_record`."""
    if value is None:
        return []
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if not isinstance(value, list):
        raise make_mismatch("text or a list of parts", value)
    return value


def list_ids(value: Any) -> Any:
    """The calls that a result answers: one id, or in some writers' files several."""
    return [value] if isinstance(value, str) else value or []


class ChatFunction(RecordModel):
    """What is called, and with which arguments."""

    name: str
    arguments: Any = ""
    """Text that should be a JSON object; some writers put the object itself."""


class ChatCall(RecordModel):
    """One tool call."""

    function: ChatFunction
    id: str | None = None


class ChatPart(RecordModel):
    """A part of a message's content."""

    type: str = "text"
    text: str | None = None
    refusal: str | None = None

    def render(self) -> str:
        """The text; of a picture and the like only what it is."""
        return f"[{self.type}]" if self.type in UNSHOWN_PARTS else self.text or self.refusal or ""


def require_readable_part(value: Any) -> Any:
    """The part, unless nothing of it would be shown: an act or a thought must not get lost without a word.

    Raises an error for `validate_record`.
    """
    if not isinstance(value, dict) or not isinstance(kind := value.get("type", "text"), str):
        return value
    # some writers put the words under another name: the message would look empty
    if kind in TEXT_PARTS and not (isinstance(value.get("text", value.get("refusal")), str)):
        raise PydanticCustomError("empty_part", "a part of type {kind} needs text", {"kind": kind})
    if kind not in TEXT_PARTS | UNSHOWN_PARTS:
        raise PydanticCustomError(
            "unknown_part",
            "a part of type {kind} is not read here; write calls as tool_calls, results as role tool, thoughts as "
            "reasoning_content",
            {"kind": repr(kind[:MAX_SHOWN_VALUE])},
        )
    return value


ReadablePart = Annotated[ChatPart, BeforeValidator(require_readable_part)]


class ReasoningDetail(RecordModel):
    """One entry of `reasoning_details`; encrypted ones have neither field."""

    text: str | None = None
    summary: str | None = None


class ChatMessage(RecordModel):
    """One message of a conversation."""

    role: ChatRole
    content: Annotated[list[ReadablePart], BeforeValidator(list_parts)] = Field(default_factory=list)
    refusal: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ChatCall] | None = None
    function_call: ChatFunction | None = None
    """A call in the first version of the format."""
    tool_call_id: Annotated[list[str], BeforeValidator(list_ids)] = Field(default_factory=list)
    name: str | None = None

    @property
    def text(self) -> str:
        """The content as one text."""
        return "\n".join(part.render() for part in self.content)

    @property
    def calls(self) -> list[ChatCall]:
        """Calls of today's and of the first format."""
        legacy = [ChatCall(function=self.function_call)] if self.function_call else []
        return [*(self.tool_calls or []), *legacy]

    @property
    def field_reasoning(self) -> str | None:
        """Visible reasoning from the fields that servers use for it, in the order in which they are usually read."""
        details = [detail.text or detail.summary for detail in self.reasoning_details or []]
        if any(details):
            return "\n\n".join(text for text in details if text)
        return self.reasoning_content or self.reasoning


class ChatTool(RecordModel):
    """A tool that was offered."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


def unwrap_tool(value: Any) -> Any:
    """The function inside {"type": "function", "function": {...}}; the older form is the function itself."""
    return value.get("function", value) if isinstance(value, dict) else value


class ChatConversation(RecordModel):
    """A conversation, or the body of a batch request."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    tools: list[Annotated[ChatTool, BeforeValidator(unwrap_tool)]] | None = None
    model: str | None = None


def require_model_name(metadata: dict[str, Any] | None) -> dict[str, Any] | None:
    """The metadata; a model that they name must be text. Raises an error for `validate_record`."""
    model = (metadata or {}).get("model")
    if model is not None and not isinstance(model, str):
        raise make_mismatch("a model in text", model)
    return metadata


class ChatLine(RecordModel):
    """What may stand around a conversation on its line."""

    id: Identifier | None = None
    custom_id: Identifier | None = None
    metadata: Annotated[dict[str, Any] | None, AfterValidator(require_model_name)] = None
    body: dict[str, Any] | None = None
    """Of a batch request: the conversation stands in it, not beside it."""


def read_chat(path: Path, progress: Progress = pass_through) -> Batch:
    """Every conversation of the file. Raises ImportRefused."""
    batch = Batch()
    return read_into(batch, path, partial(add_record, batch), progress)


def add_record(batch: Batch, raw: Any) -> None:
    """Add one line: {"messages": [...], "tools"?, "metadata"?, "id" | "custom_id"?}, or a batch request. Raises BadRecord."""
    line = validate_record(ChatLine, raw)
    conversation = validate_record(ChatConversation, raw if line.body is None else line.body)
    batch.transcripts.append(make_transcript(line, conversation))


def make_transcript(line: ChatLine, conversation: ChatConversation) -> NewTranscript:
    """The conversation with what its line says of it. Raises BadRecord."""
    messages = convert_messages(conversation.messages)
    content = Content(messages=tuple(messages), tools=tuple(map(convert_tool, conversation.tools or ())))
    metadata = line.metadata or {}
    # a batch request has both: custom_id is the one that its writer chose
    name = str(line.custom_id or line.id or content.compute_hash()[:16])
    calls = [call.name for message in messages for call in message.tool_calls]
    return NewTranscript(
        # ids alone are not unique: every writer counts from 1
        origin_key=f"chat:{name}:{content.compute_hash()}",
        cluster=f"chat:{find_cluster(metadata, messages)}",
        content=content,
        model=conversation.model or metadata.get("model"),
        attributes={
            key: str(metadata[key]) for key in SLICES if isinstance(metadata.get(key), str | int | float)
        }
        | {"n_turns": len(messages), "n_calls": len(calls), "tool": calls[-1] if calls else "none"},
        # whatever else a writer says of a conversation may give its outcome away
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
    first = next((at for at, message in enumerate(messages) if message.role == "assistant"), len(messages))
    return [message.text.strip() for message in messages[:first]]


def convert_messages(raw: list[ChatMessage]) -> list[Message]:
    """The conversation as it is stored; a result says which tool it is of, a call whether it has a result."""
    answered = {call_id for message in raw for call_id in message.tool_call_id}
    names: dict[str, str] = {}
    messages = []
    for message in raw:
        messages.append(convert_message(message, names, answered))
        # ids may come again in a later turn, so a result names the call that stands nearest before it
        names |= {call.id: call.function.name for call in message.calls if call.id is not None}
    return messages


def convert_message(raw: ChatMessage, names: dict[str, str], answered: set[str]) -> Message:
    """One message; `names` holds the tool of each call so far."""
    role = ROLES[raw.role]
    if role == "tool":
        called = (names[call_id] for call_id in raw.tool_call_id if call_id in names)
        return Message(role=role, text=raw.text, tool=next(called, raw.name))
    if role != "assistant":
        return Message(role=role, text=raw.text)
    thoughts = [raw.field_reasoning, *THINK.findall(raw.text)]
    return Message(
        role=role,
        text="\n".join(part for part in (THINK.sub("", raw.text).strip(), raw.refusal) if part),
        reasoning="\n\n".join(thought.strip() for thought in thoughts if thought and thought.strip()) or None,
        tool_calls=tuple(convert_call(call, answered) for call in raw.calls),
    )


def convert_call(raw: ChatCall, answered: set[str]) -> ToolCall:
    """One call; arguments that are no JSON object are kept verbatim. A call without a result was only attempted."""
    name, arguments = raw.function.name, raw.function.arguments
    # calls without ids (the first format) cannot be matched with results: nothing says that they did not run
    status: CallStatus = "attempted" if raw.id is not None and raw.id not in answered else "executed"
    # text is the format's rule; the object itself is what several libraries write
    if isinstance(arguments, dict):
        return ToolCall(name=name, arguments=arguments, status=status)
    text = arguments if isinstance(arguments, str) else format_canonical_json(arguments)
    parsed = parse_json(text or "{}")
    return ToolCall(
        name=name, arguments=parsed if isinstance(parsed, dict) else None, raw=text, status=status
    )


def convert_tool(raw: ChatTool) -> ToolSpec:
    """One offered tool."""
    return ToolSpec(name=raw.name, description=raw.description or "", parameters=raw.parameters or {})


FORMAT = Format(
    "chat-jsonl",
    "OpenAI chat messages with tool calls, one conversation a line.",
    FormatOptions,
    lambda path, _options, progress: read_chat(path, progress),
)
