"""Speed of the agreement engine beside the obvious loop, in one run; writes docs/bench-agreement.md.

Run: python benchmarks/bench_agreement.py [--out docs/bench-agreement.md]. The obvious loop draws scenarios,
indexes their transcripts and calls krippendorff.alpha; a few replicates are timed and scaled to 2,000.
"""

import argparse
import importlib
import importlib.util
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.agreement.report import agree
from secondreader.judge.inference.bootstrap import BootstrapDesign, sample_coefficients
from secondreader.judge.inference.cluster_sums import Cohort, compute_group_cluster_sums
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.tallies import AnswerCodes

RESAMPLES = 2000
RATERS = 5
FORMULA = AgreementFormula("group", AnswerCodes(2, 1, 0))


def draw(items: int, scenarios: int, raters: int = RATERS) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """Labels 0/1 of an items x raters matrix, 30 % missing, and each item's scenario."""
    rng = np.random.default_rng(0)
    truth = rng.random(items) < 0.21
    matrix = (truth[:, None] ^ (rng.random((items, raters)) < 0.12)).astype(np.int8)
    matrix[rng.random((items, raters)) < 0.3] = -1
    return matrix, np.arange(items) * scenarios // items


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """The median time of some calls."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def obvious(matrix: NDArray[np.int8], cluster: NDArray[np.intp], replicates: int) -> None:
    """The loop that one would write first: alpha alone, one replicate at a time."""
    rng = np.random.default_rng(0)
    data = np.where(matrix < 0, np.nan, matrix).T.astype(np.float64)
    n = int(cluster.max()) + 1
    members = [np.flatnonzero(cluster == c) for c in range(n)]
    for _ in range(replicates):
        columns = np.concatenate([members[c] for c in rng.integers(0, n, n)])
        krippendorff.alpha(reliability_data=data[:, columns], level_of_measurement="nominal")


def ours(matrix: NDArray[np.int8], cluster: NDArray[np.intp]) -> None:
    """Every coefficient of the group with its BCa interval, replicates and weights drawn anew."""
    n = int(cluster.max()) + 1
    cohort = Cohort(cluster, n, np.ones(len(cluster)))
    sample_coefficients(
        compute_group_cluster_sums(matrix, 2, cohort), FORMULA, BootstrapDesign(n, RESAMPLES)
    ).build_estimates()


@dataclass(frozen=True, slots=True)
class Case:
    """One size of the comparison."""

    items: int
    """Transcripts."""
    scenarios: int
    """Scenarios."""
    timed: int
    """Replicates of the obvious loop that are timed."""
    wanted: int
    """Stated goal of the ratio."""


CASES = (Case(1_000, 48, 60, 50), Case(10_000, 476, 30, 100), Case(100_000, 400, 6, 1000))


def compare(case: Case) -> str:
    """One row of the comparison."""
    matrix, cluster = draw(case.items, case.scenarios)
    obvious(matrix, cluster, 1)
    ours(matrix, cluster)
    loop = seconds(lambda: obvious(matrix, cluster, case.timed), 3) / case.timed * RESAMPLES
    fast = seconds(lambda: ours(matrix, cluster), 7)
    return (
        f"| {case.items:,} | {case.scenarios} | {loop:.2f} s (from {case.timed} replicates) | {fast:.4f} s | "
        f"{loop / fast:,.0f}x | {case.wanted:,}x |"
    )


def long_frame(items: int, scenarios: int, slices: dict[str, int]) -> pd.DataFrame:
    """A long frame of 5 annotators and a judge with some slice columns."""
    matrix, cluster = draw(items, scenarios, RATERS + 1)
    item, rater = np.nonzero(matrix >= 0)
    answer = np.array(["no", "yes"])[matrix[item, rater]]
    name = np.array([*(f"A{h}" for h in range(RATERS)), "judge"])
    kind = np.array([*["human"] * RATERS, "judge"])
    columns: dict[str, NDArray[np.generic]] = {
        "item": np.char.mod("t%07d", np.arange(items))[item],
        "rater": name[rater],
        "kind": kind[rater],
        "answer": answer,
        "cluster": cluster[item],
    }
    for column, values in slices.items():
        by_scenario = column != "model"
        columns[column] = np.array([f"{column}{v}" for v in range(values)])[
            (cluster if by_scenario else np.arange(items))[item] % values
        ]
    return pd.DataFrame(columns)


SLICES = {"motive": 8, "risk_type": 7, "model": 21, "persona": 5}


def full_report() -> list[str]:
    """The whole report of 8,400 transcripts, 5 annotators and 41 slices, findings beside it."""
    frame = long_frame(8_400, 400, SLICES)
    found = agree(frame)
    taken = seconds(lambda: agree(frame), 3)
    figures = found.build_frame()
    n_slices = len(figures[figures["slice_name"] != ""].groupby(["slice_name", "slice_value"]))
    rows = [f"| agree(): all figures, {n_slices} slices, {len(figures):,} figures | {taken:.2f} s |"]
    if importlib.util.find_spec("secondreader.judge.disagreement.search") is None:
        return [*rows, "| findings | not built in |"]
    find_disagreements = importlib.import_module("secondreader.judge.disagreement.search").find_disagreements
    more = seconds(lambda: find_disagreements(frame), 3)
    return [
        *rows,
        f"| find_disagreements(): slices, pairs of slices, terms | {more:.2f} s |",
        f"| together (wanted: under 5 s) | {taken + more:.2f} s |",
    ]


def million() -> None:
    """Read a million transcripts x 5 annotators and compute everything; prints seconds and peak memory."""
    frame = long_frame(1_000_000, 400, {})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    result = agree(frame)
    taken = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"| 1,000,000 transcripts x 5 annotators, one judge, {len(frame):,} rows, {len(result.estimates)} figures, from the long "
        f"frame (wanted: under 20 s and 4 GiB) | {taken:.1f} s | {peak / 2**20:.2f} GiB ({before / 2**20:.2f} GiB before) |"
    )


def machine() -> str:
    """Facts of the machine in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.machine()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"pandas {pd.__version__}"
    )


def main() -> None:
    """Run every comparison and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/bench-agreement.md"))
    parser.add_argument("--million", action="store_true", help="only the largest case, in its own process")
    arguments = parser.parse_args()
    if arguments.million:
        million()
        return
    # its own process, so that the peak is not that of the cases before it
    largest = subprocess.run(
        [sys.executable, __file__, "--million"], check=True, capture_output=True, text=True
    ).stdout.strip()
    text = [
        "# Speed of the agreement engine",
        "",
        f"Made by `make bench-agreement` on {machine()}. Medians of 3 to 7 runs; 2,000 replicates.",
        "",
        "## Beside the obvious loop",
        "",
        "The obvious loop resamples scenarios and calls `krippendorff.alpha`: one coefficient, percentile limits. A few of its",
        "replicates are timed and scaled to 2,000. Ours computes ten coefficients with BCa limits, 5 annotators, 30 % missing.",
        "",
        "| transcripts | scenarios | obvious loop, alpha alone | ours, ten coefficients | ratio | wanted |",
        "|---|---|---|---|---|---|",
        *[compare(case) for case in CASES],
        "",
        "## A full report: 8,400 transcripts in 400 scenarios, 5 annotators, one judge",
        "",
        "| what | time |",
        "|---|---|",
        *full_report(),
        "",
        "## A million transcripts",
        "",
        "| what | time | peak memory |",
        "|---|---|---|",
        largest,
    ]
    arguments.out.write_text("\n".join(text) + "\n")
    print(arguments.out.read_text())


if __name__ == "__main__":
    main()
