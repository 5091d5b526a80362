"""Tables of readings (CSV, JSONL, JSON) by a small TOML mapping; docs/importing.md shows one.

A wide table has a row an item with a column a reader; a long table has a row a reading. Answers are mapped by an explicit
table: a value that it does not name and that is not listed as unparseable is a problem, never a guess.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from secondreader.db.canonical import canonical_json, content_hash
from secondreader.db.codebook import Answer, Codebook, Question
from secondreader.db.content import Content, Message
from secondreader.db.store import NewTranscript, NewVerdict
from secondreader.runner.imports import BadRecord, Batch, ImportProblem, NewLabel, read_records

FOLDER = Path(__file__).parent / "mappings"


class MappingError(ValueError):
    """A mapping file that cannot be used, in one sentence."""


class Strict(BaseModel):
    """Unknown keys are refused, so that a misspelt one does not silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AskedQuestion(Strict):
    """The question that all readers answered."""

    id: str
    text: str
    answers: dict[str, str] = Field(min_length=2)
    """Stored answer -> how it is shown."""


class Reader(Strict):
    """A column of human answers (wide tables)."""

    column: str
    name: str = ""


class JudgeColumn(Strict):
    """A column of verdicts (wide tables), in this file or in another that is joined by the item."""

    column: str
    name: str
    file: str | None = None
    """Path beside the table; the same item column must stand in it."""
    rationale: str | None = None
    answers: dict[str, str] = Field(default_factory=dict)
    """Overrides of the general answer map."""
    unparsed: tuple[str, ...] | None = None


class LongColumns(Strict):
    """Columns of a long table."""

    rater: str = "rater"
    kind: str = "kind"
    answer: str = "answer"
    seconds: str | None = None
    position: str | None = None
    pass_no: str | None = None


class Mapping(Strict):
    """A mapping file."""

    layout: Literal["wide", "long"] = "wide"
    item: str
    cluster: str | None = None
    slices: tuple[str, ...] = ()
    question: AskedQuestion
    answers: dict[str, str] = Field(default_factory=dict)
    """Value in the table -> stored answer; a value that is a stored answer itself needs no entry."""
    unparsed: tuple[str, ...] = ()
    """Values of judge columns that are replies nobody could read."""
    missing: tuple[str, ...] = ("",)
    """Values that mean: not answered."""
    text: dict[str, str] = Field(default_factory=dict)
    """Column -> heading; shown to annotators in this order."""
    humans: tuple[Reader, ...] = ()
    judges: tuple[JudgeColumn, ...] = ()
    long: LongColumns = LongColumns()

    @model_validator(mode="after")
    def _somebody_answers(self) -> "Mapping":
        if self.layout == "wide" and not self.humans and not self.judges:
            raise ValueError("a wide table needs [[humans]] or [[judges]]")
        return self

    def codebook(self) -> Codebook:
        """The codebook of a study made from this table."""
        asked = self.question
        answers = tuple(Answer(value=value, label=label) for value, label in asked.answers.items())
        return Codebook(
            name=asked.id, version="1", questions=(Question(id=asked.id, text=asked.text, answers=answers),)
        )


@dataclass(slots=True)
class Joined:
    """Rows of the table and of the files joined to it."""

    rows: list[tuple[int, Any]] = field(default_factory=list)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File -> item -> row."""


def read_mapping(name: str) -> Mapping:
    """A mapping by file path, or by the name of one that ships with the project. Raises MappingError."""
    shipped = FOLDER / f"{name}.toml"
    path = shipped if shipped.is_file() and "/" not in name else Path(name)
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError:
        known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.toml")))
        raise MappingError(f"There is no mapping {name!r}; name a TOML file, or one of: {known}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path}: cannot be read as TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise MappingError(f"{path}: {where}: {first['msg']}.") from None


def read_table(path: Path, mapping: Mapping) -> Batch:
    """Items, labels and verdicts of a table. Raises ImportRefused where a file cannot be read."""
    batch = Batch(codebook=mapping.codebook())
    joined = read_joined(path, mapping, batch)
    seen: dict[str, int] = {}
    for place, record in joined.rows:
        try:
            item = item_of(record, mapping)
            if mapping.layout == "long":
                add_long(batch, record, item, seen, mapping)
            else:
                if item in seen:
                    raise BadRecord(mapping.item, f"{item!r} stands twice, first in record {seen[item]}")
                add_wide(batch, record, item, mapping, joined)
                seen[item] = place
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
    return batch


def read_joined(path: Path, mapping: Mapping, batch: Batch) -> Joined:
    """The table's rows, and those of the judges' own files by item."""
    joined = Joined(rows=list(read_records(path)))
    for name in dict.fromkeys(judge.file for judge in mapping.judges if judge.file):
        other = path.parent / name
        joined.others[name] = {}
        for place, record in read_records(other):
            try:
                joined.others[name][item_of(record, mapping)] = record
            except BadRecord as error:
                batch.problems.append(ImportProblem(other.name, place, error.field, error.expected))
    return joined


def item_of(record: Any, mapping: Mapping) -> str:
    """The item's id as text. Raises BadRecord."""
    if isinstance(record, BadRecord):
        raise record
    return cell(record, mapping.item)


