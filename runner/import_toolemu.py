"""ToolEmu trajectories with two judges' scores: 0 (likely severe risk) to 3 (certain no risk).

Hidden from annotators: the agent's model, the judges, the lists of risky outcomes and actions, what was left unsaid on
purpose, and the emulator's own log.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from secondreader.db.canonical import content_hash
from secondreader.db.content import Content, Message, ToolCall
from secondreader.db.store import NewTranscript, NewVerdict
from secondreader.runner.imports import BadRecord, Batch, ImportProblem, need, parse_json, read_records

THINK = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)
ACTION = re.compile(r"\n?\s*Action:\s.*", re.DOTALL)
JUDGES = {"gpt5m": "gpt5mini", "q32": "qwen3_32b"}
"""The two files name the judges differently; here they go by the names of scores.csv."""
SHOWN_OF_CASE = frozenset({"name", "Toolkits", "User Instruction"})
SCORE = "Overall Quantitative Score"
RATIONALE = ("Overall Qualitative Label", "Evaluator Log Summary", "Evaluator Thought")


def read_toolemu(path: Path, risky_below: float = 2.0) -> Batch:
    """Transcripts (JSONL) or scores alone (CSV); a verdict is risky where its score lies below `risky_below`."""
    batch = Batch()
    read: Callable[[Any, float], tuple[NewTranscript, list[NewVerdict]]]
    read = score_row if path.suffix.lower() == ".csv" else trajectory
    for place, record in read_records(path):
        try:
            if isinstance(record, BadRecord):
                raise record
            transcript, verdicts = read(record, risky_below)
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
            continue
        batch.transcripts.append(transcript)
        batch.verdicts += [(transcript.origin_key, verdict) for verdict in verdicts]
    return batch


def trajectory(record: Any, risky_below: float) -> tuple[NewTranscript, list[NewVerdict]]:
    """One full trajectory with its verdicts. Raises BadRecord."""
    agent, case = need(record, "agent_model"), need(record, "case_idx", int)
    toolkits = need(need(record, "case", dict), "Toolkits", list)
    messages = [Message(role="user", text=need(record, "input"))]
    steps = need(record, "intermediate_steps", list)
    for step in steps:
        messages += step_messages(step, need(record, "output"))
    content = Content(messages=tuple(messages))
    tools = [call.name for message in messages for call in message.tool_calls]
    transcript = NewTranscript(
        origin_key=f"toolemu:{case}:{agent}:transcript",
        cluster=f"toolemu:{case}",
        content=content,
        model=agent,
        attributes={
            "toolkit": "+".join(str(one) for one in toolkits),
            "n_steps": len(tools),
            "last_tool": tools[-1] if tools else "none",
        },
        hidden=hidden_fields(record, steps),
        provenance={"source": "ToolEmu", "case": case},
    )
    judged = need(record, "judges", dict)
    return transcript, [judge_verdict(name, value, risky_below) for name, value in sorted(judged.items())]


def hidden_fields(record: Any, steps: list[Any]) -> dict[str, Any]:
    """What annotators must not see; words that stand in the transcript anyway are not kept among them."""
    case = {name: value for name, value in record["case"].items() if name not in SHOWN_OF_CASE}
    log = [text for step in steps if isinstance(step[1], list) for text in step[1][1:] if text != step[1][0]]
    named = {name: record.get(name) for name in ("underspecifications", "risky_outcome", "risky_actions")}
    return named | {"case": case, "emulator_log": log}


def step_messages(step: Any, output: str) -> list[Message]:
    """[[tool, input, agent log], [observation, ...]] as an assistant's turn and the tool's answer.

    The last step is [{return_values, log}, text]: the log is all that the agent wrote at its end, calls included that
    it only made up and that never ran; `output` is what the user got.
    """
    if not isinstance(step, list) or len(step) != 2:
        raise BadRecord("intermediate_steps", "expected pairs")
    if isinstance(step[0], dict):
        return [Message(role="assistant", text=output, reasoning=need(step[0], "log").strip() or None)]
    try:
        (tool, given, log), (observation, *_hidden) = step
    except (TypeError, ValueError):
        raise BadRecord("intermediate_steps", "expected [[tool, input, log], [observation, ...]]") from None
    if not all(isinstance(one, str) for one in (tool, given, log, observation)):
        raise BadRecord("intermediate_steps", "expected text in every place")
    thought, said = split_thought(log)
    parsed = parse_json(given)
    call = ToolCall(name=tool, arguments=parsed if isinstance(parsed, dict) else None, raw=given)
    plan = ACTION.sub("", said).strip()
    reasoning = "\n\n".join(part for part in (thought, plan) if part) or None
    return [
        Message(role="assistant", reasoning=reasoning, tool_calls=(call,)),
        Message(role="tool", tool=tool, text=observation),
    ]


def split_thought(text: str) -> tuple[str | None, str]:
    """What stands in <think> tags, and the rest."""
    thoughts = [part.strip() for part in THINK.findall(text) if part.strip()]
    return "\n\n".join(thoughts) or None, THINK.sub("", text).strip()


def judge_verdict(name: str, value: Any, risky_below: float) -> NewVerdict:
    """One judge's score with its rationale; a score that is no number is unparsed."""
    if not isinstance(value, dict):
        raise BadRecord(f"judges.{name}", "expected an object")
    raw = str(value.get(SCORE, "")).strip(" *")
    rationale = "\n\n".join(str(value[key]) for key in RATIONALE if value.get(key))
    return to_verdict(JUDGES.get(name, name), raw, risky_below, rationale or None)


def score_row(record: Any, risky_below: float) -> tuple[NewTranscript, list[NewVerdict]]:
    """One row of scores.csv: a trajectory of which only the verdicts are known. Raises BadRecord."""
    agent, case, toolkits = need(record, "agent_model"), need(record, "case_idx"), need(record, "toolkits")
    if not case.isdigit():
        raise BadRecord("case_idx", f"expected a whole number, got {case[:40]!r}")
    judges = [name for name in ("gpt5mini", "qwen3_32b") if name in record]
    if not judges:
        raise BadRecord("gpt5mini", "is missing, and so is qwen3_32b: there is no score to read")
    for name in judges:
        if record[name].strip() and record[name].strip() not in {"0", "1", "2", "3"}:
            raise BadRecord(name, f"expected a score from 0 to 3, got {record[name][:40]!r}")
    steps = record.get("n_steps", "")
    transcript = NewTranscript(
        origin_key=f"toolemu:{case}:{agent}:scores:{record.get('run', '')}",
        cluster=f"toolemu:{case}",
        content=None,
        model=agent,
        attributes={"toolkit": toolkits, "n_steps": int(steps) if steps.isdigit() else None},
        provenance={"source": "ToolEmu scores", "run": record.get("run", "")},
    )
    return transcript, [to_verdict(name, record[name], risky_below, None) for name in judges]


def to_verdict(judge: str, raw: Any, risky_below: float, rationale: str | None) -> NewVerdict:
    """A score as a verdict on risky action; what is no score stays unparsed with its text."""
    try:
        score = float(raw)
    except (TypeError, ValueError):
        score = None
    read = score is not None and 0 <= score <= 3
    return NewVerdict(
        transcript_id=0,
        judge=judge,
        judge_key=content_hash(["toolemu", judge, risky_below]),
        state="parsed" if read else "unparsed",
        answers={"risky_action": "yes" if score is not None and score < risky_below else "no"}
        if read
        else {},
        score=score if read else None,
        rationale=rationale,
        raw=str(raw),
        model=judge,
        parameters={"risky_below": risky_below},
    )
