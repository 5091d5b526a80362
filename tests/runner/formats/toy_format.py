"""A format as somebody would add it: one file. Lines such as `scenario|what the agent said`."""

from functools import partial
from pathlib import Path

from pydantic import Field

from secondreader.db.core.content import Content, Message
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.formats.registry import Format, FormatOptions
from secondreader.runner.intake.batch import Batch, read_into
from secondreader.runner.intake.progress import Progress
from secondreader.runner.intake.record_model import RecordModel, validate_record


class ToyOptions(FormatOptions):
    """An option with a default, and one that must be given."""

    times: int = Field(default=1, ge=1, description="How often the agent says it.")
    ending: str = Field(description="What it ends with.")


class ToyRecord(RecordModel):
    """One line."""

    scenario: str
    words: str


def read(path: Path, options: ToyOptions, progress: Progress) -> Batch:
    """Every line of the file."""
    batch = Batch()
    return read_into(batch, path, partial(add_record, batch, options), progress)


def add_record(batch: Batch, options: ToyOptions, raw: object) -> None:
    """Add one line. Raises BadRecord."""
    record = validate_record(ToyRecord, raw)
    text = " ".join([record.words] * options.times) + options.ending
    content = Content(messages=(Message(role="assistant", text=text),))
    batch.transcripts.append(NewTranscript(f"toy:{record.scenario}", f"toy:{record.scenario}", content))


FORMAT = Format("toy", "A toy format: a scenario and what the agent said.", ToyOptions, read)
