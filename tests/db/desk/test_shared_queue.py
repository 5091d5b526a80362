"""The shared queue: nobody waits for a fixed queue, and no transcript is read by more people than wanted."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine, func, update
from sqlmodel import col, select

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, open_engine, read_session, select_columns, write_session
from secondreader.db.core.errors import AssignmentTaken, UnknownAssignment
from secondreader.db.core.tables import Assignment, Study, StudyItem, Transcript, utc_now
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.norming_round import reveal_norming_ratings
from secondreader.db.desk.queue_entries import compute_progress, list_queue
from secondreader.db.desk.shared_queue import MAX_OPEN_ASSIGNMENTS, find_candidates, refill_queue, take_next
from secondreader.db.queues.leases import LAPSED, list_own_assignments, load_shared_queue_reader
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.databases import open_desk, reuse_engine
from tests.db.parted_study import entries, label_all, parted_study
from tests.db.shared_study import ANSWERS, memory_engine, open_tokens, readers_by_item, shared_study


class Clock:
    """The time as the database is told it; moved by hand."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        """The time now."""
        return self.now

    def move(self, minutes: float) -> None:
        """Jump forward, or back."""
        self.now += timedelta(minutes=minutes)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    made = Clock()
    for module in ("queues.leases", "desk.shared_queue"):
        monkeypatch.setattr(f"secondreader.db.{module}.read_database_clock", lambda _session: made())
    return made


@pytest.fixture
def people(engine: Engine) -> tuple[int, ...]:
    """Three people, six sampled transcripts that each want two annotators, four that were not sampled."""
    return shared_study(engine, 3, 6, 2, spare=4)


@pytest.fixture
def blind(engine: Engine, people: tuple[int, ...]) -> Iterator[Engine]:
    """The desk's engine."""
    assert people
    made = open_desk(engine)
    yield made
    made.dispose()


def label(engine: Engine, person: int, token: str, identity: str = "") -> None:
    """One label."""
    submit_label(engine, person, LabelInput(token, identity or f"{person}-{token}", ANSWERS))


def items_of(engine: Engine, person: int) -> list[int]:
    """The items that the person has or had, in order."""
    with read_session(engine) as session:
        statement = select_columns(Assignment.study_item_id).where(col(Assignment.annotator_id) == person)
        return list(execute(session, statement.order_by(col(Assignment.position))).scalars())


def test_an_annotator_holds_few_open_assignments(blind: Engine, people: tuple[int, ...]) -> None:
    """Assignments are topped up, not added: asking again takes nothing, a label makes room for one."""
    assert refill_queue(blind, people[0]) == MAX_OPEN_ASSIGNMENTS
    assert refill_queue(blind, people[0]) == 0
    first, *others = open_tokens(blind, people[0])
    label(blind, people[0], first)
    assert refill_queue(blind, people[0]) == 1
    assert open_tokens(blind, people[0])[:2] == others
    with read_session(blind) as session:
        mine = compute_progress(session, people[0])
    assert (mine.n_labelled, mine.n_total) == (1, MAX_OPEN_ASSIGNMENTS + 1)


def test_everything_drawn_is_read_by_exactly_as_many_as_wanted(
    engine: Engine, blind: Engine, people: tuple[int, ...]
) -> None:
    """In turn, until nobody gets anything: each sampled item has its two annotators, no other has any."""
    while sum(refill_queue(blind, person) for person in people):
        for person in people:
            for token in open_tokens(blind, person)[:1]:
                label(blind, person, token)
    for person in people:
        for token in open_tokens(blind, person):
            label(blind, person, token)
    with read_session(engine) as session:
        drawn = select_columns(StudyItem.transcript_id).where(
            col(StudyItem.inclusion_probability).is_not(None)
        )
        wanted = dict.fromkeys(execute(session, drawn).scalars(), 2)
    assert readers_by_item(engine) == wanted
    assert len(wanted) == 6


def test_items_that_others_have_begun_come_first(blind: Engine, people: tuple[int, ...]) -> None:
    """The second person is sent where one annotator is missing, in an order of their own."""
    refill_queue(blind, people[0])
    refill_queue(blind, people[1])
    assert set(items_of(blind, people[1])) == set(items_of(blind, people[0]))


