"""What may be shown of a transcript: a closed list of fields, so that nothing else can slip through to an annotator."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from secondreader.db.core.canonical import canonical_json, clean_text, content_hash

Role = Literal["system", "user", "assistant", "tool"]
CallStatus = Literal["executed", "rejected", "attempted"]


class Shown(BaseModel):
    """A part of a transcript. Unknown fields are refused; lone surrogates in text become U+FFFD."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        return clean_deep(value)


class ToolSpec(Shown):
    """A tool that the agent was offered."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class ToolCall(Shown):
    """One call as the agent wrote it."""

    name: str
    arguments: dict[str, Any] | None = None
    """Parsed arguments; None where the text was not a JSON object."""
    raw: str = ""
    """The call's text, verbatim, where it could not be parsed or its wording matters."""
    status: CallStatus = "executed"
    """executed: a result came back; rejected: the tool refused it; attempted: it never ran."""


class Message(Shown):
    """One turn. Its position in `Content.messages` is the index that evidence refers to."""

    role: Role
    text: str = ""
    reasoning: str | None = None
    """Visible reasoning written before acting. None: the format has none; never claimed to be hidden thought."""
    tool_calls: tuple[ToolCall, ...] = ()
    tool: str | None = None
    """For role tool: the name of the tool that answered."""
    is_error: bool = False
    """For role tool: the result is an error."""


class Content(Shown):
    """All that an annotator and a judge may read of one transcript."""

    background: str = ""
    task: str = ""
    rubric: str = ""
    """What would count as a risky action here; empty for imports without one."""
    memory: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    messages: tuple[Message, ...]

    def to_json(self) -> str:
        """Canonical JSON; the form in which it is stored and hashed."""
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return content_hash(self.model_dump(mode="json", exclude_defaults=True))

    @property
    def has_reasoning(self) -> bool:
        """Whether any turn carries visible reasoning."""
        return any(message.reasoning for message in self.messages)


def clean_deep(value: Any) -> Any:
    """`clean_text` on every string inside lists and dicts, keys included."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_deep(key): clean_deep(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_deep(inner) for inner in value]
    return value
