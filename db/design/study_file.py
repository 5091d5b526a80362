"""A study written down: a TOML file, or a form with the same fields, that says what the study consists of."""

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from sqlmodel import Session, col

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.codebook import BUILTIN_CODEBOOKS, Codebook, load_builtin_guideline, load_codebook
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.core.tables import Label
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.people import Pseudonym, invite_annotators
from secondreader.db.design.plan import FreezeResult, SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.design.summaries import list_judges

Name = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=0.5)]
RULES_UNDER_DRAW = {"overlap", "repeats", "repeat_gap"}
"""Rules of the desk that a study file says under [draw]."""


class StudyFileError(Exception):
    """A study file that cannot be used, in one sentence."""


class StudyFileSection(BaseModel):
    """A part of a study file: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ControlItemEntry(StudyFileSection):
    """One item of known answers."""

    transcript: Name
    """Public id or origin key of a stored transcript."""
    answers: Annotated[dict[str, str], Field(min_length=1)]
    why: str = ""


class ControlItemsSection(StudyFileSection):
    """Items of known answers, here or in a CSV file."""

    items: tuple[ControlItemEntry, ...] = ()
    csv: Path | None = None
    """Columns transcript, why, and one for each question; an empty cell says nothing of its question."""

    def load_items(self) -> tuple[ControlItem, ...]:
        """All of them. Raises StudyFileError for a CSV file that cannot be read."""
        listed = tuple(ControlItem(item.transcript, dict(item.answers), item.why) for item in self.items)
        return listed + (read_control_items(self.csv) if self.csv else ())


class NormingSection(StudyFileSection):
    """Items that all read first and then discuss."""

    n: Annotated[int, Field(ge=0, le=1000)] = 0


class SamplingSection(StudyFileSection):
    """Which transcripts people label, and who."""

    items: Annotated[int, Field(ge=1)]
    annotators: Annotated[tuple[Pseudonym, ...], Field(min_length=1)]
    overlap: Annotated[int, Field(ge=1)] | None = None
    """Annotators of each transcript; all of them by default."""
    strata: Literal["none", "verdict"] = "none"
    judge: str | None = None
    question: str | None = None
    """The question whose verdicts make the strata; the codebook's first one by default."""
    repeats: Share = 0.0
    repeat_gap: Annotated[int, Field(ge=1)] = 20
    seed: Annotated[int, Field(ge=0)] = 0


class AnalysesSection(StudyFileSection):
    """What will be computed, fixed before anybody labels."""

    unsure: Literal["standard", "category", "missing", "worst-case"] = "standard"
    """What "unsure" counts as in the headline figures; standard: an answer of its own between people, missing where a
    judge is scored. The other ways stand beside it."""
    judge: str | None = None
    """The judge of the headline figures: first in every table and sentence, the others are secondary. By default that of
    the strata, else the one with most verdicts."""
    notes: str = ""
    """The rest of the analysis plan, in words."""


class StudyFile(StudyFileSection):
    """All that a study consists of. Without `draw` it stays a draft."""

    name: Name
    """How researchers call it; annotators never see it."""
    title: Name = "Reading transcripts"
    notice: str = ""
    codebook: str = "default"
    """Name of a codebook of the project, or a TOML file."""
    guideline: Path | None = None
    """A Markdown file; by default the guideline of the project's codebook."""
    draw: SamplingSection | None = None
    qualification: ControlItemsSection = ControlItemsSection()
    attention: ControlItemsSection = ControlItemsSection()
    calibration: NormingSection = NormingSection()
    rules: Rules = Rules()
    """What the desk obeys; `overlap`, `repeats` and `repeat_gap` are fields of the draw."""
    analyses: AnalysesSection = AnalysesSection()
    interim_looks: bool = False
    accept_leaks: str = ""
    """Reason to freeze although nobody has decided on some findings of the leak scan; it goes on record."""

    @field_validator("rules")
    @classmethod
    def refuse_draw_rules(cls, rules: Rules) -> Rules:
        """Refuse among the rules what the draw says, which would go unheard."""
        # the draw's values would silently win over these
        twice = sorted(rules.model_fields_set & RULES_UNDER_DRAW)
        if twice:
            raise PydanticCustomError("of_draw", "{name} belongs under [draw]", {"name": twice[0]})
        return rules

    def build_sampling_plan(self, book: Codebook) -> SamplingPlan | None:
        """The plan to freeze; None without a draw. Raises StudyFileError."""
        if self.draw is None:
            return None
        return SamplingPlan(
            n_items=self.draw.items,
            annotators=self.draw.annotators,
            overlap=self.draw.overlap or len(self.draw.annotators),
            seed=self.draw.seed,
            strata=self.draw.strata,
            judge=self.draw.judge,
            question=self.draw.question or book.questions[0].id,
            repeats=self.draw.repeats,
            repeat_gap=self.draw.repeat_gap,
            # defaults are left out of the hash, but for the policy for unsure: the report quotes that one from the plan
            analyses=self.analyses.model_dump(mode="json", exclude_defaults=True)
            | {"unsure": self.analyses.unsure},
            interim_looks=self.interim_looks,
            qualification=self.qualification.load_items(),
            attention=self.attention.load_items(),
            n_calibration=self.calibration.n,
            rules=self.rules,
        )


