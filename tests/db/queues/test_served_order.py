"""What comes first says nothing: served order, ids and tokens against verdict, model and the order of the import, over many seeds."""

import random
from collections.abc import Iterator, Sequence
from math import sqrt

import pytest
from sqlmodel import col

from secondreader.db.adjudication.disputes import RatedItem
from secondreader.db.adjudication.items import AdjudicatorContext, compute_item_token
from secondreader.db.core.codebook import load_default_codebook
from secondreader.db.core.content import Content, Message
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import (
    Database,
    execute,
    open_engine,
    read_session,
    select_columns,
    write_session,
)
from secondreader.db.core.tables import Assignment, StudyItem, Transcript, Verdict
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.desk.shared_queue import take_next
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts

PEOPLE = tuple(f"A{number}" for number in range(4))
N_POOL, N_ITEMS = 60, 12
STUDIES = 24
Served = list[tuple[int, ...]]
"""Transcript ids of each person's queue, in order."""


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A pool sorted as an import may be: all of one model first, verdicts of yes before those of no."""
    made = open_engine(str(tmp_path_factory.mktemp("order") / "study.db"))
    with write_session(made) as session:
        content = Content(messages=(Message(role="user", text="hello"),))
        new = [
            NewTranscript(f"k{i}", f"c{i % 7}", content, model="early" if i < N_POOL // 2 else "late")
            for i in range(N_POOL)
        ]
        ids = add_transcripts(session, new).ids
        answer = {True: "yes", False: "no"}
        add_verdicts(
            session,
            [
                NewVerdict(row, "j", "jk", "parsed", {"risky_action": answer[i % (N_POOL // 2) < 8]})
                for i, row in enumerate(ids)
            ],
        )
    yield made
    made.dispose()


def frozen(owner: Database, kind: str, seed: int, **more: object) -> tuple[int, ...]:
    """One more study over the whole pool; its people. Half of the transcripts sampled are risky to the judge."""
    with write_session(owner) as session:
        study = ensure_study(session, f"{kind} {seed} {sorted(more)}")
        add_to_pool(session, study, [row for (row,) in execute(session, select_columns(Transcript.id)).all()])
        plan = SamplingPlan(
            N_ITEMS,
            PEOPLE,
            len(PEOPLE),
            seed=seed,
            strata="verdict",
            judge="j",
            rules=Rules(queue=kind),
            **more,  # type: ignore[arg-type]
        )
        drawn = freeze_study(session, study, plan)
    return tuple(drawn.annotator_ids[name] for name in PEOPLE)


def taken_in_turn(owner: Database, people: Sequence[int], seed: int) -> None:
    """A shared queue as people fill it: whoever is ready next takes one more assignment."""
    turns = [person for person in people for _ in range(N_ITEMS)]
    random.Random(seed).shuffle(turns)
    held = dict.fromkeys(people, 0)
    with write_session(owner) as session:
        for person in turns:
            held[person] += 1
            take_next(session, person, held[person])


def orders(owner: Database, people: Sequence[int]) -> Served:
    """What each person reads, in order."""
    with read_session(owner) as session:
        return [
            tuple(
                execute(
                    session,
                    select_columns(StudyItem.transcript_id)
                    .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
                    .where(col(Assignment.annotator_id) == person, col(Assignment.pass_no) == 1)
                    .order_by(col(Assignment.position)),
                ).scalars()
            )
            for person in people
        ]


def facts(owner: Database) -> dict[str, dict[int, float]]:
    """What must not show in an order: verdict, model and position in the import, by transcript id."""
    with read_session(owner) as session:
        models = {
            row: model for row, model in execute(session, select_columns(Transcript.id, Transcript.model))
        }
        verdicts = {
            row: answers
            for row, answers in execute(session, select_columns(Verdict.transcript_id, Verdict.answers))
        }
    return {
        "verdict": {row: float(answers["risky_action"] == "yes") for row, answers in verdicts.items()},
        "model": {row: float(model == "late") for row, model in models.items()},
        "import": {row: float(row) for row in models},
    }


def deviation(studies: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float:
    """How far values go along with positions, in standard errors: about 0 where each order is as likely as any other.

    A study is (values, places) of its items. The sum of (value - mean)(place - mean) has the variance S_vv S_pp / (n - 1) over
    all orders of the items (Hoeffding 1951, A combinatorial central limit theorem). Places of several people are added up
    first: in a shared queue their orders are alike, where an item that somebody has begun comes before a fresh one.
    """
    total = variance = 0.0
    for values, positions in studies:
        n, v, p = len(values), sum(values) / len(values), sum(positions) / len(positions)
        total += sum((value - v) * (position - p) for value, position in zip(values, positions, strict=True))
        spread = sum((value - v) ** 2 for value in values) * sum(
            (position - p) ** 2 for position in positions
        )
        variance += spread / (n - 1)
    return total / sqrt(variance)


def of_study(queues: Served, values: dict[int, float]) -> tuple[list[float], list[float]]:
    """The items of one study, which all its people read: (values, sums of positions)."""
    items = sorted(queues[0])
    return [values[item] for item in items], [float(sum(one.index(item) for one in queues)) for item in items]


@pytest.mark.parametrize("kind", ["fixed", "shared"])
def test_served_order_knows_neither_verdict_nor_model_nor_import(owner: Database, kind: str) -> None:
    """Over many seeds positions go along with none of them, and what comes first or last is as often risky as chance has it."""
    studies: list[Served] = []
    for seed in range(STUDIES):
        people = frozen(owner, kind, seed)
        if kind == "shared":
            taken_in_turn(owner, people, seed)
        studies.append(orders(owner, people))
    served = [one for study in studies for one in study]
    assert len(served) == STUDIES * len(PEOPLE)
    assert {len(one) for one in served} == {N_ITEMS}
    for name, values in facts(owner).items():
        assert abs(deviation([of_study(study, values) for study in studies])) < 4, name
    assert kind == "shared" or len(set(served)) == len(served), "two people have the same order"


def test_the_measure_sees_an_order_that_tells(owner: Database) -> None:
    """Queues in which one risky transcript in four comes before its time are beyond the limit of the test above."""
    risky, rng, studies = facts(owner)["verdict"], random.Random(1), []
    items = orders(owner, frozen(owner, "fixed", 999))[0]
    for _ in range(STUDIES):
        queues = []
        for _ in PEOPLE:
            order = rng.sample(items, len(items))
            early = [row for row in order if risky[row] and rng.random() < 0.25]
            queues.append((*early, *(row for row in order if row not in early)))
        studies.append(of_study(queues, risky))
    assert deviation(studies) < -4


def test_repeats_are_no_more_often_risky_than_other_items(owner: Database) -> None:
    """Which items return is chance: in all queues together, the share of risky ones among repeats is that of the queue."""
    n_risky = n_repeats = 0
    share = 0.0
    of = facts(owner)["verdict"]
    for seed in range(STUDIES):
        people = frozen(owner, "fixed", seed, repeats=0.25, repeat_gap=4)
        with read_session(owner) as session:
            again = execute(
                session,
                select_columns(StudyItem.transcript_id)
                .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
                .where(col(Assignment.annotator_id).in_(people), col(Assignment.pass_no) == 2),
            ).scalars()
            returned = list(again)
        n_repeats += len(returned)
        n_risky += int(sum(of[row] for row in returned))
        share = sum(of[row] for row in orders(owner, people)[0]) / N_ITEMS
    assert n_repeats == STUDIES * len(PEOPLE) * 3
    assert abs(n_risky - share * n_repeats) < 4 * sqrt(n_repeats * share * (1 - share))


def test_ids_and_tokens_are_drawn_from_a_hat(owner: Database) -> None:
    """Public ids, tokens of assignments and of an adjudicator's list, sorted: neither import, verdict, model nor position shows."""
    people = frozen(owner, "fixed", 4711)
    of = facts(owner)
    with read_session(owner) as session:
        public = dict(execute(session, select_columns(Transcript.public_id, Transcript.id)).all())
        positions = execute(
            session,
            select_columns(Assignment.token, StudyItem.transcript_id, Assignment.position)
            .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
            .where(col(Assignment.annotator_id).in_(people)),
        ).all()
    context = AdjudicatorContext(people[0], 7, 1, "open", load_default_codebook(), Rules())
    listed = {compute_item_token(context, RatedItem(row, name, (), 0)): row for name, row in public.items()}
    tokens = {token: row for token, row, _ in positions}
    for found in (public, tokens, listed):
        assert {len(name) for name in found} == {32}
        for name, values in of.items():
            # ids are random anew at each run: 5 standard errors come once in 1.7 million tests
            assert abs(deviation([([values[found[one]] for one in sorted(found)], range(len(found)))])) < 5, (
                name
            )
    by_token = [float(position) for _, _, position in sorted(positions)]
    assert abs(deviation([(by_token, range(len(positions)))])) < 5
    assert not {name[:8] for name in public} & {name[:8] for name in tokens}
