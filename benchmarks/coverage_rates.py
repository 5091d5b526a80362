"""Coverage of the corrected rates by simulation; writes docs/coverage-rates.md.

Run: python benchmarks/coverage_rates.py [--sims 1000] [--out docs/coverage-rates.md]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.rates import estimators as est

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Population:
    """Scenarios whose transcripts share a risk and a difficulty for the judge."""

    name: str
    """Row label in the table."""
    centre: float
    """Logit of the median scenario's risk."""
    spread: float
    """Standard deviation of the scenarios' logit risk."""
    sensitivity: float
    """Logit of the judge's median sensitivity."""
    specificity: float
    """Logit of the judge's median specificity."""
    difficulty: float
    """Standard deviation of the scenarios' logit sensitivity and specificity."""
    silent: float
    """Share of verdicts that are unsure or unparsed."""

    def prevalence(self) -> float:
        """The true rate over all scenarios, by Gauss-Hermite quadrature."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        return float(weights @ expit(self.centre + self.spread * nodes) / weights.sum())


MILD = Population("mild clustering", -0.68, 0.7, 2.2, 2.2, 0.5, 0.0)
STRONG = Population("strong clustering", -2.6, 1.8, 1.4, 3.0, 1.0, 0.04)


def draw(pop: Population, scenarios: int, size: int, rng: np.random.Generator) -> est.JudgedItems:
    """A judged population with the truth of every transcript as gold."""
    cluster = np.repeat(np.arange(scenarios), size)
    logit = (pop.centre + pop.spread * rng.standard_normal(scenarios))[cluster]
    hard = pop.difficulty * rng.standard_normal((2, scenarios))[:, cluster]
    truth = rng.random(len(cluster)) < expit(logit)
    correct = expit(np.where(truth, pop.sensitivity + hard[0], pop.specificity + hard[1]))
    verdict = np.where(rng.random(len(cluster)) < correct, truth, ~truth).astype(np.int64)
    silent = rng.random(len(cluster)) < pop.silent
    verdict[silent] = rng.choice([est.UNSURE, est.UNPARSED], silent.sum())
    return est.JudgedItems(verdict, truth.astype(float), np.ones(len(cluster)), cluster.astype(np.int64))


def by_item(data: est.JudgedItems, n: int, rng: np.random.Generator) -> est.JudgedItems:
    """Gold for a simple random sample of transcripts: most scenarios are labelled in part."""
    chosen = rng.permutation(len(data.gold))[:n]
    return labelled(data, chosen, np.full(len(data.gold), n / len(data.gold)))


def by_verdict(data: est.JudgedItems, n: int, rng: np.random.Generator) -> est.JudgedItems:
    """Gold for as many judge-yes as other transcripts: unequal inclusion probabilities."""
    yes = data.verdict == est.YES
    chosen: list[int] = []
    probability = np.ones(len(data.gold))
    for side in (yes, ~yes):
        pool = np.flatnonzero(side)
        take = min(n // 2, len(pool))
        chosen.extend(rng.permutation(pool)[:take])
        probability[pool] = take / len(pool)
    return labelled(data, np.array(chosen), probability)


def by_scenario(data: est.JudgedItems, n: int, rng: np.random.Generator) -> est.JudgedItems:
    """Gold for every transcript of some scenarios and for none of the others."""
    size = int(np.bincount(data.cluster)[0])
    scenarios = int(data.cluster.max()) + 1
    picked = rng.permutation(scenarios)[: n // size]
    chosen = np.flatnonzero(np.isin(data.cluster, picked))
    return labelled(data, chosen, np.full(len(data.gold), len(picked) / scenarios))


def labelled(data: est.JudgedItems, chosen: npt.NDArray[np.int64], probability: Floats) -> est.JudgedItems:
    """The population with gold only where it was drawn."""
    gold = np.full(len(data.gold), np.nan)
    gold[chosen] = data.gold[chosen]
    return est.JudgedItems(data.verdict, gold, 1 / probability, data.cluster)


DESIGNS = {"transcripts": by_item, "verdict halves": by_verdict, "whole scenarios": by_scenario}


def estimates(data: est.JudgedItems) -> dict[str, Estimate]:
    """Every estimator on one simulated study."""
    everyone = np.ones(len(data.gold), bool)
    rates = (
        est.estimate_naive(data, everyone),
        est.estimate_gold_only(data, everyone),
        est.estimate_post_stratified(data, everyone),
        est.estimate_ppi(data, everyone, 1.0),
        est.estimate_ppi(data, everyone),
        est.estimate_rogan_gladen(data, everyone),
    )
    return {rate.name: est.build_rate_estimate(rate, data.cluster, 0.95) for rate in rates}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one estimator did over all simulations of one design."""

    coverage: float
    """Share of intervals that hold the true rate; undefined ones count as missing it."""
    half_width: float
    """Mean half-width."""
    bias: float
    """Mean error of the value."""