def read_study_file(path: Path) -> StudyFile:
    """Read and check a study file; the files that it names are found from its folder. Raises StudyFileError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyFileError(f"{path}: cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyFileError(f"{path}: is not TOML: {error}.") from None
    try:
        return resolve_paths(path.parent, parse_study_file(raw))
    except StudyFileError as error:
        raise StudyFileError(f"{path}: {error}") from None


def parse_study_file(fields: dict[str, Any]) -> StudyFile:
    """The study that these fields describe. Raises StudyFileError."""
    try:
        return StudyFile.model_validate(fields)
    except ValidationError as error:
        raise StudyFileError(describe_validation_error(error)) from None


def describe_validation_error(error: ValidationError) -> str:
    """The first fault of a study file: where, and what is wrong."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "file"
    # pydantic says "extra inputs are not permitted", which tells a researcher little
    say = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{where}: {say[:1].lower()}{say[1:]}."


def resolve_paths(folder: Path, study_file: StudyFile) -> StudyFile:
    """The file with its paths made from the folder that it lies in."""
    changes: dict[str, Any] = {
        part: items.model_copy(update={"csv": folder / items.csv})
        for part, items in (("qualification", study_file.qualification), ("attention", study_file.attention))
        if items.csv
    }
    if study_file.codebook not in BUILTIN_CODEBOOKS:
        changes["codebook"] = str(folder / study_file.codebook)
    if study_file.guideline:
        changes["guideline"] = folder / study_file.guideline
    return study_file.model_copy(update=changes)


