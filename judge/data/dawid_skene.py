"""Dawid and Skene's model of annotators with unequal error rates."""

from dataclasses import dataclass

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats

TOLERANCE = 1e-10
MOST_ROUNDS = 20_000


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """The model of annotators with unequal error rates, fitted by EM."""

    marginals: Floats
    """Share of each true answer, shape (Q,)."""
    errors: Floats
    """Chance that an annotator answers q when t is true, shape (annotators, t, q)."""
    posterior: Floats
    """Chance of each true answer for each item, shape (items, Q)."""
    log_likelihood: float
    """Log likelihood at the end."""
    rounds: int
    """EM rounds used."""


def fit_dawid_skene(counts: Floats, weight: Floats, *, smoothing: float = 0.0) -> DawidSkene:
    """Fit by EM from the average-vote start until the relative gain falls below 1e-10.

    `counts` (items or patterns, annotators, Q) says how often an annotator gave an answer (repeats allowed),
    `weight` (items,) how many items a row stands for; `smoothing` adds that many answers of each kind to
    every annotator's row (0 as published; 1 steadies fewer than about 100 items).
    Source: Dawid & Skene (1979), eqs. 2.3-2.5.
    """
    # a fixed start, not a random one: the same labels give the same gold
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
        # log-sum-exp: the product of many small chances would underflow to 0
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
    """The M step: marginals (Q,) and error rates (annotators, Q, Q) from the posterior."""
    mass = posterior * weight[:, None]
    marginals = mass.sum(axis=0) / mass.sum()
    answer_mass = np.einsum("it,irq->rtq", mass, counts) + smoothing
    total = answer_mass.sum(axis=2, keepdims=True)
    # an answer that is nobody's true one has no error rates, and no item that would need them
    errors = np.divide(answer_mass, total, out=np.zeros_like(answer_mass), where=total > 0)
    return marginals, errors


def compute_safe_log(values: Floats) -> Floats:
    """Logarithm with 0 as a very small number, so that 0 * log 0 stays 0."""
    return np.asarray(np.log(np.maximum(values, 1e-300)))
