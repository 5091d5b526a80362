"""Systematic disagreement: the slices where a judge errs more than chance and the rest of the data explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.frame import FrameError, Readings, read_frame
from secondreader.judge.data.gold import UNLABELLED, Consensus, majority, majority_gold
from secondreader.judge.disagreement.annotator_effects import annotator_effects, human_disagreement
from secondreader.judge.disagreement.finding import DIRECTIONS, Finding, Findings, WithoutAnnotator
from secondreader.judge.disagreement.slice_rates import slice_rates
from secondreader.judge.disagreement.slice_tests import Draw, Tests, beats_parents, check_slices, rows_of
from secondreader.judge.disagreement.slices import SliceSet, Untested, join_slices, one_way, two_way
from secondreader.judge.disagreement.terms import length_and_turns, term_slices, tools_of, words
from secondreader.judge.disagreement.verdict_errors import (
    Codes,
    Scored,
    direction,
    error_outcomes,
    score_verdicts,
    unparsed_outcome,
)
from secondreader.judge.inference.permutation import Floats, Outcome, raw_p, score
from secondreader.judge.inference.shrinkage import Shrunken, fit_prior, shrink

# pairs cost items x slices^2; above this they would take minutes and gigabytes
MOST_ITEMS_FOR_PAIRS = 50_000
FEWEST_PERMUTATIONS = 199


@dataclass(frozen=True, slots=True)
class Extras:
    """What to search beyond one-way slices."""

    texts: Mapping[str, str] | None
    """Transcripts by item id, for words, length and turns."""
    tools: str | None
    """The slice column that lists tools."""
    pairs: bool
    """Whether to make two-way slices."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a search needs again for each finding."""

    readings: Readings
    """The coded frame."""
    judge: int
    """Column of the judge."""
    seen: Scored
    """Its verdicts beside gold."""
    outcomes: list[Outcome]
    """The three kinds of wrong verdict."""
    slices: SliceSet
    """Every slice over all items."""
    people: Floats
    """Human disagreement of each item."""
    own_gold: bool
    """Whether gold is the majority of these labels."""
    draw: Draw
    """Permutations and seed."""
    alpha: float
    """Chance of any false finding."""


def find_disagreements(
    frame: pd.DataFrame | Readings,
    *,
    judge: str | None = None,
    gold: Mapping[str, str] | Consensus | None = None,
    positive: str = "yes",
    slices: Sequence[str] | None = None,
    texts: Mapping[str, str] | None = None,
    tools: str | None = None,
    pairs: bool = True,
    permutations: int = 1999,
    seed: int = 0,
    alpha: float = 0.05,
) -> Findings:
    """Search every slice for more wrong verdicts than elsewhere; at most `alpha` of studies raise a false one.

    `frame` is the long frame (module frame) or its Readings. `gold` maps item ids to answers, or is a
    Consensus; the default is the majority of human labels, ties left out. `unsure` counts as missing. Slice
    columns are cut as in `slices.one_way`; `pairs` adds two-way slices, `texts` (item id to transcript) adds
    its length, turns and words, `tools` names the slice column whose cells list tools.

    The three statistics (error, false positive, false negative) are standardised by gold answer and tested one-sided
    by scenario permutation with max-T over everything searched (module permutation). Rates are weighted by
    inverse inclusion probability, and so are the residuals in the test: it asks about the population that
    was sampled. McNemar's counts are unweighted. Raises FrameError for input that cannot be read.
    """
    check_options(permutations, alpha)
    readings = frame if isinstance(frame, Readings) else read_frame(frame, positive=positive, slices=slices)
    column = readings.judge_index(judge)
    consensus = gold if isinstance(gold, Consensus) else read_gold(readings, gold)
    seen = score_verdicts(readings, column, consensus.gold)
    table = chosen_slices(readings, slices)
    singles, rest = build_slices(table, readings.items, seen, Extras(texts, tools, pairs))
    study = Study(
        readings=readings,
        judge=column,
        seen=seen,
        outcomes=error_outcomes(seen),
        slices=join_slices([singles, *rest]),
        people=human_disagreement(readings.human, len(readings.answers)),
        own_gold=gold is None,
        draw=Draw(permutations, seed),
        alpha=alpha,
    )
    return search(study, singles)


