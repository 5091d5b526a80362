"""A study with a shared queue, for tests."""

from collections import Counter
from functools import cache

from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.content import Content, Message
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Label
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts

ANSWERS = {"risky_action": "no", "risk_considered": "yes"}


def shared_study(
    engine: Engine,
    people: int,
    items: int,
    overlap: int,
    *,
    spare: int = 0,
    minutes: int = 30,
    repeats: float = 0.0,
    gap: int = 20,
) -> tuple[int, ...]:
    """An open study, `spare` transcripts of whose pool were not sampled; the ids of its people."""
    names = tuple(f"A{number}" for number in range(people))
    rules = Rules(queue="shared", lease_minutes=minutes)
    with write_session(engine) as session:
        study = ensure_study(session, "shared", title="Reading")
        texts = [Content(messages=(Message(role="user", text=f"number {i}"),)) for i in range(items + spare)]
        new = [NewTranscript(f"o{number}", f"c{number}", text) for number, text in enumerate(texts)]
        add_to_pool(session, study, add_transcripts(session, new).ids)
        plan = SamplingPlan(items, names, overlap, seed=5, repeats=repeats, repeat_gap=gap, rules=rules)
        drawn = freeze_study(session, study, plan)
    return tuple(drawn.annotator_ids[name] for name in names)


def readers_by_item(engine: Engine) -> Counter[int]:
    """How many people have labelled each transcript, repeats left out; fails where somebody labelled one twice."""
    with read_session(engine) as session:
        labels = session.exec(select(Label).where(Label.revision == 1, Label.pass_no == 1)).all()
    pairs = {(label.annotator_id, label.transcript_id) for label in labels}
    assert len(pairs) == len(labels), "somebody labelled a transcript twice"
    return Counter(transcript for _, transcript in pairs)


def open_tokens(engine: Engine, person: int) -> list[str]:
    """What the person holds and has not labelled."""
    with read_session(engine) as session:
        return [entry.token for entry in list_queue(session, person) if not entry.is_labelled]


@cache
def migrated() -> Engine:
    """A migrated SQLite database in memory."""
    return open_engine("sqlite://")


def memory_engine() -> Engine:
    """A copy of it: each example of a state machine has a database of its own, and migrating takes longer than the example."""
    made = open_engine("sqlite://", migrate=False)
    with migrated().connect() as source, made.connect() as target:
        source.connection.driver_connection.backup(target.connection.driver_connection)  # type: ignore[union-attr]
    return made
