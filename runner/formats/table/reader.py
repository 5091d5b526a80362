"""Reads tables of ratings (CSV, JSONL, JSON) by a mapping.

A wide table has one row per item and one column per rater; a long table has one row per rating. Answers are mapped by an explicit
table: a value that it does not name and that is not listed as unparseable is a problem, never a guess.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.db.transcripts.verdicts import NewVerdict
from secondreader.runner.formats.registry import Format, FormatOptions
from secondreader.runner.formats.table.cells import (
    UniqueValues,
    make_table_transcript,
    make_table_verdict,
    map_human_answer,
    read_cell,
    read_count,
    read_number,
    read_raw_cell,
)
from secondreader.runner.formats.table.mapping import JudgeColumn, TableMapping, read_mapping
from secondreader.runner.intake.batch import Batch, NewLabel
from secondreader.runner.intake.problems import BadRecord, ImportProblem
from secondreader.runner.intake.progress import Progress, pass_through
from secondreader.runner.intake.records import read_records


class TableOptions(FormatOptions):
    """Which mapping a table is read by."""

    mapping: str = Field(description="TOML mapping file, or the name of one that ships: long, pandalm, ...")


@dataclass(slots=True)
class JoinedTable:
    """Rows of the table and of the files joined to it."""

    rows: Iterable[tuple[int, Any]] = ()
    judge_rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File -> item -> row."""


def read_table(path: Path, mapping: TableMapping, progress: Progress = pass_through) -> Batch:
    """Items, labels and verdicts of a table. Raises ImportRefused where a file cannot be read."""
    batch = Batch(codebook=mapping.make_codebook(), mapping_hash=mapping.fingerprint)
    joined = read_joined_table(path, mapping, batch)
    items, long = UniqueValues(mapping.item), LongTable(mapping)
    for record_no, record in progress(joined.rows, "Reading"):
        try:
            item = get_item_id(record, mapping)
            if mapping.layout == "long":
                items.require_same_spelling(read_raw_cell(record, mapping.item), record_no)
                long.add_row(batch, record, item, record_no)
            else:
                items.require_unique(item, record_no)
                add_wide_row(batch, record, item, mapping, joined)
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, record_no, error.field, error.expected))
    return batch


def read_joined_table(path: Path, mapping: TableMapping, batch: Batch) -> JoinedTable:
    """The table's rows, and those of the judges' own files by item."""
    joined = JoinedTable(rows=read_records(path))
    for name in dict.fromkeys(judge.file for judge in mapping.judges if judge.file):
        other, items = path.parent / name, UniqueValues(mapping.item)
        joined.judge_rows[name] = {}
        # read whole: the table's rows come in another order
        for record_no, record in read_records(other):
            try:
                item = get_item_id(record, mapping)
                items.require_unique(item, record_no)
                joined.judge_rows[name][item] = record
            except BadRecord as error:
                batch.problems.append(ImportProblem(other.name, record_no, error.field, error.expected))
    return joined


def get_item_id(record: Any, mapping: TableMapping) -> str:
    """The item's id as text. Raises BadRecord."""
    if isinstance(record, BadRecord):
        raise record
    return read_cell(record, mapping.item)


def add_wide_row(batch: Batch, record: Any, item: str, mapping: TableMapping, joined: JoinedTable) -> None:
    """One row of a wide table; it is added whole or, on BadRecord, not at all."""
    transcript = make_table_transcript(record, item, mapping)
    labels = [
        NewLabel(transcript.origin_key, human.name or human.column, {mapping.question.id: answer})
        for human in mapping.humans
        if (answer := map_human_answer(read_cell(record, human.column), human.column, mapping)) is not None
    ]
    verdicts = [
        verdict
        for judge in mapping.judges
        for verdict in read_wide_verdict(
            record if not judge.file else joined.judge_rows[judge.file].get(item), judge, mapping
        )
    ]
    # only now: a row with one bad cell must leave nothing behind
    batch.transcripts.append(transcript)
    batch.labels += labels
    batch.verdicts += [(transcript.origin_key, verdict) for verdict in verdicts]


def read_wide_verdict(record: Any, judge: JudgeColumn, mapping: TableMapping) -> Iterator[NewVerdict]:
    """The judge's verdict in this row, if it has one."""
    if record is None:
        return
    value = read_cell(record, judge.column)
    if value in mapping.missing:
        return
    rationale = read_cell(record, judge.rationale) if judge.rationale else None
    yield make_table_verdict(value, judge.name, judge.column, mapping, judge, rationale)


