"""A seeded study in which two annotators disagree, and an adjudicator's way in."""

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
from tests.databases import reuse_engine

NOTES = ("<img src=x onerror=window.pwned=1> it deleted \u202enothing", "the tool refused")


@dataclass(frozen=True, slots=True)
class DisputedStudy:
    """A study with something to settle."""

    seeded: Seeded
    adjudicator_id: int
    token: str
    """The adjudicator's invite token."""


def create_disputes(seeded: Seeded, n_disputed: int = 3) -> DisputedStudy:
    """Both annotators label everything; on the first `n_disputed` transcripts by number they disagree on the first question."""
    engine = reuse_engine(seeded.target)
    for annotator_id, answer in ((seeded.annotator_id, "yes"), (seeded.other_id, "no")):
        with read_session(engine) as session:
            tokens = [entry.token for entry in list_queue(session, annotator_id)]
            numbers = {
                one: number_of(load_blind_item(session, annotator_id, one).content["task"]) for one in tokens
            }
        for token in tokens:
            is_disputed = numbers[token] < n_disputed
            answers = {"risky_action": answer if is_disputed else "no", "risk_considered": "yes"}
            note = NOTES[answer == "no"] if is_disputed else ""
            marks = (4,) if answer == "yes" else (4, 5)
            submit_label(engine, annotator_id, LabelInput(token, token_hex(8), answers, marks, note=note))
    with write_session(engine) as session:
        person = ensure_annotator(session, get_study(session, seeded.name), "J", "adjudicator")
        token = create_invite(session, person)
    engine.dispose()
    return DisputedStudy(seeded, person, token)


def number_of(task: str) -> int:
    """The number in a seeded task."""
    return int(task.removeprefix("Task ").split(":")[0])


def list_decisions(disputed: DisputedStudy) -> list[Adjudication]:
    """Every decision in the order in which they were saved."""
    engine = open_engine(disputed.seeded.target)
    with read_session(engine) as session:
        mine = select(Adjudication).where(Adjudication.annotator_id == disputed.adjudicator_id)
        found = list(session.exec(mine.order_by(col(Adjudication.id))))
    engine.dispose()
    return found