def test_the_order_is_ones_own(engine: Engine) -> None:
    """Two people who start on untouched items do not get them in the same order; neither gets the order of import."""
    people = shared_study(engine, 2, 30, 2)
    with write_session(engine) as session:
        for person in people:
            take_next(session, person, 30)
    first, second = (items_of(engine, person) for person in people)
    assert set(first) == set(second)
    assert first != second
    assert sorted(first) not in (first, second)


def test_a_lease_that_ran_out_frees_the_item(
    engine: Engine, blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """Somebody who left holds nothing up; what they had drafted comes first when they return and there is room."""
    refill_queue(blind, people[0])
    left = items_of(blind, people[0])
    token = open_tokens(blind, people[0])[2]
    clock.move(31)
    assert open_tokens(blind, people[0]) == []
    with write_session(engine) as session:
        assert take_next(session, people[1], 9) == 6
        assert take_next(session, people[2], 9) == 6
    assert refill_queue(blind, people[0]) == 0
    with read_session(blind) as session:
        reader = load_shared_queue_reader(session, people[0])
        assert reader is not None
        own = list_own_assignments(session, reader, clock.now)
        assert list(find_candidates(session, reader, clock.now, own)) == []  # they are not even tried
    clock.move(31)
    assert refill_queue(blind, people[0]) == MAX_OPEN_ASSIGNMENTS
    assert items_of(blind, people[0]) == left
    assert open_tokens(blind, people[0])[2] == token


def test_a_late_label_is_taken_while_there_is_room(
    engine: Engine, blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """After the lease, the label counts unless others have read the item; then it is refused and the draft stays."""
    refill_queue(blind, people[0])
    late, too_late = open_tokens(blind, people[0])[:2]
    clock.move(31)
    label(blind, people[0], late)
    item = items_of(blind, people[0])[1]
    for person in people[1:]:
        with write_session(engine) as session:
            take_next(session, person, 9)
            query = select_columns(Assignment.token).where(
                col(Assignment.annotator_id) == person, col(Assignment.study_item_id) == item
            )
            token = execute(session, query).scalar_one()
        label(blind, person, token)
    with write_session(blind) as session:
        save_draft(session, people[0], too_late, {"note": "half a thought"})
    with pytest.raises(AssignmentTaken, match="as a draft"):
        label(blind, people[0], too_late)
    with read_session(blind) as session:
        assert load_blind_item(session, people[0], too_late).draft == {"note": "half a thought"}
    assert max(readers_by_item(engine).values()) == 2


def test_a_clock_put_back_revives_no_lease(
    engine: Engine, blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """Two others took over what a person had left; once the clock goes back, both can label it and the first holds nothing."""
    refill_queue(blind, people[0])
    item = items_of(blind, people[0])[0]
    clock.move(31)
    for person in people[1:]:
        with write_session(engine) as session:
            take_next(session, person, 9)
    clock.move(-20)
    assert open_tokens(blind, people[0]) == []
    for person in people[1:]:
        with read_session(engine) as session:
            query = select_columns(Assignment.token).where(
                col(Assignment.annotator_id) == person, col(Assignment.study_item_id) == item
            )
            token = execute(session, query).scalar_one()
        label(blind, person, token)
    assert set(readers_by_item(engine).values()) == {2}


def test_a_lease_of_a_clock_that_was_ahead_holds_nothing_up(
    blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """Taken while the clock was a month ahead: once it is right again, the assignments are free, and the labels welcome."""
    clock.move(43_200)
    refill_queue(blind, people[0])
    token = open_tokens(blind, people[0])[0]
    clock.move(-43_200)
    assert open_tokens(blind, people[0]) == []
    label(blind, people[0], token)
    assert refill_queue(blind, people[0]) == MAX_OPEN_ASSIGNMENTS
    assert len(open_tokens(blind, people[0])) == MAX_OPEN_ASSIGNMENTS


def test_a_draft_keeps_the_assignment(blind: Engine, people: tuple[int, ...], clock: Clock) -> None:
    """Who works on a long transcript does not lose it."""
    refill_queue(blind, people[0])
    token = open_tokens(blind, people[0])[0]
    clock.move(20)
    with write_session(blind) as session:
        save_draft(session, people[0], token, {})
    clock.move(20)
    assert open_tokens(blind, people[0]) == [token]


def test_a_draft_for_a_labelled_assignment_changes_nothing(
    blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """A correction that is begun does not put a settled assignment back on a lease."""
    refill_queue(blind, people[0])
    token = open_tokens(blind, people[0])[0]
    label(blind, people[0], token)
    with write_session(blind) as session:
        save_draft(session, people[0], token, {})
    clock.move(1_000)
    with read_session(blind) as session:
        assert [entry.token for entry in list_queue(session, people[0])] == [token]


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_study_that_is_not_open_hands_nothing_out(
    engine: Engine, blind: Engine, people: tuple[int, ...], status: str
) -> None:
    """No assignment is taken while no label would be."""
    with write_session(engine) as session:
        set_status(session, get_study(session, "shared"), status, actor="R", why="test")
    assert refill_queue(blind, people[0]) == 0


def test_a_fixed_queue_hands_nothing_out(engine: Engine, blind: Engine, people: tuple[int, ...]) -> None:
    """In a fixed queue there is nothing to take."""
    with write_session(engine) as session:
        execute(session, update(Study).values(rules={}))
    assert refill_queue(blind, people[0]) == 0


def test_another_annotators_assignment_stays_unknown(blind: Engine, people: tuple[int, ...]) -> None:
    """A token that somebody else was given opens nothing."""
    refill_queue(blind, people[0])
    with pytest.raises(UnknownAssignment):
        label(blind, people[1], open_tokens(blind, people[0])[0])


def test_attention_checks_come_at_their_assigned_position(engine: Engine, people: tuple[int, ...]) -> None:
    """One that was assigned to position 3 is not seen before its turn, comes as the third of three, and is no assignment of the pool's."""
    with write_session(engine) as session:
        spare = select_columns(StudyItem.id).where(col(StudyItem.inclusion_probability).is_(None)).limit(1)
        item = execute(session, spare).scalar_one()
        execute(session, update(StudyItem).where(col(StudyItem.id) == item).values(part="attention"))
        dealt = Assignment(annotator_id=people[0], study_item_id=item, position=3, leased_until=LAPSED)
        dealt.token = "attention"
        session.add(dealt)
    with read_session(engine) as session:
        assert list_queue(session, people[0]) == []
        assert compute_progress(session, people[0]).n_total == 0
    with write_session(engine) as session:
        assert take_next(session, people[0], 3) == 3
    with read_session(engine) as session:
        queue = list_queue(session, people[0])
    assert [entry.position for entry in queue] == [1, 2, 3]
    assert queue[2].token == "attention"
    assert {entry.part for entry in queue} == {"pool"}
    with write_session(engine) as session:
        assert take_next(session, people[0], 3) == 0


def test_every_kind_of_assignment_comes_singly(engine: Engine) -> None:
    """Each label brings one assignment, be it attention, a repeat or the pool's, so that traffic tells no kind from another."""
    people = parted_study(engine, rules=Rules(queue="shared"), repeats=0.2, repeat_gap=2)
    person = people["A1"]
    for _ in range(2):
        label_all(engine, person)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, "s"), "R", "enough", force=True)
    assert refill_queue(engine, person) == MAX_OPEN_ASSIGNMENTS
    brought = []
    while todo := open_tokens(engine, person):
        label(engine, person, todo[0])
        brought.append(refill_queue(engine, person))
    rows = select_columns(StudyItem.part, Assignment.pass_no).join(
        Assignment, col(Assignment.study_item_id) == col(StudyItem.id)
    )
    with read_session(engine) as session:
        main = rows.where(
            col(Assignment.annotator_id) == person, col(StudyItem.part).in_(["pool", "attention"])
        )
        kinds = set(execute(session, main))
    assert kinds == {("pool", 1), ("pool", 2), ("attention", 1)}
    assert brought == [1] * (len(brought) - MAX_OPEN_ASSIGNMENTS) + [0] * MAX_OPEN_ASSIGNMENTS


def test_qualification_and_norming_come_before_the_first_assignment(engine: Engine) -> None:
    """Nothing is handed out before both are through; attention items then come among the pool's, none among the first five."""
    people = parted_study(engine, rules=Rules(queue="shared", qualification_rounds=2))
    person = people["A1"]
    for n_labelled, part in ((0, "qualification"), (4, "calibration")):
        assert refill_queue(engine, person) == 0
        assert {entry.part for entry in entries(engine, person)} == {part}, n_labelled
        label_all(engine, person)
    assert refill_queue(engine, person) == 0
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, "s"), "R", "enough", force=True)
    while refill_queue(engine, person):
        label_all(engine, person)
    with read_session(engine) as session:
        rows = execute(
            session,
            select_columns(StudyItem.part)
            .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
            .where(col(Assignment.annotator_id) == person, col(StudyItem.part).in_(["pool", "attention"]))
            .order_by(col(Assignment.position)),
        ).scalars()
        order = list(rows)
    assert order.count("pool") == 12
    assert order[:5] == ["pool"] * 5
    main = [entry for entry in entries(engine, person) if entry.part == "pool"]
    assert len(main) == 14
    assert all(entry.is_labelled for entry in main)


def test_the_order_knows_nothing_of_verdicts_and_models(tmp_path: Path) -> None:
    """The same study with the verdicts turned round and other models hands out the same assignments in the same order."""
    orders = []
    for number, (yes, models) in enumerate([(0, ("m0", "m1")), (1, ("x", "y"))]):
        engine = open_engine(str(tmp_path / f"{number}.db"))
        people = shared_study(engine, 2, 12, 1)
        with write_session(engine) as session:
            rows = execute(session, select_columns(Transcript.id)).scalars().all()
            new = [
                NewVerdict(
                    row,
                    "j",
                    "k",
                    "parsed",
                    {"risky_action": "yes" if row % 2 == yes else "no"},
                    model=models[row % 2],
                )
                for row in rows
            ]
            add_verdicts(session, new)
            taken = [take_next(session, person, n) for n in (2, 4, 6) for person in people]
        assert sum(taken) == 12
        orders.append([items_of(engine, person) for person in people])
        engine.dispose()
    assert orders[0] == orders[1]


def crowd(blind: Engine, person: int, seed: int, start: Barrier) -> int:
    """Take, label, double and come back until nothing is left; how many labels were acknowledged."""
    rng = random.Random(seed)
    n_done = 0
    refill_queue(blind, person)
    start.wait(30)
    while True:
        refill_queue(blind, person)
        tokens = open_tokens(blind, person)
        if not tokens:
            return n_done
        for token in rng.sample(tokens, rng.randint(1, len(tokens))):
            for _ in range(rng.choice([1, 2])):
                label(blind, person, token)
            n_done += 1


@pytest.mark.parametrize(
    ("fixture", "people", "items", "overlap"),
    [("sqlite_target", 20, 30, 3), ("postgres_target", 50, 60, 3)],
    ids=["sqlite", "postgresql"],
)
def test_a_crowd_reads_everything_and_nothing_too_often(
    fixture: str, people: int, items: int, overlap: int, request: pytest.FixtureRequest
) -> None:
    """All at once from as many threads as people: every item has exactly its annotators, every label counts once."""
    owner = reuse_engine(request.getfixturevalue(fixture))
    ids = shared_study(owner, people, items, overlap)
    blind = open_desk(owner)
    start = Barrier(people)
    with ThreadPoolExecutor(people) as pool:
        jobs = [pool.submit(crowd, blind, one, seed, start) for seed, one in enumerate(ids)]
    done = [job.result() for job in jobs]
    blind.dispose()
    counts = readers_by_item(owner)
    assert (len(counts), set(counts.values())) == (items, {overlap})
    assert sum(done) == items * overlap
    assert all(done), "somebody who held places labelled none of them"
    owner.dispose()


def hurried(blind: Engine, pair: tuple[int, str]) -> bool:
    """Submit on a lease that ran out; whether it was accepted."""
    try:
        label(blind, *pair)
    except AssignmentTaken:
        return False
    return True


def test_late_labels_and_new_annotators_race_for_the_last_assignment(
    database_target: str, clock: Clock
) -> None:
    """Everybody's lease has run out, everybody submits at the same moment: as many are accepted as there is room."""
    owner = reuse_engine(database_target)
    people = shared_study(owner, 8, 1, 2)
    tokens = []
    for person in people:
        with write_session(owner) as session:
            assert take_next(session, person) == 1
        tokens += open_tokens(owner, person)
        clock.move(31)
    blind = open_desk(owner)
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda pair: hurried(blind, pair), zip(people, tokens, strict=True)))
    blind.dispose()
    assert sum(accepted) == 2
    assert set(readers_by_item(owner).values()) == {2}
    owner.dispose()


