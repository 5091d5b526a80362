"""Coverage of the agreement intervals by simulation; writes docs/coverage.md.

Run: python benchmarks/coverage.py [--sims 3000] [--out docs/coverage.md]. Finished simulations are kept under
build/ and a second run continues where the first stopped.
"""

import argparse
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from scipy.special import expit

from secondreader.judge.data.gold import compute_majority
from secondreader.judge.inference.bootstrap import (
    BootstrapDesign,
    Limits,
    SampledCoefficients,
    compute_jackknife_t_limits,
    sample_coefficients,
)
from secondreader.judge.inference.cluster_sums import (
    Cohort,
    compute_cell_cluster_sums,
    compute_group_cluster_sums,
)
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.tallies import AnswerCodes

HUMAN = ("alpha", "ac1", "positive_agreement")
JUDGE = ("kappa", "mcc", "sensitivity", "specificity")
GROUP = AgreementFormula("group", AnswerCodes(2, 1, 0))
ACCURACY = AgreementFormula("gold", AnswerCodes(2, 1, 0))
TRUTH_SCENARIOS = 400_000
PER_SCENARIO = 5


@dataclass(frozen=True, slots=True)
class Population:
    """Scenarios whose transcripts share a risk and a difficulty for every annotator."""

    name: str
    """Row label."""
    centre: float
    """Logit of the median scenario's risk."""
    spread: float
    """Standard deviation of the scenarios' logit risk."""
    error: float
    """Logit of an annotator's error in the median scenario."""
    difficulty: float
    """Standard deviation of the scenarios' logit error, shared by annotators and judge."""
    missing: float
    """Share of labels that are missing."""


POPULATIONS = (
    Population("prevalence .35, mild clustering", -0.68, 0.7, -2.4, 0.5, 0.0),
    Population("prevalence .16, strong clustering", -2.6, 1.8, -2.6, 1.0, 0.2),
)


@dataclass(frozen=True, slots=True)
class Study:
    """One simulated study of 0/1 answers."""

    human: NDArray[np.int8]
    """Labels, items x 3 annotators, -1 missing."""
    verdict: NDArray[np.int8]
    """Verdicts, shape (items,)."""
    cohort: Cohort
    """Scenarios."""


