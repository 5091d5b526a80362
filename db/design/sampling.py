"""The sample: simple random sampling within strata, whose inclusion probabilities are exact."""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import update
from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import StudyItem, Transcript, Verdict
from secondreader.db.transcripts.leak_reviews import find_excluded_transcripts

Strata = dict[str, list[int]]
"""Study item ids by stratum."""


def load_pool_strata(session: Session, study_id: int, judge: str | None, question: str) -> Strata:
    """Pool items that have text and were not excluded for a leak, by the answer of `judge` (None: in one stratum)."""
    # excluded before sampling, so that the probabilities are over what could be sampled
    left_out = find_excluded_transcripts(session, study_id)
    rows = execute(
        session,
        select_columns(StudyItem.id, StudyItem.transcript_id)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(
            col(StudyItem.study_id) == study_id,
            col(StudyItem.part) == "pool",
            # nobody can label what has no text
            col(Transcript.content).is_not(None),
        )
        .order_by(col(StudyItem.id)),
    ).all()
    rows = [row for row in rows if row[1] not in left_out]
    if judge is None:
        return {"all": [row[0] for row in rows]} if rows else {}
    verdicts = dict(
        execute(
            session,
            select_columns(Verdict.transcript_id, Verdict.answers).where(
                col(Verdict.judge) == judge, col(Verdict.repeat) == 1
            ),
        ).all()
    )
    strata: Strata = defaultdict(list)
    for item_id, transcript_id in rows:
        answer = verdicts.get(transcript_id, {}).get(question)
        # unparsed and missing verdicts are a stratum of their own: leaving them out would bias the corrected rate
        strata[str(answer) if answer is not None else "no verdict"].append(item_id)
    return dict(sorted(strata.items()))


def compute_quotas(sizes: Mapping[str, int], n_items: int) -> dict[str, int]:
    """How many items each stratum gives: equal shares; what a small one cannot give goes to the others.

    With more items, no stratum gives fewer.
    """
    quota = dict.fromkeys(sizes, 0)
    left = min(n_items, sum(sizes.values()))
    while left:
        open_strata = [name for name, size in sizes.items() if quota[name] < size]
        # fewer items left than strata: the first ones by name get them, whatever the seed
        for name in open_strata[:left]:
            take = min(max(left // len(open_strata), 1), sizes[name] - quota[name])
            quota[name] += take
        left = min(n_items, sum(sizes.values())) - sum(quota.values())
    return quota


def draw_sample(
    strata: Mapping[str, Sequence[int]], n_items: int, rng: random.Random
) -> dict[int, tuple[str, float]]:
    """Draw items; returns item id -> (stratum, inclusion probability). Probabilities are exact: n_h / N_h."""
    quota = compute_quotas({name: len(items) for name, items in strata.items()}, n_items)
    return {
        item: (name, quota[name] / len(items))
        for name, items in strata.items()
        for item in rng.sample(list(items), quota[name])
    }


def draw_additional_sample(
    strata: Mapping[str, Sequence[int]], sampled_ids: Collection[int], n_items: int, rng: random.Random
) -> dict[int, tuple[str, float]]:
    """Draw `n_items` beyond those already sampled; returns the new stratum and probability of old and new items.

    A second simple random sample from what the first one left makes, with it, one simple random sample of both sizes: the
    probability of every item of a stratum is (n1 + n2) / N.
    """
    sampled_ids = set(sampled_ids)
    quota = compute_quotas({name: len(items) for name, items in strata.items()}, len(sampled_ids) + n_items)
    chosen: dict[int, tuple[str, float]] = {}
    for name, items in strata.items():
        old = [item for item in items if item in sampled_ids]
        rest = [item for item in items if item not in sampled_ids]
        # what was sampled stays in the sample, even where the new quota of its stratum is smaller
        both = max(quota[name], len(old))
        for item in [*old, *rng.sample(rest, both - len(old))]:
            chosen[item] = (name, both / len(items))
    return chosen


def set_aside(strata: Strata, n_items: int, rng: random.Random) -> tuple[list[int], Strata]:
    """Draw items that leave the pool, alike from each stratum; returns them, and the strata of what remains."""
    taken = set(draw_sample(strata, n_items, rng))
    rest = {name: [item for item in items if item not in taken] for name, items in strata.items()}
    return sorted(taken), {name: items for name, items in rest.items() if items}


def store_strata(session: Session, strata: Strata) -> None:
    """Store each item's stratum at sampling time: later verdicts do not move it."""
    for name, items in strata.items():
        # SQLite allows 32,766 parameters a statement
        for start in range(0, len(items), 500):
            part = col(StudyItem.id).in_(items[start : start + 500])
            execute(session, update(StudyItem).where(part).values(stratum=name))


def store_sample(session: Session, sample: Mapping[int, tuple[str, float]]) -> None:
    """Store which items are in the sample, with their strata and inclusion probabilities."""
    for item_id, (stratum, probability) in sample.items():
        execute(
            session,
            update(StudyItem)
            .where(col(StudyItem.id) == item_id)
            .values(stratum=stratum, inclusion_probability=probability, is_drawn=True),
        )


def load_stored_strata(session: Session, study_id: int) -> Strata:
    """The pool by the strata of the first sample, in the pool's order."""
    rows = execute(
        session,
        select_columns(StudyItem.id, StudyItem.stratum)
        .where(
            col(StudyItem.study_id) == study_id,
            col(StudyItem.part) == "pool",
            col(StudyItem.stratum).is_not(None),
        )
        .order_by(col(StudyItem.stratum), col(StudyItem.id)),
    )
    strata: Strata = defaultdict(list)
    for item_id, stratum in rows:
        strata[stratum].append(item_id)
    return dict(sorted(strata.items()))
