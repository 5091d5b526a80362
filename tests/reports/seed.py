"""Small studies for the tests of the reports, built through the store's own doors."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from secondreader.db.core.codebook import Answer, Codebook, Question
from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.research.items import load_queued_items
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.databases import reuse_engine

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> ![x](http://evil.example/x.png) \"&amp;'"
    " [y](javascript:alert(3)) $$\\href{javascript:alert(4)}{z}$$ \x1b]0;evil\x07\x9b2J\u202e"
)
JUDGES = ("judge-a / risk.v1", "judge-b / risk.v1")
NOTICE = "illustrative sample, written by hand"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a seeded study holds."""

    n: int = 80
    per_scenario: int = 2
    annotators: tuple[str, ...] = ("Ada", "Ben", "Cleo")
    judges: tuple[str, ...] = JUDGES
    rate: float = 0.35
    labelled: float = 1.0
    """Share of each queue that is labelled."""
    hostile: str = ""
    """Put into every name and text where it is not empty."""
    planted: str = ""
    """A motive in which the first judge misses nearly every risky transcript."""
    unparsed: int = 5
    """Every n-th verdict has no answer; 0: none."""
    overlap: int | None = None
    """Readers of each transcript; all annotators without it."""
    interim: bool = True
    """Whether the plan allows judge and people to be compared at once."""
    headline: str = ""
    """The judge that the plan names for the headline figures, if any; the first judge makes the strata."""


class Library:
    """Seeded databases, one a shape, made when first asked for: seeding takes longer than reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[Shape, Path] = {}

    def path(self, shape: Shape) -> Path:
        """The database of this shape; not to be written to."""
        if shape not in self.made:
            path = self.folder / f"{len(self.made)}.db"
            engine = open_engine(str(path))
            make_study(engine, shape)
            engine.dispose()
            self.made[shape] = path
        return self.made[shape]

    def copy(self, shape: Shape, target: str) -> Engine:
        """An engine on a copy of it."""
        shutil.copy(self.path(shape), target)
        return reuse_engine(target)


Seeded = Callable[[Shape], Engine]
"""Gives an engine on a copy of a shape's database."""


def content(i: int, risky: bool, hostile: str) -> Content:
    """A short transcript."""
    call = ToolCall(name="send_mail", arguments={"to": "all", "n": i})
    return Content(
        background="An office.",
        task=f"Task {i} {hostile}",
        messages=(
            Message(role="user", text=f"Please do task {i}. {hostile}"),
            Message(role="assistant", text="Done." if risky else "I asked first.", tool_calls=(call,)),
            Message(role="tool", tool="send_mail", text=f"sent {hostile}"),
        ),
    )


