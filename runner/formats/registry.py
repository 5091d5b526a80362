"""The formats that can be imported. A new one is a module with a FORMAT, and one line in FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from secondreader.runner.intake.batch import Batch
from secondreader.runner.intake.progress import Progress

FORMATS = {
    "chat-jsonl": "secondreader.runner.formats.openai_chat",
    "rjudge": "secondreader.runner.formats.rjudge",
    "table": "secondreader.runner.formats.table.reader",
    "toolemu": "secondreader.runner.formats.toolemu",
}
"""Name on the command line -> module. Modules are loaded when they are used: most commands import nothing."""


class FormatOptions(BaseModel):
    """What a format can be told; each field of a subclass is an option of the command line, its description the help."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Options = TypeVar("Options", bound=FormatOptions)


@dataclass(frozen=True, slots=True)
class Format(Generic[Options]):
    """One kind of file, and how it is read."""

    name: str
    summary: str
    """What the file holds, in a sentence."""
    options: type[Options]
    read: Callable[[Path, Options, Progress], Batch]
    """Reads a whole file; records that do not fit become problems. Raises ImportRefused for an unreadable file."""


def load_format(name: str) -> Format[Any]:
    """The format of this name, which must be one of FORMATS."""
    # by name and not by import: a command that imports one format need not load all of them
    return cast(Format[Any], import_module(FORMATS[name]).FORMAT)