def read_control_items(path: Path) -> tuple[ControlItem, ...]:
    """Control items from a CSV file. Raises StudyFileError."""
    try:
        # spreadsheets put a byte order mark before the first column's name
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_control_items(file, str(path))
    except OSError as error:
        raise StudyFileError(f"{path}: cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise StudyFileError(f"{path}: is not CSV in UTF-8: {error}.") from None


def parse_control_items(lines: Iterable[str], name: str) -> tuple[ControlItem, ...]:
    """Control items from the lines of a CSV file; `name` says in errors whose. Raises StudyFileError and csv.Error."""
    reader = csv.DictReader(lines, strict=True)
    if "transcript" not in (reader.fieldnames or ()):
        raise StudyFileError(f"{name}: the first line needs a column transcript.")
    # line 1 holds the names of the columns
    return tuple(parse_control_item(name, number, row) for number, row in enumerate(reader, start=2))


def parse_control_item(path: str, number: int, row: dict[str | None, Any]) -> ControlItem:
    """One line of a CSV file of control items. Raises StudyFileError."""
    # csv puts surplus cells under None, and None into missing ones
    if None in row or None in row.values():
        raise StudyFileError(f"{path}: line {number} has more or fewer cells than the first line.")
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    answers = {name: cell for name, cell in cells.items() if name not in {"transcript", "why"} and cell}
    if not cells["transcript"] or not answers:
        raise StudyFileError(f"{path}: line {number} needs a transcript and one answer at least.")
    return ControlItem(cells["transcript"], answers, cells.get("why", ""))


def create_study_from_file(
    session: Session, study_file: StudyFile, actor: str = RESEARCHER, *, keep_questions: bool = False
) -> tuple[StudyRecord, FreezeResult | None]:
    """Make the study, or describe the draft of this name, and freeze it if the file has a draw.

    With `keep_questions` a draft stays with the codebook and the guideline that it has.
    Raises StudyError, StudyFileError and CodebookError; then nothing of it is to be committed.
    """
    study = ensure_study(session, study_file.name, actor=actor)
    if keep_questions:
        book, guideline = Codebook.model_validate(study.codebook), study.guideline
    else:
        book, guideline = load_codebook(study_file.codebook), read_guideline(study_file)
    study = fill_in_draft(session, study, study_file, book, guideline)
    append_event(
        session,
        actor,
        "study described",
        f"study {study.id}",
        codebook=study.codebook_hash,
        title=study.title,
    )
    plan = study_file.build_sampling_plan(book)
    if plan is None:
        return study, None
    # before the freeze, which cannot be taken back
    check_judges(session, study, plan.judge, plan.analyses.get("judge"))
    drawn = freeze_study(session, study, plan, actor=actor, accept_leaks=study_file.accept_leaks)
    return reload_study(session, study), drawn


@dataclass(frozen=True, slots=True)
class StudyCreationResult:
    """What making a study gave."""

    codebook_label: str
    """Name and version of its codebook."""
    freeze_result: FreezeResult | None
    """None for a draft."""
    links: list[tuple[str, str]]
    """(name, token) of each annotator's new link: the only moment at which the tokens are known."""


def create_study_with_links(
    session: Session, study_file: StudyFile, actor: str, *, days: float, keep_questions: bool = False
) -> StudyCreationResult:
    """`create_study_from_file`, then a link for each annotator, on record. Raises what it raises."""
    study, drawn = create_study_from_file(session, study_file, actor, keep_questions=keep_questions)
    people = drawn.annotator_ids if drawn else ()
    links = invite_annotators(session, study, people, days=days, actor=actor, why="study frozen")
    return StudyCreationResult(f"{study.codebook['name']} {study.codebook['version']}", drawn, links)


def fill_in_draft(
    session: Session, study: StudyRecord, study_file: StudyFile, book: Codebook, guideline: str
) -> StudyRecord:
    """Give a draft its texts and questions; returns it with them. Raises StudyError, see `set_codebook`."""
    described = set_codebook(session, study, book, guideline)
    return update_study(session, described, title=study_file.title, notice=study_file.notice)


def set_codebook(session: Session, study: StudyRecord, book: Codebook, guideline: str) -> StudyRecord:
    """Give a draft its questions; returns it with them.

    Raises StudyError for a frozen study, and for new questions under old labels.
    """
    study = reload_study(session, study)
    if study.frozen_at is not None:
        raise StudyError(
            f"Study {study.name!r} is frozen already; amend it, or give the new study another name."
        )
    has_labels = execute(
        session, select_columns(Label.id).where(col(Label.study_id) == study.id).limit(1)
    ).first()
    # imported labels may be there before the draft has its final questions
    if has_labels and study.codebook_hash != book.compute_hash():
        raise StudyError(
            f"Study {study.name!r} holds labels of another codebook; import them into a new study."
        )
    codebook, codebook_hash = book.model_dump(mode="json"), book.compute_hash()
    return update_study(session, study, codebook=codebook, codebook_hash=codebook_hash, guideline=guideline)


def read_guideline(study_file: StudyFile) -> str:
    """The guideline that goes with the file's codebook. Raises StudyFileError."""
    if study_file.guideline is None:
        return load_guideline(study_file.codebook)
    try:
        return study_file.guideline.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyFileError(
            f"{study_file.guideline}: the guideline cannot be read as text: {error}."
        ) from None


def load_guideline(codebook_name: str) -> str:
    """The project's guideline for one of its codebooks; for a codebook of one's own, the default one."""
    return load_builtin_guideline(codebook_name if codebook_name in BUILTIN_CODEBOOKS else "default")


def check_judges(session: Session, study: StudyRecord, *judges: str | None) -> None:
    """Raise StudyError where a plan names a judge (None: names none) that has read nothing of the study."""
    names = [judge.name for judge in list_judges(session, study)]
    for judge in judges:
        if judge is not None and judge not in names:
            there = ", ".join(names) or "none yet"
            raise StudyError(f"No judge {judge!r} has read study {study.name!r}; there are: {there}.")
