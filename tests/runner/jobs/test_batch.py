"""Work on many items at once: what counts as done, failed or untried, and what ends the work."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.jobs.batch import GIVE_UP_AFTER, WorkOutcome, make_and_commit, process_items
from secondreader.runner.jobs.seeds import derive_seed
from secondreader.runner.models.client import ClientError


@given(fails=st.lists(st.booleans(), max_size=40), concurrency=st.integers(1, 5))
def test_every_item_is_counted_once(fails: list[bool], concurrency: int) -> None:
    """Done, failed and untried items add up; `on_done` is called for each one that was tried."""
    calls: list[None] = []

    async def process(fail: bool) -> None:
        await asyncio.sleep(0)
        if fail:
            raise ClientError("no answer")

    outcome = asyncio.run(
        process_items(fails, process, concurrency=concurrency, on_done=lambda: calls.append(None))
    )
    assert outcome.n_done + outcome.n_failed + outcome.n_untried == len(fails)
    assert len(calls) == outcome.n_done + outcome.n_failed
    assert outcome.problems == Counter({"no answer": outcome.n_failed} if outcome.n_failed else {})
    assert outcome.is_complete == (not any(fails))


async def test_a_dead_server_is_given_up() -> None:
    """After GIVE_UP_AFTER failures in a row the rest is left untried, and the sentence says so."""

    async def fail(_item: int) -> None:
        raise ClientError("cannot be reached")

    outcome = await process_items(range(100), fail, concurrency=1)
    assert (outcome.n_failed, outcome.n_untried) == (GIVE_UP_AFTER, 100 - GIVE_UP_AFTER)
    assert outcome.describe_problems() == [
        f"{GIVE_UP_AFTER} x cannot be reached",
        f"{100 - GIVE_UP_AFTER} not tried after {GIVE_UP_AFTER} failures in a row.",
    ]


async def test_a_success_starts_the_count_anew() -> None:
    """Failures that are scattered never end the work."""

    async def fail_mostly(item: int) -> None:
        if item % GIVE_UP_AFTER:
            raise ClientError("busy")

    outcome = await process_items(range(5 * GIVE_UP_AFTER), fail_mostly, concurrency=1)
    assert (outcome.n_done, outcome.n_untried) == (5, 0)


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (3, 3), (50, 10)])
async def test_no_more_items_at_once_than_allowed(concurrency: int, most: int) -> None:
    """Ten items need no more than ten workers."""
    running, peak = 0, 0

    async def process(_item: int) -> None:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.001)
        running -= 1

    await process_items(range(10), process, concurrency=concurrency)
    assert (peak, running) == (most, 0)


async def test_a_fault_of_our_own_ends_the_work() -> None:
    """The exception is raised, and requests under way are cancelled."""
    cancelled: list[int] = []

    async def process(item: int) -> None:
        if item == 0:
            raise ZeroDivisionError
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    with pytest.raises(ZeroDivisionError):
        await process_items(range(3), process, concurrency=2)
    assert cancelled in ([], [1])


async def test_a_result_is_committed_before_its_item_is_done() -> None:
    """One commit at a time, each with its own item; a failure commits nothing."""
    events: list[str] = []

    async def double(item: int) -> int:
        if item == 2:
            raise ClientError("refused")
        return 2 * item

    def commit(item: int, result: int) -> None:
        events.append(f"{item} -> {result}")

    outcome = await make_and_commit(
        range(4), double, commit, concurrency=1, on_done=lambda: events.append("done")
    )
    assert events == ["0 -> 0", "done", "1 -> 2", "done", "done", "3 -> 6", "done"]
    assert (outcome.n_done, outcome.n_failed) == (3, 1)


async def test_a_commit_that_fails_is_raised() -> None:
    """A full disk must not look like a server's refusal."""

    async def same(item: int) -> int:
        return item

    def commit(_item: int, _result: int) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await make_and_commit(range(3), same, commit, concurrency=2)


def test_the_five_most_frequent_problems_are_described() -> None:
    """Most frequent first; nothing is said where nothing failed."""
    problems = Counter({f"problem {number}": number for number in range(1, 8)})
    lines = WorkOutcome(n_failed=28, problems=problems).describe_problems()
    assert lines == [f"{number} x problem {number}" for number in (7, 6, 5, 4, 3)]
    assert WorkOutcome(n_done=3).describe_problems() == []


@given(parts=st.lists(st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_a_seed_has_31_bits_and_repeats(parts: list[object]) -> None:
    """On any machine, and in the range that every server takes."""
    seed = derive_seed(*parts)
    assert 0 <= seed < 2**31
    assert derive_seed(*parts) == seed
    assert derive_seed(*parts, "more") != seed


def test_seeds_tell_the_order_and_the_kinds_of_parts() -> None:
    """("a", "b") and ("ab",) are different plans, and so are 1 and "1"."""
    seeds = [derive_seed(*parts) for parts in (("a", "b"), ("b", "a"), ("ab",), (1,), ("1",), ())]
    assert len(set(seeds)) == len(seeds)
