"""Which repeats are due, from seeds and labels alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.core.desk_rules import Rules
from secondreader.db.queues.leases import OwnAssignment, SharedQueueReader
from secondreader.db.queues.repeats import (
    BLOCK_SIZE,
    choose_repeats,
    compute_extra_gap,
    count_labelled_since,
    find_due_repeats,
    hash_to_fraction,
    is_repeated,
    list_own_first_ratings,
)

SEEDS = st.integers(0, 2**31)


def make_queue(n_labelled: int, n_open: int = 0) -> list[OwnAssignment]:
    """A main queue labelled in its order, with open assignments behind it."""
    return [
        OwnAssignment(
            assignment_id=at,
            token=f"t{at}",
            item_id=100 + at,
            position=at,
            pass_no=1,
            part="pool",
            is_kept=True,
            first_label=at if at <= n_labelled else None,
            last_label=at if at <= n_labelled else None,
        )
        for at in range(1, n_labelled + n_open + 1)
    ]


def make_reader(seed: int, repeats: float = 0.5, gap: int = 5) -> SharedQueueReader:
    """An annotator of an open study with a shared queue."""
    rules = Rules(queue="shared", repeats=repeats, repeat_gap=gap)
    return SharedQueueReader(1, 1, "open", seed, rules)


@given(st.text(max_size=20))
def test_a_hash_is_a_fraction(text: str) -> None:
    """It lies in [0, 1) and depends on the text alone."""
    assert 0 <= hash_to_fraction(text) < 1
    assert hash_to_fraction(text) == hash_to_fraction(text)
    assert hash_to_fraction(text) != hash_to_fraction(text + "x")


@given(SEEDS, st.integers(1, 60), st.integers(0, 200))
def test_the_extra_gap_is_at_most_the_gap(seed: int, gap: int, number: int) -> None:
    """So a repeat comes after one to two gaps."""
    assert 0 <= compute_extra_gap(seed, gap, number) <= gap


@given(SEEDS, st.sampled_from([0.0, 0.05, 0.1, 0.5]), st.integers(0, 30))
def test_a_block_returns_its_share(seed: int, share: float, block: int) -> None:
    """No block differs from its share by a whole item, and every chosen offset lies in the block."""
    chosen = choose_repeats(seed, share, block)
    assert abs(len(chosen) - share * BLOCK_SIZE) < 1
    assert chosen <= set(range(BLOCK_SIZE))
    assert {
        offset for offset in range(BLOCK_SIZE) if is_repeated(seed, share, block * BLOCK_SIZE + offset)
    } == chosen


@given(SEEDS, st.integers(0, 40))
def test_without_repeats_nothing_is_due(seed: int, n_labelled: int) -> None:
    """A study that asks for no repeats gets none, not even at the end."""
    reader = make_reader(seed, repeats=0.0)
    assert find_due_repeats(reader, make_queue(n_labelled), at_end=True) == []


@given(SEEDS, st.integers(0, 45), st.integers(1, 10))
def test_a_due_repeat_keeps_its_distance(seed: int, n_labelled: int, gap: int) -> None:
    """Only first ratings return that enough labels follow; at the end as many or more, in the same order."""
    reader, queue = make_reader(seed, gap=gap), make_queue(n_labelled, n_open=3)
    due, at_end = find_due_repeats(reader, queue), find_due_repeats(reader, queue, at_end=True)
    assert set(due) <= set(at_end)
    assert at_end == sorted(at_end)
    assert all(n_labelled - (item - 100) >= gap for item in at_end)
    numbers = {item - 101 for item in at_end}
    assert all(is_repeated(seed, 0.5, number) for number in numbers)


@given(SEEDS)
def test_an_item_returns_once(seed: int) -> None:
    """An assignment of the second pass, labelled or not, is the item's only repeat."""
    reader, queue = make_reader(seed), make_queue(40)
    due = find_due_repeats(reader, queue)
    assert due
    repeat = OwnAssignment(99, "again", due[0], 41, 2, "pool", True)
    assert find_due_repeats(reader, [*queue, repeat]) == due[1:]


@pytest.mark.parametrize(
    ("part", "pass_no", "first_label", "counts"),
    [
        ("pool", 1, 9, True),
        ("pool", 2, 9, False),
        ("attention", 1, 9, False),
        ("calibration", 1, 9, False),
        ("pool", 1, None, False),
    ],
)
def test_only_first_ratings_of_the_pool_return(
    part: str, pass_no: int, first_label: int | None, counts: bool
) -> None:
    """Neither repeats, attention checks and norming items nor unlabelled assignments are numbered."""
    assignment = OwnAssignment(1, "t", 5, 1, pass_no, part, True, first_label, first_label)
    assert (list_own_first_ratings([assignment]) == [assignment]) is counts


def test_first_ratings_are_in_the_order_of_labelling() -> None:
    """An item that was put off is numbered when its label comes."""
    early, late = (
        OwnAssignment(1, "a", 5, 1, 1, "pool", True, 20, 20),
        OwnAssignment(2, "b", 6, 2, 1, "pool", True, 10, 10),
    )
    assert list_own_first_ratings([early, late]) == [late, early]


def test_a_correction_starts_the_distance_again() -> None:
    """What somebody has just reread would be recognised: labels count from the last answer on."""
    queue = make_queue(4)
    assert count_labelled_since(queue[0], queue) == 3
    corrected = OwnAssignment(1, "t1", 101, 1, 1, "pool", True, 1, 50)
    assert count_labelled_since(corrected, [corrected, *queue[1:]]) == 0


def test_qualification_items_do_not_count_as_distance() -> None:
    """Only labels of the main queue stand between an item and its return."""
    queue = make_queue(1)
    practice = OwnAssignment(2, "p", 9, 2, 1, "qualification", True, 7, 7)
    attention = OwnAssignment(3, "a", 8, 3, 1, "attention", True, 8, 8)
    assert count_labelled_since(queue[0], [*queue, practice]) == 0
    assert count_labelled_since(queue[0], [*queue, practice, attention]) == 1