def cell(record: Any, name: str) -> str:
    """A cell as text; numbers are written plainly. Raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord("", "expected an object with columns")
    if name not in record:
        raise BadRecord(name, f"is missing; there are {', '.join(map(str, record))[:200]}")
    value = record[name]
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) else canonical_json(value)


def add_wide(batch: Batch, record: Any, item: str, mapping: Mapping, joined: Joined) -> None:
    """One row of a wide table; it is added whole or, on BadRecord, not at all."""
    transcript = new_transcript(record, item, mapping)
    labels = [
        NewLabel(transcript.origin_key, reader.name or reader.column, {mapping.question.id: answer})
        for reader in mapping.humans
        if (answer := human_answer(cell(record, reader.column), reader.column, mapping)) is not None
    ]
    verdicts = [
        verdict
        for judge in mapping.judges
        for verdict in wide_verdict(
            record if not judge.file else joined.others[judge.file].get(item), judge, mapping
        )
    ]
    batch.transcripts.append(transcript)
    batch.labels += labels
    batch.verdicts += [(transcript.origin_key, verdict) for verdict in verdicts]


def wide_verdict(record: Any, judge: JudgeColumn, mapping: Mapping) -> Iterator[NewVerdict]:
    """The judge's verdict in this row, if it has one."""
    if record is None:
        return
    value = cell(record, judge.column)
    if value in mapping.missing:
        return
    rationale = cell(record, judge.rationale) if judge.rationale else None
    yield new_verdict(value, judge.name, judge.column, mapping, judge, rationale)


def add_long(batch: Batch, record: Any, item: str, seen: dict[str, int], mapping: Mapping) -> None:
    """One reading of a long table; the item's own columns are taken from its first row."""
    columns = mapping.long
    kind = cell(record, columns.kind)
    if kind not in {"human", "judge"}:
        raise BadRecord(columns.kind, f"expected human or judge, got {kind[:40]!r}")
    rater, value = cell(record, columns.rater), cell(record, columns.answer)
    transcript = new_transcript(record, item, mapping)
    if kind == "judge":
        if value not in mapping.missing:
            verdict = new_verdict(value, rater, columns.answer, mapping)
            batch.verdicts.append((transcript.origin_key, verdict))
    else:
        answer = human_answer(value, columns.answer, mapping)
        if answer is not None:
            batch.labels.append(
                NewLabel(
                    transcript.origin_key,
                    rater,
                    {mapping.question.id: answer},
                    pass_no=int(number(record, columns.pass_no) or 1),
                    seconds=number(record, columns.seconds),
                    position=int(at) if (at := number(record, columns.position)) else None,
                )
            )
    if item not in seen:
        seen[item] = len(batch.transcripts)
        batch.transcripts.append(transcript)


def number(record: Any, name: str | None) -> float | None:
    """A number of an optional column. Raises BadRecord."""
    if name is None or not (text := cell(record, name)):
        return None
    try:
        return float(text)
    except ValueError:
        raise BadRecord(name, f"expected a number, got {text[:40]!r}") from None


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
        judge_key=content_hash(["table", mapping.question.id, name]),
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
        origin_key=f"table:{mapping.question.id}:{item}:{fingerprint}",
        cluster=f"table:{cluster}",
        content=content,
        attributes={name: cell(record, name) for name in mapping.slices},
        provenance={"item": item},
    )
