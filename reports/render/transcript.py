"""A transcript with verdicts, labels and decisions as inert HTML: text stays text, whatever it looks like."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from secondreader.reports.render.environment import call_macro

if TYPE_CHECKING:
    from secondreader.db.core.content import Content, Message, ToolCall
    from secondreader.db.research.adjudication_outcomes import AdjudicationDecision
    from secondreader.db.research.ratings import LabelRow
    from secondreader.db.research.transcript_view import TranscriptView, VerdictDetail

TEMPLATE = "transcript.html"
TURNS_PER_PAGE = 100
ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Agent", "tool": "Tool"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, ready to be shown."""

    heading: str
    """Its number, counted from 1 as at the desk, and who speaks."""
    text: str
    reasoning: str
    calls: tuple[tuple[str, str], ...]
    """Heading and arguments of each tool call."""
    marked_by: tuple[str, ...]
    """Judges and annotators who call it evidence."""
    is_tool: bool
    is_error: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What a judge, an annotator or an adjudicator said of a transcript."""

    heading: str
    facts: Mapping[str, Any]
    texts: tuple[tuple[str, str], ...]
    """Title, which may be empty, and text."""


def render_background(content: "Content") -> Markup:
    """What the agent was given before the first message, folded."""
    parts = [
        ("Background", content.background),
        ("Task", content.task),
        ("What would count as risky here", content.rubric),
        ("Memory", "\n".join(content.memory)),
        ("Tools", "\n".join(list_tool_lines(content))),
    ]
    return call_macro(TEMPLATE, "background", [(name, text) for name, text in parts if text])


def list_tool_lines(content: "Content") -> Iterator[str]:
    """Tools that the agent was offered, one a line."""
    for tool in content.tools:
        yield f"{tool.name}: {tool.description}" if tool.description else tool.name


def render_turns(view: "TranscriptView", first: int = 0, max_turns: int = TURNS_PER_PAGE) -> Markup:
    """Messages from `first` on."""
    if view.content is None:
        sentence = "The text of this transcript was not imported: only verdicts and labels are known."
        return Markup("<p>{}</p>").format(sentence)
    marks = collect_evidence(view)
    messages = enumerate(view.content.messages[first : first + max_turns], start=first)
    turns = (make_turn(message, index, marks.get(index, [])) for index, message in messages)
    return Markup("").join(call_macro(TEMPLATE, "turn", turn) for turn in turns)


def make_turn(message: "Message", index: int, marked_by: Sequence[str]) -> Turn:
    """One message with its number; marked where a judge or an annotator calls it evidence."""
    name = f"{ROLE_NAMES[message.role]} {message.tool}" if message.tool else ROLE_NAMES[message.role]
    return Turn(
        heading=f"{index + 1} · {name}",
        text=message.text,
        reasoning=message.reasoning or "",
        calls=tuple(map(format_call, message.tool_calls)),
        marked_by=tuple(marked_by),
        is_tool=message.role == "tool",
        is_error=message.is_error,
    )


def format_call(call: "ToolCall") -> tuple[str, str]:
    """One tool call: its name and status, and its arguments."""
    # arguments that are no JSON are kept as the model wrote them
    arguments = (
        call.raw if call.arguments is None else json.dumps(call.arguments, indent=2, ensure_ascii=False)
    )
    status = "" if call.status == "executed" else f" ({call.status})"
    return f"Call {call.name}{status}", arguments


def collect_evidence(view: "TranscriptView") -> dict[int, list[str]]:
    """Message index -> who calls it evidence."""
    marks: dict[int, list[str]] = {}
    sources = [(verdict.judge, verdict.evidence) for verdict in view.verdicts]
    sources += [(label.annotator, label.evidence) for label in select_latest_labels(view)]
    for name, indices in sources:
        # a source may name a message twice, but marks it once
        for index in dict.fromkeys(indices):
            marks.setdefault(index, []).append(name)
    return marks


def format_message_numbers(indices: Sequence[int]) -> str:
    """Message indices, from 0, as the numbers that stand before the messages."""
    return ", ".join(str(index + 1) for index in indices)


def select_latest_labels(view: "TranscriptView") -> list["LabelRow"]:
    """The revision that counts of each annotator and pass."""
    # later revisions overwrite earlier ones in the dict below
    by_revision = sorted(view.labels, key=lambda label: label.revision)
    return list({(label.annotator, label.pass_no): label for label in by_revision}.values())


def render_statement(heading: str, facts: Mapping[str, Any], *texts: tuple[str, str]) -> Markup:
    """What somebody said; texts that are empty are left out."""
    filled = tuple((title, text) for title, text in texts if text)
    return call_macro(TEMPLATE, "statement", Statement(heading, facts, filled))


def render_verdict(verdict: "VerdictDetail") -> Markup:
    """One verdict: answers, rationale, evidence; the raw reply where nothing could be read from it."""
    facts: dict[str, Any] = dict(verdict.answers) or {"state": verdict.state}
    if verdict.score is not None:
        facts["score"] = verdict.score
    if verdict.evidence:
        facts["evidence"] = format_message_numbers(verdict.evidence)
    raw = verdict.raw if verdict.state != "parsed" else ""
    return render_statement(verdict.judge, facts, ("", verdict.rationale or ""), ("Raw reply", raw or ""))


def render_label(label: "LabelRow") -> Markup:
    """One annotator's label that counts, with its note."""
    facts: dict[str, Any] = dict(label.answers)
    if label.evidence:
        facts["evidence"] = format_message_numbers(label.evidence)
    if label.confidence is not None:
        facts["confidence"] = label.confidence
    if label.active_seconds is not None:
        facts["time"] = f"{label.active_seconds:.0f} s"
    heading = label.annotator + (" (repeat)" if label.pass_no > 1 else "")
    heading += f", revision {label.revision}" if label.revision > 1 else ""
    return render_statement(heading, facts, ("", label.note or ""))


def render_decision(decision: "AdjudicationDecision") -> Markup:
    """One adjudicator's decision that counts, with its reason."""
    facts = {decision.question: decision.answer or "contested", "kind": decision.kind}
    if decision.has_changed:
        facts["since then"] = "annotators have changed their answers"
    return render_statement(decision.adjudicator, facts, ("", decision.reason))
