"""Systematic disagreement: each finding with its sentence, its numbers and its transcripts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.judge.disagreement.finding import Finding
from secondreader.reports.analysis.figures import list_rows
from secondreader.reports.analysis.items import (
    NO_ANSWER,
    NO_GOLD,
    VERDICT_KINDS,
    ItemRatings,
    collect_item_ratings,
)
from secondreader.reports.charts.marks import make_forest_chart
from secondreader.reports.sections.blocks import (
    Block,
    Cell,
    Chart,
    Fold,
    Heading,
    Identifier,
    Link,
    Pairs,
    Paragraph,
    Sentences,
    Table,
)
from secondreader.reports.wording.names import (
    ERROR_KIND_NAMES,
    finish_sentence,
    format_p_value,
    format_percent,
    pluralize,
)
from secondreader.reports.wording.sentences import describe_findings

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

MAX_TESTS = 60
"""Tests listed in a report; the rest is in its CSV."""
HUMAN_DISAGREEMENT_CAVEAT = (
    "Gold is what people answered. Where people disagree more in a slice, the error may be in gold and not in the "
    "verdict: compare the last two columns."
)


def build_disagreements(analysis: "Analysis") -> Iterator[Block]:
    """Every judge's findings, or that there are none."""
    if not analysis.judges:
        yield Paragraph("There are no verdicts to search.")
    for number, part in enumerate(analysis.judges):
        yield Heading(analysis.summary.headline.format_title(part.judge))
        yield from build_search(part, number)


def build_search(part: "JudgeAnalysis", number: int) -> Iterator[Block]:
    """The search of one judge."""
    search = part.findings
    scope = (
        f"{pluralize(search.n, 'transcript')} with a verdict and gold in {pluralize(search.n_clusters, 'scenario')}; "
        f"{pluralize(len(search.tests), 'test')}, {search.permutations} scenario permutations, seed {search.seed}, "
        f"max-T at {search.alpha:g}."
    )
    yield Paragraph(scope, "quiet")
    yield Sentences(tuple(describe_findings(part)), "headline")
    # sentences first: who reads on wants the numbers
    for finding in search.findings:
        yield from build_finding(finding)
    title = (
        f"{part.judge}: weighted rate of wrong verdicts inside less outside each slice, in percentage points"
    )
    yield Chart(f"forest-{number}", title, make_forest_chart(part))
    if len(search.tests):
        yield build_tests_table(part)
        yield Paragraph(HUMAN_DISAGREEMENT_CAVEAT, "quiet", is_detail=True)
    untested = build_untested_table(part)
    yield Fold(f"{pluralize(len(untested.rows), 'slice')} not tested", (untested,), is_detail=True)


def build_finding(finding: Finding) -> Iterator[Block]:
    """One finding with its numbers and links to its transcripts."""
    yield Heading(finding.slice, level=4, is_detail=True)
    yield Paragraph(finish_sentence(finding.sentence), is_detail=True)
    yield Pairs(tuple(list_finding_numbers(finding)), is_detail=True)


def list_finding_numbers(finding: Finding) -> Iterator[tuple[str, Cell]]:
    """Names and values of one finding."""
    yield "Kind", f"{finding.kind}, {ERROR_KIND_NAMES.get(finding.statistic, finding.statistic)}"
    yield "Inside", f"{finding.wrong_in} of {finding.n_in}; weighted {format_percent(finding.rate_in)}"
    yield "Outside", f"{finding.wrong_out} of {finding.n_out}; weighted {format_percent(finding.rate_out)}"
    yield "Weighted difference", format_range(finding.difference, finding.low, finding.high)
    yield "Wrong if the judge erred as it does elsewhere", f"{finding.expected_wrong:.1f}"
    yield (
        "Expected in a new sample",
        format_range(finding.shrunken_rate, finding.shrunken_low, finding.shrunken_high),
    )
    p_values = f"{format_p_value(finding.p)} alone, {format_p_value(finding.p_adjusted)} adjusted"
    yield "p", f"{p_values}; q {format_p_value(finding.q)}"
    inside, outside = finding.human_disagreement_in, finding.human_disagreement_out
    yield "People differ", f"{format_percent(inside)} inside, {format_percent(outside)} outside"
    yield "Driven by", ", ".join(finding.driven_by) or "no single annotator"
    yield "Transcripts", tuple(Link(item[:8], make_item_anchor(item), item) for item in finding.items)