@dataclass(slots=True)
class LongTable:
    """What was read of a long table so far."""

    mapping: TableMapping
    items: dict[str, tuple[NewTranscript, int]] = field(default_factory=dict)
    """Item -> its transcript and the record that it was taken from."""
    ratings: dict[tuple[str, str, str, int], int] = field(default_factory=dict)
    """(item, kind, rater, pass) -> the record that holds it."""
    kinds: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Rater -> human or judge, and the first record that said so."""
    raters: UniqueValues = field(default_factory=lambda: UniqueValues("rater"))

    def add_row(self, batch: Batch, record: Any, item: str, record_no: int) -> None:
        """Add one rating. Raises BadRecord for a second one by the same rater in the same pass."""
        columns, mapping = self.mapping.long, self.mapping
        kind, value = read_cell(record, columns.kind), read_cell(record, columns.answer)
        if kind not in {"human", "judge"}:
            raise BadRecord(columns.kind, f"expected human or judge, got {kind[:40]!r}")
        rater = self.parse_rater(record, kind, record_no)
        pass_no = read_count(record, columns.pass_no)
        if pass_no == 0:
            raise BadRecord(str(columns.pass_no), "expected a pass from 1 upwards, got 0")
        # without a column of passes, every rating is of the first
        pass_no = pass_no or 1
        transcript = self.get_transcript(record, item, record_no)
        # a missing answer still says that the item exists
        if value not in mapping.missing:
            self.note_rating((item, kind, rater, pass_no), record_no)
            if kind == "judge":
                verdict = replace(make_table_verdict(value, rater, columns.answer, mapping), repeat=pass_no)
                batch.verdicts.append((transcript.origin_key, verdict))
            else:
                batch.labels.append(self.make_label(record, transcript.origin_key, rater, value, pass_no))
        # after everything that can fail: a refused row adds no transcript either
        if item not in self.items:
            self.items[item] = (transcript, record_no)
            batch.transcripts.append(transcript)

    def make_label(self, record: Any, key: str, rater: str, value: str, pass_no: int) -> NewLabel:
        """A person's rating. Raises BadRecord."""
        columns = self.mapping.long
        answer = map_human_answer(value, columns.answer, self.mapping)
        return NewLabel(
            key,
            rater,
            {self.mapping.question.id: str(answer)},
            pass_no=pass_no,
            seconds=read_number(record, columns.seconds),
            position=read_count(record, columns.position),
        )

    def parse_rater(self, record: Any, kind: str, record_no: int) -> str:
        """The rater's name, spelled as in the file. Raises BadRecord where nobody is named, or two that may be one."""
        column = self.mapping.long.rater
        rater = read_raw_cell(record, column)
        if not rater.strip():
            raise BadRecord(column, "is empty; every rating needs a rater")
        self.raters.column = column
        self.raters.require_same_spelling(rater, record_no)
        # one name for a person and a judge would mix their ratings
        known, first = self.kinds.setdefault(rater, (kind, record_no))
        if known != kind:
            raise BadRecord(column, f"{rater[:40]!r} is a {kind} here and a {known} in record {first}")
        return rater

    def note_rating(self, rating: tuple[str, str, str, int], record_no: int) -> None:
        """Note a rating. Raises BadRecord where the table holds it already."""
        first = self.ratings.setdefault(rating, record_no)
        if first != record_no:
            item, _, rater, pass_no = rating
            raise BadRecord(
                self.mapping.long.rater,
                f"{rater[:40]!r} rates {item[:40]!r} twice in pass {pass_no}, first in record {first}",
            )

    def get_transcript(self, record: Any, item: str, record_no: int) -> NewTranscript:
        """The item's transcript. Raises BadRecord where this row gives another text, cluster or slice of it."""
        new = make_table_transcript(record, item, self.mapping)
        known, first = self.items.get(item, (new, record_no))
        if known != new:
            raise BadRecord(
                self.mapping.item, f"{item[:40]!r} has another text, cluster or slice in record {first}"
            )
        return known


FORMAT = Format(
    "table",
    "A CSV, JSONL or JSON table of ratings, by a mapping.",
    TableOptions,
    lambda path, options, progress: read_table(path, read_mapping(options.mapping), progress),
)
