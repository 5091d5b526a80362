"""The desk under load, on a real server with annotators on raw websockets; writes docs/bench-desk.md.

Run: python -m benchmarks.bench_desk [--seconds 20] [--out docs/bench-desk.md]. Server, annotators and, where there is
one, PostgreSQL share this machine and its loopback.
"""

import argparse
import asyncio
import os
import platform
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.desk_load import (
    Annotator,
    LoadStudy,
    come_in,
    cpu_seconds,
    desk,
    postgres,
    prepare,
    resident_megabytes,
    write_section,
)
from tests.browser import Served

EVERY = 6.0
"""Seconds between two labels of one person: five to ten times as fast as people are."""
TRANSCRIPTS = 150
"""Places in each fixed queue."""
POOL = 2000
"""Transcripts of a shared queue."""
READERS = 3
REPEATS = 0.05
CROWD = 50
TITLE = "Speed and memory"
SERVED = (("paced", True, False), ("saturated", False, False), ("shared queue, paced", True, True))
"""Runs on PostgreSQL: name, whether paced, whether shared."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run."""

    name: str
    annotators: int
    labels: int
    p50: float
    """Milliseconds from submit to acknowledgement and next transcript."""
    p95: float
    slowest: float
    per_second: float
    cpu: float
    """Milliseconds of the servers' processor time a label: what other work on the machine changes least."""
    megabytes: float
    """Growth of the servers' memory over the run, a session."""
    busy: float
    """The machine's load average at the end: above its number of cores, others were waiting too."""


async def paced(person: Annotator, seconds: float, seed: int) -> list[float]:
    """One label each EVERY seconds, with a draft before it."""
    rng, taken = random.Random(seed), []
    end = time.monotonic() + seconds
    await asyncio.sleep(rng.uniform(0, EVERY))
    for token, following in person.turns():
        if time.monotonic() >= end:
            break
        await person.draft(token)
        await asyncio.sleep(1.0)
        taken.append(await person.label(token, following))
        await asyncio.sleep(rng.uniform(0.5, 1.5) * EVERY - 1.0)
    return taken


async def saturated(person: Annotator, seconds: float, _seed: int) -> list[float]:
    """The next label as soon as the last one is answered."""
    taken, end = [], time.monotonic() + seconds
    for token, following in person.turns():
        if time.monotonic() >= end:
            break
        taken.append(await person.label(token, following))
    return taken


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a crowd saw."""

    taken: list[float]
    """Seconds of each submit."""
    lasted: float
    cpu: float
    """Seconds of processor time of the servers, without the opening of pages."""


async def crowd(
    servers: Sequence[Served], study: LoadStudy, count: int, seconds: float, *, is_paced: bool
) -> Sitting:
    """`count` people, spread over the servers."""
    people = []
    for number, token in enumerate(study.tokens[:count]):
        address = servers[number % len(servers)].address
        people.append(Annotator(address, await asyncio.to_thread(come_in, address, token)))
        await people[-1].open()
    start, spent = time.monotonic(), cpu_of(servers)
    work = paced if is_paced else saturated
    async with asyncio.timeout(seconds + 60):
        parts = await asyncio.gather(*(work(person, seconds, seed) for seed, person in enumerate(people)))
    lasted, spent = time.monotonic() - start, cpu_of(servers) - spent
    await asyncio.gather(*(person.close() for person in people))
    return Sitting([one for part in parts for one in part], lasted, spent)


def cpu_of(servers: Sequence[Served]) -> float:
    """Processor time of all servers."""
    return sum(cpu_seconds(server.process.pid) for server in servers)


def memory_of(servers: Sequence[Served]) -> float:
    """Resident megabytes of all servers."""
    return sum(resident_megabytes(server.process.pid) for server in servers)


def run(
    name: str,
    target: str,
    servers: int,
    count: int,
    seconds: float,
    *,
    is_paced: bool,
    is_shared: bool = False,
) -> Figures:
    """Seed a study, start its servers, let the crowd in and out again."""
    if is_shared:
        study = prepare(target, annotators=count, transcripts=POOL, shared_overlap=READERS, repeats=REPEATS)
    else:
        study = prepare(target, annotators=count, transcripts=TRANSCRIPTS)
    with ExitStack() as stack:
        started = [stack.enter_context(desk(study)) for _ in range(servers)]
        for server in started:
            warm_up(server.address, study)
        before = memory_of(started)
        seen = asyncio.run(crowd(started, study, count, seconds, is_paced=is_paced))
        grown = memory_of(started) - before
    p50, p95 = np.percentile(seen.taken, [50, 95]) * 1000
    figures = Figures(
        name=name,
        annotators=count,
        labels=len(seen.taken),
        p50=float(p50),
        p95=float(p95),
        slowest=max(seen.taken) * 1000,
        per_second=len(seen.taken) / seen.lasted,
        cpu=seen.cpu / len(seen.taken) * 1000,
        megabytes=grown / count,
        busy=os.getloadavg()[0],
    )
    print(figures, flush=True)
    return figures


def warm_up(address: str, study: LoadStudy) -> None:
    """One visit, so that what is loaded once is not counted as a session's memory."""

    async def visit() -> None:
        person = Annotator(address, come_in(address, study.tokens[0]))
        await person.open()
        await person.close()

    asyncio.run(visit())


