"""What a systematic disagreement is: one slice where the judge errs more than chance and the rest explain."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from secondreader.judge.disagreement.annotator_effects import AnnotatorEffect
from secondreader.judge.disagreement.slice_counts import UntestedSlice
from secondreader.judge.disagreement.verdict_errors import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    ErrorDirection,
    format_p,
)

DIRECTIONS = {FALSE_NEGATIVE: "misses", FALSE_POSITIVE: "over-flags"}


@dataclass(frozen=True, slots=True)
class LeaveOneOutResult:
    """A finding with one annotator's labels left out of gold."""

    annotator: str
    """The annotator left out."""
    difference: float | None
    """Rate inside less outside; None where a side is empty."""
    p: float
    """Permutation p of this slice alone."""
    n_in: int
    """Items of the slice that still have gold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A slice where the judge errs more than elsewhere."""

    slice: str
    """Label of the slice."""
    attributes: tuple[str, ...]
    """Attributes that name it: one, or two of a pair."""
    values: tuple[str, ...]
    """The value or range of each attribute."""
    kind: str
    """one-way, two-way or term: the family of tests."""
    statistic: str
    """error, false_positive or false_negative; that of the smallest adjusted p."""
    direction: str
    """misses, over-flags or errs (both ways)."""
    n_in: int
    """Items in the slice where this error can happen (gold positive for misses, negative for over-flags)."""
    n_out: int
    """Such items elsewhere."""
    wrong_in: int
    """Wrong verdicts in the slice, unweighted."""
    wrong_out: int
    """Wrong verdicts elsewhere, unweighted."""
    rate_in: float
    """Rate in the slice, weighted by inverse inclusion probability, 0..1."""
    rate_out: float
    """Rate elsewhere, weighted."""
    difference: float
    """rate_in - rate_out."""
    low: float
    """Lower 95 % limit of the difference (this slice alone, not adjusted for the search)."""
    high: float
    """Upper 95 % limit of the difference."""
    ratio: float | None
    """rate_in / rate_out; None where nothing is wrong elsewhere."""
    expected_wrong: float
    """Wrong verdicts in the slice if the judge erred as elsewhere, given the slice's gold answers."""
    shrunken_rate: float
    """rate_in shrunken towards the attribute's other slices (beta-binomial): what to expect of a new sample."""
    shrunken_low: float
    """Lower limit of its 95 % interval."""
    shrunken_high: float
    """Upper limit of its 95 % interval."""
    p: float
    """One-sided permutation p of this slice and statistic alone."""
    p_adjusted: float
    """p adjusted for every slice and statistic searched (max-T)."""
    q: float
    """Benjamini-Hochberg q within the family."""
    permutations: int
    """Scenario permutations."""
    seed: int
    """Seed of the permutations."""
    human_disagreement_in: float | None
    """Share of annotator pairs that answer differently in the slice: high where gold itself is doubtful."""
    human_disagreement_out: float | None
    """The same elsewhere."""
    driven_by: tuple[str, ...]
    """Annotators without whose labels significance, or more than half of the difference, disappears."""
    without: tuple[LeaveOneOutResult, ...]
    """The finding without each annotator; empty where gold was imported."""
    items: tuple[str, ...]
    """Ids of the items of the slice with a wrong verdict of this kind: the ones to read."""
    positive: str = "yes"
    """The positive answer."""

    @property
    def sentence(self) -> str:
        """The finding as one sentence for a report; counts are unweighted."""
        what = {
            "misses": (f"misses {self.positive!r}", "missed"),
            "over-flags": (f"over-flags {self.positive!r}", "over-flagged"),
        }
        does, done = what.get(self.direction, ("errs more", "wrong"))
        sentence = (
            f"The judge {does} where {self.slice}: {self.wrong_in} of {self.n_in} {done}, "
            f"{self.wrong_out} of {self.n_out} elsewhere (adjusted p {format_p(self.p_adjusted)})."
        )
        if self.driven_by:
            sentence += f" It depends on {' and '.join(self.driven_by)}: without their labels it disappears."
        if has_doubtful_gold(self):
            sentence += " Annotators disagree more here as well, so gold itself may be wrong."
        return sentence

    def build_row(self) -> dict[str, Any]:
        """The finding as one flat row."""
        flat = asdict(self)
        # nested results do not fit a flat row; driven_by says what matters of them
        flat.pop("without")
        flat |= {name: "; ".join(flat[name]) for name in ("attributes", "values", "driven_by", "items")}
        return flat | {"sentence": self.sentence}


def has_doubtful_gold(finding: Finding) -> bool:
    """Whether annotators disagree at least twice as often inside, and on one pair in ten."""
    # both conditions: twice of almost nothing is still almost nothing
    inside, outside = finding.human_disagreement_in, finding.human_disagreement_out
    return inside is not None and outside is not None and inside >= max(0.1, 2 * outside)


@dataclass(frozen=True, slots=True)
class Findings:
    """The search for systematic disagreement between one judge and gold."""

    judge: str
    """The judge."""
    findings: tuple[Finding, ...]
    """Slices with adjusted p at most alpha, the smallest first; one entry per slice."""
    untested: tuple[UntestedSlice, ...]
    """Slices and statistics without enough support, with the reason."""
    direction: ErrorDirection
    """Over-flags against misses over all items."""
    annotators: tuple[AnnotatorEffect, ...]
    """Bias and drift of each annotator."""
    unparsed: pd.DataFrame
    """Verdicts that could not be read, by slice: the columns of `frame()`, adjusted among themselves."""
    n: int
    """Items with a decided verdict and decided gold."""
    n_clusters: int
    """Scenarios that they come from."""
    alpha: float
    """Chance of any false finding that was allowed."""
    permutations: int
    """Scenario permutations."""
    seed: int
    """Seed of the permutations."""
    tests: pd.DataFrame = field(repr=False)
    """One row per slice and statistic tested."""
    notes: tuple[str, ...] = ()
    """Sentences that must be printed beside the findings."""

    def build_frame(self) -> pd.DataFrame:
        """One row per tested slice and statistic, for a forest plot.

        Columns: slice, attributes, values, kind, statistic, n_in, n_out, wrong_in, wrong_out, rate_in, rate_out,
        difference, low, high, ratio, expected_wrong, t, p, p_adjusted, q, human_disagreement_in,
        human_disagreement_out.
        """
        # a copy: the caller may sort or edit it, the result stays frozen
        return self.tests.copy()
