"""Simulate studies of a plan with clustered scenarios, and report what their intervals look like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from secondreader.judge.inference.coefficients import get_coefficient
from secondreader.judge.inference.estimate import Reason
from secondreader.judge.planning.sample_size import JudgeGuess, PlanError
from secondreader.judge.rates import estimators as est

Floats = npt.NDArray[np.float64]
Target = Literal["kappa", "sensitivity", "rate"]
KAPPA = get_coefficient("kappa")


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """The study whose precision is simulated."""

    guess: JudgeGuess
    """Expected prevalence, sensitivity and specificity."""
    scenarios: int
    """Scenarios of the study."""
    per_scenario: int
    """Judged transcripts of each scenario."""
    labels: int
    """Transcripts labelled, sampled at random, spread over scenarios first."""
    icc: float = 0.0
    """Intra-scenario correlation of risk, 0..1."""


@dataclass(frozen=True, slots=True)
class DesignSimulation:
    """What the intervals of a simulated plan look like."""

    target: Target
    """kappa, sensitivity or rate (post-stratified)."""
    coverage: float
    """Share of defined intervals that hold the true value; aim: about the level."""
    half_width: float
    """Mean half-width."""
    half_width_high: float
    """Half-width that nine of ten studies stay below."""
    undefined: float
    """Share of studies without an interval."""
    sims: int
    """Studies simulated."""
    seed: int
    """Seed of the simulation."""

    @property
    def sentence(self) -> str:
        """The simulated precision as one sentence."""
        return (
            f"In {self.sims} simulated studies the interval of {self.target} was +-{self.half_width:.3f} on average, "
            f"below +-{self.half_width_high:.3f} in nine of ten, and held the true value in {self.coverage:.1%}."
        )


def sample_beta_rates(mean: float, icc: float, n: int, rng: np.random.Generator) -> Floats:
    """Scenario rates with this mean and intra-scenario correlation (beta-binomial)."""
    if icc <= 0:
        return np.full(n, mean)
    # a Beta(a, b) of scenario rates has correlation 1 / (a + b + 1)
    total = 1 / icc - 1
    return rng.beta(mean * total, (1 - mean) * total, n)


def simulate_study(study: SimulatedStudy, rng: np.random.Generator) -> est.JudgedItems:
    """One study: truth, verdicts, and gold on the sampled transcripts (first ones of all scenarios, then seconds)."""
    cluster = np.repeat(np.arange(study.scenarios), study.per_scenario)
    n = len(cluster)
    truth = (
        rng.random(n) < sample_beta_rates(study.guess.prevalence, study.icc, study.scenarios, rng)[cluster]
    )
    correct = rng.random(n) < np.where(truth, study.guess.sensitivity, study.guess.specificity)
    verdict = np.where(correct, truth, ~truth).astype(np.int64)
    # first transcripts of all scenarios before second ones: labels spread over scenarios first
    turn = np.tile(np.arange(study.per_scenario), study.scenarios)
    sampled = np.lexsort((rng.random(n), turn))[: study.labels]
    gold = np.full(n, np.nan)
    gold[sampled] = truth[sampled]
    return est.JudgedItems(verdict, gold, np.ones(n), cluster)


def linearise_kappa(judged: est.JudgedItems) -> est.LinearisedRate:
    """Judge-gold kappa on the labelled transcripts with its influences (weights in judged.weight).

    d kappa = [d po - (1 - kappa) d pe] / (1 - pe); undefined without variation.
    """
    known = judged.labelled & (judged.verdict <= est.YES)
    weight = np.where(known, judged.weight, 0.0)
    if not known.any():
        return est.LinearisedRate(KAPPA, None, weight, reason=Reason.NO_ITEMS)
    weight /= weight.sum()
    x, y = (judged.verdict == est.YES) * 1.0, np.where(known, judged.gold, 0.0)
    agree = (x == y) * 1.0
    a, b, po = float(weight @ x), float(weight @ y), float(weight @ agree)
    pe = a * b + (1 - a) * (1 - b)
    if pe >= 1:
        return est.LinearisedRate(KAPPA, None, np.zeros(len(weight)), reason=Reason.NO_VARIATION)
    kappa = (po - pe) / (1 - pe)
    chance = (2 * b - 1) * (x - a) + (2 * a - 1) * (y - b)
    # the delta method, written as influences so that the cluster variance of the rates serves kappa too
    influence = weight * ((agree - po) - (1 - kappa) * chance) / (1 - pe)
    clusters = len(np.unique(judged.cluster[known]))
    return est.LinearisedRate(KAPPA, kappa, influence, 0.0, int(known.sum()), clusters)


def linearise_sensitivity(judged: est.JudgedItems) -> est.LinearisedRate:
    """Sensitivity on the labelled transcripts, as the gold-only rate of yes verdicts among risky ones."""
    risky = judged.labelled & (judged.gold == 1)
    swapped = est.JudgedItems(
        judged.verdict,
        np.where(risky, (judged.verdict == est.YES) * 1.0, np.nan),
        judged.weight,
        judged.cluster,
    )
    return est.estimate_gold_only(swapped, risky)


def _linearise_rate(judged: est.JudgedItems) -> est.LinearisedRate:
    return est.estimate_post_stratified(judged, np.ones(len(judged.gold), bool))


def compute_true_kappa(guess: JudgeGuess) -> float:
    """The kappa of judge and gold that the guess implies."""
    yes, risky = guess.yes_rate, guess.prevalence
    agreed = risky * guess.sensitivity + (1 - risky) * guess.specificity
    chance = yes * risky + (1 - yes) * (1 - risky)
    return (agreed - chance) / (1 - chance)


def _compute_interval(
    rate: est.LinearisedRate, target: Target, cluster: npt.NDArray[np.int64]
) -> tuple[float, float] | None:
    """95 % limits of one simulated figure, None where refused."""
    if rate.value is None or rate.n_clusters < est.FEWEST_CLUSTERS:
        return None
    spread = (est.compute_cluster_variance(rate.influence, cluster) + rate.extra) ** 0.5
    # kappa may lie below 0, where a logit does not exist
    shape = est.compute_linear_limits if target == "kappa" else est.compute_logit_limits
    limits = shape(rate.value, spread, rate.n_clusters - 1, 0.95)
    return limits.low, limits.high


def simulate_design(
    study: SimulatedStudy, target: Target, *, sims: int = 400, seed: int = 0
) -> DesignSimulation:
    """Simulate the plan and report coverage and half-widths of the target's 95 % interval.

    Same seed, same digits. Raises PlanError when more labels than transcripts are planned.
    """
    if study.labels > study.scenarios * study.per_scenario:
        raise PlanError(
            f"{study.labels} labels are planned for {study.scenarios * study.per_scenario} transcripts: plan fewer"
        )
    figures: dict[Target, tuple[Callable[[est.JudgedItems], est.LinearisedRate], float]] = {
        "kappa": (linearise_kappa, compute_true_kappa(study.guess)),
        "sensitivity": (linearise_sensitivity, study.guess.sensitivity),
        "rate": (_linearise_rate, study.guess.prevalence),
    }
    figure, truth = figures[target]
    intervals = []
    # a stream for each study, so that study 7 is the same one whether 10 or 400 are simulated
    for rng in np.random.default_rng(seed).spawn(sims):
        judged = simulate_study(study, rng)
        limits = _compute_interval(figure(judged), target, judged.cluster)
        if limits is not None:
            intervals.append(limits)
    if not intervals:
        raise PlanError(f"no simulated study could give an interval of {target}: plan at least 8 scenarios")
    low, high = np.array(intervals).T
    half = (high - low) / 2
    coverage = float(((low <= truth) & (truth <= high)).mean())
    wide = float(np.quantile(half, 0.9))
    return DesignSimulation(target, coverage, float(half.mean()), wide, 1 - len(intervals) / sims, sims, seed)
