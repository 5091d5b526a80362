"""What may be shown of a transcript: a closed list of fields, so that nothing else can slip through to an annotator."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from secondreader.db.core.hashing import compute_content_hash, format_canonical_json
from secondreader.db.core.text import clean_text

Role = Literal["system", "user", "assistant", "tool"]
CallStatus = Literal["executed", "rejected", "attempted"]


class TranscriptPart(BaseModel):
    """A part of a transcript. Unknown fields are refused; lone surrogates in text become U+FFFD."""

    # a field that nobody listed could carry a model's name to an annotator
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    # before validation: pydantic itself refuses a lone surrogate, and an import would fail for one emoji cut in half
    def _clean(cls, value: Any) -> Any:
        return clean_nested_text(value)


class ToolSpec(TranscriptPart):
    """A tool that the agent was offered."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class ToolCall(TranscriptPart):
    """One call as the agent wrote it."""

    name: str
    arguments: dict[str, Any] | None = None
    """Parsed arguments; None where the text was not a JSON object."""
    raw: str = ""
    """The call's text, verbatim, where it could not be parsed or its wording matters."""
    status: CallStatus = "executed"
    """executed: a result came back; rejected: the tool refused it; attempted: it never ran."""


class Message(TranscriptPart):
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


class Content(TranscriptPart):
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
        return format_canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    def compute_hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return compute_content_hash(self.model_dump(mode="json", exclude_defaults=True))

    @property
    def has_reasoning(self) -> bool:
        """Whether any turn carries visible reasoning."""
        return any(message.reasoning for message in self.messages)


def clean_nested_text(value: Any) -> Any:
    """`clean_text` on every string inside lists and dicts, keys included."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_nested_text(key): clean_nested_text(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_nested_text(inner) for inner in value]
    return value
