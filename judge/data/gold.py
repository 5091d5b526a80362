"""Gold: the consensus of the annotators that verdicts are compared with; the judge is never part of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.data.frame import FrameError, Ratings
from secondreader.judge.inference.cluster_sums import Codes, Floats, code_patterns
from secondreader.judge.inference.estimate import Reason

GoldMethod = Literal["majority", "dawid_skene"]

CONTESTED = np.int8(-3)
NO_CONSENSUS = np.int8(-2)
UNLABELLED = np.int8(-1)
FEWEST_RATERS = 3
TOLERANCE = 1e-10
MOST_ROUNDS = 20_000
DAWID_SKENE = "Dawid & Skene (1979) Applied Statistics 28:20"


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """Dawid and Skene's model of readers with unequal error rates, fitted by EM."""

    marginals: Floats
    """Share of each true answer, shape (Q,)."""
    errors: Floats
    """Chance that a reader gives an answer under a true one, shape (readers, true Q, given Q)."""
    posterior: Floats
    """Chance of each true answer for each item, shape (items, Q)."""
    log_likelihood: float
    """Log likelihood at the end."""
    rounds: int
    """EM rounds used."""


def compute_majority(human: Codes, n_answers: int) -> Codes:
    """The most frequent answer per item; a tie is NO_CONSENSUS, no answer UNLABELLED.

    `human` is items x annotators, -1 missing.
    """
    if human.shape[1] == 0:
        return np.full(len(human), UNLABELLED)
    counts = np.stack([(human == q).sum(axis=1) for q in range(n_answers)], axis=1)
    top = counts.max(axis=1, initial=0)
    tied = (counts == top[:, None]).sum(axis=1) > 1
    gold: Codes = counts.argmax(axis=1).astype(np.int8)
    gold[tied] = NO_CONSENSUS
    gold[top == 0] = UNLABELLED
    return gold


def fit_dawid_skene(counts: Floats, weight: Floats, *, smoothing: float = 0.0) -> DawidSkene:
    """Fit by EM from the average-vote start until the relative gain falls below 1e-10.

    `counts` (items or patterns, readers, Q) says how often a reader gave an answer (repeats allowed),
    `weight` (items,) how many items a row stands for; `smoothing` adds that many answers of each kind to
    every reader's row (0 as published; 1 steadies fewer than about 100 items).
    Source: Dawid & Skene (1979), eqs. 2.3-2.5.
    """
    votes = counts.sum(axis=1)
    posterior = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    before = -np.inf
    now, rounds = before, 0
    while rounds < MOST_ROUNDS:
        rounds += 1
        marginals, errors = maximise_parameters(counts, weight, posterior, smoothing)
        joint = compute_safe_log(marginals)[None, :] + np.einsum(
            "irq,rtq->it", counts, compute_safe_log(errors)
        )
        peak = joint.max(axis=1, keepdims=True)
        spread = np.exp(joint - peak)
        total = spread.sum(axis=1, keepdims=True)
        posterior = spread / total
        now = float(weight @ (peak + np.log(total))[:, 0])
        if now - before <= TOLERANCE * abs(now):
            break
        before = now
    return DawidSkene(marginals, errors, posterior, now, rounds)


def maximise_parameters(
    counts: Floats, weight: Floats, posterior: Floats, smoothing: float
) -> tuple[Floats, Floats]:
    """The M step: marginals (Q,) and error rates (readers, Q, Q) from the posterior."""
    mass = posterior * weight[:, None]
    marginals = mass.sum(axis=0) / mass.sum()
    given = np.einsum("it,irq->rtq", mass, counts) + smoothing
    total = given.sum(axis=2, keepdims=True)
    errors = np.divide(given, total, out=np.zeros_like(given), where=total > 0)
    return marginals, errors


def compute_safe_log(values: Floats) -> Floats:
    """Logarithm with 0 as a very small number, so that 0 * log 0 stays 0."""
    return np.asarray(np.log(np.maximum(values, 1e-300)))


