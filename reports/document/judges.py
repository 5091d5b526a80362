"""What a report says of judges: against gold, their corrected rates, and their verdicts without an answer."""

from typing import TYPE_CHECKING

from secondreader.judge.disagreement.verdict_errors import unread_by_slice
from secondreader.reports.charts.marks import RATES, judge_marks, pick, rate_marks, rows_of
from secondreader.reports.document.markup import Html, finished, join, section, sentences, table, tag
from secondreader.reports.document.tables import (
    chart,
    confusion_table,
    figure_table,
    named_table,
    p_value,
    percent,
    unsure_words,
)
from secondreader.reports.wording.adjudication import gold_words

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis, JudgePart

GLYPHS = "●■◆"
"""The shapes of a chart's series, in their order."""


def judges(found: "Analysis") -> Html:
    """Judges against gold: counts, figures, ceiling, alternative annotator test, differences."""
    if not found.judges:
        return section("judges", "Judges with people", tag("p", "There are no verdicts."))
    names = [part.judge for part in found.judges]
    gap = found.figures[found.figures["section"] == "judge difference"]
    return section(
        "judges",
        "Judges with people",
        tag("p", gold_words(found)),
        *judge_charts(found, names),
        *(one_judge(found, part) for part in found.judges),
        judges_together(found),
        named_table(gap, {"one": "judge", "two": "minus"}, "Differences between judges, paired by scenario")
        if len(gap)
        else "",
    )


def judge_charts(found: "Analysis", names: list[str]) -> list[Html]:
    """Judges against gold: in one chart while shapes can tell them apart, else in one each."""
    together = [names] if len(names) <= len(GLYPHS) else [[name] for name in names]
    charts = []
    for at, some in enumerate(together):
        legend = ", ".join(f"{glyph} {name}" for glyph, name in zip(GLYPHS, some, strict=False))
        title = f"Judges against gold: {legend}"
        charts.append(chart(judge_marks(found.figures, some), f"judge-{at}", title, low=0.0, high=1.0))
    return charts


def one_judge(found: "Analysis", part: "JudgePart") -> Html:
    """Everything about one judge."""
    figures = found.figures
    mine = pick(figures, "judge-human", judge=part.judge)
    ceiling = figures[
        figures["section"].isin(["ceiling", "ceiling difference", "judge-human minus human-human"])
        & (figures["judge"] == part.judge)
    ]
    return join(
        [
            tag("h3", found.facts.headline.titled(part.judge)),
            confusion_table(found.agreement.confusion, part.judge),
            figure_table(rows_of(mine), f"{part.judge} against gold; {unsure_words(found, 'missing')}"),
            named_table(
                ceiling,
                {"section": "comparison", "one": "side", "two": "against"},
                f"Human ceiling: {part.judge} in an annotator's place",
            ),
            tag("h4", "Alternative annotator test"),
            tag("p", part.alt_test.sentence),
            sentences(part.alt_test.warnings),
            duels_table(part),
            tag("p", f"Source: {part.alt_test.source}.", class_="source"),
        ]
    )


def judges_together(found: "Analysis") -> Html:
    """Judges among themselves on every transcript that they read, labelled or not; nothing for a single judge."""
    among = pick(found.figures, "judge-judge")
    couples = pick(found.figures, "judge pair")
    if not len(among):
        return Html("")
    return join(
        [
            tag("h3", "Judges with each other"),
            tag("p", "On every transcript that they read. Judges that agree may still be wrong together."),
            figure_table(rows_of(among), "Agreement between judges"),
            named_table(couples, {"one": "judge", "two": "and"}, "Pairs of judges"),
        ]
    )