def make_study(engine: Engine, shape: Shape | None = None, name: str = "s") -> None:
    """A study labelled at the desk."""
    shape = shape or Shape()
    rng = random.Random(5)
    truth = [rng.random() < shape.rate for _ in range(shape.n)]
    hostile = shape.hostile
    with write_session(engine) as session:
        study = ensure_study(session, name, title=f"Title {hostile}".strip(), notice=NOTICE)
        stored = add_transcripts(
            session,
            [
                NewTranscript(
                    origin_key=f"{name}:{i}",
                    cluster=f"scenario-{i // shape.per_scenario}",
                    content=content(i, truth[i], hostile),
                    model=f"model-{i % 2}{hostile}",
                    condition={"persona": ("none", "risk-averse")[i // shape.per_scenario % 2]},
                    attributes={"motive": f"motive-{i // shape.per_scenario % 4}{hostile}", "turns": i % 9},
                )
                for i in range(shape.n)
            ],
        )
        add_to_pool(session, study, stored.ids)
        for judge in shape.judges:
            add_verdicts(session, verdicts(judge, stored.ids, truth, shape, rng))
        if shape.annotators:
            plan = SamplingPlan(
                n_items=max(shape.n * 3 // 4, 1),
                annotators=tuple(f"{annotator}{hostile}" for annotator in shape.annotators),
                overlap=shape.overlap or len(shape.annotators),
                seed=1,
                strata="verdict" if shape.judges else "none",
                judge=shape.judges[0] if shape.judges else None,
                repeats=0.1,
                interim_looks=shape.interim,
                analyses={"judge": shape.headline} if shape.headline else {},
            )
            freeze_study(session, study, plan)
    by_id = dict(zip(stored.ids, truth, strict=True))
    for offset in range(len(shape.annotators)):
        label_queue(engine, name, by_id, shape, offset, rng)


def verdicts(
    judge: str, ids: tuple[int, ...], truth: list[bool], shape: Shape, rng: random.Random
) -> list[NewVerdict]:
    """A judge that misses a third of the risky ones."""
    made = []
    for i, (row, risky) in enumerate(zip(ids, truth, strict=True)):
        lost = shape.unparsed and i % shape.unparsed == shape.unparsed - 1
        blind = shape.planted == f"motive-{i // shape.per_scenario % 4}" and judge == JUDGES[0]
        says = rng.random() > (0.97 if blind else 0.25) if risky else rng.random() < 0.06
        answers = {"risky_action": "yes" if says else "no", "risk_considered": "no"}
        made.append(
            NewVerdict(
                row,
                judge,
                f"key-{judge}",
                "unparsed" if lost else "parsed",
                {} if lost else answers,
                evidence=(1,),
                rationale=f"Because it acted. {shape.hostile}",
                raw="I cannot say" if lost else None,
            )
        )
    return made


def label_queue(
    engine: Engine, name: str, truth: dict[int, bool], shape: Shape, offset: int, rng: random.Random
) -> None:
    """One annotator labels their queue, right in nine of ten, sometimes unsure."""
    with read_session(engine) as session:
        study = ensure_study(session, name)
        names = [f"{annotator}{shape.hostile}" for annotator in shape.annotators]
        person = ensure_annotator(session, study, names[offset])
        entries, items = list_queue(session, person), load_queued_items(session, person)
    for entry in entries[: round(len(entries) * shape.labelled)]:
        risky = truth[items[entry.token]]
        answer = "unsure" if rng.random() < 0.04 else ("yes" if risky != (rng.random() < 0.1) else "no")
        given = {"risky_action": answer, "risk_considered": "no"}
        if answer == "yes":
            given["loss_of_control"] = "misalignment"
        submit_label(
            engine,
            person,
            LabelInput(
                entry.token,
                f"{person}-{entry.token}",
                dict(given),
                evidence=(1,),
                note=f"note {shape.hostile}",
                active_seconds=20.0 + rng.random() * 60,
            ),
        )


def make_import(engine: Engine, name: str = "imported") -> None:
    """A study of imported labels on a codebook with the answers 0, 1 and 2, without text."""
    book = Codebook(
        name="preference",
        version="1",
        questions=(
            Question(
                id="better",
                text="Which answer is better?",
                answers=tuple(Answer(value=value, label=value) for value in ("1", "2", "0")),
            ),
        ),
    )
    rng = random.Random(3)
    with write_session(engine) as session:
        study = ensure_study(session, name, codebook=book, guideline="Compare.")
        stored = add_transcripts(session, [NewTranscript(f"{name}:{i}", f"c{i}", None) for i in range(60)])
        add_to_pool(session, study, stored.ids)
        people = [ensure_annotator(session, study, name, source="import") for name in ("h1", "h2", "h3")]
        for i, row in enumerate(stored.ids):
            best = rng.choice("120")
            for person in people:
                answer = best if rng.random() < 0.85 else rng.choice("120")
                label = ImportedLabel(row, person, {"better": answer}, f"{name}:{i}:{person}")
                add_imported_labels(session, study, [label])
            add_verdicts(session, [NewVerdict(row, "j", "jk", "parsed", {"better": best})])
