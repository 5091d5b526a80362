"""Unannounced repeats in a shared queue: which of a person's transcripts return to them, and how far apart.

Which ones, and at which distance, comes from the person's seed and from how many transcripts they have labelled: never from
what a transcript holds, how a judge read it or what the person answered. Distances are counted in labels, in the order of
storing, so that an assignment that was passed over or put off brings no return nearer.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from secondreader.db.queues.leases import OwnAssignment, SharedQueueReader

BLOCK_SIZE = 20
"""Of so many transcripts in a row that a person labels, the wanted share returns: 2 of each 20 for a share of 0.1."""


def find_due_repeats(
    reader: SharedQueueReader, own: Sequence[OwnAssignment], *, at_end: bool = False
) -> list[int]:
    """Items that return to the person now, those read first before the others.

    Each keeps its own distance, between the study's gap and twice that. With `at_end`, when nothing else is left to read,
    the gap alone is kept; what it does not allow then never returns.
    """
    rules = reader.rules
    if not rules.repeats:
        return []
    returned = {
        assignment.item_id for assignment in own if assignment.part == "pool" and assignment.pass_no > 1
    }
    return [
        assignment.item_id
        for number, assignment in enumerate(list_own_first_ratings(own))
        if assignment.item_id not in returned
        and is_repeated(reader.order_seed, rules.repeats, number)
        and count_labelled_since(assignment, own)
        >= rules.repeat_gap
        # a fixed distance would be noticed after the second repeat
        + (0 if at_end else compute_extra_gap(reader.order_seed, rules.repeat_gap, number))
    ]


def list_own_first_ratings(own: Sequence[OwnAssignment]) -> list[OwnAssignment]:
    """The person's labelled first ratings of the pool, in the order in which they were labelled."""
    labelled = [
        assignment
        for assignment in own
        if assignment.part == "pool" and assignment.pass_no == 1 and assignment.first_label is not None
    ]
    return sorted(labelled, key=lambda assignment: assignment.first_label or 0)


def count_labelled_since(assignment: OwnAssignment, own: Sequence[OwnAssignment]) -> int:
    """Other assignments of the main queue that stand after this one and were labelled since the person last answered it."""
    return sum(
        other.is_main
        and other.position > assignment.position
        and (other.first_label or 0) > (assignment.last_label or 0)
        for other in own
    )


def is_repeated(seed: int, share: float, number: int) -> bool:
    """Whether the person's first rating of this number, counted from 0, returns."""
    return number % BLOCK_SIZE in choose_repeats(seed, share, number // BLOCK_SIZE)


@lru_cache(maxsize=10_000)
def choose_repeats(seed: int, share: float, block: int) -> frozenset[int]:
    """Assignments in one block of first ratings that return: the share exactly, carried over to the next block where it must be."""
    # a start of the person's own, so that a small share does not begin in the same block for everybody
    start = hash_to_fraction(f"start {seed}")
    n = int(share * BLOCK_SIZE * (block + 1) + start) - int(share * BLOCK_SIZE * block + start)
    order = sorted(range(BLOCK_SIZE), key=lambda offset: hash_to_fraction(f"return {seed} {block} {offset}"))
    return frozenset(order[:n])


def compute_extra_gap(seed: int, gap: int, number: int) -> int:
    """Assignments beyond the gap, 0 to `gap`, so that returns come at no fixed distance."""
    return int(hash_to_fraction(f"distance {seed} {number}") * (gap + 1))


def hash_to_fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