@dataclass(frozen=True, slots=True)
class Consensus:
    """One way to gold, or why it is not to be had."""

    method: str
    """majority or dawid_skene, with "+ adjudicated" where decisions override it."""
    gold: Codes
    """Answer code per item; CONTESTED (-3), NO_CONSENSUS (-2) for ties, UNLABELLED (-1) without a label."""
    reason: Reason | None = None
    """Why the method gives no gold."""
    model: DawidSkene | None = None
    """The fitted model of Dawid and Skene; its posterior rows are the distinct answer patterns."""


def build_majority_gold(ratings: Ratings) -> Consensus:
    """Majority of the first-pass labels."""
    return Consensus("majority", compute_majority(ratings.human, len(ratings.answers)))


def build_dawid_skene_gold(ratings: Ratings, *, smoothing: float = 1.0) -> Consensus:
    """The most probable true answer by Dawid and Skene; needs three annotators.

    Equal probabilities stay NO_CONSENSUS.
    """
    unlabelled = np.full(len(ratings.items), UNLABELLED)
    if len(ratings.raters) < FEWEST_RATERS:
        return Consensus("dawid_skene", unlabelled, Reason.NOT_IDENTIFIED)
    use = np.flatnonzero(ratings.labelled)
    if not len(use):
        return Consensus("dawid_skene", unlabelled, Reason.NO_ITEMS)
    codes, rows = code_patterns(ratings.human[use], len(ratings.answers))
    counts = (rows[:, :, None] == np.arange(len(ratings.answers))).astype(np.float64)
    model = fit_dawid_skene(counts, np.bincount(codes).astype(np.float64), smoothing=smoothing)
    best = model.posterior.max(axis=1, keepdims=True)
    tied = (model.posterior >= best - 1e-9).sum(axis=1) > 1
    answer = model.posterior.argmax(axis=1).astype(np.int8)
    answer[tied] = NO_CONSENSUS
    gold = unlabelled.copy()
    gold[use] = answer[codes]
    return Consensus("dawid_skene", gold, model=model)


def apply_decisions(ratings: Ratings, consensus: Consensus, decisions: Mapping[str, str | None]) -> Consensus:
    """The consensus with adjudicated answers (item id -> answer) in place of the votes.

    None leaves an item CONTESTED: it has no gold, whatever the votes say, and scores no judge. An unknown item or answer raises FrameError.
    """
    gold = consensus.gold.copy()
    place = {item: index for index, item in enumerate(ratings.items)}
    for item, answer in decisions.items():
        if str(item) not in place:
            raise FrameError(f"adjudicated item {item!r} is not in the frame: check its id")
        if answer is not None and answer not in ratings.answers:
            raise FrameError(
                f"item {item!r} is adjudicated as {answer!r}, not one of {', '.join(ratings.answers)}: correct it"
            )
        gold[place[str(item)]] = CONTESTED if answer is None else ratings.answers.index(answer)
    return Consensus(f"{consensus.method} + adjudicated", gold, consensus.reason, consensus.model)


@dataclass(frozen=True, slots=True)
class GoldChange:
    """How many items get another gold by another method."""

    one: str
    """First method."""
    two: str
    """Second method."""
    changed: int | None
    """Items labelled by both whose gold differs, contested and no consensus being answers of their own; None if one has no gold."""
    items: int
    """Items labelled by both."""


def compare_golds(ways: list[Consensus]) -> list[GoldChange]:
    """Compare every two ways to gold."""
    changes = []
    for index, one in enumerate(ways):
        for two in ways[index + 1 :]:
            both = (one.gold != UNLABELLED) & (two.gold != UNLABELLED)
            changed = None if one.reason or two.reason else int((one.gold[both] != two.gold[both]).sum())
            changes.append(GoldChange(one.method, two.method, changed, int(both.sum())))
    return changes


def compute_others_majority(human: Codes, n_answers: int) -> NDArray[np.int8]:
    """Majority of all annotators but one, for each one left out: (items, annotators)."""
    columns = [compute_majority(np.delete(human, h, axis=1), n_answers) for h in range(human.shape[1])]
    return np.stack(columns, axis=1) if columns else np.empty((len(human), 0), dtype=np.int8)