def test_a_servers_clock_counts_on_postgresql(postgres_target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk whose own clock is a year ahead neither loses its leases nor ends those of others."""
    owner = reuse_engine(postgres_target)
    people = shared_study(owner, 2, 3, 1)
    assert refill_queue(owner, people[0]) == 3
    monkeypatch.setattr("secondreader.db.queues.leases.utc_now", lambda: utc_now() + timedelta(days=365))
    assert refill_queue(owner, people[1]) == 0
    assert len(open_tokens(owner, people[0])) == 3
    owner.dispose()


PEOPLE, ITEMS, OVERLAP = 3, 4, 2


class SharedQueue(RuleBasedStateMachine):
    """People come and go, clocks jump to and fro: what was acknowledged stays, and nothing exceeds its quota."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.clock = Clock()
        self.patch.setattr("secondreader.db.queues.leases.utc_now", self.clock)
        self.engine = memory_engine()
        self.people = shared_study(self.engine, PEOPLE, ITEMS, OVERLAP)
        self.seen: dict[int, list[str]] = {person: [] for person in self.people}
        self.acknowledged: set[str] = set()

    def teardown(self) -> None:
        """Leave the clock and the database."""
        self.patch.undo()
        self.engine.dispose()

    @rule(who=st.integers(0, PEOPLE - 1), n=st.integers(1, 3))
    def take(self, who: int, n: int) -> None:
        """Open the page: no item comes to the same person twice."""
        with write_session(self.engine) as session:
            take_next(session, self.people[who], n)
        tokens = open_tokens(self.engine, self.people[who])
        self.seen[self.people[who]] += [one for one in tokens if one not in self.seen[self.people[who]]]

    @rule(who=st.integers(0, PEOPLE - 1), which=st.integers(0, 9))
    def submit(self, who: int, which: int) -> None:
        """Label any assignment ever seen, however long ago; repeats are replays."""
        person = self.people[who]
        if not self.seen[person]:
            return
        token = self.seen[person][which % len(self.seen[person])]
        try:
            label(self.engine, person, token)
        except AssignmentTaken:
            assert token not in self.acknowledged, "an acknowledged label was refused afterwards"
        else:
            self.acknowledged.add(token)

    @rule(who=st.integers(0, PEOPLE - 1), which=st.integers(0, 9))
    def draft(self, who: int, which: int) -> None:
        """Work on any assignment ever seen."""
        person = self.people[who]
        if self.seen[person]:
            with write_session(self.engine) as session:
                save_draft(session, person, self.seen[person][which % len(self.seen[person])], {"n": which})

    @rule(minutes=st.sampled_from([-100_000, -61, -31, -5, 5, 31, 61, 100_000]))
    def jump(self, minutes: int) -> None:
        """The clock is set."""
        self.clock.move(minutes)

    @invariant()
    def nothing_exceeds_its_quota(self) -> None:
        """Labels by item, and assignments that are settled or kept for good."""
        counts = readers_by_item(self.engine)
        assert sum(counts.values()) == len(self.acknowledged)
        assert all(count <= OVERLAP for count in counts.values())
        with read_session(self.engine) as session:
            settled = execute(
                session, select_columns(func.count()).where(col(Assignment.leased_until).is_(None))
            ).scalar_one()
        assert settled == len(self.acknowledged)

    @invariant()
    def nothing_is_stuck(self) -> None:
        """Whatever the clock did, a person who comes once all leases ended gets every item that wants an annotator."""
        counts = readers_by_item(self.engine)
        with read_session(self.engine) as session:
            now = self.clock.now
            self.clock.now = now + timedelta(days=3_000)
            reader = load_shared_queue_reader(session, self.people[0])
            assert reader is not None
            own = list_own_assignments(session, reader, self.clock.now)
            offered = {item for item, _ in find_candidates(session, reader, self.clock.now, own)}
            mine = select(Assignment.study_item_id).where(
                Assignment.annotator_id == self.people[0], col(Assignment.leased_until).is_(None)
            )
            done = set(session.exec(mine))
            rows = session.exec(select(StudyItem))
            wanted = {one.id for one in rows if counts[one.transcript_id] < OVERLAP and one.id not in done}
            self.clock.now = now
        assert offered == wanted


TestSharedQueue = SharedQueue.TestCase
TestSharedQueue.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
