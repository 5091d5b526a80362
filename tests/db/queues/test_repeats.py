"""Unannounced repeats in a shared queue: to the same person, once, at their distance, and counting towards no quota."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from secondreader.db.adjudication.disputes import list_rated_items
from secondreader.db.adjudication.items import list_adjudication_queue
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.errors import AssignmentTaken
from secondreader.db.core.records import update_study
from secondreader.db.core.tables import Assignment, Label, StudyItem, Transcript, utc_now
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.studies import ensure_annotator, get_study, set_status
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.model_guesses import list_open_guesses
from secondreader.db.desk.queue_entries import compute_progress, list_queue
from secondreader.db.desk.shared_queue import MAX_OPEN_ASSIGNMENTS, refill_queue, take_next
from secondreader.db.queues.leases import list_own_assignments, load_shared_queue_reader
from secondreader.db.queues.repeats import BLOCK_SIZE, compute_extra_gap, find_due_repeats, is_repeated
from secondreader.db.research.label_usage import INTRA_RATER, list_label_usage
from secondreader.db.research.pace import compute_study_pace
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.judge.quality.label_quality import assess_label_quality
from tests.databases import open_desk, reuse_engine
from tests.db.parted_study import entries, label_all, parted_study
from tests.db.shared_study import ANSWERS, memory_engine, open_tokens, readers_by_item, shared_study
from tests.snapshots import load_rating_rows

OTHER = {"risky_action": "unsure", "risk_considered": "no"}


@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.33, 0.5]), st.integers(1, 12))
def test_the_share_is_kept_exactly(seed: int, share: float, n_blocks: int) -> None:
    """Of whole blocks of first ratings as many return as the share says, up to what is carried to the next block."""
    n = sum(is_repeated(seed, share, number) for number in range(n_blocks * BLOCK_SIZE))
    assert abs(n - share * n_blocks * BLOCK_SIZE) < 1


def test_each_item_returns_as_often_as_any_other() -> None:
    """Over 3,000 seeds, each of the first 40 ratings returns with the plan's share, and so at no position of its own."""
    share, n_seeds = 0.15, 3000
    counts = Counter(
        number for seed in range(n_seeds) for number in range(40) if is_repeated(seed, share, number)
    )
    error = (share * (1 - share) / n_seeds) ** 0.5
    assert all(abs(counts[number] / n_seeds - share) < 4.5 * error for number in range(40))


def test_distances_are_spread_evenly_over_the_gap() -> None:
    """Between the gap and twice the gap; over 4,000 ratings each distance is as frequent as another."""
    found = Counter(compute_extra_gap(seed, 9, number) for seed in range(200) for number in range(20))
    assert sorted(found) == list(range(10))
    # Expected 400 each, standard deviation 19.
    assert all(abs(n - 400) < 4.5 * 19 for n in found.values())


class Clock:
    """The time as the database is told it; moved by hand."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self, _session: Session | None = None) -> datetime:
        """The time now."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    made = Clock()
    for module in ("queues.leases", "desk.shared_queue"):
        monkeypatch.setattr(f"secondreader.db.{module}.read_database_clock", made)
    return made


@pytest.fixture
def engine(sqlite_target: str) -> Iterator[Engine]:
    """SQLite: which transcripts return is computed outside the database; what PostgreSQL's locks do, the crowds below show."""
    made = reuse_engine(sqlite_target)
    yield made
    made.dispose()


@pytest.fixture
def people(engine: Engine) -> tuple[int, ...]:
    """Two people who read all of 40 transcripts; three in ten return, at least five others in between."""
    return shared_study(engine, 2, 40, 2, repeats=0.3, gap=5)


@pytest.fixture
def blind(engine: Engine, people: tuple[int, ...]) -> Iterator[Engine]:
    """The desk's engine."""
    assert people
    made = open_desk(engine)
    yield made
    made.dispose()


