"""Works through many requests at once and commits each result; what fails is counted, and does not stop the others."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from secondreader.runner.models.client import ClientError

Item = TypeVar("Item")
Result = TypeVar("Result")

GIVE_UP_AFTER = 24
"""Failures in a row after which nothing more is asked: the server is gone or refuses everything."""


@dataclass
class WorkOutcome:
    """What became of the items."""

    n_done: int = 0
    n_failed: int = 0
    n_untried: int = 0
    """Left when so many had failed in a row that asking on made no sense."""
    problems: Counter[str] = field(default_factory=Counter)
    """Each failure's sentence, with how often it came."""

    @property
    def is_complete(self) -> bool:
        """Whether every item was done."""
        return not (self.n_failed or self.n_untried)

    def describe_problems(self) -> list[str]:
        """What failed, most frequent first."""
        lines = [f"{count} x {problem}" for problem, count in self.problems.most_common(5)]
        if self.n_untried:
            lines.append(f"{self.n_untried} not tried after {GIVE_UP_AFTER} failures in a row.")
        return lines


async def process_items(
    items: Iterable[Item],
    process_item: Callable[[Item], Awaitable[None]],
    *,
    concurrency: int,
    on_done: Callable[[], None] = lambda: None,
) -> WorkOutcome:
    """Process every item, at most `concurrency` at once; a ClientError counts as that item's failure.

    `on_done` is called after each item. Any other exception ends the work and is raised.
    """
    waiting = deque(items)
    outcome = WorkOutcome()
    failed_in_a_row = 0

    async def worker() -> None:
        nonlocal failed_in_a_row
        while waiting and failed_in_a_row < GIVE_UP_AFTER:
            try:
                await process_item(waiting.popleft())
            # only what the server did: a fault of our own must end the work, and be seen
            except ClientError as error:
                outcome.n_failed += 1
                outcome.problems[str(error)] += 1
                failed_in_a_row += 1
            else:
                outcome.n_done += 1
                failed_in_a_row = 0
            on_done()

    workers = [asyncio.create_task(worker()) for _ in range(max(min(concurrency, len(waiting)), 1))]
    try:
        await asyncio.gather(*workers)
    finally:
        # an interruption must not leave requests under way that somebody pays for
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    outcome.n_untried = len(waiting)
    return outcome


async def make_and_commit(
    items: Iterable[Item],
    make_result: Callable[[Item], Awaitable[Result]],
    commit: Callable[[Item, Result], None],
    *,
    concurrency: int,
    on_done: Callable[[], None] = lambda: None,
) -> WorkOutcome:
    """Make each item's result and commit it before the item counts as done: an interruption loses what is under way.

    `commit` runs in a thread, so that requests go on while the disk is written.
    """
    # One writer at a time: results that come together would only wait for each other's lock in threads.
    turn = asyncio.Lock()

    async def process_item(item: Item) -> None:
        result = await make_result(item)
        async with turn:
            await asyncio.to_thread(commit, item, result)

    return await process_items(items, process_item, concurrency=concurrency, on_done=on_done)
