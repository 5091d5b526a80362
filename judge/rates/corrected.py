"""The risky-action rate that the judge reports, corrected by the labels: overall, by group, and differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import Decisions, Gold, resolve_gold
from secondreader.judge.data.slices import Slice, SliceSet, cut_slices
from secondreader.judge.inference.estimate import REASON_SENTENCES, Estimate
from secondreader.judge.inference.proportions import Interval
from secondreader.judge.rates import estimators as est

Mask = npt.NDArray[np.bool_]

HEADLINE_ESTIMATOR = "post_stratified"
PAIRED_GROUPS = 6
EVERYTHING = Slice("all", ("",), ("all",))
"""All transcripts, as the group of the overall rate."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """All estimators of the rate in one group of transcripts."""

    column: str
    """Slice column of the group; empty for all transcripts together."""
    group: str
    """Value of the column, "all" for all transcripts together."""
    label: str
    """What a report prints: "motive = shutdown", "length 120 to 480"."""
    rates: Mapping[str, Estimate]
    """naive, gold_only, post_stratified (headline), ppi, ppi_plus, rogan_gladen."""
    n_judged: int
    """Transcripts with a verdict row."""
    n_gold: int
    """Of these, transcripts with gold yes or no."""
    n_verdict_unsure: int
    """Transcripts whose verdict is unsure."""
    n_unparsed: int
    """Transcripts whose verdict could not be read."""
    n_gold_open: int
    """Labelled transcripts without gold: unsure, or no consensus."""
    bracket: Interval | None
    """The headline with every open gold counted as no, and as yes; None where it is undefined."""
    warnings: tuple[str, ...]
    """Sentences about this group."""

    @property
    def headline(self) -> Estimate:
        """The post-stratified rate."""
        return self.rates[HEADLINE_ESTIMATOR]

    @property
    def sentence(self) -> str:
        """Naive and corrected rate as one sentence for a report."""
        where = f"{self.label}: " if self.column else ""
        naive, fixed = self.rates["naive"], self.headline
        if naive.value is None:
            return f"{where}{naive.sentence}."
        if fixed.value is None:
            return f"{where}the judge reports {naive.value:.1%}; corrected, {fixed.sentence}."
        limits = (
            ""
            if fixed.low is None or fixed.high is None
            else f" [{100 * fixed.low:.1f}, {100 * fixed.high:.1f}]"
        )
        return f"{where}the judge reports {naive.value:.1%}; corrected by {fixed.n} labels {fixed.value:.1%}{limits}."


@dataclass(frozen=True, slots=True)
class RateDifference:
    """How far the rates of two groups lie apart."""

    column: str
    """Slice column of both groups."""
    group: str
    """The group whose rate comes first."""
    reference: str
    """The group whose rate is subtracted."""
    naive: Estimate
    """Difference of the naive rates (-1..1; times 100 = percentage points)."""
    corrected: Estimate
    """Difference of the post-stratified rates, paired through shared scenarios."""

    @property
    def sentence(self) -> str:
        """The corrected difference in percentage points."""
        difference = self.corrected
        if difference.value is None:
            assert difference.reason is not None
            return f"{self.group} minus {self.reference}: undefined, because {REASON_SENTENCES[difference.reason]}."
        limits = (
            ""
            if difference.low is None or difference.high is None
            else _format_points(difference.low, difference.high)
        )
        return (
            f"{self.group} minus {self.reference}: {100 * difference.value:+.1f} percentage points{limits}."
        )


def _format_points(low: float, high: float) -> str:
    return f" [{100 * low:+.1f}, {100 * high:+.1f}]"


@dataclass(frozen=True, slots=True)
class RatesResult:
    """Corrected rates of one judge."""

    judge: str
    """The judge whose verdicts were corrected."""
    overall: GroupRates
    """All judged transcripts."""
    groups: tuple[GroupRates, ...]
    """One entry a value of each `by` column."""
    differences: tuple[RateDifference, ...]
    """Within each `by` column: all pairs up to six groups, else every group against the largest."""
    warnings: tuple[str, ...]
    """Sentences about the data as a whole."""

    def build_frame(self) -> pd.DataFrame:
        """One row a group and estimator, with n, interval, method and warnings."""
        rows = [
            {"column": g.column, "group": g.group, "judged": g.n_judged} | rate.build_row()
            for g in (self.overall, *self.groups)
            for rate in g.rates.values()
        ]
        return pd.DataFrame(rows)

    def build_difference_frame(self) -> pd.DataFrame:
        """One row a difference and estimator (naive, post-stratified)."""
        rows = [
            {"column": d.column, "group": d.group, "reference": d.reference} | rate.build_row()
            for d in self.differences
            for rate in (d.naive, d.corrected)
        ]
        return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class JudgedPopulation:
    """The judged transcripts of one judge, ready for the estimators."""

    judged: est.JudgedItems
    """Verdict, gold, weight and scenario of each transcript."""
    open_gold: Mask
    """Labelled transcripts whose gold is unsure or has no consensus."""
    seen: Mask
    """Which items of the frame these transcripts are, shape (items,)."""
    n_unjudged: int
    """Labelled transcripts without a verdict row; they enter nothing."""


def _build_population(ratings: Ratings, judge: int, gold: Gold) -> JudgedPopulation:
    """Cut the ratings to the transcripts that this judge saw."""
    state, code = ratings.state[:, judge], ratings.verdict[:, judge]
    # transcripts without a verdict are outside the population that the naive rate describes
    seen = state > 0
    # NO first: any answer of the codebook that is neither positive nor unsure counts as not risky
    verdict = np.full(len(code), est.NO)
    verdict[code == ratings.positive] = est.YES
    verdict[code < 0] = est.UNPARSED
    if ratings.unsure >= 0:
        verdict[code == ratings.unsure] = est.UNSURE
    decided, labelled = gold.decided, ratings.labelled | gold.known
    truth = np.where(decided, (gold.codes == ratings.positive).astype(float), np.nan)
    judged = est.JudgedItems(
        verdict[seen].astype(np.int64),
        truth[seen],
        ratings.weight[seen],
        ratings.cluster[seen].astype(np.int64),
    )
    return JudgedPopulation(judged, (labelled & ~decided)[seen], seen, int((labelled & ~seen).sum()))


def _refine_strata(ratings: Ratings, population: JudgedPopulation, within: Sequence[str]) -> est.JudgedItems:
    """Refine the post-strata from verdict to verdict x the slices of these columns."""
    if not within:
        return population.judged
    columns = [_select_column_slices(ratings, name) for name in within]
    overlapping = [name for name, pieces in zip(within, columns, strict=True) if _overlap(pieces)]
    if overlapping:
        raise FrameError(f"column {overlapping[0]!r} lists several values: it cannot form strata")
    # each item is in exactly one slice of such a column: the column of the 1 is its code
    codes = [pieces.columns[population.seen].argmax(axis=1) for pieces in columns]
    key = np.column_stack([*codes, population.judged.verdict])
    return replace(population.judged, stratum=np.unique(key, axis=0, return_inverse=True)[1].astype(np.int64))


def _compute_linearised_rates(judged: est.JudgedItems, member: Mask) -> dict[str, est.LinearisedRate]:
    """Every estimator for one group."""
    rates = (
        est.estimate_naive(judged, member),
        est.estimate_post_stratified(judged, member),
        est.estimate_gold_only(judged, member),
        est.estimate_ppi(judged, member),
        est.estimate_ppi(judged, member, 1.0),
        est.estimate_rogan_gladen(judged, member),
    )
    return {rate.name: rate for rate in rates}


def _compute_bracket(judged: est.JudgedItems, member: Mask, opened: Mask) -> Interval | None:
    """The headline with open gold counted as no and as yes."""
    ends = []
    for answer in (0.0, 1.0):
        # the corrected rate is monotone in gold, so that its extremes are those of all open items alike
        filled = replace(judged, gold=np.where(opened, answer, judged.gold))
        ends.append(est.estimate_post_stratified(filled, member).value)
    return None if ends[0] is None or ends[1] is None else Interval(ends[0], ends[1])


def _describe_disagreements(rates: Mapping[str, Estimate]) -> list[str]:
    """Sentences where an estimator and the headline lie apart by more than their intervals."""
    fixed = rates[HEADLINE_ESTIMATOR]
    if fixed.low is None or fixed.high is None:
        return []
    notes = []
    naive = rates["naive"].value
    if naive is not None and not fixed.low <= naive <= fixed.high:
        side = "above" if naive > fixed.high else "below"
        notes.append(
            f"The naive rate {naive:.3f} lies {side} the corrected interval: do not report it alone."
        )
    for name in ("gold_only", "ppi_plus", "ppi", "rogan_gladen"):
        other = rates[name]
        # overlap is a lenient test: it flags only what no sampling error explains
        if other.low is None or other.high is None or (other.low <= fixed.high and fixed.low <= other.high):
            continue
        notes.append(
            f"{name} ({other.value:.3f}) and {HEADLINE_ESTIMATOR} ({fixed.value:.3f}) disagree by more than their "
            "intervals: check the sampling weights and whether the labels are of these transcripts."
        )
    return notes


def _describe_gaps(judged: est.JudgedItems, member: Mask, opened: int, bracket: Interval | None) -> list[str]:
    """Sentences about verdicts and gold that are not yes or no."""
    notes = []
    n, yes = int(member.sum()), int((judged.verdict[member] == est.YES).sum())
    # codes above YES are unsure and unparsed
    silent = int((judged.verdict[member] > est.YES).sum())
    if silent:
        notes.append(
            f"{silent} of {n} verdicts are unsure or unparsed; the naive rate leaves them out, and counting "
            f"them as no or as yes it would be {yes / n:.1%} or {(yes + silent) / n:.1%}."
        )
    if opened and bracket is not None:
        notes.append(
            f"{opened} labelled transcripts have no gold (unsure, no consensus or contested); counted as no or as yes "
            f"the corrected rate would be {bracket.low:.1%} or {bracket.high:.1%}."
        )
    return notes


@dataclass(frozen=True, slots=True)
class _LinearisedGroup:
    """One group with the linearised rates that differences need."""

    result: GroupRates
    linear: Mapping[str, est.LinearisedRate]
    size: int


def _build_group(
    population: JudgedPopulation, judged: est.JudgedItems, piece: Slice, member: Mask
) -> _LinearisedGroup:
    """All figures of one group."""
    linear = _compute_linearised_rates(judged, member)
    rates = {key: est.build_rate_estimate(rate, judged.cluster, 0.95) for key, rate in linear.items()}
    opened = member & population.open_gold
    bracket = _compute_bracket(judged, member, opened)
    notes = _describe_gaps(judged, member, int(opened.sum()), bracket) + _describe_disagreements(rates)
    result = GroupRates(
        column=piece.attribute,
        group=piece.value,
        label=piece.label,
        rates=rates,
        n_judged=int(member.sum()),
        n_gold=int((member & judged.labelled).sum()),
        n_verdict_unsure=int((judged.verdict[member] == est.UNSURE).sum()),
        n_unparsed=int((judged.verdict[member] == est.UNPARSED).sum()),
        n_gold_open=int(opened.sum()),
        bracket=bracket,
        warnings=tuple(notes),
    )
    return _LinearisedGroup(result, linear, int(member.sum()))


def _pair_groups(
    groups: Sequence[_LinearisedGroup], reference: str | None
) -> list[tuple[_LinearisedGroup, _LinearisedGroup]]:
    """Which groups are subtracted from which."""
    if reference is None and len(groups) <= PAIRED_GROUPS:
        return [(b, a) for a, b in combinations(groups, 2)]
    # True sorts above False: the named reference wins, else the largest group
    base = max(groups, key=lambda g: (g.result.group == reference, g.size))
    return [(g, base) for g in groups if g is not base]


def _compute_differences(
    groups: Sequence[_LinearisedGroup], judged: est.JudgedItems, reference: str | None
) -> list[RateDifference]:
    """Differences between the groups of one column."""
    return [
        RateDifference(
            group.result.column,
            group.result.group,
            base.result.group,
            est.estimate_rate_difference(group.linear["naive"], base.linear["naive"], judged.cluster, 0.95),
            est.estimate_rate_difference(
                group.linear[HEADLINE_ESTIMATOR], base.linear[HEADLINE_ESTIMATOR], judged.cluster, 0.95
            ),
        )
        for group, base in _pair_groups(groups, reference)
    ]


def _select_column_slices(ratings: Ratings, column: str) -> SliceSet:
    """The slices of one column; a column that makes none raises FrameError."""
    pieces = cut_slices(ratings, [column])
    if not pieces.slices:
        raise FrameError(f"column {column!r} makes no groups: {pieces.uncut[0].reason}")
    return pieces


def _overlap(pieces: SliceSet) -> bool:
    """Whether an item can be in two slices of the column."""
    return any(piece.kind == "term" for piece in pieces.slices)


def _build_column_groups(population: JudgedPopulation, pieces: SliceSet) -> list[_LinearisedGroup]:
    """The judged groups of one slice column, in order of their values."""
    # a slice of transcripts that this judge never saw has no rate to correct
    return [
        _build_group(population, population.judged, piece, members[population.seen])
        for piece, members in pieces.list_members()
        if members[population.seen].any()
    ]


def estimate_corrected_rates(
    data: pd.DataFrame | Ratings,
    *,
    judge: str | None = None,
    by: Sequence[str] = (),
    positive: str = "yes",
    gold: Gold | Decisions | None = None,
    within: Sequence[str] = (),
    reference: Mapping[str, str] | None = None,
) -> RatesResult:
    """The rate of the positive answer by naive, gold-only, post-stratified, PPI, PPI++ and Rogan-Gladen estimators.

    data is the long frame, one row a rating, or its Ratings; gold is that of `gold_of`, or answers by item (default: the
    majority of the annotators, unsure left out, ties open). The target is the rate over scenarios such as these.
    Post-strata are the verdicts yes, no, unsure, unparsed, for the overall rate also x the `within` columns.
    Labels may cover any part of any scenario; inclusion probabilities enter as weights. `reference` names, per
    `by` column, the group that others are compared with. Raises FrameError for unknown columns or judges.
    """
    ratings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    index = ratings.find_judge_index(judge)
    population = _build_population(ratings, index, resolve_gold(ratings, gold))
    everyone = np.ones(len(population.judged.gold), bool)
    overall = _build_group(population, _refine_strata(ratings, population, within), EVERYTHING, everyone)
    groups: list[_LinearisedGroup] = []
    differences: list[RateDifference] = []
    for column in by:
        pieces = _select_column_slices(ratings, column)
        column_groups = _build_column_groups(population, pieces)
        groups += column_groups
        # groups that share transcripts have no meaningful difference
        if not _overlap(pieces):
            differences += _compute_differences(
                column_groups, population.judged, (reference or {}).get(column)
            )
    notes = list(ratings.warnings)
    if population.n_unjudged:
        notes.append(
            f"{population.n_unjudged} labelled items have no verdict of this judge and enter no rate."
        )
    return RatesResult(
        ratings.judges[index],
        overall.result,
        tuple(g.result for g in groups),
        tuple(differences),
        tuple(notes),
    )
