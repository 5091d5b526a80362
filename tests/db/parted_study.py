"""A study with qualification, norming and attention items, for tests."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine

from secondreader.db.core.content import Content, Message
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.desk.labels import LabelInput, SavedLabel, submit_label
from secondreader.db.desk.queue_entries import QueueEntry, list_queue
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts

NO = {"risky_action": "no", "risk_considered": "no"}
YES = {"risky_action": "yes", "risk_considered": "yes", "loss_of_control": "malfunction"}
RIGHT = {"risky_action": "no"}

PLAN = SamplingPlan(
    12,
    ("A1", "A2", "A3"),
    2,
    seed=4,
    qualification=tuple(ControlItem(f"k{i}", RIGHT, f"reason {i}") for i in range(4)),
    attention=(ControlItem("k4", RIGHT, "hidden"), ControlItem("k5", RIGHT, "hidden")),
    n_calibration=3,
    rules=Rules(qualification_threshold=0.75, qualification_rounds=2),
)


def fill_pool(engine: Engine, n: int = 30) -> None:
    """A draft "s": transcripts k0 ... of five clusters and two models; every fourth has a verdict of yes."""
    with write_session(engine) as session:
        study = ensure_study(session, "s", title="Reading")
        content = Content(messages=(Message(role="user", text="hello"),))
        new = [NewTranscript(f"k{i}", f"c{i % 5}", content, model=f"m{i % 2}") for i in range(n)]
        stored = add_transcripts(session, new)
        add_to_pool(session, study, stored.ids)
        add_verdicts(
            session,
            [
                NewVerdict(row, "j", "jk", "parsed", {"risky_action": "yes" if i % 4 == 0 else "no"})
                for i, row in enumerate(stored.ids)
            ],
        )


def parted_study(engine: Engine, n: int = 30, **changes: object) -> dict[str, int]:
    """The study of PLAN with `changes`, open; ids of its people by name."""
    fill_pool(engine, n)
    with write_session(engine) as session:
        plan = replace(PLAN, **changes)  # type: ignore[arg-type]
        return freeze_study(session, ensure_study(session, "s"), plan).annotator_ids


def entries(engine: Engine, person: int) -> list[QueueEntry]:
    """The queue as the desk has it."""
    with read_session(engine) as session:
        return list_queue(session, person)


def label(engine: Engine, person: int, token: str, answers: dict[str, str] = NO, tag: str = "") -> SavedLabel:
    """Answer one assignment."""
    return submit_label(engine, person, LabelInput(token, f"{tag}{person}{token}", answers))


def label_all(engine: Engine, person: int, answers: Sequence[dict[str, str]] = (NO,)) -> None:
    """Answer all open assignments of the queue as it stands; `answers` in turn, the last one for the rest."""
    todo = [one.token for one in entries(engine, person) if not one.is_labelled]
    for number, token in enumerate(todo):
        label(engine, person, token, answers[min(number, len(answers) - 1)])
