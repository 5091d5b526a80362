"""Systematic disagreement: the slices where a judge errs more than chance and the rest of the data explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import Decisions, Gold, leave_out_annotator, resolve_gold
from secondreader.judge.data.slices import SliceSet, cut_attributes, select_attributes
from secondreader.judge.disagreement.annotator_effects import (
    compute_human_disagreement,
    estimate_annotator_effects,
)
from secondreader.judge.disagreement.finding import DIRECTIONS, Finding, Findings, LeaveOneOutResult
from secondreader.judge.disagreement.slice_counts import UntestedSlice
from secondreader.judge.disagreement.slice_pairs import build_two_way_slices, join_slices
from secondreader.judge.disagreement.slice_rates import compute_slice_rates
from secondreader.judge.disagreement.slice_tests import (
    PermutationSettings,
    SliceTests,
    is_worse_than_parents,
    run_slice_tests,
    select_rows,
)
from secondreader.judge.disagreement.terms import build_term_slices, extract_words, measure_texts
from secondreader.judge.disagreement.verdict_errors import (
    ScoredVerdicts,
    build_error_outcomes,
    build_unparsed_outcome,
    compute_direction,
    score_verdicts,
)
from secondreader.judge.inference.permutation import Floats, Outcome, compute_raw_p, score_columns
from secondreader.judge.inference.shrinkage import ShrunkenRate, fit_prior, shrink_rate

# pairs cost items x slices^2; above this they would take minutes and gigabytes
MOST_ITEMS_FOR_PAIRS = 50_000
FEWEST_PERMUTATIONS = 199


@dataclass(frozen=True, slots=True)
class SearchExtras:
    """What to search beyond one-way slices."""

    texts: Mapping[str, str] | None
    """Transcripts by item id, for words, length and turns."""
    pairs: bool
    """Whether to make two-way slices."""


@dataclass(frozen=True, slots=True)
class Search:
    """The inputs that a search shares between its steps."""

    ratings: Ratings
    """The coded frame."""
    judge: int
    """Column of the judge."""
    scored: ScoredVerdicts
    """Its verdicts beside gold."""
    outcomes: list[Outcome]
    """The three kinds of wrong verdict."""
    slices: SliceSet
    """Every slice over all items."""
    unsearched: tuple[UntestedSlice, ...]
    """Attributes and pairs that make no slices."""
    human_disagreement: Floats
    """Human disagreement of each item."""
    gold: Gold
    """What the verdicts are compared with."""
    settings: PermutationSettings
    """Permutations and seed."""
    alpha: float
    """Chance of any false finding."""


def find_disagreements(
    frame: pd.DataFrame | Ratings,
    *,
    judge: str | None = None,
    gold: Gold | Decisions | None = None,
    positive: str = "yes",
    slices: Sequence[str] | None = None,
    texts: Mapping[str, str] | None = None,
    pairs: bool = True,
    permutations: int = 1999,
    seed: int = 0,
    alpha: float = 0.05,
) -> Findings:
    """Search every slice for more wrong verdicts than elsewhere; at most `alpha` of studies raise a false one.

    `frame` is the long frame (module frame) or its Ratings. `gold` is that of `gold_of`, or maps item ids to answers;
    the default is the majority of the annotators without unsure. Unsure as gold or verdict counts as missing. Slice
    columns are cut as everywhere (`cut_slices`); `pairs` adds two-way slices, `texts` (item id to transcript) adds
    its length, turns and words.

    The three statistics (error, false positive, false negative) are standardised by gold answer and tested one-sided
    by scenario permutation with max-T over everything searched (module permutation). Rates are weighted by
    inverse inclusion probability, and so are the residuals in the test: it asks about the population that
    was sampled. McNemar's counts are unweighted. Raises FrameError for input that cannot be read.
    """
    check_options(permutations, alpha)
    ratings = frame if isinstance(frame, Ratings) else read_frame(frame, positive=positive, slices=slices)
    column = ratings.find_judge_index(judge)
    truth = resolve_gold(ratings, gold)
    scored = score_verdicts(ratings, column, truth.codes)
    singles, rest, unsearched = build_slices(ratings, slices, scored, SearchExtras(texts, pairs))
    search = Search(
        ratings=ratings,
        judge=column,
        scored=scored,
        outcomes=build_error_outcomes(scored),
        slices=join_slices([singles, *rest]),
        unsearched=unsearched,
        human_disagreement=compute_human_disagreement(ratings.human, len(ratings.answers)),
        gold=truth,
        settings=PermutationSettings(permutations, seed),
        alpha=alpha,
    )
    return run_search(search, singles)


def run_search(search: Search, singles: SliceSet) -> Findings:
    """Test every slice, and the unparsed verdicts by the one-way ones."""
    ratings, scored, settings = search.ratings, search.scored, search.settings
    tests = run_slice_tests(search.outcomes, search.slices, search.human_disagreement, settings)
    lost = run_slice_tests(
        [build_unparsed_outcome(ratings, search.judge)], singles, search.human_disagreement, settings
    )
    return Findings(
        judge=ratings.judges[search.judge],
        findings=collect_findings(search, tests),
        untested=search.unsearched + tests.untested + lost.untested,
        direction=compute_direction(scored, alpha=search.alpha, seed=settings.seed),
        annotators=estimate_annotator_effects(ratings, settings.seed, search.gold.policy),
        unparsed=lost.table,
        n=int(scored.scored.sum()),
        n_clusters=len(np.unique(ratings.cluster[scored.scored])),
        alpha=search.alpha,
        permutations=settings.permutations,
        seed=settings.seed,
        tests=tests.table,
        notes=ratings.warnings,
    )


def check_options(permutations: int, alpha: float) -> None:
    """Raise FrameError for options that cannot give a finding."""
    if permutations < FEWEST_PERMUTATIONS:
        raise FrameError(f"{permutations} permutations are too few: give at least {FEWEST_PERMUTATIONS}")
    if not 0 < alpha < 1:
        raise FrameError(f"alpha is {alpha}: give a number between 0 and 1, e.g. 0.05")


def build_slices(
    ratings: Ratings, names: Sequence[str] | None, scored: ScoredVerdicts, extras: SearchExtras
) -> tuple[SliceSet, list[SliceSet], tuple[UntestedSlice, ...]]:
    """One-way slices, those made of pairs, lists and words, and what makes none."""
    table = select_attributes(ratings.slices, names)
    extra: list[SliceSet] = []
    if extras.texts is not None:
        known = [extras.texts.get(item) for item in ratings.items]
        lengths = measure_texts(known)
        table = table.assign(**{make_free_name(name, table): lengths[name] for name in ("words", "turns")})
        extra.append(build_scored_terms([extract_words(text or "") for text in known], scored, "word"))
    # over all items, not the scored ones: a slice is the same here as in every other part of a report
    whole = cut_attributes(table, ratings.lists)
    untested = [UntestedSlice(uncut.attribute, "all", uncut.reason) for uncut in whole.uncut]
    singles = whole.select_kind("one-way")
    extra.insert(0, whole.select_kind("term"))
    if extras.pairs and scored.scored.sum() <= MOST_ITEMS_FOR_PAIRS:
        extra.insert(0, build_two_way_slices(singles, scored.scored))
    elif extras.pairs:
        why = f"pairs of slices are tested up to {MOST_ITEMS_FOR_PAIRS} items: narrow the study first"
        untested.append(UntestedSlice("pairs", "all", why))
    return singles, extra, tuple(untested)


def make_free_name(name: str, table: pd.DataFrame) -> str:
    """The name, with "of text" behind it where the table has such a column already."""
    return f"{name} of text" if name in table else name


def build_scored_terms(bags: list[set[str]], scored: ScoredVerdicts, attribute: str) -> SliceSet:
    """Term slices that scored items can support."""
    return build_term_slices(
        # an empty bag, not a shorter list: slices must keep one row per item of the frame
        [bag if use else set() for bag, use in zip(bags, scored.scored, strict=True)],
        attribute,
    )


def collect_findings(search: Search, tests: SliceTests) -> tuple[Finding, ...]:
    """The significant tests as findings, one per slice: the statistic of the smallest adjusted p."""
    table = tests.table
    # equal adjusted p are common (the smallest possible one): the larger score goes first
    order = np.lexsort((-table["t"].to_numpy(), table["p_adjusted"].to_numpy()))
    strongest: dict[int, int] = {}
    for test in order:
        if table["p_adjusted"].iloc[test] > search.alpha:
            break
        position, outcome = int(tests.slice[test]), search.outcomes[tests.outcome[test]]
        # a false positive is an error as well: report a slice once, by its strongest test
        if position in strongest:
            continue
        if search.slices.slices[position].kind == "two-way" and not is_worse_than_parents(
            outcome, position, search.slices, search.settings, search.alpha
        ):
            continue
        strongest[position] = int(test)
    without = leave_out_annotators(search, tests, list(strongest.values()))
    return tuple(build_finding(search, tests, test, without[test]) for test in strongest.values())


def leave_out_annotators(
    search: Search, tests: SliceTests, significant: list[int]
) -> dict[int, list[LeaveOneOutResult]]:
    """Each significant test again without each annotator's labels, decisions kept; empty lists where gold was imported."""
    results: dict[int, list[LeaveOneOutResult]] = {test: [] for test in significant}
    ratings = search.ratings
    if not significant or search.gold.method == "given" or len(ratings.raters) < 2:
        return results
    for rater, name in enumerate(ratings.raters):
        gold = leave_out_annotator(ratings, rater, search.gold)
        if gold.reason is not None:
            # two annotators identify no error rates, so the finding cannot be tested without the third
            continue
        outcomes = build_error_outcomes(score_verdicts(ratings, search.judge, gold.codes))
        for test in significant:
            outcome = outcomes[tests.outcome[test]]
            results[test].append(retest_slice(outcome, int(tests.slice[test]), search, name))
    return results


