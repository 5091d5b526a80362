"""What every import shares: problems told row by row, one transaction a file, and a second time that adds nothing."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secondreader.db.audit import append_event
from secondreader.db.canonical import content_hash
from secondreader.db.codebook import Codebook
from secondreader.db.engine import writing
from secondreader.db.store import NewTranscript, NewVerdict, add_transcripts, add_verdicts
from secondreader.db.studies import add_to_pool, ensure_annotator, ensure_study, import_label
from secondreader.runner.leaks import redact, scan

if TYPE_CHECKING:
    from sqlalchemy import Engine

MAX_RECORD = 32_000_000
"""Characters of one record; a longer one is a problem, not a reason to run out of memory."""
SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One record that cannot be imported, and why."""

    file: str
    record: int
    """Line of a JSONL or CSV file, or 1-based place in a JSON list."""
    field: str
    expected: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.file}, record {self.record}, {self.field or 'the record'}: {self.expected}"


class BadRecord(ValueError):
    """Raised while reading one record; becomes an ImportProblem."""

    def __init__(self, field_name: str, expected: str) -> None:
        self.field = field_name
        self.expected = expected
        super().__init__(f"{field_name}: {expected}")


class ImportRefused(Exception):
    """Nothing was imported: the file has problems, or is no such file."""

    def __init__(self, problems: list[ImportProblem]) -> None:
        self.problems = tuple(problems)
        shown = [str(one) for one in problems[:SHOWN_PROBLEMS]]
        more = [f"... and {len(problems) - SHOWN_PROBLEMS} more"] if len(problems) > SHOWN_PROBLEMS else []
        noun = "problem" if len(problems) == 1 else "problems"
        head = f"nothing was imported: {len(problems)} {noun} (--skip-bad imports the rest)"
        super().__init__("\n  ".join([head, *shown, *more]))


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label that somebody gave elsewhere."""

    origin_key: str
    annotator: str
    answers: dict[str, str]
    pass_no: int = 1
    seconds: float | None = None
    position: int | None = None


@dataclass(slots=True)
class Batch:
    """What one file holds."""

    transcripts: list[NewTranscript] = field(default_factory=list)
    verdicts: list[tuple[str, NewVerdict]] = field(default_factory=list)
    """(origin key, verdict); the transcript's id is filled in when it is known."""
    labels: list[NewLabel] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)
    codebook: Codebook | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    n_transcripts: int
    n_verdicts: int
    n_labels: int
    """New rows of each kind."""
    n_known: int
    """Transcripts, verdicts and labels that were there before."""
    n_flagged: int
    """New or known transcripts in which the leak scan found something."""
    skipped: tuple[ImportProblem, ...]


def store_batch(
    engine: "Engine",
    study_name: str,
    batch: Batch,
    *,
    source: str,
    skip_bad: bool = False,
    redacted: bool = False,
) -> ImportResult:
    """Store a file's records in one transaction. Raises ImportRefused for problems unless `skip_bad`."""
    if batch.problems and not skip_bad:
        raise ImportRefused(batch.problems)
    scanned = [scanned_transcript(one, redacted) for one in batch.transcripts]
    with writing(engine) as session:
        study = ensure_study(session, study_name, codebook=batch.codebook)
        stored = add_transcripts(session, scanned)
        ids = dict(zip((one.origin_key for one in scanned), stored.ids, strict=True))
        add_to_pool(session, study, stored.ids)
        verdicts = add_verdicts(
            session, [replace(verdict, transcript_id=ids[key]) for key, verdict in batch.verdicts]
        )
        n_labels = 0
        for label in batch.labels:
            reader = ensure_annotator(session, study, label.annotator, source="import")
            token = content_hash([study.id, label.origin_key, label.annotator, label.pass_no])
            n_labels += import_label(
                session,
                study,
                ids[label.origin_key],
                reader,
                dict(label.answers),
                token,
                pass_no=label.pass_no,
                active_seconds=label.seconds,
                position=label.position,
            )
        n_new = stored.n_added + verdicts.n_added + n_labels
        if n_new:
            append_event(session, "researcher", "import", f"study {study.id}", source=source, rows=n_new)
    return ImportResult(
        n_transcripts=stored.n_added,
        n_verdicts=verdicts.n_added,
        n_labels=n_labels,
        n_known=stored.n_known + verdicts.n_known + len(batch.labels) - n_labels,
        n_flagged=sum(bool(one.leaks) for one in scanned),
        skipped=tuple(batch.problems),
    )


def scanned_transcript(new: NewTranscript, redacted: bool) -> NewTranscript:
    """The transcript with what the leak scan found, and with marks in its place if wanted."""
    if new.content is None:
        return new
    found = scan(new.content, new.hidden)
    if not found:
        return new
    leaks = tuple(one.row(redacted) for one in found)
    if not redacted:
        return replace(new, leaks=leaks)
    return replace(new, content=redact(new.content, found), original=new.content, leaks=leaks)


def read_records(path: Path) -> Iterator[tuple[int, Any]]:
    """(place, record) of a JSON list, JSONL or CSV file; a record that cannot be read is a BadRecord instead.

    Raises ImportRefused where the file as a whole cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            yield from read_csv(path)
        elif path.suffix.lower() in {".jsonl", ".ndjson"}:
            yield from read_jsonl(path)
        else:
            yield from read_json_list(path)
    except OSError as error:
        raise ImportRefused([ImportProblem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ImportRefused([ImportProblem(str(path), 0, "", "is not UTF-8; save it as UTF-8")]) from None


def read_csv(path: Path) -> Iterator[tuple[int, Any]]:
    """Rows as dicts; a row of another width is bad."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for row in reader:
            if None in row or None in row.values():
                yield reader.line_num, BadRecord("", f"expected {len(reader.fieldnames or [])} columns")
            else:
                yield reader.line_num, row


def read_jsonl(path: Path) -> Iterator[tuple[int, Any]]:
    """One JSON value a line; blank lines are passed over."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, parse_json(line)


def parse_json(text: str) -> Any:
    """The value, or a BadRecord that says what is wrong."""
    if len(text) > MAX_RECORD:
        return BadRecord("", f"is longer than {MAX_RECORD:,} characters")
    try:
        return json.loads(text)
    except RecursionError:
        return BadRecord("", "is nested too deeply")
    except ValueError as error:
        return BadRecord("", f"is not JSON: {error}")


def read_json_list(path: Path) -> Iterator[tuple[int, Any]]:
    """The elements of one JSON list."""
    value = parse_json(path.read_text(encoding="utf-8-sig"))
    if isinstance(value, BadRecord):
        raise ImportRefused([ImportProblem(str(path), 0, "", value.expected)])
    if not isinstance(value, list):
        raise ImportRefused([ImportProblem(str(path), 0, "", "expected a JSON list of records")])
    yield from enumerate(value, start=1)


def need(record: Any, name: str, kind: type | tuple[type, ...] = str) -> Any:
    """`record[name]`, checked. Raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord("", "expected an object")
    if name not in record:
        raise BadRecord(name, "is missing")
    value = record[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        names = kind.__name__ if isinstance(kind, type) else " or ".join(one.__name__ for one in kind)
        raise BadRecord(name, f"expected {names}, got {type(value).__name__}")
    return value