def give(engine: Engine, person: int, token: str, answers: dict[str, str] = ANSWERS, tag: str = "") -> None:
    """One label."""
    submit_label(engine, person, LabelInput(token, f"{tag}{person}-{token}", answers))


def read_on(engine: Engine, person: int, n: int, answers: dict[str, str] = ANSWERS) -> None:
    """The next `n` assignments in their order, or as many as there are."""
    for _ in range(n):
        refill_queue(engine, person)
        if not (todo := open_tokens(engine, person)):
            return
        give(engine, person, todo[0], answers)


def list_assignments(engine: Engine, person: int) -> list[Assignment]:
    """All of a person's assignments in their order."""
    with read_session(engine) as session:
        mine = select(Assignment).where(Assignment.annotator_id == person)
        return list(session.exec(mine.order_by(col(Assignment.position))))


def distances(engine: Engine, person: int) -> list[int]:
    """Other assignments between each item and its return; fails where an item returns twice or comes back to nobody."""
    order = [(one.study_item_id, one.pass_no) for one in list_assignments(engine, person)]
    assert len(set(order)) == len(order)
    assert {pass_no for _, pass_no in order} <= {1, 2}
    return [order.index(one) - order.index((one[0], 1)) - 1 for one in order if one[1] == 2]


def test_a_share_returns_to_the_same_person_at_its_distance(
    engine: Engine, blind: Engine, people: tuple[int, ...]
) -> None:
    """Read to the end: three in ten of each 20 return, those for which the gap has no room left out, and none twice."""
    for person in people:
        read_on(blind, person, 99)
        found = distances(engine, person)
        assert 6 <= len(found) <= 12
        assert min(found) >= 5
        assert len(set(found)) > 2, "returns come at no fixed distance"
        assert open_tokens(blind, person) == []
    assert set(readers_by_item(engine).values()) == {2}
    with read_session(engine) as session:
        labels = session.exec(select(Label).where(Label.pass_no == 2)).all()
    assert len(labels) == sum(len(distances(engine, person)) for person in people)


def test_people_get_returns_of_their_own(engine: Engine, blind: Engine, people: tuple[int, ...]) -> None:
    """Two people who read the same transcripts do not get the same ones again."""
    returned = []
    for person in people:
        read_on(blind, person, 99)
        returned.append({one.study_item_id for one in list_assignments(engine, person) if one.pass_no == 2})
    assert returned[0] != returned[1]


def test_nothing_returns_where_the_gap_has_no_room(engine: Engine) -> None:
    """Six transcripts and a gap of six: half of them are to return, and none does, not even at the end."""
    (person,) = shared_study(engine, 1, 6, 1, repeats=0.5, gap=6)
    read_on(engine, person, 99)
    with read_session(engine) as session:
        reader = load_shared_queue_reader(session, person)
    assert reader is not None
    assert any(is_repeated(reader.order_seed, 0.5, number) for number in range(6))
    assert len(list_assignments(engine, person)) == 6


def test_the_end_of_the_pool_lets_return_what_the_gap_allows(engine: Engine) -> None:
    """Once nothing is left to read, a return need not wait for its own distance, but for the gap."""
    (person,) = shared_study(engine, 1, 20, 1, repeats=0.5, gap=8)
    read_on(engine, person, 99)
    order = [one.study_item_id for one in list_assignments(engine, person) if one.pass_no == 1]
    with read_session(engine) as session:
        reader = load_shared_queue_reader(session, person)
        assert reader is not None
        wanted = {
            item
            for number, item in enumerate(order)
            if is_repeated(reader.order_seed, 0.5, number) and number < 12
        }
        assert find_due_repeats(reader, list_own_assignments(session, reader, utc_now()), at_end=True) == []
    returned = {one.study_item_id for one in list_assignments(engine, person) if one.pass_no == 2}
    assert wanted <= returned
    assert min(distances(engine, person)) >= 8


