"""TOML mappings that say how a table of ratings is to be read; docs/importing.md shows one."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from secondreader.db.core.codebook import Answer, Codebook, Question
from secondreader.db.core.hashing import compute_content_hash
from secondreader.runner.intake.records import find_duplicate

FOLDER = Path(__file__).parent / "mappings"


class MappingError(ValueError):
    """A mapping file that cannot be used, in one sentence."""


class StrictModel(BaseModel):
    """Unknown keys are refused, so that a misspelled one does not silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AskedQuestion(StrictModel):
    """The question that all raters answered."""

    id: str
    text: str
    answers: dict[str, str] = Field(min_length=2)
    """Stored answer -> how it is shown."""


class HumanColumn(StrictModel):
    """A column of human answers (wide tables)."""

    column: str
    name: str = ""


class JudgeColumn(StrictModel):
    """A column of verdicts (wide tables), in this file or in another that is joined by the item."""

    column: str
    name: str
    file: str | None = None
    """Path beside the table; the same item column must stand in it."""
    rationale: str | None = None
    answers: dict[str, str] = Field(default_factory=dict)
    """Overrides of the general answer map."""
    unparsed: tuple[str, ...] | None = None


class LongColumns(StrictModel):
    """Columns of a long table."""

    rater: str = "rater"
    kind: str = "kind"
    answer: str = "answer"
    seconds: str | None = None
    position: str | None = None
    pass_no: str | None = None


class TableMapping(StrictModel):
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
    humans: tuple[HumanColumn, ...] = ()
    judges: tuple[JudgeColumn, ...] = ()
    long: LongColumns = LongColumns()

    @model_validator(mode="after")
    def _require_raters(self) -> "TableMapping":
        if self.layout == "wide" and not self.humans and not self.judges:
            raise ValueError("a wide table needs [[humans]] or [[judges]]")
        name = find_duplicate(
            [*(human.name or human.column for human in self.humans), *(judge.name for judge in self.judges)]
        )
        if name is not None:
            raise ValueError(f"two raters are named {name!r}")
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Short hash of all that decides which answer a value stands for, and whose it is."""
        # not the text columns and slices: they decide what is shown, not what an answer means
        parts = {"layout", "question", "answers", "unparsed", "missing", "judges", "long"}
        return compute_content_hash(self.model_dump(mode="json", include=parts))[:16]

    def make_codebook(self) -> Codebook:
        """The codebook of a study made from this table."""
        asked = self.question
        answers = tuple(Answer(value=value, label=label) for value, label in asked.answers.items())
        return Codebook(
            name=asked.id, version="1", questions=(Question(id=asked.id, text=asked.text, answers=answers),)
        )


def read_mapping(name: str) -> TableMapping:
    """A mapping by file path, or by the name of one that ships with the project. Raises MappingError."""
    shipped = FOLDER / f"{name}.toml"
    # a file of the same name in the working directory must not replace a shipped one unnoticed
    path = shipped if shipped.is_file() and "/" not in name else Path(name)
    try:
        return TableMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError:
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.toml")))
        raise MappingError(f"There is no mapping {name!r}; name a TOML file, or one of: {known}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path}: cannot be read as TOML: {error}.") from None
    except ValidationError as error:
        # the first alone: the others are often its consequences
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise MappingError(f"{path}: {where}: {first['msg']}.") from None
