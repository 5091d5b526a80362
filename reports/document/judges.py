"""What a report says of judges: against gold, their corrected rates, and their verdicts without an answer."""

from typing import TYPE_CHECKING

from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice
from secondreader.reports.charts.marks import (
    RATE_ESTIMATES,
    list_rows,
    make_judge_marks,
    make_rate_marks,
    select_headline_estimates,
)
from secondreader.reports.document.markup import (
    Html,
    finish_sentence,
    join_html,
    render_section,
    render_sentences,
    render_table,
    tag,
)
from secondreader.reports.document.tables import (
    describe_unsure,
    format_p_value,
    format_percent,
    render_chart,
    render_confusion_table,
    render_estimates,
    render_scoped_estimates,
)
from secondreader.reports.wording.adjudication import describe_gold

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

GLYPHS = "●■◆"
"""The shapes of a chart's series, in their order."""


def render_judges(analysis: "Analysis") -> Html:
    """Judges against gold: counts, figures, ceiling, alternative annotator test, differences."""
    if not analysis.judges:
        return render_section("judges", "Judges with people", tag("p", "There are no verdicts."))
    names = [part.judge for part in analysis.judges]
    gap = analysis.estimates[analysis.estimates["section"] == "judge difference"]
    return render_section(
        "judges",
        "Judges with people",
        tag("p", describe_gold(analysis)),
        *render_judge_charts(analysis, names),
        *(render_judge(analysis, part) for part in analysis.judges),
        render_judge_agreement(analysis),
        render_scoped_estimates(
            gap, {"one": "judge", "two": "minus"}, "Differences between judges, paired by scenario"
        )
        if len(gap)
        else "",
    )


def render_judge_charts(analysis: "Analysis", names: list[str]) -> list[Html]:
    """Judges against gold: in one chart while shapes can tell them apart, else in one each."""
    together = [names] if len(names) <= len(GLYPHS) else [[name] for name in names]
    charts = []
    for at, some in enumerate(together):
        legend = ", ".join(f"{glyph} {name}" for glyph, name in zip(GLYPHS, some, strict=False))
        title = f"Judges against gold: {legend}"
        charts.append(
            render_chart(make_judge_marks(analysis.estimates, some), f"judge-{at}", title, low=0.0, high=1.0)
        )
    return charts


def render_judge(analysis: "Analysis", part: "JudgeAnalysis") -> Html:
    """Everything about one judge."""
    figures = analysis.estimates
    mine = select_headline_estimates(figures, "judge-human", judge=part.judge)
    ceiling = figures[
        figures["section"].isin(["ceiling", "ceiling difference", "judge-human minus human-human"])
        & (figures["judge"] == part.judge)
    ]
    return join_html(
        [
            tag("h3", analysis.summary.headline.format_title(part.judge)),
            render_confusion_table(analysis.agreement.confusion, part.judge),
            render_estimates(
                list_rows(mine), f"{part.judge} against gold; {describe_unsure(analysis, 'missing')}"
            ),
            render_scoped_estimates(
                ceiling,
                {"section": "comparison", "one": "side", "two": "against"},
                f"Human ceiling: {part.judge} in an annotator's place",
            ),
            tag("h4", "Alternative annotator test"),
            tag("p", part.alt_test.sentence),
            render_sentences(part.alt_test.warnings),
            render_duels_table(part),
            tag("p", f"Source: {part.alt_test.source}.", class_="source"),
        ]
    )


def render_judge_agreement(analysis: "Analysis") -> Html:
    """Judges among themselves on every transcript that they read, labelled or not; nothing for a single judge."""
    among = select_headline_estimates(analysis.estimates, "judge-judge")
    couples = select_headline_estimates(analysis.estimates, "judge pair")
    if not len(among):
        return Html("")
    return join_html(
        [
            tag("h3", "Judges with each other"),
            tag("p", "On every transcript that they read. Judges that agree may still be wrong together."),
            render_estimates(list_rows(among), "Agreement between judges"),
            render_scoped_estimates(couples, {"one": "judge", "two": "and"}, "Pairs of judges"),
        ]
    )


