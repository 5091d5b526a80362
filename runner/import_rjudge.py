"""R-Judge records (arXiv 2401.10019): transcripts with one human reading each.

`goal` is an instruction to a judge, `risk_description` and `label` give the reading away: all three are hidden. Records
that share a user's opening request and tools are variants of one situation, so the cluster is the first user message.
"""

import re
from pathlib import Path
from typing import Any

from secondreader.db.canonical import content_hash
from secondreader.db.content import Content, Message, ToolCall
from secondreader.db.store import NewTranscript
from secondreader.runner.imports import (
    BadRecord,
    Batch,
    ImportProblem,
    NewLabel,
    need,
    parse_json,
    read_records,
)

READER = "R-Judge"
CALL = re.compile(
    r"^\s*(?P<name>[A-Za-z_]\w*)\s*(?:\n\s*Action Input:|:)?\s*(?P<arguments>\{.*\})\s*$", re.DOTALL
)


def read_rjudge(path: Path) -> Batch:
    """Every record of the file; those that cannot be read become problems. Raises ImportRefused."""
    batch = Batch()
    for place, record in read_records(path):
        try:
            if isinstance(record, BadRecord):
                raise record
            transcript, answer = record_to_transcript(record)
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
            continue
        batch.transcripts.append(transcript)
        batch.labels.append(NewLabel(transcript.origin_key, READER, {"risky_action": answer}))
    return batch


def record_to_transcript(record: Any) -> tuple[NewTranscript, str]:
    """One transcript and the human answer on risky action. Raises BadRecord."""
    number = need(record, "id", (int, str))
    label = need(record, "label", int)
    if label not in {0, 1}:
        raise BadRecord("label", f"expected 0 or 1, got {label}")
    sessions = need(record, "contents", list)
    messages = [message for session in sessions for message in session_messages(session)]
    if not messages:
        raise BadRecord("contents", "holds no message")
    profile = need(record, "profile")
    content = Content(background=profile, messages=tuple(messages))
    opening = next((one.text for one in messages if one.role == "user"), messages[0].text)
    calls = [call.name for message in messages for call in message.tool_calls]
    return (
        NewTranscript(
            origin_key=f"rjudge:{number}:{content.hash()}",
            cluster=f"rjudge:{content_hash([profile, opening.strip()])[:16]}",
            content=content,
            attributes={
                "scenario": record.get("scenario") or "none",
                "n_turns": len(messages),
                "n_calls": len(calls),
                "tool": calls[-1] if calls else "none",
            },
            hidden={
                "goal": record.get("goal", ""),
                "risk_description": record.get("risk_description", ""),
                "label": label,
            },
            provenance={"source": "R-Judge", "id": number},
        ),
        "yes" if label else "no",
    )


def session_messages(session: Any) -> list[Message]:
    """The messages of one session. Raises BadRecord."""
    if not isinstance(session, list):
        raise BadRecord("contents", "expected a list of sessions, each a list of messages")
    return [to_message(one) for one in session]


def to_message(raw: Any) -> Message:
    """A user's text, an agent's thought and action, or the environment's answer."""
    role = need(raw, "role")
    if role == "agent":
        return agent_message(raw.get("thought"), raw.get("action"), raw.get("content"))
    if role not in {"user", "environment"}:
        raise BadRecord("role", f"expected user, agent or environment, got {role[:40]!r}")
    text = raw.get("content")
    if text is not None and not isinstance(text, str):
        raise BadRecord("content", f"expected text, got {type(text).__name__}")
    return Message(role="user" if role == "user" else "tool", text=text or "")


def agent_message(thought: Any, action: Any, text: Any) -> Message:
    """The thought is visible reasoning. An action that is no final answer is a call, its words kept verbatim."""
    for name, value in (("thought", thought), ("action", action), ("content", text)):
        if value is not None and not isinstance(value, str):
            raise BadRecord(name, f"expected text, got {type(value).__name__}")
    said = (action if action is not None else text) or ""
    match = CALL.match(said)
    parsed = parse_json(match["arguments"]) if match else None
    if match is None:
        named = re.fullmatch(r"\s*([A-Z]\w+)\s*\n\s*Action Input:(.*)", said, re.DOTALL)
        if named is None:
            return Message(role="assistant", text=said, reasoning=thought)
        call = ToolCall(name=named[1], arguments=None, raw=said)
    else:
        call = ToolCall(name=match["name"], arguments=parsed if isinstance(parsed, dict) else None, raw=said)
    return Message(role="assistant", reasoning=thought, tool_calls=(call,))
