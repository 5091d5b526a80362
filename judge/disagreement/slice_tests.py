"""All slices against all kinds of wrong verdict: which are tested, and by what adjusted p."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from secondreader.judge.data.slices import SliceSet
from secondreader.judge.disagreement.slice_counts import UntestedSlice, count_slices
from secondreader.judge.disagreement.slice_rates import SliceRates, compute_mean_inside, compute_slice_rates
from secondreader.judge.inference.permutation import (
    Floats,
    Indices,
    Outcome,
    Scores,
    Singles,
    compute_adjusted_p,
    compute_raw_p,
    join_scores,
    make_outcome,
    score_columns,
)

# one-way slices answer the question most people ask, so they keep nearly all of the power (docs/false-flags.md)
ALPHA_SHARES = {"one-way": 0.90, "two-way": 0.05, "term": 0.05}
FAMILIES = tuple(ALPHA_SHARES)


@dataclass(frozen=True, slots=True)
class PermutationSettings:
    """How many permutations, and from which seed."""

    permutations: int
    """Scenario permutations."""
    seed: int
    """Seed."""


@dataclass(frozen=True, slots=True)
class SliceTests:
    """Tested slices: one entry per slice and statistic."""

    outcome: Indices
    """Position of the outcome, shape (tests,)."""
    slice: Indices
    """Position of the slice, shape (tests,)."""
    table: pd.DataFrame
    """One row per test, as in Findings.frame()."""
    untested: tuple[UntestedSlice, ...]
    """Slices without enough support, and why."""


@dataclass(frozen=True, slots=True)
class OutcomeTests:
    """The tests of one outcome."""

    slice: Indices
    """Positions of the tested slices."""
    scores: Scores
    """Their scores."""
    rates: SliceRates
    """Their rates."""
    human_disagreement: tuple[Floats, Floats]
    """Human disagreement in and out."""


def select_rows(outcome: Outcome, columns: Singles) -> Singles:
    """The columns' rows of the outcome's items."""
    return columns if len(outcome.index) == len(columns) else columns[outcome.index]


def run_outcome_tests(
    outcome: Outcome, slices: SliceSet, human: Floats, settings: PermutationSettings
) -> tuple[OutcomeTests, list[UntestedSlice]]:
    """Test every slice with enough support; `human` (items,) is each item's human disagreement."""
    columns = select_rows(outcome, slices.columns)
    counts = count_slices(outcome, columns)
    able = np.flatnonzero(counts.is_sufficient)
    untested = [
        UntestedSlice(slices.slices[position].label, outcome.name, counts.explain_shortage(int(position)))
        for position in np.flatnonzero(~counts.is_sufficient)
        # pairs and terms without support are thousands: listing them would bury the rest
        if slices.slices[position].kind == "one-way"
    ]
    scores = score_columns(outcome, columns[:, able], settings.permutations, settings.seed)
    for position in able[~scores.moves]:
        why = "verdicts of this kind are all right or all wrong, or do not vary apart from their scenarios"
        untested.append(UntestedSlice(slices.slices[position].label, outcome.name, why))
    moving = np.flatnonzero(scores.moves)
    tested = columns[:, able[moving]]
    disagreement = human[outcome.index]
    human_in_and_out = (
        compute_mean_inside(disagreement, tested),
        compute_mean_inside(disagreement, 1 - tested),
    )
    part = OutcomeTests(
        able[moving], scores.take(moving), compute_slice_rates(outcome, tested), human_in_and_out
    )
    return part, untested


def run_slice_tests(
    outcomes: Sequence[Outcome], slices: SliceSet, human: Floats, settings: PermutationSettings
) -> SliceTests:
    """Every supported slice by every outcome, adjusted together."""
    parts: list[OutcomeTests] = []
    untested: list[UntestedSlice] = []
    for outcome in outcomes:
        part, lacking = run_outcome_tests(outcome, slices, human, settings)
        parts.append(part)
        untested.extend(lacking)
    which = np.repeat(np.arange(len(parts)), [len(part.slice) for part in parts])
    position = np.concatenate([part.slice for part in parts])
    table = pd.concat(
        [describe_tests(outcome, part, slices) for outcome, part in zip(outcomes, parts, strict=True)],
        ignore_index=True,
    )
    return SliceTests(
        which, position, add_p_values(table, join_scores([part.scores for part in parts])), tuple(untested)
    )