def retest_slice(outcome: Outcome, position: int, search: Search, name: str) -> LeaveOneOutResult:
    """One slice by one outcome alone."""
    column = select_rows(outcome, search.slices.columns[:, [position]])
    n_in = int(column.sum())
    # gold without this annotator may leave one side empty
    if n_in in (0, len(column)):
        return LeaveOneOutResult(name, None, 1.0, n_in)
    p = float(
        compute_raw_p(score_columns(outcome, column, search.settings.permutations, search.settings.seed))[0]
    )
    return LeaveOneOutResult(name, float(compute_slice_rates(outcome, column).difference[0]), p, n_in)


def is_driver(without: LeaveOneOutResult, difference: float, alpha: float) -> bool:
    """Whether significance or more than half of the difference vanishes."""
    return without.difference is None or without.p > alpha or without.difference <= difference / 2


def shrink_slice_rate(tests: SliceTests, test: int) -> ShrunkenRate:
    """The slice's rate under a prior fitted to the slices of the same attributes and statistic."""
    table = tests.table
    row = table.iloc[test]
    alike = table[
        (table["attributes"] == row["attributes"])
        & (table["kind"] == row["kind"])
        & (table["statistic"] == row["statistic"])
    ]
    # slices of one attribute vary alike; those of another say nothing about this one
    prior = fit_prior(alike["rate_in"] * alike["n_in"], alike["n_in"])
    return shrink_rate(float(row["rate_in"] * row["n_in"]), float(row["n_in"]), prior)


