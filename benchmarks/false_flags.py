"""False flags and power of find_disagreements by simulation; writes docs/false-flags.md.

Run: python benchmarks/false_flags.py [--studies N] [--only NAME ...] [--out docs/false-flags.md]

Each study is a long frame that is searched with the default options: one-way and two-way slices, the
three statistics, 1,999 permutations. Finished studies are kept in --cache, so a stopped run goes on.
"""

import argparse
import hashlib
import importlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.inference.exact_tests import compare_slice_with_rest

TARGET_FALSE = 0.06
ALPHA = 0.05
CHEAP = 2000


@dataclass(frozen=True, slots=True)
class Design:
    """One population of studies."""

    name: str
    """Row label."""
    scenarios: int
    """Scenarios."""
    per_scenario: int
    """Transcripts of each scenario; the mean where `unequal`."""
    unequal: bool = False
    """Whether the number of transcripts is geometric: many scenarios with one, few with very many."""
    motives: int = 5
    """Values of the planted attribute, equally frequent."""
    effect: str = "none"
    """none, slice (error .45 in the first motive), both ways (errors of both kinds there) or prevalence."""
    sensitivity: float = 0.88
    """Of the judge elsewhere."""
    specificity: float = 0.88
    """Of the judge elsewhere."""
    target: float | None = None
    """What the share must reach (effects) or may not exceed (none)."""
    studies: int = 500
    """Studies to simulate; cheap designs without effect take more, for a tighter figure."""


FALSE_ROWS = (
    Design("60 x 5, random errors", 60, 5, target=TARGET_FALSE, studies=CHEAP),
    Design("200 x 1, random errors", 200, 1, target=TARGET_FALSE, studies=CHEAP),
    Design("400 x 21, random errors", 400, 21, target=TARGET_FALSE),
    Design(
        "120 scenarios of 1 to 30, random errors", 120, 5, unequal=True, target=TARGET_FALSE, studies=CHEAP
    ),
    Design("60 x 5, prevalence .04 / .50", 60, 5, effect="prevalence", target=TARGET_FALSE, studies=CHEAP),
    Design("200 x 1, prevalence .04 / .50", 200, 1, effect="prevalence", target=TARGET_FALSE, studies=CHEAP),
    Design(
        "200 x 1, prevalence .04 / .50, Se .75 Sp .95",
        200,
        1,
        effect="prevalence",
        sensitivity=0.75,
        specificity=0.95,
        target=TARGET_FALSE,
        studies=CHEAP,
    ),
    Design(
        "120 scenarios of 1 to 30, prevalence .04 / .50",
        120,
        5,
        unequal=True,
        effect="prevalence",
        target=TARGET_FALSE,
        studies=CHEAP,
    ),
)
POWER_ROWS = (
    Design("60 x 5, error .12 to .45 in 1 of 5 motives", 60, 5, effect="slice", target=0.75),
    Design("200 x 1, error .12 to .45 in 1 of 4 motives", 200, 1, motives=4, effect="slice", target=0.92),
    Design("200 x 1, error .12 to .45 in 1 of 5 motives", 200, 1, effect="slice"),
    Design("200 x 1, error .12 to .45 in 1 of 8 motives", 200, 1, motives=8, effect="slice"),
    Design("60 x 5, error .12 to .45 in 1 of 7 motives", 60, 5, motives=7, effect="slice"),
    Design("120 scenarios of 1 to 30, 1 of 5 motives", 120, 5, unequal=True, effect="slice"),
    Design("60 x 5, wrong both ways in 1 of 5 motives", 60, 5, effect="both ways"),
)
PREVALENCE = 0.25
SPREAD = 0.10  # intraclass correlation of errors within a scenario
PLANTED = "motive = m0"


def sizes(design: Design, rng: np.random.Generator) -> np.ndarray:
    """Transcripts of each scenario."""
    if not design.unequal:
        return np.full(design.scenarios, design.per_scenario)
    return np.minimum(rng.geometric(1 / design.per_scenario, design.scenarios), 30)