def test_who_puts_off_a_transcript_gets_it_back_no_sooner(engine: Engine) -> None:
    """The first transcript is labelled last of all: the assignments before its label do not count, it cannot return."""
    (person,) = shared_study(engine, 1, 12, 1, repeats=0.5, gap=3)
    refill_queue(engine, person)
    put_off = open_tokens(engine, person)[0]
    while len(todo := open_tokens(engine, person)) > 1:
        give(engine, person, todo[1])
        refill_queue(engine, person)
    give(engine, person, put_off)
    refill_queue(engine, person)
    first = list_assignments(engine, person)[0]
    assert first.token == put_off
    assert all(one.study_item_id != first.study_item_id for one in list_assignments(engine, person)[1:])


def test_a_correction_begins_the_distance_anew(engine: Engine) -> None:
    """Whoever goes back and corrects an answer has seen the transcript again: the others after that count."""
    (person,) = shared_study(engine, 1, 40, 1, repeats=0.5, gap=4)
    read_on(engine, person, 4)
    with read_session(engine) as session:
        reader = load_shared_queue_reader(session, person)
    assert reader is not None
    number = next(n for n in range(20) if is_repeated(reader.order_seed, 0.5, n))
    read_on(engine, person, max(number - 3, 0))
    assignment = [one for one in list_assignments(engine, person) if one.pass_no == 1][number]
    for again in range(12):
        give(engine, person, assignment.token, OTHER if again % 2 else ANSWERS, f"again{again}")
        read_on(engine, person, 3)
    assert [
        one.pass_no
        for one in list_assignments(engine, person)
        if one.study_item_id == assignment.study_item_id
    ] == [1]
    read_on(engine, person, 9)
    assert [
        one.pass_no
        for one in list_assignments(engine, person)
        if one.study_item_id == assignment.study_item_id
    ] == [
        1,
        2,
    ]


def to_first_return(engine: Engine, person: int) -> str:
    """Read until a return is held; its token."""
    for _ in range(40):
        refill_queue(engine, person)
        held = [one for one in list_assignments(engine, person) if one.pass_no == 2]
        if held:
            return held[0].token
        give(engine, person, open_tokens(engine, person)[0])
    raise AssertionError("nothing returned")


def test_a_return_stays_its_readers(
    engine: Engine, blind: Engine, people: tuple[int, ...], clock: Clock
) -> None:
    """It has no lease: after a year it is still there, nobody else gets it, and its label is taken."""
    token = to_first_return(blind, people[0])
    held = open_tokens(blind, people[0])
    assert token in held
    with write_session(blind) as session:
        save_draft(session, people[0], token, {"note": "half a thought"})
    clock.now += timedelta(days=365)
    assert open_tokens(blind, people[0]) == [token]
    read_on(blind, people[1], 99)
    assert max(readers_by_item(engine).values()) <= 2
    give(blind, people[0], token)
    assert [one.token for one in list_assignments(engine, people[1]) if one.token == token] == []


def test_asking_from_many_pages_at_once_returns_each_once(database_target: str) -> None:
    """Eight pages of one person open together, again and again: never more assignments than are held, no item back twice."""
    owner = reuse_engine(database_target)
    (person,) = shared_study(owner, 1, 40, 1, repeats=0.5, gap=2)
    blind = open_desk(owner)
    with ThreadPoolExecutor(8) as pool:
        while True:
            list(pool.map(lambda _: refill_queue(blind, person), range(8)))
            todo = open_tokens(blind, person)
            assert len(todo) <= MAX_OPEN_ASSIGNMENTS
            if not todo:
                break
            list(pool.map(lambda token: give(blind, person, token), [*todo, *todo]))
    blind.dispose()
    assert len(distances(owner, person)) >= 15
    assert min(distances(owner, person)) >= 2
    owner.dispose()


