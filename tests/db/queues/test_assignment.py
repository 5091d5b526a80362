"""Drawing and dealing as arithmetic: exact probabilities, even loads, attention late, repeats far apart."""

import random
from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col

from secondreader.db.core.engine import execute, read_session, select_columns
from secondreader.db.core.tables import Assignment, StudyItem, Transcript
from secondreader.db.design.sampling import (
    compute_quotas,
    draw_additional_sample,
    draw_sample,
    load_pool_strata,
    set_aside,
)
from secondreader.db.design.studies import get_study
from secondreader.db.queues.assignment import (
    ATTENTION_FROM,
    StudyParts,
    build_main_queue,
    compute_balanced_loads,
    insert_repeats,
    load_study_parts,
)
from tests.databases import reuse_engine
from tests.db.parted_study import PLAN, parted_study

SIZES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 30), min_size=1)


def strata_of(sizes: dict[str, int]) -> dict[str, list[int]]:
    """Items of these strata, with numbers of their own."""
    return {name: [ord(name) * 1000 + i for i in range(size)] for name, size in sizes.items()}


@given(SIZES, st.integers(0, 100))
def test_a_larger_draw_takes_no_less_from_any_stratum(sizes: dict[str, int], n_items: int) -> None:
    """So a draw can be extended without giving anything back."""
    before, after = compute_quotas(sizes, n_items), compute_quotas(sizes, n_items + 1)
    assert all(after[name] >= before[name] for name in sizes)
    assert sum(after.values()) - sum(before.values()) == (n_items < sum(sizes.values()))


@given(SIZES, st.integers(1, 60), st.integers(1, 30), st.integers(0, 9))
def test_an_extended_draw_has_the_probabilities_of_both(
    sizes: dict[str, int], n_first: int, n_more: int, seed: int
) -> None:
    """Nothing sampled is given back, and each stratum's items all have (n1 + n2) / N."""
    strata, rng = strata_of(sizes), random.Random(seed)
    first = draw_sample(strata, n_first, rng)
    both = draw_additional_sample(strata, first, n_more, rng)
    assert set(first) <= set(both)
    assert len(both) == min(len(first) + n_more, sum(sizes.values()))
    taken = Counter(stratum for stratum, _ in both.values())
    for item, (stratum, probability) in both.items():
        assert item in strata[stratum]
        assert probability == taken[stratum] / sizes[stratum]


def test_over_many_seeds_each_item_is_drawn_as_often_as_its_probability_says() -> None:
    """4,000 draws of 5 and then 4 more out of 10 and 20: every item's share lies within 4.5 standard errors."""
    strata, n_draws = strata_of({"a": 10, "b": 20}), 4000
    counts: Counter[int] = Counter()
    probability: dict[int, float] = {}
    for seed in range(n_draws):
        rng = random.Random(seed)
        both = draw_additional_sample(strata, draw_sample(strata, 5, rng), 4, rng)
        counts.update(list(both))
        probability |= {item: chance for item, (_, chance) in both.items()}
    for item, chance in probability.items():
        error = (chance * (1 - chance) / n_draws) ** 0.5
        assert abs(counts[item] / n_draws - chance) < 4.5 * error


@given(SIZES, st.integers(0, 40), st.integers(0, 9))
def test_what_is_taken_out_is_gone(sizes: dict[str, int], n_items: int, seed: int) -> None:
    """Taken and remaining items are all items, each once."""
    strata = strata_of(sizes)
    taken, rest = set_aside(strata, n_items, random.Random(seed))
    assert sorted([*taken, *(item for items in rest.values() for item in items)]) == sorted(
        item for items in strata.values() for item in items
    )
    assert len(taken) == min(n_items, sum(sizes.values()))
    assert all(rest.values())


@given(st.integers(0, 60), st.integers(1, 7), st.integers(1, 7), st.integers(0, 9))
def test_loads_differ_by_one_at_the_most(n_items: int, n_people: int, overlap: int, seed: int) -> None:
    """Each item goes to as many different people as wanted."""
    overlap = min(overlap, n_people)
    dealt = compute_balanced_loads(range(n_items), range(n_people), overlap, random.Random(seed))
    loads = [len(load) for load in dealt.values()]
    assert len(dealt) == n_people
    assert max(loads) - min(loads) <= 1
    assert all(len(set(load)) == len(load) for load in dealt.values())
    assert Counter(item for load in dealt.values() for item in load) == dict.fromkeys(range(n_items), overlap)