def draw(population: Population, scenarios: int, seed: int) -> Study:
    """Draw one study of `scenarios` x 5 transcripts."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(scenarios), PER_SCENARIO)
    n = len(cluster)
    truth = (
        rng.random(n) < expit(population.centre + population.spread * rng.standard_normal(scenarios))[cluster]
    )
    logit = (population.error + population.difficulty * rng.standard_normal(scenarios))[cluster]
    human = (truth[:, None] ^ (rng.random((n, 3)) < expit(logit)[:, None])).astype(np.int8)
    human[rng.random((n, 3)) < population.missing] = -1
    verdict = (truth ^ (rng.random(n) < expit(logit + 0.4))).astype(np.int8)
    return Study(human, verdict, Cohort(cluster, scenarios, np.ones(n)))


def people(study: Study, plan: BootstrapDesign) -> SampledCoefficients:
    """The annotators among themselves."""
    return sample_coefficients(compute_group_cluster_sums(study.human, 2, study.cohort), GROUP, plan)


def judged(study: Study, plan: BootstrapDesign) -> SampledCoefficients:
    """The judge against the majority."""
    gold = compute_majority(study.human, 2)
    return sample_coefficients(
        compute_cell_cluster_sums(np.maximum(gold, -1), study.verdict, 2, study.cohort), ACCURACY, plan
    )


def true_values(population: Population) -> dict[str, float]:
    """The figures of a sample so large that its error does not matter."""
    study, plan = draw(population, TRUTH_SCENARIOS, 1), BootstrapDesign(TRUTH_SCENARIOS, 0)
    found: dict[str, float] = {}
    for names, sampled in ((HUMAN, people(study, plan)), (JUDGE, judged(study, plan))):
        found |= {name: float(sampled.values[sampled.find_index(name)]) for name in names}
    return found


def limits_of(sampled: SampledCoefficients, names: tuple[str, ...]) -> dict[str, list[float | None]]:
    """Low and high of the reported interval and of the jackknife t beside it, per figure."""
    estimates = {e.name: e for e in sampled.build_estimates()}
    check: Limits = compute_jackknife_t_limits(sampled.values, sampled.jackknife, sampled.bootstrap.level)
    rows: dict[str, list[float | None]] = {}
    for name in names:
        k = sampled.find_index(name)
        rows[name] = [estimates[name].low, estimates[name].high, float(check.low[k]), float(check.high[k])]
    return rows


def one_study(population: Population, scenarios: int, seed: int) -> dict[str, list[float | None]]:
    """All intervals of one simulated study."""
    study, plan = draw(population, scenarios, seed), BootstrapDesign(scenarios, 2000, seed)
    return {**limits_of(people(study, plan), HUMAN), **limits_of(judged(study, plan), JUDGE)}


def run_cell(
    population: Population, scenarios: int, sims: int, folder: Path, progress: Progress
) -> list[dict[str, list[float | None]]]:
    """All studies of one cell, continuing a file of finished ones."""
    key = f"{population!r} {scenarios}"
    path = folder / f"coverage-{zlib.crc32(key.encode()):08x}.jsonl"
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    task = progress.add_task(f"{population.name}, {scenarios} scenarios", total=sims, completed=len(done))
    with path.open("a") as log:
        for seed in range(len(done), sims):
            row = one_study(population, scenarios, 10_000 + seed)
            log.write(json.dumps(row) + "\n")
            log.flush()
            done.append(row)
            progress.advance(task)
    return done[:sims]


@dataclass(frozen=True, slots=True)
class Cell:
    """Coverage of one figure in one cell."""

    coverage: float
    """Share of given intervals that hold the true value."""
    check: float
    """The same for the jackknife t limits."""
    half_width: float
    """Mean half-width of the given intervals."""
    refused: float
    """Share of studies whose interval was refused."""


def summarise(rows: list[dict[str, list[float | None]]], name: str, truth: float) -> Cell:
    """Coverage and width of one figure over all studies of a cell."""
    limits = np.array([row[name] for row in rows], dtype=np.float64)
    given = np.isfinite(limits[:, 0])
    low, high = limits[given, 0], limits[given, 1]
    check = (limits[:, 2] <= truth) & (truth <= limits[:, 3])
    return Cell(
        float(((low <= truth) & (truth <= high)).mean()),
        float(check.mean()),
        float((high - low).mean() / 2),
        float(1 - given.mean()),
    )


def report(cells: list[tuple[str, int, str, float, Cell]], sims: int) -> str:
    """The table as Markdown."""
    error = 1.96 * (0.0475 / sims) ** 0.5
    lines = [
        "# Coverage of the agreement intervals",
        "",
        f"Nominal 95 %, {sims:,} simulated studies a cell (Monte Carlo error +-{error:.1%}), 5 transcripts a",
        "scenario, 3 annotators (20 % of the labels missing in the second population), the judge scored on",
        "their majority. Scenarios share a risk and a difficulty for all annotators; true values come from",
        "400,000 scenarios. Made by `make coverage-study`.",
        "",
        "| population | scenarios | figure | true value | BCa (reported) | jackknife t | half-width | refused |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for population, scenarios, name, truth, cell in cells:
        mark = "" if 0.93 <= cell.coverage <= 0.97 else " (outside 93-97)"
        lines.append(
            f"| {population} | {scenarios} | {name} | {truth:.3f} | {cell.coverage:.1%}{mark} | {cell.check:.1%} | "
            f"{cell.half_width:.3f} | {cell.refused:.1%} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Simulate every cell and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=3000)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    parser.add_argument("--state", type=Path, default=Path("build/coverage"))
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    cells = []
    with Progress() as progress:
        for population in POPULATIONS:
            truth = true_values(population)
            for scenarios in (60, 200):
                rows = run_cell(population, scenarios, arguments.sims, arguments.state, progress)
                cells += [
                    (population.name, scenarios, name, truth[name], summarise(rows, name, truth[name]))
                    for name in truth
                ]
    arguments.out.write_text(report(cells, arguments.sims))


if __name__ == "__main__":
    main()
