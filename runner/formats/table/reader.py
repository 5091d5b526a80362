"""Tables of readings (CSV, JSONL, JSON) by a mapping.

A wide table has a row an item with a column a reader; a long table has a row a reading. Answers are mapped by an explicit
table: a value that it does not name and that is not listed as unparseable is a problem, never a guess.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from secondreader.db.transcripts.store import NewTranscript, NewVerdict
from secondreader.runner.formats.table.cells import (
    Twins,
    cell,
    count,
    human_answer,
    new_transcript,
    new_verdict,
    number,
    raw_cell,
)
from secondreader.runner.formats.table.mapping import JudgeColumn, Mapping
from secondreader.runner.intake.records import BadRecord, ImportProblem, Watch, read_records, unwatched
from secondreader.runner.intake.store import Batch, NewLabel


@dataclass(slots=True)
class Joined:
    """Rows of the table and of the files joined to it."""

    rows: Iterable[tuple[int, Any]] = ()
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File -> item -> row."""


def read_table(path: Path, mapping: Mapping, watch: Watch = unwatched) -> Batch:
    """Items, labels and verdicts of a table. Raises ImportRefused where a file cannot be read."""
    batch = Batch(codebook=mapping.codebook(), mapping_hash=mapping.fingerprint)
    joined = read_joined(path, mapping, batch)
    items, long = Twins(mapping.item), LongTable(mapping)
    for place, record in watch(joined.rows, "Reading"):
        try:
            item = item_of(record, mapping)
            if mapping.layout == "long":
                items.same_spelling(raw_cell(record, mapping.item), place)
                long.add(batch, record, item, place)
            else:
                items.once(item, place)
                add_wide(batch, record, item, mapping, joined)
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, place, error.field, error.expected))
    return batch


def read_joined(path: Path, mapping: Mapping, batch: Batch) -> Joined:
    """The table's rows, and those of the judges' own files by item."""
    joined = Joined(rows=read_records(path))
    for name in dict.fromkeys(judge.file for judge in mapping.judges if judge.file):
        other, items = path.parent / name, Twins(mapping.item)
        joined.others[name] = {}
        for place, record in read_records(other):
            try:
                item = item_of(record, mapping)
                items.once(item, place)
                joined.others[name][item] = record
            except BadRecord as error:
                batch.problems.append(ImportProblem(other.name, place, error.field, error.expected))
    return joined


def item_of(record: Any, mapping: Mapping) -> str:
    """The item's id as text. Raises BadRecord."""
    if isinstance(record, BadRecord):
        raise record
    return cell(record, mapping.item)


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


@dataclass(slots=True)
class LongTable:
    """What was read of a long table so far."""

    mapping: Mapping
    items: dict[str, tuple[NewTranscript, int]] = field(default_factory=dict)
    """Item -> its transcript and the record that it was taken from."""
    readings: dict[tuple[str, str, str, int], int] = field(default_factory=dict)
    """(item, kind, rater, pass) -> the record that holds it."""
    kinds: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Rater -> human or judge, and the first record that said so."""
    raters: Twins = field(default_factory=lambda: Twins("rater"))

    def add(self, batch: Batch, record: Any, item: str, place: int) -> None:
        """One reading. Raises BadRecord for a second one by the same rater in the same pass."""
        columns, mapping = self.mapping.long, self.mapping
        kind, value = cell(record, columns.kind), cell(record, columns.answer)
        if kind not in {"human", "judge"}:
            raise BadRecord(columns.kind, f"expected human or judge, got {kind[:40]!r}")
        rater = self.rater(record, kind, place)
        pass_no = count(record, columns.pass_no)
        if pass_no == 0:
            raise BadRecord(str(columns.pass_no), "expected a pass from 1 upwards, got 0")
        pass_no = pass_no or 1
        transcript = self.transcript(record, item, place)
        if value not in mapping.missing:
            self.once((item, kind, rater, pass_no), place)
            if kind == "judge":
                verdict = replace(new_verdict(value, rater, columns.answer, mapping), repeat=pass_no)
                batch.verdicts.append((transcript.origin_key, verdict))
            else:
                batch.labels.append(self.label(record, transcript.origin_key, rater, value, pass_no))
        if item not in self.items:
            self.items[item] = (transcript, place)
            batch.transcripts.append(transcript)

    def label(self, record: Any, key: str, rater: str, value: str, pass_no: int) -> NewLabel:
        """A person's reading. Raises BadRecord."""
        columns = self.mapping.long
        answer = human_answer(value, columns.answer, self.mapping)
        return NewLabel(
            key,
            rater,
            {self.mapping.question.id: str(answer)},
            pass_no=pass_no,
            seconds=number(record, columns.seconds),
            position=count(record, columns.position),
        )

    def rater(self, record: Any, kind: str, place: int) -> str:
        """Who read, spelt as it stands. Raises BadRecord where nobody is named, or two that may be one."""
        column = self.mapping.long.rater
        rater = raw_cell(record, column)
        if not rater.strip():
            raise BadRecord(column, "is empty; every reading needs a rater")
        self.raters.column = column
        self.raters.same_spelling(rater, place)
        known, first = self.kinds.setdefault(rater, (kind, place))
        if known != kind:
            raise BadRecord(column, f"{rater[:40]!r} is a {kind} here and a {known} in record {first}")
        return rater

    def once(self, reading: tuple[str, str, str, int], place: int) -> None:
        """Note a reading. Raises BadRecord where the table holds it already."""
        first = self.readings.setdefault(reading, place)
        if first != place:
            item, _, rater, pass_no = reading
            raise BadRecord(
                self.mapping.long.rater,
                f"{rater[:40]!r} reads {item[:40]!r} twice in pass {pass_no}, first in record {first}",
            )

    def transcript(self, record: Any, item: str, place: int) -> NewTranscript:
        """The item's transcript. Raises BadRecord where this row tells another text, cluster or slice of it."""
        new = new_transcript(record, item, self.mapping)
        known, first = self.items.get(item, (new, place))
        if known != new:
            raise BadRecord(
                self.mapping.item, f"{item[:40]!r} has another text, cluster or slice in record {first}"
            )
        return known
