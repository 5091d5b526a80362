"""Cells of a table, and what they say by a mapping: items, answers, verdicts, numbers."""

import math
from dataclasses import dataclass, field
from typing import Any

from secondreader.db.core.content import Content, Message
from secondreader.db.core.hashing import compute_content_hash, format_canonical_json
from secondreader.db.core.text import make_storable
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.db.transcripts.verdicts import NewVerdict
from secondreader.runner.formats.table.mapping import JudgeColumn, TableMapping
from secondreader.runner.intake.problems import BadRecord

MAX_COUNT = 1_000_000
"""Largest pass or position; far beyond it a database integer overflows."""


@dataclass(slots=True)
class UniqueValues:
    """Values of one column that must not stand twice, or not in two spellings."""

    column: str
    first_records: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Value without white space around it and with single spaces inside -> (first spelling, its record)."""

    def require_unique(self, value: str, record_no: int) -> None:
        """Note a value. Raises BadRecord where it stood before."""
        known, first = self.first_records.setdefault(value, (value, record_no))
        if first != record_no:
            raise BadRecord(self.column, f"{known[:40]!r} stands twice, first in record {first}")

    def require_same_spelling(self, value: str, record_no: int) -> None:
        """Note a value. Raises BadRecord where another differs from it by white space alone."""
        known, first = self.first_records.setdefault(
            make_storable(" ".join(value.split())), (value, record_no)
        )
        if known != value:
            raise BadRecord(
                self.column,
                f"{value[:40]!r} and {known[:40]!r} in record {first} differ by white space alone",
            )


def read_cell(record: Any, name: str) -> str:
    """A cell as text without white space around it. Raises BadRecord."""
    return read_raw_cell(record, name).strip()


def read_raw_cell(record: Any, name: str) -> str:
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
    # JSON tables hold numbers and lists; a mapping names them as text
    return str(value) if isinstance(value, int | float) else format_canonical_json(value)


def read_number(record: Any, name: str | None) -> float | None:
    """A number of an optional column, not below 0. Raises BadRecord."""
    if name is None or not (text := read_cell(record, name)):
        return None
    # "nan" and "inf" are numbers to Python, and pass neither bound below
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise BadRecord(name, f"expected a number from 0 upwards, got {text[:40]!r}")
    return value


def read_count(record: Any, name: str | None) -> int | None:
    """A whole number of an optional column. Raises BadRecord."""
    value = read_number(record, name)
    if value is not None and (value != int(value) or value > MAX_COUNT):
        raise BadRecord(str(name), f"expected a whole number up to {MAX_COUNT:,}, got {value:g}")
    return None if value is None else int(value)


def map_human_answer(value: str, column: str, mapping: TableMapping) -> str | None:
    """The stored answer; None where it is missing. Raises BadRecord for a value that the mapping does not name."""
    if value in mapping.missing:
        return None
    answer = mapping.answers.get(value, value)
    if answer not in mapping.question.answers:
        raise BadRecord(column, f"expected one of {', '.join(mapping.question.answers)}, got {value[:40]!r}")
    return answer


def make_table_verdict(
    value: str,
    name: str,
    column: str,
    mapping: TableMapping,
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
        # the mapping is part of the judge: by another one the same cells are other verdicts
        judge_key=compute_content_hash(["table", mapping.fingerprint, mapping.question.id, name]),
        state="parsed" if is_read else "unparsed",
        answers={mapping.question.id: answer} if is_read else {},
        rationale=rationale,
        raw=value,
        model=name,
    )


def make_table_transcript(record: Any, item: str, mapping: TableMapping) -> NewTranscript:
    """The item, with its text columns as messages; without any it cannot be labelled here."""
    if not item:
        raise BadRecord(mapping.item, "is empty")
    texts = [
        Message(
            role="user",
            text=f"{heading}\n\n{read_cell(record, name)}" if heading else read_cell(record, name),
        )
        for name, heading in mapping.text.items()
    ]
    # a table of ratings alone has nothing to show, and is still worth comparing
    content = Content(messages=tuple(texts)) if texts else None
    cluster = read_cell(record, mapping.cluster) if mapping.cluster else item
    fingerprint = content.compute_hash() if content else ""
    return NewTranscript(
        origin_key=f"table:{mapping.question.id}:{item}:{fingerprint}:{mapping.fingerprint}",
        cluster=f"table:{cluster}",
        content=content,
        attributes={name: read_cell(record, name) for name in mapping.slices},
        provenance={"item": item},
    )
