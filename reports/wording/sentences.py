"""The headline of an analysis in sentences, each with its n and interval."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.judge.inference.estimate import Estimate
from secondreader.reports.wording.adjudication import describe_adjudication
from secondreader.reports.wording.names import format_estimate, pluralize
from secondreader.reports.wording.shares import (
    count_against_gold,
    describe_sensitivity,
    describe_specificity,
    describe_weights,
    format_share,
    has_unequal_weights,
)

if TYPE_CHECKING:
    from secondreader.judge.agreement.report import AgreementResult
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis


def describe_headline(analysis: "Analysis") -> tuple[str, ...]:
    """People first, with what adjudicators settled, then each judge: agreement, sensitivity, specificity, ceiling, corrected rate."""
    notes = [*describe_human_agreement(analysis), *describe_weights(analysis.ratings)]
    notes += describe_judge_agreement(analysis)
    for part in analysis.judges:
        notes += describe_judge(analysis, part)
    return tuple(notes)


def describe_judge_agreement(analysis: "Analysis") -> Iterator[str]:
    """How far the judges agree among themselves, where there are several."""
    raw, alpha = (find_estimate(analysis.agreement, name, "judge-judge") for name in ("raw", "alpha"))
    if raw is not None:
        beyond = f"; {alpha.measure.label} {format_estimate(alpha)}" if alpha else ""
        yield f"The judges give the same answer on {format_estimate(raw)} of {raw.n} transcripts{beyond}."


def find_estimate(result: "AgreementResult", name: str, group: str, judge: str = "") -> Estimate | None:
    """A headline estimate over all items; None where it is missing or undefined."""
    try:
        estimate = result.find(name, group, judge=judge)
    # `find` names a figure that must exist; here its absence is an answer
    except KeyError:
        return None
    return estimate if estimate.value is not None else None


def describe_human_agreement(analysis: "Analysis") -> Iterator[str]:
    """How far people agree with each other and with themselves, and what adjudicators settled."""
    result = analysis.agreement
    raw = find_estimate(result, "raw", "human-human")
    if raw is None:
        return
    rate = find_estimate(result, "prevalence", "human-human")
    weighted = ", weighted" if has_unequal_weights(analysis.ratings) else ""
    base = (
        f"; {rate.value:.1%} of their answers are {analysis.positive!r}{weighted}"
        if rate and rate.value is not None
        else ""
    )
    items = pluralize(raw.n or 0, analysis.summary.codebook.unit)
    yield f"Two annotators agree on {format_estimate(raw)} of {items}{weighted}{base}."
    if analysis.summary.unsure_policy == "worst":
        yield f"By the plan, unsure counts both ways: sentences count it as {analysis.positive!r}, tables show both."
    corrected = [find_estimate(result, name, "human-human") for name in ("ac1", "alpha")]
    beyond = [f"{estimate.measure.label} {format_estimate(estimate)}" for estimate in corrected if estimate]
    if beyond:
        yield f"Agreement between people beyond chance: {' and '.join(beyond)}."
    again = find_estimate(result, "raw", "intra-rater")
    if again is not None:
        yield f"Given the same transcript again, unannounced, people repeat their answer in {format_estimate(again)} of {again.n}{weighted}."
    yield from describe_adjudication(analysis)


def describe_judge(analysis: "Analysis", part: "JudgeAnalysis") -> Iterator[str]:
    """One judge against gold: agreement, sensitivity and specificity, ceiling, corrected rate, findings."""
    result, judge = analysis.agreement, part.judge
    counts = count_against_gold(analysis, judge)
    raw = find_estimate(result, "raw", "judge-human", judge)
    if raw is not None:
        kappa = find_estimate(result, "kappa", "judge-human", judge)
        more = f"; {kappa.measure.label} {format_estimate(kappa)}" if kappa else ""
        who = analysis.summary.headline.format_sentence_start(judge)
        yield f"{who} gives the gold answer on {format_share(raw, counts.n_agreed, counts.n)}{more}."
    for name, describe in (("sensitivity", describe_sensitivity), ("specificity", describe_specificity)):
        estimate = find_estimate(result, name, "judge-human", judge)
        if estimate is not None:
            yield describe(estimate, counts, analysis.positive)
    gap = find_first_estimate(result, "ceiling difference", judge)
    if gap is not None:
        yield f"Put in place of an annotator, it changes agreement with the other annotators by {format_points(gap)}."
    if part.rates.overall.rates["naive"].value is not None:
        yield f"By {judge}, {part.rates.overall.sentence}"
    if part.alt_test.winning_rate is not None:
        yield part.alt_test.sentence
    yield from describe_findings(part)


def describe_findings(part: "JudgeAnalysis") -> Iterator[str]:
    """Direction, then every systematic disagreement, or that none was found."""
    search = part.findings
    if not search.n:
        return
    if search.direction.over_flags + search.direction.misses:
        yield search.direction.sentence
    if not search.findings and len(search.tests):
        yield (
            f"No slice stands out among {len(search.tests)} tests of {part.judge} "
            f"(chance of any false alarm at most {search.alpha:.0%})."
        )
    for finding in search.findings:
        yield finding.sentence


def find_first_estimate(result: "AgreementResult", group: str, judge: str) -> Estimate | None:
    """The first defined estimate of a group, which is its headline by the order of `agree`."""
    for estimate in result.estimates:
        if (
            estimate.scope.group == group
            and estimate.scope.judge == judge
            and estimate.estimate.value is not None
        ):
            return estimate.estimate
    return None


def format_points(gap: Estimate) -> str:
    """A difference in percentage points with its interval."""
    assert gap.value is not None
    inside = ""
    if gap.low is not None and gap.high is not None:
        inside = f" [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    return f"{100 * gap.value:+.1f} percentage points{inside}"
