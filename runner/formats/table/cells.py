"""Cells of a table, and what they say by a mapping: items, answers, verdicts, numbers."""

import math
from dataclasses import dataclass, field
from typing import Any

from secondreader.db.core.canonical import canonical_json, content_hash, plain_text
from secondreader.db.core.content import Content, Message
from secondreader.db.transcripts.store import NewTranscript, NewVerdict
from secondreader.runner.formats.table.mapping import JudgeColumn, Mapping
from secondreader.runner.intake.records import BadRecord

MAX_COUNT = 1_000_000
"""Largest pass or position; far beyond it a database integer overflows."""


@dataclass(slots=True)
class Twins:
    """Values of one column that must not stand twice, or not in two spellings."""

    column: str
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Value without white space around it and with single spaces inside -> (first spelling, its record)."""

    def once(self, value: str, place: int) -> None:
        """Note a value. Raises BadRecord where it stood before."""
        known, first = self.places.setdefault(value, (value, place))
        if first != place:
            raise BadRecord(self.column, f"{known[:40]!r} stands twice, first in record {first}")

    def same_spelling(self, value: str, place: int) -> None:
        """Note a value. Raises BadRecord where another differs from it by white space alone."""
        known, first = self.places.setdefault(plain_text(" ".join(value.split())), (value, place))
        if known != value:
            raise BadRecord(
                self.column,
                f"{value[:40]!r} and {known[:40]!r} in record {first} differ by white space alone",
            )


def cell(record: Any, name: str) -> str:
    """A cell as text without white space around it. Raises BadRecord."""
    return raw_cell(record, name).strip()


def raw_cell(record: Any, name: str) -> str:
    """A cell as text, as it stands; numbers are written plainly. Raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord("", "expected an object with columns")
    if name not in record:
        raise BadRecord(name, f"is missing; there are {', '.join(map(str, record))[:200]}")
    value = record[name]
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else canonical_json(value)


def number(record: Any, name: str | None) -> float | None:
    """A number of an optional column, not below 0. Raises BadRecord."""
    if name is None or not (text := cell(record, name)):
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise BadRecord(name, f"expected a number from 0 upwards, got {text[:40]!r}")
    return value


def count(record: Any, name: str | None) -> int | None:
    """A whole number of an optional column. Raises BadRecord."""
    value = number(record, name)
    if value is not None and (value != int(value) or value > MAX_COUNT):
        raise BadRecord(str(name), f"expected a whole number up to {MAX_COUNT:,}, got {value:g}")
    return None if value is None else int(value)


def human_answer(value: str, column: str, mapping: Mapping) -> str | None:
    """The stored answer; None where it is missing. Raises BadRecord for a value that the mapping does not name."""
    if value in mapping.missing:
        return None
    answer = mapping.answers.get(value, value)
    if answer not in mapping.question.answers:
        raise BadRecord(column, f"expected one of {', '.join(mapping.question.answers)}, got {value[:40]!r}")
    return answer


def new_verdict(
    value: str,
    name: str,
    column: str,
    mapping: Mapping,
    judge: JudgeColumn | None = None,
    rationale: str | None = None,
) -> NewVerdict:
    """A verdict; an unparseable one has no answer. Raises BadRecord for a value that the mapping does not name."""
    unparsed = mapping.unparsed if judge is None or judge.unparsed is None else judge.unparsed
    answer = (judge.answers if judge else {}).get(value) or mapping.answers.get(value, value)
    is_read = value not in unparsed
    if is_read and answer not in mapping.question.answers:
        expected = ", ".join([*mapping.question.answers, *unparsed])
        raise BadRecord(column, f"expected one of {expected}, got {value[:40]!r}")
    return NewVerdict(
        transcript_id=0,
        judge=name,
        judge_key=content_hash(["table", mapping.fingerprint, mapping.question.id, name]),
        state="parsed" if is_read else "unparsed",
        answers={mapping.question.id: answer} if is_read else {},
        rationale=rationale,
        raw=value,
        model=name,
    )


def new_transcript(record: Any, item: str, mapping: Mapping) -> NewTranscript:
    """The item, with its text columns as messages; without any it cannot be labelled here."""
    if not item:
        raise BadRecord(mapping.item, "is empty")
    texts = [
        Message(role="user", text=f"{heading}\n\n{cell(record, name)}" if heading else cell(record, name))
        for name, heading in mapping.text.items()
    ]
    content = Content(messages=tuple(texts)) if texts else None
    cluster = cell(record, mapping.cluster) if mapping.cluster else item
    fingerprint = content.hash() if content else ""
    return NewTranscript(
        origin_key=f"table:{mapping.question.id}:{item}:{fingerprint}:{mapping.fingerprint}",
        cluster=f"table:{cluster}",
        content=content,
        attributes={name: cell(record, name) for name in mapping.slices},
        provenance={"item": item},
    )
