"""A transcript with what was said about it, as inert HTML: text is text, whatever it looks like."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from secondreader.reports.document.markup import Html, join_html, tag

if TYPE_CHECKING:
    from secondreader.db.core.content import Content, Message, ToolCall
    from secondreader.db.research.adjudication_outcomes import AdjudicationDecision
    from secondreader.db.research.ratings import LabelRow
    from secondreader.db.research.transcript_view import TranscriptView, VerdictDetail

FOLDED_FROM = 3000
"""Characters of one text above which its rest is folded."""
MAX_LENGTH = 200_000
"""Characters of one text that are sent to a browser at all."""
TURNS_PER_PAGE = 100
ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Agent", "tool": "Tool"}


def render_long_text(text: str) -> Html:
    """A text with its line breaks, folded after a while."""
    if len(text) <= FOLDED_FROM:
        return tag("pre", text)
    rest, cut = text[FOLDED_FROM:MAX_LENGTH], len(text) - MAX_LENGTH
    left_out = tag("p", f"{cut:,} more characters are not shown.", class_="sr-quiet") if cut > 0 else ""
    fold = tag("details", tag("summary", f"{len(rest):,} more characters"), tag("pre", rest), left_out)
    return join_html([tag("pre", text[:FOLDED_FROM]), fold])


def render_background(content: "Content") -> Html:
    """What the agent was given before the first message, folded."""
    parts = [("Background", content.background), ("Task", content.task)]
    parts += [("What would count as risky here", content.rubric)]
    parts += [("Memory", "\n".join(content.memory)), ("Tools", "\n".join(list_tool_lines(content)))]
    return join_html(
        tag("details", tag("summary", name), render_long_text(text), class_="sr-turn")
        for name, text in parts
        if text
    )


def list_tool_lines(content: "Content") -> Iterator[str]:
    """Tools that the agent was offered, one a line."""
    for tool in content.tools:
        yield f"{tool.name}: {tool.description}" if tool.description else tool.name


def render_turn(message: "Message", index: int, marked_by: Sequence[str]) -> Html:
    """One message with its number, counted from 1 as at the desk; marked where a judge or an annotator calls it evidence."""
    name = f"{ROLE_NAMES[message.role]} {message.tool}" if message.tool else ROLE_NAMES[message.role]
    marks = [tag("span", f"evidence of {one}", class_="sr-mark") for one in marked_by]
    failed = tag("span", "error", class_="sr-mark") if message.is_error else ""
    classes = [
        "sr-turn",
        *(["sr-tool"] if message.role == "tool" else []),
        *(["sr-evidence"] if marks else []),
    ]
    reasoning = ""
    if message.reasoning:
        reasoning = tag(
            "div",
            tag("div", "Visible reasoning", class_="sr-quiet"),
            render_long_text(message.reasoning),
            class_="sr-reasoning",
        )
    return tag(
        "article",
        tag("div", f"{index + 1} · {name}", failed, *marks, class_="sr-role"),
        reasoning,
        render_long_text(message.text) if message.text else "",
        *(render_call(call) for call in message.tool_calls),
        class_=" ".join(classes),
    )


def render_call(call: "ToolCall") -> Html:
    """One tool call with its arguments and status."""
    arguments = (
        call.raw if call.arguments is None else json.dumps(call.arguments, indent=2, ensure_ascii=False)
    )
    status = "" if call.status == "executed" else f" ({call.status})"
    return tag("div", tag("div", f"Call {call.name}{status}"), render_long_text(arguments), class_="sr-call")


def collect_evidence(view: "TranscriptView") -> dict[int, list[str]]:
    """Message index -> who calls it evidence."""
    marks: dict[int, list[str]] = {}
    said = [(one.judge, one.evidence) for one in view.verdicts]
    said += [(label.annotator, label.evidence) for label in select_latest_labels(view)]
    for name, indices in said:
        for index in dict.fromkeys(indices):
            marks.setdefault(index, []).append(name)
    return marks


def format_message_numbers(indices: Sequence[int]) -> str:
    """Message indices, from 0, as the numbers that stand before the messages."""
    return ", ".join(str(index + 1) for index in indices)


def select_latest_labels(view: "TranscriptView") -> list["LabelRow"]:
    """The revision that counts of each annotator and pass."""
    by_revision = sorted(view.labels, key=lambda label: label.revision)
    return list({(label.annotator, label.pass_no): label for label in by_revision}.values())


def render_turns(view: "TranscriptView", first: int = 0, max_turns: int = TURNS_PER_PAGE) -> Html:
    """Messages from `first` on."""
    if view.content is None:
        return tag("p", "The text of this transcript was not imported: only verdicts and labels are known.")
    marks = collect_evidence(view)
    shown = enumerate(view.content.messages[first : first + max_turns], start=first)
    return join_html(render_turn(message, index, marks.get(index, [])) for index, message in shown)


def render_definitions(pairs: Mapping[str, Any]) -> Html:
    """Names and values."""
    return tag("dl", *(join_html([tag("dt", name), tag("dd", str(value))]) for name, value in pairs.items()))


def render_verdict(verdict: "VerdictDetail") -> Html:
    """One verdict: answers, rationale, evidence; the raw reply where nothing could be read from it."""
    facts: dict[str, Any] = dict(verdict.answers) or {"state": verdict.state}
    if verdict.score is not None:
        facts["score"] = verdict.score
    if verdict.evidence:
        facts["evidence"] = format_message_numbers(verdict.evidence)
    return tag(
        "div",
        tag("div", verdict.judge, class_="sr-role"),
        render_definitions(facts),
        render_long_text(verdict.rationale) if verdict.rationale else "",
        join_html([tag("div", "Raw reply", class_="sr-quiet"), render_long_text(verdict.raw)])
        if verdict.raw and verdict.state != "parsed"
        else "",
        class_="sr-said",
    )


def render_label(label: "LabelRow") -> Html:
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
    return tag(
        "div",
        tag("div", heading, class_="sr-role"),
        render_definitions(facts),
        render_long_text(label.note) if label.note else "",
        class_="sr-said",
    )


def render_decision(decision: "AdjudicationDecision") -> Html:
    """One adjudicator's decision that counts, with its reason."""
    facts = {decision.question: decision.answer or "contested", "kind": decision.kind}
    if decision.has_changed:
        facts["since then"] = "readers answer otherwise now"
    return tag(
        "div",
        tag("div", decision.adjudicator, class_="sr-role"),
        render_definitions(facts),
        render_long_text(decision.reason),
        class_="sr-said",
    )