def crowd(blind: Engine, person: int, seed: int, start: Barrier) -> int:
    """Take, label in any order, double and come back until nothing is left; how many labels were acknowledged."""
    rng, n_done = random.Random(seed), 0
    start.wait(30)
    while True:
        refill_queue(blind, person)
        todo = open_tokens(blind, person)
        if not todo:
            return n_done
        for token in rng.sample(todo, rng.randint(1, len(todo))):
            for _ in range(rng.choice([1, 2])):
                give(blind, person, token)
            n_done += 1


def test_a_crowd_reads_everything_and_its_own_returns(database_target: str) -> None:
    """All at once: every transcript has exactly its annotators, and every return is labelled once, by whom it came to."""
    owner = reuse_engine(database_target)
    ids = shared_study(owner, 8, 60, 3, repeats=0.25, gap=4)
    blind = open_desk(owner)
    start = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(crowd, blind, one, seed, start) for seed, one in enumerate(ids)]
    done = sum(job.result() for job in jobs)
    blind.dispose()
    counts = readers_by_item(owner)
    assert (len(counts), set(counts.values())) == (60, {3})
    found = [distance for person in ids for distance in distances(owner, person)]
    assert done == 180 + len(found)
    assert len(found) > 10
    assert min(found) >= 4
    owner.dispose()


def test_order_and_returns_know_nothing_of_verdicts_models_and_answers(tmp_path: Path) -> None:
    """Verdicts turned round, other models and other answers: the same assignments in the same order, returns too."""
    orders = []
    for number, (yes, models, given_) in enumerate([(0, ("m0", "m1"), ANSWERS), (1, ("x", "y"), OTHER)]):
        engine = open_engine(str(tmp_path / f"{number}.db"))
        people = shared_study(engine, 2, 30, 1, repeats=0.5, gap=3)
        with write_session(engine) as session:
            rows = session.exec(select(Transcript.id)).all()
            new = [
                NewVerdict(
                    row or 0,
                    "j",
                    "k",
                    "parsed",
                    {"risky_action": "yes" if (row or 0) % 2 == yes else "no"},
                    model=models[(row or 0) % 2],
                )
                for row in rows
            ]
            add_verdicts(session, new)
        for _ in range(30):
            for person in people:
                read_on(engine, person, 1, given_)
        made = [
            [(one.study_item_id, one.pass_no) for one in list_assignments(engine, person)]
            for person in people
        ]
        assert sum(pass_no == 2 for order in made for _, pass_no in order) > 5
        orders.append(made)
        engine.dispose()
    assert orders[0] == orders[1]


def test_practice_calibration_and_attention_items_do_not_return(engine: Engine) -> None:
    """Only the pool's do; an attention item between counts as another assignment."""
    people = parted_study(
        engine, 60, n_items=40, repeats=0.5, repeat_gap=2, n_calibration=0, rules=Rules(queue="shared")
    )
    person = people["A1"]
    label_all(engine, person)
    while refill_queue(engine, person):
        label_all(engine, person)
    with read_session(engine) as session:
        rows = session.exec(
            select(StudyItem.part)
            .join(Assignment, col(Assignment.study_item_id) == col(StudyItem.id))
            .where(Assignment.annotator_id == person, Assignment.pass_no == 2)
        ).all()
    assert len(rows) > 10
    assert set(rows) == {"pool"}
    assert all(one.is_labelled for one in entries(engine, person))


def test_returns_go_on_after_an_amendment(engine: Engine) -> None:
    """More transcripts and another annotator: both fall under the same rules."""
    (person,) = shared_study(engine, 1, 12, 1, spare=30, repeats=0.5, gap=2)
    read_on(engine, person, 99)
    before = len(distances(engine, person))
    with write_session(engine) as session:
        change = StudyChange(annotators=("New",), more_items=30)
        new = amend_study(session, get_study(session, "shared"), change, actor="R", why="wider")
    for _ in range(40):
        for one in (person, new.annotator_ids["New"]):
            read_on(engine, one, 1)
    assert len(distances(engine, person)) > before
    assert distances(engine, new.annotator_ids["New"])
    assert set(readers_by_item(engine).values()) == {1}


