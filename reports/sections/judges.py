"""What a report says of judges against people: counts, figures, the human ceiling, the alternative annotator test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from secondreader.reports.analysis.figures import select_headline_estimates
from secondreader.reports.charts.marks import make_judge_charts
from secondreader.reports.sections.blocks import Block, Cell, Chart, Heading, Paragraph, Sentences, Table
from secondreader.reports.sections.figures import describe_treatment, make_figures
from secondreader.reports.wording.adjudication import describe_gold
from secondreader.reports.wording.names import format_p_value, format_percent

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

CEILING_SECTIONS = ("ceiling", "ceiling difference", "judge-human minus human-human")


def build_judges(analysis: "Analysis") -> Iterator[Block]:
    """Every judge against gold, then the judges among themselves."""
    if not analysis.judges:
        yield Paragraph("There are no verdicts.")
        return
    estimates = analysis.estimates
    yield Paragraph(describe_gold(analysis))
    names = [part.judge for part in analysis.judges]
    for number, chart in enumerate(make_judge_charts(estimates, names)):
        yield Chart(f"judge-{number}", f"{' and '.join(chart.series or names)} against gold", chart)
    for part in analysis.judges:
        yield from build_judge(analysis, part)
    yield from build_judge_agreement(analysis)
    yield make_figures(
        estimates[estimates["section"] == "judge difference"],
        "Differences between judges, paired by scenario",
        {"one": "judge", "two": "minus"},
    )


def build_judge(analysis: "Analysis", part: "JudgeAnalysis") -> Iterator[Block]:
    """Everything about one judge."""
    title = analysis.summary.headline.format_title(part.judge)
    yield Heading(title)
    yield build_confusion_table(analysis.agreement.confusion, part.judge)
    yield make_figures(
        select_headline_estimates(analysis.estimates, "judge-human", judge=part.judge),
        f"{title} against gold; {describe_treatment(analysis, 'missing')}",
    )
    yield make_figures(
        select_ceiling(analysis.estimates, part.judge),
        f"Human ceiling: {part.judge} in place of an annotator",
        {"section": "comparison", "one": "side", "two": "against"},
        is_detail=True,
    )
    yield Heading("Alternative annotator test", level=4)
    yield Paragraph(part.alt_test.sentence)
    yield Sentences(part.alt_test.warnings)
    yield build_duels_table(part)
    yield Paragraph(f"Source: {part.alt_test.source}.", "quiet", is_detail=True)


def build_confusion_table(confusion: pd.DataFrame, judge: str) -> Table:
    """Raw counts of gold by verdict; unsure, unparsed, ties and contested items have rows and columns of their own."""
    mine = confusion[confusion["judge"] == judge]
    wide = mine.pivot(index="gold", columns="verdict", values="n")
    # pivot sorts by name: the order of the answers is that of the codebook
    wide = wide.reindex(index=list(dict.fromkeys(mine["gold"])), columns=list(dict.fromkeys(mine["verdict"])))
    # an answer that nobody gave would be a row of zeros
    wide = wide.loc[wide.sum(axis=1) > 0, wide.sum(axis=0) > 0]
    if wide.empty:
        return Table("", (), ())
    totals = [int(total) for total in wide.sum(axis=0)]
    rows: list[tuple[Cell, ...]] = [
        (str(gold), *map(int, counts), int(counts.sum())) for gold, counts in wide.iterrows()
    ]
    head = ("gold \\ verdict", *map(str, wide.columns), "all")
    caption = f"Labelled transcripts by gold answer and verdict of {judge}, raw counts"
    return Table(caption, head, (*rows, ("all", *totals, sum(totals))), frozenset(range(1, len(head))))


def select_ceiling(estimates: pd.DataFrame, judge: str) -> pd.DataFrame:
    """Agreement with the judge in place of each annotator, and how that differs from the annotator's own."""
    return estimates[estimates["section"].isin(CEILING_SECTIONS) & (estimates["judge"] == judge)]


def build_duels_table(part: "JudgeAnalysis") -> Table:
    """The judge against each annotator."""
    rows = tuple(
        (
            duel.annotator,
            duel.n,
            duel.n_clusters,
            format_percent(duel.judge_wins),
            format_percent(duel.annotator_wins),
            format_p_value(duel.p),
            format_p_value(duel.p_cluster),
        )
        for duel in part.alt_test.duels
    )
    head = (
        "annotator",
        "n",
        "scenarios",
        "judge at least as good",
        "annotator at least as good",
        "p, as published",
        "p, by scenario",
    )
    caption = f"{part.judge} against each annotator"
    return Table(caption, head, rows, frozenset(range(1, 7)), is_detail=True)


def build_judge_agreement(analysis: "Analysis") -> Iterator[Block]:
    """Judges with each other on all judged transcripts, labelled or not; nothing for a single judge."""
    among = select_headline_estimates(analysis.estimates, "judge-judge")
    if not len(among):
        return
    yield Heading("Judges with each other")
    yield Paragraph("On every transcript that they judged. Judges that agree may still be wrong together.")
    yield make_figures(among, "Agreement between judges")
    yield make_figures(
        select_headline_estimates(analysis.estimates, "judge pair"),
        "Pairs of judges",
        {"one": "judge", "two": "and"},
        is_detail=True,
    )