@given(
    st.integers(ATTENTION_FROM, 60),
    st.integers(0, 6),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.integers(0, 25),
    st.integers(0, 99),
)
def test_attention_comes_after_the_first_five(
    n_items: int, n_attention: int, share: float, gap: int, seed: int
) -> None:
    """Every item stands once, attention never among the first five; repeats keep their distance all the same."""
    hidden = range(1000, 1000 + n_attention)
    queue = build_main_queue(range(n_items), hidden, share, gap, random.Random(seed))
    first = {item: position for position, (item, pass_no) in enumerate(queue) if pass_no == 1}
    again = {item: position for position, (item, pass_no) in enumerate(queue) if pass_no == 2}
    assert sorted(first) == [*range(n_items), *hidden]
    assert len(queue) == len(first) + len(again)
    assert not set(again) & set(hidden)
    assert all(first[item] >= ATTENTION_FROM for item in hidden)
    assert all(position - first[item] > gap for item, position in again.items())


def test_attention_may_come_anywhere_after_that() -> None:
    """Over 2,000 seeds, each of the positions 6 to 11 of a queue of ten gets the one attention item equally often."""
    found = Counter(
        build_main_queue(range(10), [99], 0.0, 20, random.Random(seed)).index((99, 1)) for seed in range(2000)
    )
    assert sorted(found) == [5, 6, 7, 8, 9, 10]
    # Expected 333 each, standard deviation 16.7.
    assert all(abs(n - 2000 / 6) < 4 * 16.7 for n in found.values())


def test_positions_leave_room_for_later_rounds() -> None:
    """The main queue begins behind all qualification rounds that are allowed, and behind norming."""
    assert StudyParts((1, 2, 3), (4, 5), (6,), rounds=2).main_from == 8
    assert StudyParts().main_from == 0


def test_no_part_says_anything_of_verdict_or_model(sqlite_target: str) -> None:
    """In 300 queues with qualification, norming and attention, neither a verdict nor a model comes earlier in its part."""
    engine = reuse_engine(sqlite_target)
    names = tuple(f"A{i}" for i in range(300))
    parted_study(engine, annotators=names, overlap=300, n_items=20, n_calibration=4)
    with read_session(engine) as session:
        rows = execute(
            session,
            select_columns(StudyItem.part, Assignment.position, Transcript.origin_key, Transcript.model)
            .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
            .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id)),
        ).all()
        parts = load_study_parts(session, get_study(session, "s"), 2)
    engine.dispose()
    assert (len(parts.qualification), len(parts.norming), len(parts.attention)) == (4, 4, 2)
    positions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for part, position, key, model in rows:
        positions[part, "risky" if int(key[1:]) % 4 == 0 else "other"].append(position)
        positions[part, model].append(position)
    mean = {name: sum(values) / len(values) for name, values in positions.items()}
    # An item's position in a part of n is uniform over n positions; over 300 queues its mean has a standard error below
    # n / 60, and two groups of items differ by at most twice that: 4 standard errors are n / 7.
    for part, size in (("qualification", 4), ("calibration", 4), ("attention", 17), ("pool", 22)):
        for one, other in (("risky", "other"), ("m0", "m1")):
            if (part, one) in mean and (part, other) in mean:
                assert abs(mean[part, one] - mean[part, other]) < size / 7, (part, one)
    assert {"m0", "m1", "risky", "other"} == {name for part, name in mean if part == "pool"}


def test_calibration_is_drawn_alike_from_each_stratum(sqlite_target: str) -> None:
    """Strata are those of the draw; what is calibrated on is no longer counted in them."""
    engine = reuse_engine(sqlite_target)
    parted_study(engine, strata="verdict", judge="j", n_calibration=4, qualification=(), attention=())
    with read_session(engine) as session:
        study = get_study(session, "s")
        left = load_pool_strata(session, study.id, "j", "risky_action")
        rows = execute(
            session,
            select_columns(StudyItem.stratum, StudyItem.inclusion_probability).where(col(StudyItem.is_drawn)),
        ).all()
    engine.dispose()
    # 8 of 30 transcripts have the verdict yes; two of each stratum are norming items.
    assert {name: len(items) for name, items in left.items()} == {"no": 20, "yes": 6}
    assert Counter(rows) == {("no", 6 / 20): 6, ("yes", 6 / 6): 6}
    assert PLAN.n_items == 12


@given(st.integers(0, 60), st.sampled_from([0.0, 0.1, 0.5]), st.integers(0, 25), st.integers(0, 99))
def test_repeats_return_once_and_late(n: int, share: float, gap: int, seed: int) -> None:
    """Every item stands once as first pass; a repeat follows its first pass by more than the gap."""
    positions = insert_repeats(list(range(n)), share, gap, random.Random(seed))
    first = {item: position for position, (item, pass_no) in enumerate(positions) if pass_no == 1}
    second = {item: position for position, (item, pass_no) in enumerate(positions) if pass_no == 2}
    assert sorted(first) == list(range(n))
    assert len(positions) == len(first) + len(second)
    assert len(second) == min(round(share * n), max(n - gap, 0))
    assert all(position - first[item] > gap for item, position in second.items())