def beta(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scenario rates with the given means and intraclass correlation."""
    size = 1 / SPREAD - 1
    return np.asarray(rng.beta(mean * size, (1 - mean) * size))


def draw(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """One study as a long frame: three annotators who agree on the truth, and one judge."""
    motive = rng.permutation(np.arange(design.scenarios) % design.motives)
    risk = rng.integers(0, 7, design.scenarios)
    size = sizes(design, rng)
    scenario = np.repeat(np.arange(design.scenarios), size)
    n = len(scenario)
    odd = np.where(motive % 2 == 0, 0.04, 0.50)
    prevalence = odd if design.effect == "prevalence" else np.full(design.scenarios, PREVALENCE)
    truth = rng.random(n) < beta(prevalence, rng)[scenario]
    planted = motive == 0 if design.effect in ("slice", "both ways") else np.zeros(design.scenarios, bool)
    miss = beta(np.where(planted, 0.45, 1 - design.sensitivity), rng)
    flag = beta(np.where(planted, 0.45, 1 - design.specificity), rng)
    if design.effect != "both ways":
        # the same scenarios are hard in both directions
        flag = np.where(design.sensitivity == design.specificity, miss, flag)
    wrong = rng.random(n) < np.where(truth, miss[scenario], flag[scenario])
    turns = rng.poisson(6, n) + 1
    items = pd.DataFrame(
        {
            "item": [f"t{k}" for k in range(n)],
            "cluster": [f"s{k}" for k in scenario],
            "motive": [f"m{k}" for k in motive[scenario]],
            "risk_type": [f"r{k}" for k in risk[scenario]],
            "model": [f"a{k}" for k in within(scenario, 21 if n > 4000 else 6, rng)],
            "persona": [f"p{k}" for k in rng.integers(0, 5, n)],
            "turns": turns,
        }
    )
    people = [items.assign(rater=f"h{h}", kind="human", answer=answers(truth)) for h in range(3)]
    judged = items.assign(rater="j", kind="judge", answer=answers(truth ^ wrong))
    return pd.concat([*people, judged], ignore_index=True)


def within(scenario: np.ndarray, values: int, rng: np.random.Generator) -> np.ndarray:
    """A transcript-level attribute, balanced within scenarios as far as their size allows."""
    start = rng.integers(0, values, scenario.max() + 1)
    position = np.arange(len(scenario)) - np.searchsorted(scenario, scenario)
    return np.asarray((position + start[scenario]) % values)


def answers(positive: np.ndarray) -> np.ndarray:
    """Booleans as the answers of the default question."""
    return np.where(positive, "yes", "no")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one simulated study raised."""

    any: bool
    """Any finding at all."""
    planted: bool
    """A finding that names the planted slice alone."""
    naive: bool
    """Any slice by Fisher's test per item with Benjamini-Hochberg at .05, on the same tests."""
    seconds: float
    """Time of the search."""


def run(design: Design, number: int) -> Seen:
    """Simulate and search one study."""
    frame = draw(
        design, np.random.default_rng([number, design.scenarios, design.per_scenario, design.motives])
    )
    start = time.perf_counter()
    result = find_disagreements(frame, seed=number, alpha=ALPHA)
    seconds = time.perf_counter() - start
    tests = result.build_frame()
    counts = tests[["wrong_in", "n_in", "wrong_out", "n_out"]].to_numpy().tolist()
    fisher = false_discovery_control([compare_slice_with_rest(*row).fisher_p for row in counts])
    return Seen(
        any=len(result.findings) > 0,
        planted=any(finding.slice == PLANTED for finding in result.findings),
        naive=bool((fisher <= ALPHA).any()),
        seconds=seconds,
    )


def simulate(design: Design, studies: int, cache: Path) -> Iterator[Seen]:
    """All studies of a design, those of earlier runs from the cache."""
    path = cache / f"{design.name.replace('/', 'to')}.jsonl"
    done = [Seen(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
    yield from done[:studies]
    with path.open("a") as out:
        for number in range(len(done), studies):
            seen = run(design, number)
            fields = {name: getattr(seen, name) for name in Seen.__dataclass_fields__}
            out.write(json.dumps(fields) + "\n")
            out.flush()
            yield seen


def code_version() -> str:
    """A short hash of the code that the figures depend on: changed code starts anew."""
    modules = (
        "disagreement.search",
        "disagreement.slice_tests",
        "inference.permutation",
        "disagreement.slice_counts",
        "disagreement.slice_pairs",
        "disagreement.verdict_errors",
        "disagreement.slice_rates",
        "data.gold",
        "data.slices",
        "data.unsure",
        "data.frame",
    )
    text = Path(__file__).read_bytes()
    for name in modules:
        path = importlib.import_module(f"secondreader.judge.{name}").__file__
        assert path is not None
        text += Path(path).read_bytes()
    return hashlib.sha256(text).hexdigest()[:12]


def measure(design: Design, studies: int, cache: Path) -> list[Seen]:
    """Run one design with a line of progress."""
    results = []
    for number, seen in enumerate(simulate(design, studies, cache), 1):
        results.append(seen)
        if number % 25 == 0 or number == studies:
            print(f"\r{design.name}: {number}/{studies}", end="", flush=True)
    print()
    return results


def line(design: Design, results: list[Seen]) -> str:
    """One row of the table."""
    hit = [seen.planted if design.effect in ("slice", "both ways") else seen.any for seen in results]
    share = float(np.mean(hit))
    error = 1.96 * (share * (1 - share) / len(hit)) ** 0.5
    naive = float(np.mean([seen.naive for seen in results]))
    seconds = float(np.median([seen.seconds for seen in results]))
    target = "" if design.target is None else f"{design.target:.2f}"
    return f"| {design.name} | {len(hit)} | {share:.3f} +- {error:.3f} | {target} | {naive:.3f} | {seconds:.2f} |"


HEAD = """# False flags and power of the search for systematic disagreement

Written by `make false-flag-study` (benchmarks/false_flags.py). Every study is a long frame searched by
`find_disagreements` with its defaults: error, false-positive and false-negative rate of every one-way and two-way
slice, 1,999 scenario permutations, alpha .05. A *finding* is whatever that function returns. Errors of a scenario are
correlated ({spread}); motive and risk type belong to scenarios, model, persona and turns to transcripts. The last but one
column shows what Fisher's test per item with Benjamini-Hochberg at .05 flags on the same tests.
"""

NOTES = """
## Choices that these figures decided

- Scenario sums are standardised by their size and traded within bands of similar variance, so scenarios of unequal size
  and of different mix of gold answers keep their own spread.
- Residuals are taken from the rate among items of the same gold answer: slices that differ only in prevalence have
  nothing to show, even where sensitivity and specificity differ.
- Tests are one-sided: a finding is a slice where the judge errs *more*.
- One-way slices may spend .90 of the error, two-way slices .05, terms .05 (shares of absent families go to the others);
  they are joined by the same permutations, so the level holds for everything together.
- The power of a study falls with the slice: the same .45 against .12 in an eighth of 200 transcripts (25 of them) is found
  less often than in a fifth or a quarter; a slice under 20 items or 8 scenarios is not tested and is listed as such.
"""


def main() -> None:
    """Run the designs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, help="studies of every design, in place of its own number")
    parser.add_argument("--only", nargs="*", default=[], help="designs whose name holds one of these texts")
    parser.add_argument("--out", type=Path, default=Path("docs/false-flags.md"))
    parser.add_argument("--cache", type=Path, default=Path("build/false-flags"), help="finished studies")
    arguments = parser.parse_args()
    cache = arguments.cache / code_version()
    cache.mkdir(parents=True, exist_ok=True)
    parts = [HEAD.format(spread=f"intraclass correlation {SPREAD}")]
    for title, rows in (
        ("False flags: share of studies with any finding", FALSE_ROWS),
        ("Power", POWER_ROWS),
    ):
        parts.append(
            f"\n## {title}\n\n| design | studies | share | target | Fisher + BH | seconds |\n|---|---|---|---|---|---|"
        )
        for design in rows:
            if not arguments.only or any(text in design.name for text in arguments.only):
                parts.append(line(design, measure(design, arguments.studies or design.studies, cache)))
    arguments.out.write_text("\n".join(parts) + "\n" + NOTES)


if __name__ == "__main__":
    main()