def all_runs(seconds: float) -> list[Figures]:
    """Every figure of the page."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for count in (20, CROWD):
            path = f"{folder}/paced{count}.db"
            runs.append(run("SQLite, one desk, paced", path, 1, count, seconds, is_paced=True))
        path = f"{folder}/full.db"
        runs.append(run("SQLite, one desk, saturated", path, 1, CROWD, seconds / 2, is_paced=False))
        path, name = f"{folder}/shared.db", "SQLite, one desk, shared queue, paced"
        runs.append(run(name, path, 1, CROWD, seconds, is_paced=True, is_shared=True))
    for kind, is_paced, is_shared in SERVED:
        with postgres() as target:
            name, long = f"PostgreSQL, two desks, {kind}", seconds if is_paced else seconds / 2
            runs.append(run(name, target, 2, CROWD, long, is_paced=is_paced, is_shared=is_shared))
    return runs


def table(runs: Sequence[Figures]) -> str:
    """The figures as Markdown."""
    rows = [
        "| run | annotators | labels | p50 ms | p95 ms | slowest ms | labels/s | CPU ms a label | MB a session | load |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {figures.name} | {figures.annotators} | {figures.labels} | {figures.p50:.0f} | {figures.p95:.0f} | {figures.slowest:.0f} "
        f"| {figures.per_second:.0f} | {figures.cpu:.1f} | {figures.megabytes:.2f} | {figures.busy:.1f} |"
        for figures in runs
    ]
    return "\n".join(rows)


def section(runs: Sequence[Figures], seconds: float, size: int) -> str:
    """What was measured and how."""
    facts = (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"Streamlit {version('streamlit')}"
    )
    return f"""On {facts}. Transcripts of 30 messages and {size / 1000:.0f} KB; server, annotators and database share the
machine. *Paced*: a label each {EVERY:.0f} s with a draft before it, for {seconds:.0f} s; *saturated*: the next label as soon as the last
one is answered, for {seconds / 2:.0f} s. Queues are fixed; *shared*: people take the next of {POOL:,} transcripts, of which each wants
{READERS} readers, and {REPEATS:.0%} return to them. Times run from the submit to its acknowledgement after the commit and the next transcript. Memory
is what the servers grew by. Load is the machine's one-minute load average at the end of a run.

{table(runs)}

A load above the number of cores means that other work shared the machine: times are then upper bounds.

{goals(runs)}
"""


def goals(runs: Sequence[Figures]) -> str:
    """What was wanted with the full crowd, beside what this run shows."""
    crowd_runs = [figures for figures in runs if figures.annotators == CROWD]
    rows = ["| wanted with 50 annotators | run | measured | reached |", "|---|---|---|---|"]
    for run in crowd_runs:
        if "paced" in run.name:
            most = 50 if "SQLite" in run.name else 75
            rows.append(
                f"| p95 at most {most} ms | {run.name} | {run.p95:.0f} ms | {said(run.p95 <= most)} |"
            )
        else:
            rate = run.per_second
            rows.append(f"| at least 100 labels/s | {run.name} | {rate:.0f} labels/s | {said(rate >= 100)} |")
    largest = max(figures.megabytes for figures in runs)
    rows.append(f"| under 5 MB a session | all | at most {largest:.2f} MB | {said(largest < 5)} |")
    return "\n".join(rows)


def said(is_reached: bool) -> str:
    """Yes or no."""
    return "yes" if is_reached else "no"


def main() -> None:
    """Run everything and write the page's section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", type=Path, default=Path("docs/bench-desk.md"))
    arguments = parser.parse_args()
    runs = all_runs(arguments.seconds)
    with tempfile.TemporaryDirectory() as folder:
        size = prepare(f"{folder}/size.db", annotators=1, transcripts=5).transcript_bytes
    write_section(arguments.out, TITLE, section(runs, arguments.seconds, size))


if __name__ == "__main__":
    main()