def build_finding(search: Search, tests: SliceTests, test: int, without: list[LeaveOneOutResult]) -> Finding:
    """A significant test with everything needed to judge it: counts, rates, intervals, items."""
    row = tests.table.iloc[test]
    own = search.slices.slices[tests.slice[test]]
    outcome = search.outcomes[tests.outcome[test]]
    inside = select_rows(outcome, search.slices.columns)[:, tests.slice[test]] > 0
    wrong = search.ratings.items[outcome.index[inside & outcome.wrong]]
    posterior = shrink_slice_rate(tests, test)
    return Finding(
        slice=own.label,
        attributes=own.attributes,
        values=own.values,
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
        ratio=nan_to_none(row["ratio"]),
        expected_wrong=float(row["expected_wrong"]),
        shrunken_rate=posterior.mean,
        shrunken_low=posterior.low,
        shrunken_high=posterior.high,
        p=float(row["p"]),
        p_adjusted=float(row["p_adjusted"]),
        q=float(row["q"]),
        permutations=search.settings.permutations,
        seed=search.settings.seed,
        human_disagreement_in=nan_to_none(row["human_disagreement_in"]),
        human_disagreement_out=nan_to_none(row["human_disagreement_out"]),
        driven_by=tuple(
            retest.annotator
            for retest in without
            if is_driver(retest, float(row["difference"]), search.alpha)
        ),
        without=tuple(without),
        items=tuple(str(item) for item in wrong),
        positive=search.ratings.answers[search.ratings.positive],
    )


def nan_to_none(value: float) -> float | None:
    """The number, or None where it is not one."""
    return None if np.isnan(value) else float(value)
