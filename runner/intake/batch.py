"""What one file holds, read and checked, before anything is stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from secondreader.db.core.codebook import Codebook
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.db.transcripts.verdicts import NewVerdict
from secondreader.runner.intake.problems import BadRecord, ImportProblem
from secondreader.runner.intake.progress import Progress
from secondreader.runner.intake.records import read_records


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
    mapping_hash: str = ""
    """The last part of every origin key, where a mapping decides how the file is read."""


def read_into(batch: Batch, path: Path, add_record: Callable[[Any], None], progress: Progress) -> Batch:
    """The batch with every record of the file. Raises ImportRefused where the file cannot be read.

    `add_record` adds a record whole or raises BadRecord; then the record becomes one of the batch's problems.
    """
    for number, record in progress(read_records(path), "Reading"):
        try:
            if isinstance(record, BadRecord):
                raise record
            add_record(record)
        # BadRecord alone: any other exception is a fault of ours and must be seen
        except BadRecord as error:
            batch.problems.append(ImportProblem(path.name, number, error.field, error.expected))
    return batch