def render_duels_table(part: "JudgeAnalysis") -> Html:
    """The judge against each annotator."""
    rows = [
        [
            one.annotator,
            one.n,
            one.n_clusters,
            format_percent(one.judge_wins),
            format_percent(one.annotator_wins),
            format_p_value(one.p),
            format_p_value(one.p_cluster),
        ]
        for one in part.alt_test.duels
    ]
    head = ["annotator", "n", "scenarios", "judge at least as good", "annotator at least as good"]
    head += ["p, as published", "p, by scenario"]
    return render_table(head, rows, caption=f"{part.judge} against each annotator", numbers=range(1, 7))


def render_rates(analysis: "Analysis") -> Html:
    """Corrected rates beside the naive ones."""
    if not analysis.judges:
        return render_section("rates", "Corrected rates", tag("p", "There are no verdicts to correct."))
    return render_section(
        "rates", "Corrected rates", *(render_judge_rates(analysis, part) for part in analysis.judges)
    )


def render_judge_rates(analysis: "Analysis", part: "JudgeAnalysis") -> Html:
    """Rates of one judge: overall, by group, differences."""
    figures = analysis.estimates
    mine = figures[(figures["section"] == "rate") & (figures["judge"] == part.judge)]
    gaps = figures[(figures["section"] == "rate difference") & (figures["judge"] == part.judge)]
    columns = list(dict.fromkeys(one.column for one in part.rates.groups))
    number = analysis.judges.index(part)
    charts = [
        render_chart(
            make_rate_marks(figures, part.judge, column),
            f"rates-{number}-{at}",
            f"{part.judge}: {GLYPHS[0]} naive beside {GLYPHS[1]} corrected rate, by {column or 'all transcripts'}",
            percent=True,
            low=0.0,
        )
        for at, column in enumerate(columns or [""])
    ]
    return join_html(
        [
            tag("h3", analysis.summary.headline.format_title(part.judge)),
            tag("p", finish_sentence(part.rates.overall.sentence)),
            render_sentences(part.rates.overall.warnings),
            *charts,
            render_scoped_estimates(
                mine[(mine["slice_name"] == "") | mine["name"].isin(RATE_ESTIMATES)],
                {"slice_name": "attribute", "slice_value": "value"},
                f"Rates of {part.judge}, all estimators",
            ),
            render_scoped_estimates(
                gaps,
                {"slice_name": "attribute", "one": "group", "two": "minus"},
                f"Differences between groups of {part.judge}",
            )
            if len(gaps)
            else "",
        ]
    )


def render_unanswered(analysis: "Analysis") -> Html:
    """Verdicts without an answer, by slice, under the same permutation test as wrong verdicts."""
    silent = {one.judge: one.n_unparsed + one.n_error for one in analysis.summary.judges}
    parts = [part for part in analysis.judges if silent[part.judge]]
    if not parts:
        return render_section(
            "unparsed", "Verdicts without an answer", tag("p", "Every verdict could be read.")
        )
    note = "They are counted and never guessed. Where they gather in one slice, leaving them out is no small thing."
    return render_section(
        "unparsed",
        "Verdicts without an answer",
        tag("p", note),
        *(render_unread_table(analysis, part) for part in parts),
        *(map(render_unanswered_table, parts)),
    )


def render_unread_table(analysis: "Analysis", part: "JudgeAnalysis") -> Html:
    """One judge's verdicts without an answer, counted in every slice that has any."""
    counts = count_unread_by_slice(analysis.ratings, analysis.ratings.judges.index(part.judge))
    rows = [[row["slice"], f"{row['n_unread']} of {row['n']}"] for row in list_rows(counts)]
    return render_table(
        ["slice", "unread"], rows, caption=f"Where {part.judge} gave no answer", numbers=range(1, 2)
    )


def render_unanswered_table(part: "JudgeAnalysis") -> Html:
    """One judge's verdicts without an answer, by slice."""
    rows = [
        [
            row["slice"],
            f"{int(row['wrong_in'])} of {int(row['n_in'])}",
            f"{int(row['wrong_out'])} of {int(row['n_out'])}",
            format_percent(row["difference"]),
            format_p_value(row["p_adjusted"]),
        ]
        for row in list_rows(part.findings.unparsed)
    ]
    head = ["slice", "without an answer inside", "outside", "difference", "adjusted p"]
    return render_table(
        head, rows, caption=f"Verdicts of {part.judge} without an answer", numbers=range(1, 5)
    )
