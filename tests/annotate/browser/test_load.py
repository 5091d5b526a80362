"""Many people at once at the desk's own connection: nothing lost, nothing doubled, every queue in its order."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlmodel import col, select

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import Database, open_engine, read_session, write_session
from secondreader.db.core.errors import DeskError
from secondreader.db.core.tables import Draft, Label
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import QueueEntry, compute_progress, list_queue
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from tests.databases import open_desk

ITEMS = 8


@dataclass
class Sitting:
    """What one simulated person did and was told."""

    order: list[str]
    """The queue as it was at the start."""
    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By client token: the label id that was answered, and the answer that was given."""
    refused: int = 0
    """Submits that came after another answer to the same transcript."""


def crowd(owner: Database, people: int) -> tuple[int, ...]:
    """A study in which everybody reads everything; the annotators' ids."""
    texts = [
        Content(messages=(Message(role="user", text=f"transcript {number}"),)) for number in range(ITEMS)
    ]
    names = tuple(f"A{number}" for number in range(people))
    with write_session(owner) as session:
        study = ensure_study(session, "load")
        new = [NewTranscript(f"o{number}", f"c{number}", text) for number, text in enumerate(texts)]
        add_to_pool(session, study, add_transcripts(session, new).ids)
        drawn = freeze_study(session, study, SamplingPlan(ITEMS, names, people, seed=3))
    return tuple(drawn.annotator_ids[name] for name in names)


def create_submits(entries: Sequence[QueueEntry], rng: random.Random, person: int) -> list[LabelInput]:
    """One intended label an assignment; of some a second one from another tab, of all perhaps doubles, a little out of order."""
    sent = []
    for entry in entries:
        tabs = 2 if rng.random() < 0.2 else 1
        for tab in range(tabs):
            answer = rng.choice(["yes", "no", "unsure"])
            answers = {"risky_action": answer, "risk_considered": "yes"}
            if answer == "yes":
                answers["loss_of_control"] = "misuse"
            label = LabelInput(
                entry.token, f"{person:04d}-{entry.position:04d}-{tab}", answers, expected_revision=0
            )
            sent += [label] * rng.choice([1, 2, 2, 3])
    # A submit is overtaken by those close behind it, as on a bad line.
    return [label for _, label in sorted(enumerate(sent), key=lambda pair: pair[0] + rng.uniform(0, 5))]


def sit(desk: Database, person: int, seed: int) -> Sitting:
    """Read, keep drafts, submit doubled and reordered, and replay the whole sitting's beginning at the end."""
    rng = random.Random(seed)
    with read_session(desk) as session:
        entries = list_queue(session, person)
    done = Sitting([entry.token for entry in entries])
    sent = create_submits(entries, rng, person)
    for label in [*sent, *rng.sample(sent, len(sent) // 3)]:
        if rng.random() < 0.3:
            look_and_draft(desk, person, label.token, rng)
        try:
            saved = submit_label(desk, person, label)
        except DeskError:
            done.refused += 1
            continue
        known = done.acknowledged.setdefault(
            label.client_token, (saved.label_id, label.answers["risky_action"])
        )
        assert known[0] == saved.label_id, "two answers to one submit"
    return done


def look_and_draft(desk: Database, person: int, token: str, rng: random.Random) -> None:
    """What the page does between two submits."""
    with read_session(desk) as session:
        item = load_blind_item(session, person, token)
    with write_session(desk) as session:
        save_draft(session, person, token, {"note": f"{rng.random()}", "revision": item.revision})


def check(owner: Database, people: Sequence[int], sittings: Sequence[Sitting]) -> None:
    """Every acknowledged label is there with its own answer, no other is, and every queue is complete and in order."""
    with read_session(owner) as session:
        labels = session.exec(select(Label).order_by(col(Label.id))).all()
        drafts = session.exec(select(Draft)).all()
        queues = [list_queue(session, person) for person in people]
        counts = [compute_progress(session, person) for person in people]
    told = {
        (label_id, client_token, answer)
        for sitting in sittings
        for client_token, (label_id, answer) in sitting.acknowledged.items()
    }
    assert {(label.id, label.client_token, label.answers["risky_action"]) for label in labels} == told
    assert Counter(label.assignment_id for label in labels).most_common(1)[0][1] == 1
    assert len(labels) == len(people) * ITEMS
    for sitting, entries, count in zip(sittings, queues, counts, strict=True):
        assert [entry.token for entry in entries] == sitting.order
        assert all(entry.is_labelled for entry in entries)
        assert (count.n_labelled, count.n_total) == (ITEMS, ITEMS)
    assert len(drafts) == len({draft.assignment_id for draft in drafts})


@pytest.mark.parametrize(
    ("fixture", "people"), [("sqlite_target", 20), ("postgres_target", 50)], ids=["sqlite", "postgresql"]
)
def test_no_label_is_lost_or_doubled_by_a_crowd(
    fixture: str, people: int, request: pytest.FixtureRequest
) -> None:
    """Everybody at once, each submit doubled, replayed and overtaken: one label an assignment, the one that was acknowledged."""
    owner = open_engine(request.getfixturevalue(fixture))
    ids = crowd(owner, people)
    desk = open_desk(owner)
    with ThreadPoolExecutor(people) as pool:
        sittings = list(
            pool.map(lambda pair: sit(desk, *pair), [(one, seed) for seed, one in enumerate(ids)])
        )
    desk.dispose()
    check(owner, ids, sittings)
    assert sum(sitting.refused for sitting in sittings) > 0, "no two tabs ever met"
    owner.dispose()


def test_one_submit_from_many_threads_is_one_label(database_target: str) -> None:
    """The same click, delivered by eight connections at the same moment, is answered eight times with one label."""
    owner = open_engine(database_target)
    (person,) = crowd(owner, 1)
    desk = open_desk(owner)
    with read_session(desk) as session:
        token = list_queue(session, person)[0].token
    answers = {"risky_action": "no", "risk_considered": "no"}
    label = LabelInput(token, "the-same-click", answers, expected_revision=0)
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda one: submit_label(desk, person, one), [label] * 8))
    desk.dispose()
    owner.dispose()
    assert len({one.label_id for one in saved}) == 1
    assert sum(not one.is_replay for one in saved) == 1