def duels_table(part: "JudgePart") -> Html:
    """The judge against each annotator."""
    rows = [
        [
            one.annotator,
            one.n,
            one.n_clusters,
            percent(one.judge_wins),
            percent(one.annotator_wins),
            p_value(one.p),
            p_value(one.p_cluster),
        ]
        for one in part.alt_test.duels
    ]
    head = ["annotator", "n", "scenarios", "judge at least as good", "annotator at least as good"]
    head += ["p, as published", "p, by scenario"]
    return table(head, rows, caption=f"{part.judge} against each annotator", numbers=range(1, 7))


def rates(found: "Analysis") -> Html:
    """Corrected rates beside the naive ones."""
    if not found.judges:
        return section("rates", "Corrected rates", tag("p", "There are no verdicts to correct."))
    return section("rates", "Corrected rates", *(judge_rates(found, part) for part in found.judges))


def judge_rates(found: "Analysis", part: "JudgePart") -> Html:
    """Rates of one judge: overall, by group, differences."""
    figures = found.figures
    mine = figures[(figures["section"] == "rate") & (figures["judge"] == part.judge)]
    gaps = figures[(figures["section"] == "rate difference") & (figures["judge"] == part.judge)]
    columns = list(dict.fromkeys(one.column for one in part.rates.groups))
    number = found.judges.index(part)
    charts = [
        chart(
            rate_marks(figures, part.judge, column),
            f"rates-{number}-{at}",
            f"{part.judge}: {GLYPHS[0]} naive beside {GLYPHS[1]} corrected rate, by {column or 'all transcripts'}",
            percent=True,
            low=0.0,
        )
        for at, column in enumerate(columns or [""])
    ]
    return join(
        [
            tag("h3", found.facts.headline.titled(part.judge)),
            tag("p", finished(part.rates.overall.sentence)),
            sentences(part.rates.overall.warnings),
            *charts,
            named_table(
                mine[(mine["slice_name"] == "") | mine["name"].isin(RATES)],
                {"slice_name": "attribute", "slice_value": "value"},
                f"Rates of {part.judge}, all estimators",
            ),
            named_table(
                gaps,
                {"slice_name": "attribute", "one": "group", "two": "minus"},
                f"Differences between groups of {part.judge}",
            )
            if len(gaps)
            else "",
        ]
    )


def silence(found: "Analysis") -> Html:
    """Verdicts without an answer, by slice, under the same permutation test as wrong verdicts."""
    silent = {one.judge: one.n_unparsed + one.n_error for one in found.facts.judges}
    parts = [part for part in found.judges if silent[part.judge]]
    if not parts:
        return section("unparsed", "Verdicts without an answer", tag("p", "Every verdict could be read."))
    note = "They are counted and never guessed. Where they gather in one slice, leaving them out is no small thing."
    return section(
        "unparsed",
        "Verdicts without an answer",
        tag("p", note),
        *(unread_table(found, part) for part in parts),
        *(map(silent_table, parts)),
    )


def unread_table(found: "Analysis", part: "JudgePart") -> Html:
    """One judge's verdicts without an answer, counted in every slice that has any."""
    counts = unread_by_slice(found.readings, found.readings.judges.index(part.judge))
    rows = [
        [f"{row['slice_name']} = {row['slice_value']}", f"{row['n_unread']} of {row['n']}"]
        for row in rows_of(counts)
    ]
    return table(["slice", "unread"], rows, caption=f"Where {part.judge} gave no answer", numbers=range(1, 2))


def silent_table(part: "JudgePart") -> Html:
    """One judge's verdicts without an answer, by slice."""
    rows = [
        [
            row["slice"],
            f"{int(row['wrong_in'])} of {int(row['n_in'])}",
            f"{int(row['wrong_out'])} of {int(row['n_out'])}",
            percent(row["difference"]),
            p_value(row["p_adjusted"]),
        ]
        for row in rows_of(part.findings.unparsed)
    ]
    head = ["slice", "without an answer inside", "outside", "difference", "adjusted p"]
    return table(head, rows, caption=f"Verdicts of {part.judge} without an answer", numbers=range(1, 5))
