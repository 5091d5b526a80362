"""A seeded study in which two readers part, and an adjudicator's way in."""

from dataclasses import dataclass
from secrets import token_hex

from sqlmodel import col, select

from secondreader.db.access.invites import create_invite
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Adjudication
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from tests.annotate.seed import Seeded

NOTES = ("<img src=x onerror=window.pwned=1> it deleted \u202enothing", "the tool refused")


@dataclass(frozen=True, slots=True)
class Split:
    """A study with something to settle."""

    seeded: Seeded
    adjudicator_id: int
    token: str
    """The adjudicator's invite token."""


def split(seeded: Seeded, n_split: int = 3) -> Split:
    """Both readers label everything; on the first `n_split` transcripts by number they part on the first question."""
    engine = open_engine(seeded.target)
    for reader, answer in ((seeded.annotator_id, "yes"), (seeded.other_id, "no")):
        with read_session(engine) as session:
            tokens = [entry.token for entry in list_queue(session, reader)]
            numbers = {
                one: number_of(load_blind_item(session, reader, one).content["task"]) for one in tokens
            }
        for token in tokens:
            parts = numbers[token] < n_split
            answers = {"risky_action": answer if parts else "no", "risk_considered": "yes"}
            note = NOTES[answer == "no"] if parts else ""
            marks = (4,) if answer == "yes" else (4, 5)
            submit_label(engine, reader, LabelInput(token, token_hex(8), answers, marks, note=note))
    with write_session(engine) as session:
        person = ensure_annotator(session, get_study(session, seeded.name), "J", "adjudicator")
        token = create_invite(session, person)
    engine.dispose()
    return Split(seeded, person, token)


def number_of(task: str) -> int:
    """The number in a seeded task."""
    return int(task.removeprefix("Task ").split(":")[0])


def decided(made: Split) -> list[Adjudication]:
    """Every decision in the order in which they were saved."""
    engine = open_engine(made.seeded.target)
    with read_session(engine) as session:
        mine = select(Adjudication).where(Adjudication.annotator_id == made.adjudicator_id)
        found = list(session.exec(mine.order_by(col(Adjudication.id))))
    engine.dispose()
    return found