def test_what_returns_counts_for_the_person_and_never_for_the_quota(
    engine: Engine, blind: Engine, people: tuple[int, ...]
) -> None:
    """Progress and pace count it as a label; an item with one annotator and a return still waits for its second annotator."""
    read_on(blind, people[0], 99)
    n = len(distances(engine, people[0]))
    with read_session(engine) as session:
        study = get_study(session, "shared")
        mine, pace = compute_progress(session, people[0]), compute_study_pace(session, study)
        read = list_rated_items(session, study.id, Rules.model_validate(study.rules))
        judge = ensure_annotator(session, study, "J", "adjudicator")
        assert list_adjudication_queue(session, judge) == []
    assert (mine.n_labelled, mine.n_total) == (40 + n, 40 + n)
    assert (pace.n_labelled, pace.n_wanted) == (40 + n, 80 + n)
    assert pace.people[0].n_open == 0
    assert sum(one.n_complete for one in pace.strata) == 0
    assert pace.days_left == pytest.approx((40 + 0.3 * 40) / (40 + n))
    assert [one.n_awaited for one in read] == [1] * 40
    read_on(blind, people[1], 99)
    with read_session(engine) as session:
        pace = compute_study_pace(session, get_study(session, "shared"))
    assert pace.n_labelled == pace.n_wanted
    assert sum(one.n_complete for one in pace.strata) == 40
    assert pace.days_left == 0


def test_statistics_compare_a_repeat_with_the_same_annotators_first_label(
    engine: Engine, blind: Engine, people: tuple[int, ...]
) -> None:
    """One changes the answer at every return, one at none: the flip rates are 1 and 0, and usage says what is used."""
    for person, again in zip(people, (OTHER, ANSWERS), strict=True):
        while True:
            refill_queue(blind, person)
            if not (todo := open_tokens(blind, person)):
                break
            second = {one.token for one in list_assignments(engine, person) if one.pass_no == 2}
            give(blind, person, todo[0], again if todo[0] in second else ANSWERS)
    with read_session(engine) as session:
        study = get_study(session, "shared")
        found = assess_label_quality(pd.DataFrame(load_rating_rows(session, study)))
        used = [one for one in list_label_usage(session, study) if INTRA_RATER in one.used_in]
    n = [len(distances(engine, person)) for person in people]
    assert [(one.flip_rate.value, one.flip_rate.n) for one in found.raters] == [(1.0, n[0]), (0.0, n[1])]
    assert [one.n for one in found.raters] == [40, 40]
    assert Counter(one.annotator for one in used) == {"A0": n[0], "A1": n[1]}


def test_guesses_wait_for_what_returns(engine: Engine, blind: Engine, people: tuple[int, ...]) -> None:
    """The model is asked for once returns are labelled too, and for no transcript twice."""
    with write_session(engine) as session:
        study = get_study(session, "shared")
        update_study(session, study, rules=study.rules | {"guesses": 50})
    to_first_return(blind, people[0])
    with read_session(blind) as session:
        assert list_open_guesses(session, people[0], 50) == []
    read_on(blind, people[0], 99)
    with read_session(blind) as session:
        assert len(list_open_guesses(session, people[0], 50)) == 40


def test_a_paused_study_returns_nothing(engine: Engine, blind: Engine, people: tuple[int, ...]) -> None:
    """No assignment is taken while no label would be."""
    read_on(blind, people[0], 20)
    before = len(list_assignments(engine, people[0]))
    with write_session(engine) as session:
        set_status(session, get_study(session, "shared"), "paused", actor="R", why="test")
    assert refill_queue(blind, people[0]) == 0
    assert len(list_assignments(engine, people[0])) == before


def test_a_study_frozen_before_repeats_were_there_has_none(engine: Engine) -> None:
    """Rules that were stored without them are read as: no repeats."""
    (person,) = shared_study(engine, 1, 12, 1, repeats=0.5, gap=1)
    with write_session(engine) as session:
        update_study(session, get_study(session, "shared"), rules={"queue": "shared", "overlap": 1})
    read_on(engine, person, 99)
    assert distances(engine, person) == []


