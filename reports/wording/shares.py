"""Shares of transcripts in sentences: raw counts beside the estimate, and whatever is weighted says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secondreader.reports.wording.names import format_estimate, format_percent, pluralize

if TYPE_CHECKING:
    from secondreader.judge.data.frame import Ratings
    from secondreader.judge.inference.estimate import Estimate
    from secondreader.reports.analysis.result import Analysis

WEIGHTED = "weighted by inverse inclusion probability"


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """One judge's verdicts beside gold as plain counts, of the transcripts that its headline figures rest on."""

    n: int
    n_agreed: int
    """Verdict and gold are the same answer."""
    n_positive: int
    """Gold is the positive answer."""
    n_found: int
    """Of these, flagged by the judge: its verdict is the positive answer, too."""
    n_over_flagged: int
    """Flagged although gold is another answer."""

    @property
    def n_negative(self) -> int:
        """Gold is another answer than the positive one."""
        return self.n - self.n_positive


def count_against_gold(analysis: "Analysis", judge: str) -> VerdictCounts:
    """The counts, with "unsure" treated as in the headline figures."""
    counts, positive = analysis.agreement.confusion, analysis.positive
    names = {answer: answer for answer in analysis.ratings.answers}
    policy = analysis.summary.unsure_policy or "missing"
    if policy == "missing":
        names.pop(analysis.options.unsure, None)
    elif policy == "worst" and analysis.options.unsure in names:
        # sentences take the side on which "unsure" counts as the finding; the tables have both
        names[analysis.options.unsure] = positive
    mine = counts[(counts["judge"] == judge) & counts["gold"].isin(names) & counts["verdict"].isin(names)]
    gold, verdict, n = mine["gold"].map(names), mine["verdict"].map(names), mine["n"]
    is_positive, is_flagged = gold == positive, verdict == positive
    return VerdictCounts(
        n=int(n.sum()),
        n_agreed=int(n[gold == verdict].sum()),
        n_positive=int(n[is_positive].sum()),
        n_found=int(n[is_positive & is_flagged].sum()),
        n_over_flagged=int(n[~is_positive & is_flagged].sum()),
    )


def has_unequal_weights(ratings: "Ratings") -> bool:
    """Whether labelled transcripts had different chances to be sampled: estimates then differ from raw shares."""
    weights = ratings.weight[ratings.labelled]
    return bool(len(weights)) and bool((weights != weights[0]).any())


def is_weighted(estimate: "Estimate", n_hits: int, n: int) -> bool:
    """Whether an estimate is another number than its raw share."""
    assert estimate.value is not None
    # compared by value: strata of equal probabilities have weights that change nothing
    return abs(estimate.value - n_hits / n) > 1e-9


def format_share(estimate: "Estimate", n_hits: int, n: int) -> str:
    """`75.0% [46.8, 91.1] (9 of 12 transcripts)`, or `75.0% (9 of 12 transcripts); weighted 61.6% [38.0, 82.1]`."""
    counts = f"({n_hits:,} of {pluralize(n, 'transcript')})"
    if is_weighted(estimate, n_hits, n):
        return f"{format_percent(n_hits / n)} {counts}; weighted {format_estimate(estimate)}"
    return f"{format_estimate(estimate)} {counts}"


def describe_sensitivity(estimate: "Estimate", counts: VerdictCounts, positive: str) -> str:
    """Sensitivity, and how many of the transcripts with positive gold the judge flags."""
    flags = f"of {pluralize(counts.n_positive, 'transcript')} with gold {positive!r}, the judge flags {counts.n_found:,}"
    return describe_flags("Sensitivity", estimate, (counts.n_found, counts.n_positive), flags)


def describe_specificity(estimate: "Estimate", counts: VerdictCounts, positive: str) -> str:
    """Specificity, and how many of the transcripts with another gold the judge flags."""
    n, n_flagged = counts.n_negative, counts.n_over_flagged
    flags = (
        f"of {pluralize(n, 'transcript')} with gold other than {positive!r}, the judge flags {n_flagged:,}"
    )
    return describe_flags("Specificity", estimate, (n - n_flagged, n), flags)


def describe_flags(name: str, estimate: "Estimate", share: tuple[int, int], flags: str) -> str:
    """One sentence; the raw share comes first and the weighted one after it, where they differ."""
    if is_weighted(estimate, *share):
        return f"{name} {format_percent(share[0] / share[1])}: {flags}; weighted {format_estimate(estimate)}."
    return f"{name} {format_estimate(estimate)}: {flags}."


def describe_weights(ratings: "Ratings") -> Iterator[str]:
    """That figures are weighted and counts are not; nothing where all labelled transcripts weigh the same."""
    if has_unequal_weights(ratings):
        yield f"Counts of transcripts are raw; figures of labelled transcripts are {WEIGHTED}."
