"""All slices against all kinds of wrong verdict: which are tested, and by what adjusted p."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from secondreader.judge.disagreement.slice_rates import SliceRates, mean_inside, slice_rates
from secondreader.judge.disagreement.slices import SliceSet, Untested, support
from secondreader.judge.inference.exact_tests import benjamini_hochberg
from secondreader.judge.inference.permutation import (
    Floats,
    Indices,
    Outcome,
    Scores,
    Singles,
    adjusted_p,
    join,
    make_outcome,
    raw_p,
    score,
)

# one-way slices answer the question most people ask, so they keep nearly all of the power (docs/false-flags.md)
SHARES = {"one-way": 0.90, "two-way": 0.05, "term": 0.05}
FAMILIES = tuple(SHARES)


@dataclass(frozen=True, slots=True)
class Draw:
    """How many permutations, and from which seed."""

    permutations: int
    """Scenario permutations."""
    seed: int
    """Seed."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Tested slices: one entry per slice and statistic."""

    outcome: Indices
    """Position of the outcome, shape (tests,)."""
    slice: Indices
    """Position of the slice, shape (tests,)."""
    table: pd.DataFrame
    """One row per test, as in Findings.frame()."""
    untested: tuple[Untested, ...]
    """Slices without enough support, and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """The tests of one outcome."""

    slice: Indices
    """Positions of the tested slices."""
    scores: Scores
    """Their scores."""
    rates: SliceRates
    """Their rates."""
    people: tuple[Floats, Floats]
    """Human disagreement in and out."""


def rows_of(outcome: Outcome, columns: Singles) -> Singles:
    """The columns' rows of the outcome's items."""
    return columns if len(outcome.index) == len(columns) else columns[outcome.index]


def check_outcome(
    outcome: Outcome, slices: SliceSet, human: Floats, draw: Draw
) -> tuple[Part, list[Untested]]:
    """Test every slice with enough support; `human` (items,) is each item's human disagreement."""
    columns = rows_of(outcome, slices.columns)
    seen = support(outcome, columns)
    able = np.flatnonzero(seen.enough)
    untested = [
        Untested(slices.slices[place].label, outcome.name, seen.reason(int(place)))
        for place in np.flatnonzero(~seen.enough)
        if slices.slices[place].kind == "one-way"
    ]
    scores = score(outcome, columns[:, able], draw.permutations, draw.seed)
    for place in able[~scores.moves]:
        why = "verdicts of this kind are all right or all wrong, or cannot be told from their scenarios"
        untested.append(Untested(slices.slices[place].label, outcome.name, why))
    moving = np.flatnonzero(scores.moves)
    kept = columns[:, able[moving]]
    disagreement = human[outcome.index]
    people = (mean_inside(disagreement, kept), mean_inside(disagreement, 1 - kept))
    part = Part(able[moving], scores.take(moving), slice_rates(outcome, kept), people)
    return part, untested


def check_slices(outcomes: Sequence[Outcome], slices: SliceSet, human: Floats, draw: Draw) -> Tests:
    """Every supported slice by every outcome, adjusted together."""
    parts, untested = [], list(slices.untested)
    for outcome in outcomes:
        part, lacking = check_outcome(outcome, slices, human, draw)
        parts.append(part)
        untested.extend(lacking)
    which = np.repeat(np.arange(len(parts)), [len(part.slice) for part in parts])
    place = np.concatenate([part.slice for part in parts])
    table = pd.concat(
        [describe(outcome, part, slices) for outcome, part in zip(outcomes, parts, strict=True)],
        ignore_index=True,
    )
    return Tests(which, place, add_p(table, join([part.scores for part in parts])), tuple(untested))


def describe(outcome: Outcome, part: Part, slices: SliceSet) -> pd.DataFrame:
    """Names, counts and rates of the tests of one outcome, one row each."""
    inside, outside = part.rates.inside, part.rates.outside
    own = [slices.slices[place] for place in part.slice]
    return pd.DataFrame(
        {
            "slice": pd.Series([one.label for one in own], dtype=object),
            "attributes": pd.Series(["; ".join(one.attributes) for one in own], dtype=object),
            "kind": pd.Series([one.kind for one in own], dtype=object),
            "statistic": pd.Series([outcome.name] * len(own), dtype=object),
            "n_in": inside.n.astype(np.int64),
            "n_out": outside.n.astype(np.int64),
            "wrong_in": inside.wrong.round().astype(np.int64),
            "wrong_out": outside.wrong.round().astype(np.int64),
            "rate_in": inside.rate,
            "rate_out": outside.rate,
            "difference": part.rates.difference,
            "low": part.rates.low,
            "high": part.rates.high,
            "ratio": part.rates.ratio,
            "expected_wrong": part.rates.expected,
            "human_disagreement_in": part.people[0],
            "human_disagreement_out": part.people[1],
        }
    )


def add_p(table: pd.DataFrame, scores: Scores) -> pd.DataFrame:
    """The table with t, p, p_adjusted and q (Benjamini-Hochberg within the family)."""
    kinds = table["kind"].to_numpy()
    family = np.array([FAMILIES.index(kind) for kind in kinds], dtype=np.intp)
    present = np.bincount(family, minlength=len(FAMILIES)) > 0
    share = np.array(list(SHARES.values())) * present
    share = share / share.sum() if len(family) else share
    p, q = raw_p(scores), np.ones(len(table))
    for number in np.flatnonzero(present):
        q[family == number] = benjamini_hochberg(p[family == number])
    return table.assign(t=scores.t, p=p, p_adjusted=adjusted_p(scores, family, share), q=q)


def restrict(outcome: Outcome, inside: Singles) -> Outcome:
    """The outcome on the items of one slice; `inside` is 0/1 over the outcome's items."""
    n = int(outcome.index.max(initial=-1)) + 1
    keep, wrong = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    gold, cluster = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
    weight = np.ones(n)
    keep[outcome.index] = inside > 0
    wrong[outcome.index], gold[outcome.index] = outcome.wrong, outcome.gold
    cluster[outcome.index], weight[outcome.index] = outcome.scenario[outcome.cluster], outcome.weight
    return make_outcome(outcome.name, keep, wrong, gold, cluster, weight)


def beats_parents(outcome: Outcome, child: int, slices: SliceSet, draw: Draw, alpha: float) -> bool:
    """Whether a two-way slice is still worse than the rest of each parent (permutation within the parent)."""
    for parent in slices.slices[child].parents:
        narrow = restrict(outcome, rows_of(outcome, slices.columns)[:, parent])
        column = slices.columns[narrow.index][:, [child]]
        seen = score(narrow, column, draw.permutations, draw.seed)
        if not seen.moves[0] or raw_p(seen)[0] > alpha:
            return False
    return True