PEOPLE, ITEMS, OVERLAP, GAP = 3, 14, 2, 2


class Returning(RuleBasedStateMachine):
    """People come and go, put off, correct, and clocks jump: what returns is their own, once, never before the gap."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.clock = Clock()
        self.patch.setattr("secondreader.db.queues.leases.utc_now", self.clock)
        self.engine = memory_engine()
        self.people = shared_study(self.engine, PEOPLE, ITEMS, OVERLAP, repeats=0.5, gap=GAP)
        self.seen: dict[int, list[str]] = {person: [] for person in self.people}
        self.returned: set[str] = set()
        self.n_answers = 0
        self.first: dict[str, int] = {}
        """By assignment: the number of its first answer."""
        self.last: dict[str, int] = {}
        """By assignment: the number of its latest answer."""

    def teardown(self) -> None:
        """Leave the clock and the database."""
        self.patch.undo()
        self.engine.dispose()

    @rule(who=st.integers(0, PEOPLE - 1), n=st.integers(1, 4))
    def take(self, who: int, n: int) -> None:
        """Open the page: whatever returns now was read by this person, long enough ago by what the test saw itself."""
        person = self.people[who]
        with write_session(self.engine) as session:
            take_next(session, person, n)
        mine = list_assignments(self.engine, person)
        first = {one.study_item_id: one for one in mine if one.pass_no == 1}
        for one in mine:
            if one.pass_no == 1 or one.token in self.returned:
                continue
            before = first[one.study_item_id]
            between = [other.token for other in mine if before.position < other.position < one.position]
            since = [token for token in between if self.first.get(token, 0) > self.last[before.token]]
            assert len(since) >= GAP
            self.returned.add(one.token)
        todo = open_tokens(self.engine, person)
        self.seen[person] += [one for one in todo if one not in self.seen[person]]

    @rule(who=st.integers(0, PEOPLE - 1), n=st.integers(1, 6))
    def work(self, who: int, n: int) -> None:
        """Read on in order."""
        for _ in range(n):
            self.take(who, MAX_OPEN_ASSIGNMENTS)
            todo = open_tokens(self.engine, self.people[who])
            if todo:
                self.answer(self.people[who], todo[0])

    @rule(who=st.integers(0, PEOPLE - 1), which=st.integers(0, 30))
    def submit(self, who: int, which: int) -> None:
        """Answer any assignment ever seen, for the first time or again."""
        person = self.people[who]
        if self.seen[person]:
            self.answer(person, self.seen[person][which % len(self.seen[person])])

    def answer(self, person: int, token: str) -> None:
        """A label or a correction; a return is never refused."""
        self.n_answers += 1
        try:
            give(self.engine, person, token, tag=str(self.n_answers))
        except AssignmentTaken:
            assert token not in self.last
            assert token not in self.returned
            return
        self.first.setdefault(token, self.n_answers)
        self.last[token] = self.n_answers

    @rule(minutes=st.sampled_from([-100_000, -31, 5, 31, 100_000]))
    def jump(self, minutes: int) -> None:
        """The clock is set."""
        self.clock.now += timedelta(minutes=minutes)

    @invariant()
    def quotas_hold_and_returns_stay(self) -> None:
        """First ratings within the quota; no item returns twice; every return is shown to its annotator for good."""
        assert all(count <= OVERLAP for count in readers_by_item(self.engine).values())
        for person in self.people:
            mine = list_assignments(self.engine, person)
            pairs = [(one.study_item_id, one.pass_no) for one in mine]
            assert len(set(pairs)) == len(pairs)
            again = {one.token for one in mine if one.pass_no == 2}
            with read_session(self.engine) as session:
                assert again <= {entry.token for entry in list_queue(session, person)}


TestReturning = Returning.TestCase
TestReturning.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