def search(study: Study, singles: SliceSet) -> Findings:
    """Test every slice, and the unparsed verdicts by the one-way ones."""
    readings, seen, draw = study.readings, study.seen, study.draw
    tests = check_slices(study.outcomes, study.slices, study.people, draw)
    lost = check_slices([unparsed_outcome(readings, study.judge)], singles, study.people, draw)
    return Findings(
        judge=readings.judges[study.judge],
        findings=collect(study, tests),
        untested=tests.untested + lost.untested,
        direction=direction(seen, alpha=study.alpha, seed=draw.seed),
        annotators=annotator_effects(readings, draw.seed),
        unparsed=lost.table,
        n=int(seen.scored.sum()),
        n_clusters=len(np.unique(readings.cluster[seen.scored])),
        alpha=study.alpha,
        permutations=draw.permutations,
        seed=draw.seed,
        tests=tests.table,
        notes=readings.warnings,
    )


def chosen_slices(readings: Readings, names: Sequence[str] | None) -> pd.DataFrame:
    """The named slice columns, or all; an unknown one raises FrameError."""
    unknown = [name for name in names or () if name not in readings.slices]
    if unknown:
        known = ", ".join(readings.slices.columns) or "none"
        raise FrameError(f"slice column {unknown[0]!r} is not in the frame: choose from: {known}")
    return readings.slices if names is None else readings.slices[list(names)]


def check_options(permutations: int, alpha: float) -> None:
    """Raise FrameError for options that cannot give a finding."""
    if permutations < FEWEST_PERMUTATIONS:
        raise FrameError(f"{permutations} permutations are too few: give at least {FEWEST_PERMUTATIONS}")
    if not 0 < alpha < 1:
        raise FrameError(f"alpha is {alpha}: give a number between 0 and 1, e.g. 0.05")


def read_gold(readings: Readings, answers: Mapping[str, str] | None) -> Consensus:
    """Given answers as gold, else the majority of labels; an unknown item or answer raises FrameError."""
    if answers is None:
        return majority_gold(readings)
    gold = np.full(len(readings.items), UNLABELLED)
    place = {item: index for index, item in enumerate(readings.items)}
    for item, answer in answers.items():
        if str(item) not in place:
            raise FrameError(f"gold has item {item!r}, which is not in the frame: check its id")
        if answer not in readings.answers:
            known = ", ".join(readings.answers)
            raise FrameError(f"gold of item {item!r} is {answer!r}, not one of {known}: correct it")
        gold[place[str(item)]] = readings.answers.index(answer)
    return Consensus("given", gold)


def build_slices(
    table: pd.DataFrame, items: NDArray[Any], seen: Scored, extras: Extras
) -> tuple[SliceSet, list[SliceSet]]:
    """One-way slices, and those made of pairs, tools and words (cut to what occurs among scored items)."""
    texts, tools, pairs = extras.texts, extras.tools, extras.pairs
    if tools is not None and tools not in table:
        raise FrameError(f"the frame has no slice column {tools!r} for tools: name an existing one")
    extra: list[SliceSet] = []
    if tools is not None:
        extra.append(scored_terms([tools_of(cell) for cell in table[tools]], seen, "tool"))
        table = table.drop(columns=tools)
    if texts is not None:
        known = [texts.get(item) for item in items]
        lengths = length_and_turns(known)
        table = table.assign(**{free_name(name, table): lengths[name] for name in ("words", "turns")})
        extra.append(scored_terms([words(text or "") for text in known], seen, "word"))
    singles = one_way(table)
    if pairs and seen.scored.sum() <= MOST_ITEMS_FOR_PAIRS:
        extra.insert(0, two_way(singles, seen.scored))
    elif pairs:
        why = f"pairs of slices are tested up to {MOST_ITEMS_FOR_PAIRS} items: narrow the study first"
        empty = np.zeros((len(table), 0), dtype=np.float32)
        extra.append(SliceSet((), empty, (Untested("pairs", "all", why),)))
    return singles, extra


def free_name(name: str, table: pd.DataFrame) -> str:
    """The name, with "of text" behind it where the table has such a column already."""
    return f"{name} of text" if name in table else name


def scored_terms(bags: list[set[str]], seen: Scored, attribute: str) -> SliceSet:
    """Term slices that scored items can support."""
    return term_slices([bag if use else set() for bag, use in zip(bags, seen.scored, strict=True)], attribute)


