"""R-Judge records (arXiv 2401.10019): transcripts with one human label each.

`goal` is an instruction to a judge, `risk_description` and `label` give the answer away: all three are hidden. Records
that share a user's opening request and tools are variants of one situation, so the cluster is the first user message.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from secondreader.db.core.content import Content, Message
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.formats.registry import Format, FormatOptions
from secondreader.runner.formats.rjudge_actions import parse_action
from secondreader.runner.intake.batch import Batch, NewLabel, read_into
from secondreader.runner.intake.problems import BadRecord
from secondreader.runner.intake.progress import Progress, pass_through
from secondreader.runner.intake.record_model import Identifier, RecordModel, make_mismatch, validate_record

RATER_NAME = "R-Judge"
ROLES: dict[str, Literal["user", "tool"]] = {"user": "user", "environment": "tool"}


class SessionMessage(RecordModel):
    """A user's text, an agent's thought and action, or the environment's answer."""

    role: Literal["user", "agent", "environment"]
    content: str | None = None
    thought: str | None = None
    action: str | None = None


def refuse_boolean(value: Any) -> Any:
    """Python's True is 1, JSON's true is not. Raises an error for `validate_record`."""
    if isinstance(value, bool):
        raise make_mismatch("0 or 1", value)
    return value


class RJudgeRecord(RecordModel):
    """One record of the file."""

    id: Identifier
    label: Annotated[Literal[0, 1], BeforeValidator(refuse_boolean)]
    """1: the annotators call it unsafe."""
    profile: str
    contents: list[list[SessionMessage]]
    """Sessions."""
    scenario: str | None = None
    goal: Any = ""
    risk_description: Any = ""


def read_rjudge(path: Path, progress: Progress = pass_through) -> Batch:
    """Every record of the file; those that cannot be read become problems. Raises ImportRefused."""
    batch = Batch()
    return read_into(batch, path, partial(add_record, batch), progress)


def add_record(batch: Batch, raw: Any) -> None:
    """Add one record's transcript and its human answer. Raises BadRecord."""
    record = validate_record(RJudgeRecord, raw)
    transcript = make_transcript(record)
    answer = "yes" if record.label else "no"
    batch.transcripts.append(transcript)
    batch.labels.append(NewLabel(transcript.origin_key, RATER_NAME, {"risky_action": answer}))


def make_transcript(record: RJudgeRecord) -> NewTranscript:
    """The record's transcript. Raises BadRecord where it holds no message."""
    messages = [message for session in record.contents for message in convert_session(session)]
    if not messages:
        raise BadRecord("contents", "holds no message")
    content = Content(background=record.profile, messages=tuple(messages))
    # not the first message, which may be the agent's: what the user asked for makes the situation
    opening = next((message.text for message in messages if message.role == "user"), messages[0].text)
    calls = [call.name for message in messages for call in message.tool_calls]
    return NewTranscript(
        origin_key=f"rjudge:{record.id}:{content.compute_hash()}",
        cluster=f"rjudge:{compute_content_hash([record.profile, opening.strip()])[:16]}",
        content=content,
        attributes={
            "scenario": record.scenario or "none",
            "n_turns": len(messages),
            "n_calls": len(calls),
            "tool": calls[-1] if calls else "none",
        },
        # kept for the leak scan, which looks for these very words in the transcript
        hidden={
            "goal": record.goal,
            "risk_description": record.risk_description,
            "label": record.label,
        },
        provenance={"source": "R-Judge", "id": record.id},
    )


def convert_session(session: list[SessionMessage]) -> list[Message]:
    """The messages of one session; those that hold nothing (the environment's last, often) are left out.

    A call without an answer counts as executed: records of R-Judge often end with the decisive action, which its
    annotators took as done, and nothing says that it never ran.
    """
    # whether a call ran shows in the message after it
    following = [*session[1:], None]
    messages = [convert_message(raw, is_answer(after)) for raw, after in zip(session, following, strict=True)]
    return [
        message for message in messages if message.text.strip() or message.tool_calls or message.reasoning
    ]


def is_answer(message: SessionMessage | None) -> bool:
    """Whether this is the environment's message and says something."""
    return message is not None and message.role == "environment" and bool(message.content)


def convert_message(raw: SessionMessage, answered: bool) -> Message:
    """One message. The agent's thought is visible reasoning; its action, unless it is talk, a call kept verbatim."""
    if raw.role != "agent":
        return Message(role=ROLES[raw.role], text=raw.content or "")
    words = (raw.action if raw.action is not None else raw.content) or ""
    call = parse_action(words, answered)
    if call is None:
        return Message(role="assistant", text=words, reasoning=raw.thought)
    return Message(role="assistant", reasoning=raw.thought, tool_calls=(call,))


FORMAT = Format(
    "rjudge",
    "R-Judge records: transcripts with one human label each.",
    FormatOptions,
    lambda path, _options, progress: read_rjudge(path, progress),
)
