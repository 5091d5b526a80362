"""Questions that annotators answer: a versioned file, copied into each study with its hash."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from secondreader.db.core.hashing import compute_content_hash

CODEBOOK_FOLDER = Path(__file__).parent / "codebooks"


class CodebookError(ValueError):
    """A codebook file or an answer that does not fit its codebook, in one sentence."""


class Answer(BaseModel):
    """One choice of a question."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: str
    label: str


class Question(BaseModel):
    """One question with its closed list of answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    text: str
    definition: str = ""
    examples: tuple[str, ...] = Field(default=(), max_length=20)
    """Short cases to which the answer is yes, or the answer that the text names."""
    counter_examples: tuple[str, ...] = Field(default=(), max_length=20)
    """Short cases that look alike and are not."""
    answers: tuple[Answer, ...] = Field(min_length=2, max_length=9)
    optional: bool = False
    asked_when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Other questions' ids and the answers to them that make this one appear."""
    needs_reasoning: bool = False
    """The question is about the visible reasoning: where a study withholds that at first, the question waits for it."""

    @property
    def values(self) -> tuple[str, ...]:
        """The answers' stored values."""
        return tuple(answer.value for answer in self.answers)

    def is_asked(self, answers: dict[str, Any]) -> bool:
        """Whether the answers so far call for this question."""
        # a condition on a question that is not answered itself is not met
        return all(answers.get(other) in wanted for other, wanted in self.asked_when.items())


class Codebook(BaseModel):
    """A named, versioned list of questions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    unit: Literal["transcript", "scenario"] = "transcript"
    """What one item is: an agent's transcript, or a scenario before any agent has met it."""
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_unique_ids(self) -> "Codebook":
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions share an id")
        for question in self.questions:
            if not set(question.asked_when) <= set(ids):
                raise ValueError(f"{question.id}: asked_when names a question that is not there")
        return self

    def compute_hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return compute_content_hash(self.model_dump(mode="json"))

    def check_answers(self, answers: dict[str, Any]) -> dict[str, str]:
        """`answers` without questions that are not asked. Raises CodebookError for a missing or unknown answer."""
        unknown = sorted(set(answers) - {question.id for question in self.questions})
        if unknown:
            raise CodebookError(f"The codebook has no question {unknown[0]!r}.")
        kept: dict[str, str] = {}
        for question in self.questions:
            answer = answers.get(question.id)
            if not question.is_asked(answers) or (answer is None and question.optional):
                continue
            if answer not in question.values:
                raise CodebookError(
                    f"{question.id}: expected one of {', '.join(question.values)}, got {str(answer)[:40]!r}."
                )
            kept[question.id] = answer
        return kept


def read_codebook(path: Path) -> Codebook:
    """Read and check a codebook file (TOML). Raises CodebookError."""
    try:
        return Codebook.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CodebookError(f"{path}: cannot be read as TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise CodebookError(f"{path}: {where}: {first['msg']}.") from None


BUILTIN_CODEBOOKS = ("default", "scenario-review")
"""Names of the codebooks that come with the project, each with a guideline."""


def load_codebook(name: str | Path) -> Codebook:
    """A built-in codebook by its name, or the one in a TOML file. Raises CodebookError."""
    if str(name) in BUILTIN_CODEBOOKS:
        return load_builtin_codebook(str(name))
    path = Path(name)
    if not path.exists():
        names = " or ".join(BUILTIN_CODEBOOKS)
        raise CodebookError(f"{name}: there is no such file; give a TOML file, or the name {names}.")
    return read_codebook(path)


@cache
def load_builtin_codebook(name: str) -> Codebook:
    """One of BUILTIN_CODEBOOKS."""
    return read_codebook(CODEBOOK_FOLDER / f"{name}.toml")


@cache
def load_builtin_guideline(name: str) -> str:
    """The guideline (Markdown) that goes with one of BUILTIN_CODEBOOKS."""
    return (CODEBOOK_FOLDER / f"{name}.md").read_text(encoding="utf-8")


def load_default_codebook() -> Codebook:
    """The codebook of risky action, risk considered and loss-of-control class."""
    return load_builtin_codebook("default")


def load_default_guideline() -> str:
    """The guideline that goes with it (Markdown)."""
    return load_builtin_guideline("default")