def collect(study: Study, tests: Tests) -> tuple[Finding, ...]:
    """The significant tests as findings, one per slice: the statistic of the smallest adjusted p."""
    table = tests.table
    order = np.lexsort((-table["t"].to_numpy(), table["p_adjusted"].to_numpy()))
    found: dict[int, int] = {}
    for test in order:
        if table["p_adjusted"].iloc[test] > study.alpha:
            break
        place, outcome = int(tests.slice[test]), study.outcomes[tests.outcome[test]]
        if place in found:
            continue
        if study.slices.slices[place].kind == "two-way" and not beats_parents(
            outcome, place, study.slices, study.draw, study.alpha
        ):
            continue
        found[place] = int(test)
    without = leave_out(study, tests, list(found.values()))
    return tuple(to_finding(study, tests, test, without[test]) for test in found.values())


def leave_out(study: Study, tests: Tests, found: list[int]) -> dict[int, list[WithoutAnnotator]]:
    """Each found test once more without each annotator's labels; empty lists where gold was given."""
    results: dict[int, list[WithoutAnnotator]] = {test: [] for test in found}
    readings = study.readings
    if not found or not study.own_gold or len(readings.raters) < 2:
        return results
    for rater, name in enumerate(readings.raters):
        gold: Codes = majority(np.delete(readings.human, rater, axis=1), len(readings.answers))
        outcomes = error_outcomes(score_verdicts(readings, study.judge, gold))
        for test in found:
            outcome = outcomes[tests.outcome[test]]
            results[test].append(retest(outcome, int(tests.slice[test]), study, name))
    return results


def retest(outcome: Outcome, place: int, study: Study, name: str) -> WithoutAnnotator:
    """One slice by one outcome alone."""
    column = rows_of(outcome, study.slices.columns[:, [place]])
    n_in = int(column.sum())
    if n_in in (0, len(column)):
        return WithoutAnnotator(name, None, 1.0, n_in)
    p = float(raw_p(score(outcome, column, study.draw.permutations, study.draw.seed))[0])
    return WithoutAnnotator(name, float(slice_rates(outcome, column).difference[0]), p, n_in)


def drives(without: WithoutAnnotator, difference: float, alpha: float) -> bool:
    """Whether significance or more than half of the difference vanishes."""
    return without.difference is None or without.p > alpha or without.difference <= difference / 2


def shrunken(tests: Tests, test: int) -> Shrunken:
    """The slice's rate under a prior fitted to the slices of the same attributes and statistic."""
    table = tests.table
    row = table.iloc[test]
    alike = table[
        (table["attributes"] == row["attributes"])
        & (table["kind"] == row["kind"])
        & (table["statistic"] == row["statistic"])
    ]
    prior = fit_prior(alike["rate_in"] * alike["n_in"], alike["n_in"])
    return shrink(float(row["rate_in"] * row["n_in"]), float(row["n_in"]), prior)


def to_finding(study: Study, tests: Tests, test: int, without: list[WithoutAnnotator]) -> Finding:
    """A significant test with everything that a reader needs to judge it."""
    row = tests.table.iloc[test]
    own = study.slices.slices[tests.slice[test]]
    outcome = study.outcomes[tests.outcome[test]]
    inside = rows_of(outcome, study.slices.columns)[:, tests.slice[test]] > 0
    wrong = study.readings.items[outcome.index[inside & outcome.wrong]]
    posterior = shrunken(tests, test)
    return Finding(
        slice=own.label,
        attributes=own.attributes,
        kind=own.kind,
        statistic=outcome.name,
        direction=DIRECTIONS.get(outcome.name, "errs"),
        n_in=int(row["n_in"]),
        n_out=int(row["n_out"]),
        wrong_in=int(row["wrong_in"]),
        wrong_out=int(row["wrong_out"]),
        rate_in=float(row["rate_in"]),
        rate_out=float(row["rate_out"]),
        difference=float(row["difference"]),
        low=float(row["low"]),
        high=float(row["high"]),
        ratio=known(row["ratio"]),
        expected_wrong=float(row["expected_wrong"]),
        shrunken_rate=posterior.mean,
        shrunken_low=posterior.low,
        shrunken_high=posterior.high,
        p=float(row["p"]),
        p_adjusted=float(row["p_adjusted"]),
        q=float(row["q"]),
        permutations=study.draw.permutations,
        seed=study.draw.seed,
        human_disagreement_in=known(row["human_disagreement_in"]),
        human_disagreement_out=known(row["human_disagreement_out"]),
        driven_by=tuple(
            one.annotator for one in without if drives(one, float(row["difference"]), study.alpha)
        ),
        without=tuple(without),
        items=tuple(str(item) for item in wrong),
        positive=study.readings.answers[study.readings.positive],
    )


def known(value: float) -> float | None:
    """The number, or None where it is not one."""
    return None if np.isnan(value) else float(value)
