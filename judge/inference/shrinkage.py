"""Slice rates pulled towards the other slices of their attribute: beta-binomial shrinkage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

SMALLEST_SIZE = 2.0
LARGEST_SIZE = 1e6


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """A Beta(a, b) distribution of the rates of an attribute's slices."""

    a: float
    """Prior wrong verdicts."""
    b: float
    """Prior right verdicts."""


@dataclass(frozen=True, slots=True)
class ShrunkenRate:
    """A slice's rate, shrunken towards the other slices of its attribute."""

    mean: float
    """Posterior mean rate, 0..1."""
    low: float
    """Lower limit of the equal-tailed posterior interval."""
    high: float
    """Upper limit of the equal-tailed posterior interval."""
    a: float
    """First parameter of the posterior Beta distribution."""
    b: float
    """Second parameter of the posterior Beta distribution."""


def shrink_rate(k: float, n: float, prior: BetaPrior, level: float = 0.95) -> ShrunkenRate:
    """The posterior of a rate with k wrong of n (fractional effective counts allowed).

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4.
    """
    if prior.a <= 0 or prior.b <= 0 or not 0 <= k <= n:
        raise ValueError(f"{k} of {n} under Beta({prior.a}, {prior.b}): need 0 <= k <= n and a, b above 0")
    a, b, tail = prior.a + k, prior.b + n - k, (1 - level) / 2
    return ShrunkenRate(a / (a + b), float(betaincinv(a, b, tail)), float(betaincinv(a, b, 1 - tail)), a, b)


def fit_prior(k: ArrayLike, n: ArrayLike) -> BetaPrior:
    """Beta prior by moments from k wrong of n in each slice of one attribute (shapes (slices,)).

    The spread of the rates beyond binomial noise gives the prior's size. Without such spread the size is very
    large and every slice is pulled to the common rate; without any slice the prior is Jeffreys'.
    Source: Kleinman (1973) J Am Stat Assoc 68:46, with weights n.
    """
    wrong, size = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    wrong, size = wrong[size > 0], size[size > 0]
    if len(size) == 0:
        return BetaPrior(0.5, 0.5)
    total = size.sum()
    # half an error keeps the prior proper where all verdicts are right
    mean = (wrong.sum() + 0.5) / (total + 1)
    spread = float((size * (wrong / size - mean) ** 2).sum())
    noise = mean * (1 - mean)
    excess = spread - noise * (len(size) - 1)
    room = noise * (total - (size**2).sum() / total - (len(size) - 1))
    correlation = excess / room if room > 0 else 0.0
    prior_size = 1 / correlation - 1 if correlation > 0 else LARGEST_SIZE
    # one slice cannot show a spread: give its prior the weight of two verdicts only
    prior_size = float(np.clip(prior_size, SMALLEST_SIZE, LARGEST_SIZE if len(size) > 1 else SMALLEST_SIZE))
    return BetaPrior(mean * prior_size, (1 - mean) * prior_size)
