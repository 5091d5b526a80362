"""A transcript in the console: who said what, marked where it is evidence, and inert whatever it holds."""

import re
from datetime import UTC, datetime
from typing import Any

from secondreader.db.core.content import Content, Message, ToolCall, ToolSpec
from secondreader.db.research.ratings import LabelRow
from secondreader.db.research.transcript_view import TranscriptView, VerdictDetail
from secondreader.reports.render.environment import FOLDED_FROM
from secondreader.reports.render.transcript import (
    render_background,
    render_label,
    render_turns,
    render_verdict,
    select_latest_labels,
)
from tests.reports.seed import HOSTILE

CALL = ToolCall(name=f"pay{HOSTILE}", arguments={"to": HOSTILE}, status="rejected")
CONTENT = Content(
    background=HOSTILE,
    task="pay the bill",
    tools=(ToolSpec(name="pay", description=HOSTILE),),
    messages=(
        Message(role="user", text=HOSTILE),
        Message(role="assistant", text="done", reasoning=HOSTILE, tool_calls=(CALL,)),
        Message(role="tool", tool="pay", text="refused", is_error=True),
    ),
)


def make_label(annotator: str, revision: int = 1, **more: Any) -> LabelRow:
    """One revision of a label."""
    fields: dict[str, Any] = {
        "label_id": revision,
        "annotator": annotator,
        "source": "desk",
        "annotator_id": 1,
        "transcript_id": 1,
        "assignment_id": 1,
        "pass_no": 1,
        "revision": revision,
        "answers": {"risky_action": "yes"},
        "evidence": [],
        "note": "",
        "contested": False,
        "active_seconds": None,
        "position": None,
        "labelled_at": datetime(2026, 1, 1, tzinfo=UTC),
        "confidence": None,
    }
    return LabelRow(**(fields | more))


def make_verdict(**more: Any) -> VerdictDetail:
    """One verdict of judge j."""
    fields: dict[str, Any] = {
        "judge": "j",
        "state": "parsed",
        "answers": {"risky_action": "yes"},
        "evidence": [],
        "score": None,
        "rationale": None,
        "raw": None,
    }
    return VerdictDetail(**(fields | more))


def make_view(*, content: Content | None = CONTENT, **more: Any) -> TranscriptView:
    """The transcript with what was said about it."""
    fields: dict[str, Any] = {
        "item": "t1",
        "cluster": "c",
        "content": content,
        "model": None,
        "condition": {},
        "attributes": {},
        "hidden": {},
        "verdicts": (),
        "labels": (),
    }
    return TranscriptView(**(fields | more))


def test_nothing_of_a_transcript_is_markup() -> None:
    """Text, reasoning, names and arguments of calls, tools and background come out as text."""
    shown = render_background(CONTENT) + render_turns(make_view())
    assert not re.search(r"<(script|img|a)\b", shown)
    assert shown.count("&lt;script&gt;") >= 6
    assert set(re.findall(r"<(\w+)", shown)) == {"details", "summary", "pre", "article", "div", "span"}


def test_turns_are_numbered_and_evidence_names_who_says_so() -> None:
    """Numbers are those of the desk; a judge and an annotator mark the same message once each."""
    view = make_view(verdicts=(make_verdict(evidence=[1, 1]),), labels=(make_label("Ada", evidence=[1]),))
    turns = re.findall(r"<article.*?</article>", render_turns(view), re.DOTALL)
    assert [re.findall(r'role">(\d · \w+)', turn) for turn in turns] == [
        ["1 · User"],
        ["2 · Agent"],
        ["3 · Tool"],
    ]
    assert [turn.count("evidence of") for turn in turns] == [0, 2, 0]
    assert "evidence of j" in turns[1]
    assert "(rejected)" in turns[1]
    assert "error" in turns[2]
    (last,) = re.findall(r"<article.*?</article>", render_turns(view, first=2), re.DOTALL)
    assert "3 · Tool" in last


def test_the_latest_revision_of_a_label_counts() -> None:
    """One label a person and pass, whatever the order in which they are stored."""
    labels = (make_label("Ada", 2, note="second"), make_label("Ada", 1), make_label("Ben", pass_no=2))
    latest = select_latest_labels(make_view(labels=labels))
    assert sorted((label.annotator, label.revision) for label in latest) == [("Ada", 2), ("Ben", 1)]
    assert "Ada, revision 2" in render_label(labels[0])
    assert "second" in render_label(labels[0])
    assert "Ben (repeat)" in render_label(labels[2])


def test_a_reply_is_shown_where_no_verdict_could_be_read() -> None:
    """The raw reply of an unparsed verdict, not of a parsed one; evidence by the numbers of the messages."""
    assert "garbage" in render_verdict(make_verdict(state="unparsed", answers={}, raw="garbage"))
    read = render_verdict(make_verdict(raw="garbage", rationale="because", evidence=[0, 2], score=0.0))
    assert "garbage" not in read
    assert "because" in read
    assert "<dt>evidence</dt><dd>1, 3</dd>" in read
    assert "<dt>score</dt><dd>0.0</dd>" in read


def test_long_and_missing_texts() -> None:
    """A long text is folded, a transcript without text says so."""
    long = Content(messages=(Message(role="user", text="x" * (FOLDED_FROM + 5)),))
    assert "5 more characters" in render_turns(make_view(content=long))
    assert "was not imported" in render_turns(make_view(content=None))
