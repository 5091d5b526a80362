"""Annotators: who leans which way beside the others, who drifts while labelling, who differs where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import drop_annotator, gold_of
from secondreader.judge.data.unsure import Unsure
from secondreader.judge.inference.exact_tests import adjust_holm, compare_slice_with_rest, compute_sign_flip_p
from secondreader.judge.inference.permutation import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AnnotatorEffect:
    """How one annotator leans beside the others, and drifts over the order of their queue."""

    annotator: str
    """Annotator id."""
    n_shared: int
    """Items that this annotator and the majority of the others both decided."""
    yes_rate: float | None
    """Share of positive answers on those items; None without any."""
    yes_rate_others: float | None
    """Share of positive majorities of the others on the same items."""
    more: int
    """Shared items where only this annotator says positive."""
    fewer: int
    """Shared items where only the others do."""
    bias_p: float
    """Sign-flip p over scenarios (exact for up to 13 scenarios with a difference)."""
    bias_p_adjusted: float
    """`bias_p` by Holm over the annotators."""
    first_rate: float | None
    """Share of positive answers in the first third of the queue; None without positions."""
    last_rate: float | None
    """Share of positive answers in the last third."""
    drift_p: float
    """Fisher's exact p of first against last third; valid when the order was random."""
    drift_p_adjusted: float
    """`drift_p` by Holm over the annotators."""
    first_agreement: float | None
    """Share of the first third's shared items answered as the others do."""
    last_agreement: float | None
    """The same in the last third."""
    agreement_p: float
    """Fisher's exact p of agreement with the others, first against last third."""
    agreement_p_adjusted: float
    """`agreement_p` by Holm over the annotators."""


@dataclass(frozen=True, slots=True)
class RaterBias:
    """One annotator beside the majority of the others."""

    shared: Mask
    """Items decided by both, shape (items,)."""
    own: Mask
    """Whether the annotator says positive."""
    others: Mask
    """Whether the others' majority is positive."""
    p: float
    """Sign-flip p over scenarios."""


def estimate_bias(ratings: Ratings, rater: int, others: NDArray[np.int8], seed: int) -> RaterBias:
    """Compare one annotator with the others' majority (items,) on the items that both decided, unsure being no decision."""
    own = ratings.human[:, rater]
    shared = (own >= 0) & (others >= 0)
    if ratings.unsure >= 0:
        shared &= (own != ratings.unsure) & (others != ratings.unsure)
    mine, theirs = own == ratings.positive, others == ratings.positive
    # signed, so that opposite differences within a scenario cancel
    net = (mine.astype(np.float64) - theirs) * shared
    p = compute_sign_flip_p(np.bincount(ratings.cluster, weights=net), seed=seed)
    return RaterBias(np.asarray(shared), np.asarray(mine), np.asarray(theirs), p)


def extract_positions(ratings: Ratings, rater: int) -> Floats:
    """Position of each item in the order this annotator saw (first pass), shape (items,); NaN if unknown."""
    rows = ratings.rows
    mine = rows[(rows["rater"] == rater) & (rows["pass_no"] == 1)]
    order = np.full(len(ratings.items), np.nan)
    order[mine["item"].to_numpy()] = mine["position"].to_numpy(dtype=np.float64)
    return order


@dataclass(frozen=True, slots=True)
class ThirdsComparison:
    """A rate in the first and in the last third of an order."""

    first: float | None
    """Rate in the first third; None when there is nothing to compare."""
    last: float | None
    """Rate in the last third."""
    p: float
    """Fisher's exact p."""


def compare_thirds(order: Floats, hit: Mask, use: Mask) -> ThirdsComparison:
    """Rates of `hit` among items in use, first against last third of their order."""
    known = np.flatnonzero(use & ~np.isnan(order))
    third = len(known) // 3
    if third == 0:
        return ThirdsComparison(None, None, 1.0)
    ranked = known[np.argsort(order[known], kind="stable")]
    # equal thirds, and the middle one unused: the contrast is where a drift is largest
    first, last = hit[ranked[:third]], hit[ranked[-third:]]
    test = compare_slice_with_rest(int(first.sum()), third, int(last.sum()), third)
    return ThirdsComparison(test.rate_in, test.rate_out, test.fisher_p)


def estimate_annotator_effects(
    ratings: Ratings, seed: int = 0, unsure: Unsure | None = None
) -> tuple[AnnotatorEffect, ...]:
    """Bias and drift of every annotator, first passes only, unweighted; p adjusted over annotators by Holm.

    Bias compares yes-rates with the majority of the others on the same items, by the policy for unsure that gold has;
    drift compares the first with the last third of the order seen.
    """
    # decisions stay out: the adjudicator is not one of the annotators compared
    others = [gold_of(drop_annotator(ratings, h), unsure=unsure).codes for h in range(len(ratings.raters))]
    leans = [estimate_bias(ratings, h, codes, seed) for h, codes in enumerate(others)]
    orders = [extract_positions(ratings, h) for h in range(len(ratings.raters))]
    drifts = [estimate_drift(ratings, h, order) for h, order in enumerate(orders)]
    agreements = [
        compare_thirds(order, lean.own == lean.others, lean.shared)
        for lean, order in zip(leans, orders, strict=True)
    ]
    bias = adjust_holm([lean.p for lean in leans])
    drifting = adjust_holm([drift.p for drift in drifts])
    agreeing = adjust_holm([agreement.p for agreement in agreements])
    return tuple(
        AnnotatorEffect(
            annotator=name,
            n_shared=int(leans[h].shared.sum()),
            yes_rate=compute_mean_or_none(leans[h].own[leans[h].shared]),
            yes_rate_others=compute_mean_or_none(leans[h].others[leans[h].shared]),
            more=int((leans[h].shared & leans[h].own & ~leans[h].others).sum()),
            fewer=int((leans[h].shared & ~leans[h].own & leans[h].others).sum()),
            bias_p=leans[h].p,
            bias_p_adjusted=float(bias[h]),
            first_rate=drifts[h].first,
            last_rate=drifts[h].last,
            drift_p=drifts[h].p,
            drift_p_adjusted=float(drifting[h]),
            first_agreement=agreements[h].first,
            last_agreement=agreements[h].last,
            agreement_p=agreements[h].p,
            agreement_p_adjusted=float(agreeing[h]),
        )
        for h, name in enumerate(ratings.raters)
    )


def estimate_drift(ratings: Ratings, rater: int, order: Floats) -> ThirdsComparison:
    """Yes-rate of an annotator, first against last third of the order seen."""
    own = ratings.human[:, rater]
    decided = (own >= 0) & (own != ratings.unsure)
    return compare_thirds(order, np.asarray(own == ratings.positive), np.asarray(decided))


def compute_mean_or_none(values: Mask) -> float | None:
    """Share of True, or None of nothing."""
    return float(values.mean()) if len(values) else None


def compute_human_disagreement(human: NDArray[np.int8], n_answers: int) -> Floats:
    """Share of annotator pairs that answer differently, shape (items,); NaN under two labels."""
    counts = np.stack([(human == q).sum(axis=1) for q in range(n_answers)], axis=1).astype(np.float64)
    n_labels = counts.sum(axis=1)
    # ordered pairs, as in alike below: the factor 2 cancels
    pairs = n_labels * (n_labels - 1)
    alike = (counts * (counts - 1)).sum(axis=1)
    agreement = np.full(len(human), np.nan)
    np.divide(alike, pairs, out=agreement, where=pairs > 0)
    return 1 - agreement