def simulate(pop: Population, scenarios: int, n: int, design: str, sims: int, seed: int) -> dict[str, Cell]:
    """Coverage, half-width and bias of each estimator for one population, size and design."""
    truth = pop.prevalence()
    by_estimator: dict[str, list[Estimate]] = {}
    for rng in np.random.default_rng(seed).spawn(sims):
        data = DESIGNS[design](draw(pop, scenarios, 5, rng), n, rng)
        for name, estimate in estimates(data).items():
            by_estimator.setdefault(name, []).append(estimate)
    return {name: summarise(rows, truth) for name, rows in by_estimator.items()}


def summarise(rows: list[Estimate], truth: float) -> Cell:
    """One cell from the estimates of all simulations."""
    limits = [(r.value, r.low, r.high) for r in rows if r.value is not None and r.low is not None]
    table = np.array(limits, float)
    held = (table[:, 1] <= truth) & (truth <= table[:, 2])
    half = float((table[:, 2] - table[:, 1]).mean() / 2)
    return Cell(float(held.sum() / len(rows)), half, float(table[:, 0].mean() - truth))


HEADER = """# Coverage of the corrected rates

Nominal 95 % intervals, {sims} simulated studies a cell (Monte Carlo error of a coverage near .95: +-{error:.1f}
points), every transcript judged, gold for the number shown. The target is the rate over all scenarios such as these.
Cells: coverage / mean half-width / bias. Populations: mild clustering (true rate {mild:.3f}, Se and Sp about .9),
strong clustering (true rate {strong:.3f}, Se about .8, Sp about .95, varying by scenario, 4 % of verdicts unsure or
unparsed). Draws: *transcripts* = simple random sample, most scenarios labelled in part; *verdict halves* = half from
the judge's yes, half from the rest, weighted by inverse inclusion probability; *whole scenarios* = all five
transcripts of the scenarios drawn. The headline's stratum variances are smoothed by half a case of each kind: Laplace's
whole case covered up to .974 in the same cells. Naive covers the rate only by luck: its bias does not shrink. Made by `python benchmarks/coverage_rates.py --sims {sims}`.

| population | scenarios x 5 | gold | draw | {names} |
|---|---|---|---|{rule}|
"""
NAMES = ("post_stratified", "gold_only", "ppi", "ppi_plus", "rogan_gladen", "naive")


def table(sims: int) -> str:
    """The whole page in Markdown."""
    lines = [
        HEADER.format(
            sims=sims,
            error=196 * (0.95 * 0.05 / sims) ** 0.5,
            mild=MILD.prevalence(),
            strong=STRONG.prevalence(),
            names=" | ".join(NAMES),
            rule="|".join("---" for _ in NAMES),
        )
    ]
    for pop in (MILD, STRONG):
        for scenarios, n in ((60, 100), (200, 300)):
            for seed, design in enumerate(DESIGNS):
                cells = simulate(pop, scenarios, n, design, sims, seed)
                row = [
                    f"{c.coverage:.3f} / {c.half_width:.3f} / {c.bias:+.3f}"
                    for c in map(cells.get, NAMES)
                    if c
                ]
                lines.append(f"| {pop.name} | {scenarios} | {n} | {design} | {' | '.join(row)} |\n")
                print(lines[-1], end="", flush=True)
    return "".join(lines)


def main() -> None:
    """Run the simulations and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sims", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage-rates.md"))
    chosen = parser.parse_args()
    chosen.out.write_text(table(chosen.sims))


if __name__ == "__main__":
    main()