def format_range(value: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval."""
    return f"{format_percent(value)} [{format_percent(low)}, {format_percent(high)}]"


def make_item_anchor(item: str) -> str:
    """The anchor of a transcript in the table of disputed items."""
    return f"t-{item}"


def build_tests_table(part: "JudgeAnalysis") -> Table:
    """Every tested slice, the smallest adjusted p first."""
    tests = part.findings.tests
    ordered = tests.sort_values("p_adjusted", kind="stable")
    rows = tuple(
        (
            row["slice"],
            ERROR_KIND_NAMES.get(row["statistic"], row["statistic"]),
            f"{int(row['wrong_in'])} of {int(row['n_in'])}",
            f"{int(row['wrong_out'])} of {int(row['n_out'])}",
            format_percent(row["rate_in"]),
            format_percent(row["rate_out"]),
            format_p_value(row["p_adjusted"]),
            format_p_value(row["q"]),
            format_percent(row["human_disagreement_in"]),
            format_percent(row["human_disagreement_out"]),
        )
        for row in list_rows(ordered.head(MAX_TESTS))
    )
    head = (
        "slice",
        "kind of error",
        "wrong inside",
        "wrong outside",
        "weighted rate inside",
        "weighted rate outside",
        "adjusted p",
        "q",
        "people differ inside",
        "outside",
    )
    more = f" (the {MAX_TESTS} of smallest p out of {len(tests)}; the rest is in the CSV)"
    caption = f"Slices tested for {part.judge}{more if len(tests) > MAX_TESTS else ''}"
    return Table(caption, head, rows, frozenset(range(2, 10)), is_detail=True)


def build_untested_table(part: "JudgeAnalysis") -> Table:
    """Slices with too few items for a test: that nothing was found there means nothing."""
    rows = tuple(
        (
            untested.slice,
            ERROR_KIND_NAMES.get(untested.statistic, untested.statistic),
            finish_sentence(untested.reason),
        )
        for untested in part.findings.untested
    )
    return Table(f"Slices not tested for {part.judge}", ("slice", "kind of error", "why"), rows)


def build_item_list(analysis: "Analysis") -> Iterator[Block]:
    """The items on which a judge departs from gold, people differ or there is no gold, by public id."""
    chosen = [item for item in collect_item_ratings(analysis) if is_disputed(item)]
    names = [part.judge for part in analysis.judges]
    unit = analysis.summary.codebook.unit
    is_review = unit == "scenario"
    why = "people differ" if is_review else "a judge departs from gold or gave no answer, or people differ"
    yield Paragraph(f"{pluralize(len(chosen), unit)} where {why}.")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Identifier(item.item, make_item_anchor(item.item)),
            item.cluster,
            item.gold,
            *(f"{item.verdicts[name]}: {item.kinds[name]}" for name in names),
            ", ".join(f"{rater}: {answer}" for rater, answer in item.labels.items()),
        )
        for item in chosen
    )
    # a review has scenarios for items: two columns of one name would confuse
    head = ("item" if is_review else unit, "scenario", "gold", *names, "labels")
    yield Table(f"{unit.title()}s of disagreement", head, rows)
    if not is_review:
        yield Sentences(tuple(f"{name}: {meaning}" for name, meaning in VERDICT_KINDS.items()))


def is_disputed(item: ItemRatings) -> bool:
    """Whether a judge errs or gives no answer, people differ, or there is no gold."""
    is_open = bool({NO_GOLD, NO_ANSWER} & set(item.kinds.values()))
    return item.is_wrong() or item.has_human_disagreement or is_open
