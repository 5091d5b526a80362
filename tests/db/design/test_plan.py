"""Freezing a plan: probabilities are exact, loads are even, order tells nothing, and nothing changes afterwards."""

from collections import Counter, defaultdict

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import execute, open_engine, read_session, select_columns, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.tables import Assignment, StudyItem, Transcript
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.snapshots import list_drawn_items

CONTENT = Content(messages=(Message(role="user", text="hello"),))


def make_pool(engine: Engine, n: int = 40) -> None:
    """A study "s" whose every fourth transcript a judge calls risky; the last one has no text."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        stored = add_transcripts(
            session,
            [
                NewTranscript(f"k{i}", f"c{i % 5}", CONTENT if i < n - 1 else None, model=f"m{i % 2}")
                for i in range(n)
            ],
        )
        add_to_pool(session, study, stored.ids)
        add_verdicts(
            session,
            [
                NewVerdict(row, "j", "jk", "parsed", {"risky_action": "yes" if i % 4 == 0 else "no"})
                for i, row in enumerate(stored.ids)
            ],
        )


def test_strata_carry_their_exact_inclusion_probability(engine: Engine) -> None:
    """Half the draw comes from each verdict; every item's probability is the number sampled over the number available."""
    make_pool(engine)
    with write_session(engine) as session:
        freeze_study(
            session, get_study(session, "s"), SamplingPlan(12, ("A1",), 1, strata="verdict", judge="j")
        )
    with read_session(engine) as session:
        drawn = list_drawn_items(session, get_study(session, "s"))
    assert Counter(one.stratum for one in drawn) == {"yes": 6, "no": 6}
    assert {one.stratum: one.inclusion_probability for one in drawn} == {
        "yes": pytest.approx(6 / 10),
        "no": pytest.approx(6 / 29),
    }


def test_everyone_gets_the_same_load_in_another_order(engine: Engine) -> None:
    """Each item has exactly `overlap` annotators, loads differ by one at the most, orders differ."""
    make_pool(engine)
    with write_session(engine) as session:
        plan = SamplingPlan(20, ("A1", "A2", "A3"), 2, seed=5)
        people = freeze_study(session, get_study(session, "s"), plan).annotator_ids
    with read_session(engine) as session:
        rows = session.exec(select(Assignment)).all()
    readers = Counter(row.study_item_id for row in rows)
    loads = Counter(row.annotator_id for row in rows)
    assert set(readers.values()) == {2}
    assert len(readers) == 20
    assert max(loads.values()) - min(loads.values()) <= 1
    orders = {
        person: [
            row.study_item_id
            for row in sorted(rows, key=lambda row: row.position)
            if row.annotator_id == person
        ]
        for person in people.values()
    }
    shared = [set(orders[a]) & set(orders[b]) for a, b in [(1, 2), (1, 3)]]
    assert [i for i in orders[1] if i in shared[0]] != [i for i in orders[2] if i in shared[0]]
    assert [i for i in orders[1] if i in shared[1]] != [i for i in orders[3] if i in shared[1]]


def test_the_same_seed_draws_the_same_study(
    sqlite_target: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A plan and its seed say everything: the hash of two independent databases agrees."""
    hashes = []
    for target in (sqlite_target, str(tmp_path_factory.mktemp("again") / "study.db")):
        engine = open_engine(target)
        make_pool(engine)
        with write_session(engine) as session:
            hashes.append(
                freeze_study(
                    session, get_study(session, "s"), SamplingPlan(9, ("A1", "A2"), 1, seed=8)
                ).plan_hash
            )
        engine.dispose()
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (SamplingPlan(0, ("A",), 1), "at least 1 item"),
        (SamplingPlan(5, (), 1), "different names"),
        (SamplingPlan(5, ("A", "A"), 1), "different names"),
        (SamplingPlan(5, ("A",), 2), "overlap"),
        (SamplingPlan(5, ("A",), 1, strata="model"), "strata"),
        (SamplingPlan(5, ("A",), 1, strata="verdict"), "name of a judge"),
        (SamplingPlan(5, ("A",), 1, repeats=0.9), "repeats"),
        (SamplingPlan(5, ("A",), 1, repeats=0.1, repeat_gap=0), "At least 1 other"),
    ],
)
def test_a_plan_that_does_not_add_up_changes_nothing(
    sqlite_target: str, plan: SamplingPlan, says: str
) -> None:
    """Each fault is one sentence, and the study stays a draft."""
    engine = open_engine(sqlite_target)
    make_pool(engine)

    def try_it() -> None:
        with write_session(engine) as session:
            freeze_study(session, get_study(session, "s"), plan)

    with pytest.raises(StudyError, match=says):
        try_it()
    with read_session(engine) as session:
        assert get_study(session, "s").status == "draft"
        assert session.exec(select(Assignment)).first() is None
    engine.dispose()


def test_a_frozen_study_keeps_its_pool_and_plan(engine: Engine) -> None:
    """Neither a second freeze nor a later import changes a frozen study; both are reported."""
    make_pool(engine)
    with write_session(engine) as session:
        study = get_study(session, "s")
        freeze_study(session, study, SamplingPlan(5, ("A1",), 1))
        with pytest.raises(StudyError, match="frozen already"):
            freeze_study(session, study, SamplingPlan(5, ("A1",), 1))
        late = add_transcripts(session, [NewTranscript("late", "c", CONTENT)])
        with pytest.raises(StudyError, match="frozen"):
            add_to_pool(session, study, late.ids)
        assert add_to_pool(session, study, [1, 2]) == 0
        assert find_first_broken_event(session) is None


def test_served_order_says_nothing_of_verdict_or_model(sqlite_target: str) -> None:
    """Over 300 seeds, neither a risky verdict nor a model comes earlier than the other (permutation of positions)."""
    engine = open_engine(sqlite_target)
    make_pool(engine)
    with write_session(engine) as session:
        study = get_study(session, "s")
        plan = SamplingPlan(39, tuple(f"A{i}" for i in range(300)), 300, seed=1)
        freeze_study(session, study, plan)
        rows = execute(
            session,
            select_columns(Assignment.position, Transcript.origin_key, Transcript.model)
            .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
            .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id)),
        ).all()
    positions: dict[str, list[int]] = defaultdict(list)
    for position, key, model in rows:
        positions["risky" if int(key[1:]) % 4 == 0 else "other"].append(position)
        positions[model].append(position)
    mean = {name: sum(values) / len(values) for name, values in positions.items()}
    # 300 queues: a mean position of about n_h * 300 uniform draws on 1..39 (sd 11.3), so 4 standard errors are < 1.
    assert abs(mean["risky"] - mean["other"]) < 1
    assert abs(mean["m0"] - mean["m1"]) < 1
    engine.dispose()
