"""R-Judge records (arXiv 2401.10019): transcripts with one human reading each.

`goal` is an instruction to a judge, `risk_description` and `label` give the reading away: all three are hidden. Records
that share a user's opening request and tools are variants of one situation, so the cluster is the first user message.
"""

from pathlib import Path
from typing import Any

from secondreader.db.core.content import Content, Message
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.formats.rjudge_actions import parse_action
from secondreader.runner.intake.records import (
    BadRecord,
    ImportProblem,
    Watch,
    get_optional_field,
    pass_through,
    read_records,
    require_field,
)
from secondreader.runner.intake.store import Batch, NewLabel

RATER_NAME = "R-Judge"


def read_rjudge(path: Path, watch: Watch = pass_through) -> Batch:
    """Every record of the file; those that cannot be read become problems. Raises ImportRefused."""
    batch = Batch()
    for place, record in watch(read_records(path), "Reading"):
        try:
            if isinstance(record, BadRecord):
                raise record
            transcript, answer = record_to_transcript(record)
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
            continue
        batch.transcripts.append(transcript)
        batch.labels.append(NewLabel(transcript.origin_key, RATER_NAME, {"risky_action": answer}))
    return batch


def record_to_transcript(record: Any) -> tuple[NewTranscript, str]:
    """One transcript and the human answer on risky action. Raises BadRecord."""
    number = require_field(record, "id", (int, str))
    label = require_field(record, "label", int)
    if label not in {0, 1}:
        raise BadRecord("label", f"expected 0 or 1, got {label}")
    sessions = require_field(record, "contents", list)
    messages = [message for session in sessions for message in parse_session(session)]
    if not messages:
        raise BadRecord("contents", "holds no message")
    profile = require_field(record, "profile")
    content = Content(background=profile, messages=tuple(messages))
    opening = next((one.text for one in messages if one.role == "user"), messages[0].text)
    calls = [call.name for message in messages for call in message.tool_calls]
    return (
        NewTranscript(
            origin_key=f"rjudge:{number}:{content.compute_hash()}",
            cluster=f"rjudge:{compute_content_hash([profile, opening.strip()])[:16]}",
            content=content,
            attributes={
                "scenario": get_optional_field(record, "scenario") or "none",
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


def parse_session(session: Any) -> list[Message]:
    """The messages of one session; those that hold nothing (the environment's last, often) are left out.

    A call without an answer counts as executed: records of R-Judge often end with the decisive action, which its
    annotators took as done, and nothing says that it never ran. Raises BadRecord.
    """
    if not isinstance(session, list):
        raise BadRecord("contents", "expected a list of sessions, each a list of messages")
    answered = [has_answer(after) for after in [*session[1:], None]]
    messages = [
        parse_session_message(one, is_answered) for one, is_answered in zip(session, answered, strict=True)
    ]
    return [one for one in messages if one.text.strip() or one.tool_calls or one.reasoning]


def has_answer(after: Any) -> bool:
    """Whether the next message is the environment's and says something."""
    return isinstance(after, dict) and after.get("role") == "environment" and bool(after.get("content"))


def parse_session_message(raw: Any, answered: bool) -> Message:
    """A user's text, an agent's thought and action, or the environment's answer."""
    role = require_field(raw, "role", where="contents")
    if role == "agent":
        return parse_agent_message(raw, answered)
    if role not in {"user", "environment"}:
        raise BadRecord("role", f"expected user, agent or environment, got {role[:40]!r}")
    return Message(role="user" if role == "user" else "tool", text=get_optional_field(raw, "content") or "")


def parse_agent_message(raw: dict[str, Any], answered: bool) -> Message:
    """The thought is visible reasoning. An action that is no talk is a call, its words kept verbatim."""
    thought, action, text = (get_optional_field(raw, name) for name in ("thought", "action", "content"))
    said = (action if action is not None else text) or ""
    call = parse_action(said, answered)
    if call is None:
        return Message(role="assistant", text=said, reasoning=thought)
    return Message(role="assistant", reasoning=thought, tool_calls=(call,))
