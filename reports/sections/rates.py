"""Sections on rates: corrected beside naive rates, and verdicts without an answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice
from secondreader.reports.analysis.figures import RATE_ESTIMATES, list_rows
from secondreader.reports.charts.marks import ALL_TRANSCRIPTS, make_rates_chart
from secondreader.reports.sections.blocks import Block, Chart, Heading, Paragraph, Sentences, Table
from secondreader.reports.sections.figures import make_figures
from secondreader.reports.wording.names import (
    finish_sentence,
    format_estimate,
    format_p_value,
    format_percent,
)

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

MAX_BRIEF_SLICES = 15
UNANSWERED_NOTE = "Missing answers are counted and never guessed. Where they gather in one slice, leaving them out can bias the rates."


def build_rates(analysis: "Analysis") -> Iterator[Block]:
    """Every judge's rates."""
    if not analysis.judges:
        yield Paragraph("There are no verdicts to correct.")
    for number, part in enumerate(analysis.judges):
        yield Heading(analysis.summary.headline.format_title(part.judge))
        yield from build_judge_rates(analysis, part, number)


def build_judge_rates(analysis: "Analysis", part: "JudgeAnalysis", number: int) -> Iterator[Block]:
    """Rates of one judge: overall, by group, differences."""
    estimates = analysis.estimates
    yield Paragraph(finish_sentence(part.rates.overall.sentence))
    yield Sentences(part.rates.overall.warnings)
    # without groups, one chart shows all transcripts
    columns = list(dict.fromkeys(group.column for group in part.rates.groups))
    for index, column in enumerate(columns or [""]):
        title = f"{part.judge}: naive beside corrected rate, by {column}" if column else part.judge
        chart = make_rates_chart(estimates, part.judge, column)
        yield Chart(f"rates-{number}-{index}", title, chart)
    yield build_rates_table(part)
    mine = estimates[(estimates["section"] == "rate") & (estimates["judge"] == part.judge)]
    yield make_figures(
        # in groups, the other estimators would double a table that is long already; the CSV has them
        mine[(mine["slice_name"] == "") | mine["name"].isin(RATE_ESTIMATES)],
        f"Rates of {part.judge}, all estimators",
        {"slice_name": "attribute", "slice_value": "value"},
        is_detail=True,
    )
    gaps = estimates[(estimates["section"] == "rate difference") & (estimates["judge"] == part.judge)]
    yield make_figures(
        gaps,
        f"Differences between groups of {part.judge}",
        {"slice_name": "attribute", "one": "group", "two": "minus"},
        is_detail=True,
    )


def build_rates_table(part: "JudgeAnalysis") -> Table:
    """Naive and corrected rates side by side, with the number of verdicts and of gold answers."""
    rows = tuple(
        (
            group.label if group.column else ALL_TRANSCRIPTS,
            format_estimate(group.rates["naive"]),
            format_estimate(group.headline),
            group.n_judged,
            group.n_gold,
        )
        for group in (part.rates.overall, *part.rates.groups)
    )
    head = ("transcripts", "naive rate", "corrected rate", "judged", "with gold")
    return Table(f"Naive and corrected rates of {part.judge}", head, rows, frozenset({3, 4}))


def build_unanswered(analysis: "Analysis") -> Iterator[Block]:
    """Verdicts without an answer, by slice, under the same permutation test as wrong verdicts."""
    silent = {counts.judge for counts in analysis.summary.judges if counts.n_unparsed + counts.n_error}
    parts = [part for part in analysis.judges if part.judge in silent]
    if not parts:
        yield Paragraph("Every reply of a judge was parsed into a verdict.")
        return
    yield Paragraph(UNANSWERED_NOTE)
    for part in parts:
        yield build_unread_table(analysis, part.judge)
    for part in parts:
        yield build_unanswered_tests_table(part)


def build_unread_table(analysis: "Analysis", judge: str) -> Table:
    """One judge's verdicts without an answer, counted in every slice that has any."""
    counts = count_unread_by_slice(analysis.ratings, analysis.ratings.judges.index(judge))
    rows = tuple((row["slice"], f"{row['n_unread']} of {row['n']}") for row in list_rows(counts))
    caption = f"Where {judge} gave no answer"
    return Table(caption, ("slice", "without an answer"), rows, frozenset({1}), MAX_BRIEF_SLICES)


def build_unanswered_tests_table(part: "JudgeAnalysis") -> Table:
    """One judge's verdicts without an answer inside and outside each slice."""
    rows = tuple(
        (
            row["slice"],
            f"{int(row['wrong_in'])} of {int(row['n_in'])}",
            f"{int(row['wrong_out'])} of {int(row['n_out'])}",
            format_percent(row["difference"]),
            format_p_value(row["p_adjusted"]),
        )
        for row in list_rows(part.findings.unparsed)
    )
    head = ("slice", "without an answer inside", "outside", "difference", "adjusted p")
    caption = f"Verdicts of {part.judge} without an answer"
    return Table(caption, head, rows, frozenset(range(1, 5)), is_detail=True)