def describe_tests(outcome: Outcome, outcome_tests: OutcomeTests, slices: SliceSet) -> pd.DataFrame:
    """Names, counts and rates of the tests of one outcome, one row each."""
    inside, outside = outcome_tests.rates.inside, outcome_tests.rates.outside
    own = [slices.slices[position] for position in outcome_tests.slice]
    return pd.DataFrame(
        {
            "slice": pd.Series([piece.label for piece in own], dtype=object),
            "attributes": pd.Series([piece.attribute for piece in own], dtype=object),
            "values": pd.Series([piece.value for piece in own], dtype=object),
            "kind": pd.Series([piece.kind for piece in own], dtype=object),
            "statistic": pd.Series([outcome.name] * len(own), dtype=object),
            "n_in": inside.n.astype(np.int64),
            "n_out": outside.n.astype(np.int64),
            # whole numbers held as floats: a cast alone would cut 2.999 to 2
            "wrong_in": inside.wrong.round().astype(np.int64),
            "wrong_out": outside.wrong.round().astype(np.int64),
            "rate_in": inside.rate,
            "rate_out": outside.rate,
            "difference": outcome_tests.rates.difference,
            "low": outcome_tests.rates.low,
            "high": outcome_tests.rates.high,
            "ratio": outcome_tests.rates.ratio,
            "expected_wrong": outcome_tests.rates.expected,
            "human_disagreement_in": outcome_tests.human_disagreement[0],
            "human_disagreement_out": outcome_tests.human_disagreement[1],
        }
    )


def add_p_values(table: pd.DataFrame, scores: Scores) -> pd.DataFrame:
    """The table with t, p, p_adjusted and q (Benjamini-Hochberg within the family)."""
    kinds = table["kind"].to_numpy()
    family = np.array([FAMILIES.index(kind) for kind in kinds], dtype=np.intp)
    present = np.bincount(family, minlength=len(FAMILIES)) > 0
    share = np.array(list(ALPHA_SHARES.values())) * present
    # a family without a test leaves its share of alpha to the others
    share = share / share.sum() if len(family) else share
    p, q = compute_raw_p(scores), np.ones(len(table))
    for number in np.flatnonzero(present):
        q[family == number] = false_discovery_control(p[family == number])
    return table.assign(t=scores.t, p=p, p_adjusted=compute_adjusted_p(scores, family, share), q=q)


def restrict_outcome(outcome: Outcome, inside: Singles) -> Outcome:
    """The outcome on the items of one slice; `inside` is 0/1 over the outcome's items."""
    n = int(outcome.index.max(initial=-1)) + 1
    keep, wrong = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    gold, cluster = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
    weight = np.ones(n)
    keep[outcome.index] = inside > 0
    wrong[outcome.index], gold[outcome.index] = outcome.wrong, outcome.gold
    # scenario numbers of the frame, so that the keys of the permutation stay the same
    cluster[outcome.index], weight[outcome.index] = outcome.scenario[outcome.cluster], outcome.weight
    return make_outcome(outcome.name, keep, wrong, gold, cluster, weight)


def is_worse_than_parents(
    outcome: Outcome, child: int, slices: SliceSet, settings: PermutationSettings, alpha: float
) -> bool:
    """Whether a two-way slice is still worse than the rest of each parent (permutation within the parent)."""
    for parent in slices.slices[child].parents:
        narrow = restrict_outcome(outcome, select_rows(outcome, slices.columns)[:, parent])
        column = slices.columns[narrow.index][:, [child]]
        scores = score_columns(narrow, column, settings.permutations, settings.seed)
        if not scores.moves[0] or compute_raw_p(scores)[0] > alpha:
            return False
    return True
