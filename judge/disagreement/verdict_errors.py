"""Where a judge's verdicts differ from gold: errors, false positives, false negatives, unparsed verdicts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.coding import VERDICT_STATES
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.slices import cut_slices
from secondreader.judge.inference.exact_tests import McNemarResult, compute_sign_flip_p, run_mcnemar_test
from secondreader.judge.inference.permutation import Floats, Indices, Outcome, make_outcome

Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]

ERROR, FALSE_POSITIVE, FALSE_NEGATIVE, UNPARSED = "error", "false_positive", "false_negative", "unparsed"


@dataclass(frozen=True, slots=True)
class ScoredVerdicts:
    """One judge's verdicts beside gold; arrays have shape (items,)."""

    verdict: Codes
    """Answer code of the verdict; negative where absent or unparsed."""
    gold: Codes
    """Answer code of gold; negative where unlabelled or without consensus."""
    scored: Mask
    """Whether both are decided: an answer other than unsure."""
    positive: int
    """Code of the positive answer."""
    cluster: Indices
    """Scenario of each item."""
    weight: Floats
    """Inverse inclusion probability."""

    @property
    def over_flags(self) -> Mask:
        """Verdict positive, gold not."""
        return np.asarray(self.scored & (self.verdict == self.positive) & (self.gold != self.positive))

    @property
    def misses(self) -> Mask:
        """Gold positive, verdict not."""
        return np.asarray(self.scored & (self.verdict != self.positive) & (self.gold == self.positive))


def score_verdicts(ratings: Ratings, judge: int, gold: Codes) -> ScoredVerdicts:
    """The verdicts of a judge (column index) beside gold codes (items,); unsure counts as missing on both sides."""
    verdict = ratings.verdict[:, judge]
    decided = (verdict >= 0) & (gold >= 0)
    if ratings.unsure >= 0:
        decided &= (verdict != ratings.unsure) & (gold != ratings.unsure)
    return ScoredVerdicts(verdict, gold, decided, ratings.positive, ratings.cluster, ratings.weight)


def build_error_outcomes(scored: ScoredVerdicts) -> list[Outcome]:
    """The three outcomes: any error, false positives where gold is not positive, false negatives where it is."""
    wrong = scored.scored & (scored.verdict != scored.gold)
    is_positive = scored.gold == scored.positive
    kinds = (
        (ERROR, scored.scored, wrong),
        (FALSE_POSITIVE, scored.scored & ~is_positive, scored.over_flags),
        (FALSE_NEGATIVE, scored.scored & is_positive, scored.misses),
    )
    return [
        make_outcome(name, eligible, hit, scored.gold, scored.cluster, scored.weight)
        for name, eligible, hit in kinds
    ]


def build_unparsed_outcome(ratings: Ratings, judge: int) -> Outcome:
    """Verdicts that could not be read, among all that were requested; needs no gold."""
    state = ratings.state[:, judge]
    weight = np.ones(len(state))
    judged = state != VERDICT_STATES.index("absent")
    lost = np.isin(state, [VERDICT_STATES.index("unparsed"), VERDICT_STATES.index("error")])
    return make_outcome(UNPARSED, judged, lost, np.zeros(len(state), dtype=np.intp), ratings.cluster, weight)


@dataclass(frozen=True, slots=True)
class ErrorDirection:
    """Whether the judge errs more one way than the other, over all items."""

    over_flags: int
    """Items where the judge says positive and gold does not."""
    misses: int
    """Items where gold is positive and the judge does not say so."""
    n: int
    """Items with a decided verdict and decided gold."""
    mcnemar: McNemarResult
    """Exact McNemar test and the share of over-flags, items taken as independent."""
    p_scenarios: float
    """Sign-flip p over scenario sums: valid when items of a scenario err together."""
    sentence: str
    """Which way the judge errs more, as one sentence for a report; counts are unweighted."""


def compute_direction(
    scored: ScoredVerdicts, *, alpha: float = 0.05, permutations: int = 9_999, seed: int = 0
) -> ErrorDirection:
    """Over-flags against misses, unweighted: McNemar's exact test and the sign-flip over scenarios."""
    b, c = int(scored.over_flags.sum()), int(scored.misses.sum())
    # signed, so that opposite errors within a scenario cancel
    net = scored.over_flags.astype(np.float64) - scored.misses
    p = compute_sign_flip_p(np.bincount(scored.cluster, weights=net), permutations, seed)
    words = f"{b} over-flags and {c} misses among {int(scored.scored.sum())} items"
    if p > alpha:
        sentence = f"The errors show no clear direction: {words} (p by scenario {format_p(p)})."
    else:
        sentence = f"The judge {'over-flags' if b > c else 'misses'} more often: {words} (p by scenario {format_p(p)})."
    return ErrorDirection(b, c, int(scored.scored.sum()), run_mcnemar_test(b, c), p, sentence)


def format_p(p: float) -> str:
    """A p-value as papers print it: "= .003" or "< .001"."""
    if p < 0.001:
        return "< .001"
    digits = f"{p:.3f}"
    # no leading zero, as APA style has it for p
    return f"= {digits.lstrip('0')}"


def count_unread_by_slice(ratings: Ratings, judge: int) -> pd.DataFrame:
    """Unparsed and failed verdicts, counted in every slice, tested or not.

    One row a slice that has any: columns slice (its label), slice_name, slice_value, n (verdicts of the judge there),
    n_unread (unparsed or error), most first. Plain counts, without weights.
    """
    state = ratings.state[:, judge]
    unread = np.isin(state, [VERDICT_STATES.index("unparsed"), VERDICT_STATES.index("error")])
    judged = unread | (state == VERDICT_STATES.index("parsed"))
    rows = [
        (
            piece.label,
            piece.attribute,
            piece.value,
            int((members & judged).sum()),
            int((members & unread).sum()),
        )
        for piece, members in cut_slices(ratings).list_members()
        if (members & unread).any()
    ]
    frame = pd.DataFrame(rows, columns=["slice", "slice_name", "slice_value", "n", "n_unread"])
    # stable, so that ties stay in slice order and output is the same each time
    return frame.sort_values("n_unread", ascending=False, kind="stable", ignore_index=True)
