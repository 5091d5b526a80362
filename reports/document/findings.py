"""The part of a report on systematic disagreement: each finding with its sentence, its numbers and its transcripts."""

from typing import TYPE_CHECKING

from secondreader.judge.disagreement.finding import Finding
from secondreader.reports.charts.marks import make_forest_marks
from secondreader.reports.document.markup import (
    Html,
    finish_sentence,
    join_html,
    render_section,
    render_sentences,
    render_table,
    tag,
)
from secondreader.reports.document.tables import format_p_value, format_percent, render_chart, render_pairs
from secondreader.reports.wording.names import ERROR_KIND_NAMES, pluralize
from secondreader.reports.wording.sentences import describe_findings

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis

MAX_ROWS = 60
HUMAN_DISAGREEMENT_CAVEAT = (
    "Gold is what people said. Where people disagree more in a slice, the judge's errors there may be theirs: "
    "compare the last two columns."
)


def render_disagreements(analysis: "Analysis") -> Html:
    """Every judge's findings, or that there are none."""
    if not analysis.judges:
        return render_section(
            "disagreements", "Systematic disagreement", tag("p", "There are no verdicts to search.")
        )
    return render_section(
        "disagreements",
        "Systematic disagreement",
        *(
            render_search(part, at, analysis.summary.headline.format_title(part.judge))
            for at, part in enumerate(analysis.judges)
        ),
    )


def render_search(part: "JudgeAnalysis", index: int, heading: str) -> Html:
    """The search of one judge."""
    found = part.findings
    scope = (
        f"{pluralize(found.n, 'transcript')} with a verdict and gold in {pluralize(found.n_clusters, 'scenario')}; "
        f"{pluralize(len(found.tests), 'test')}, {found.permutations} scenario permutations, seed {found.seed}, "
        f"max-T at {found.alpha:g}."
    )
    title = f"{part.judge}: wrong verdicts inside less outside each slice, in percentage points"
    return join_html(
        [
            tag("h3", heading),
            tag("p", scope, class_="source"),
            render_sentences(describe_findings(part), class_="headlines"),
            *(render_finding(one) for one in found.findings),
            render_chart(make_forest_marks(part), f"forest-{index}", title, percent=True, reference=0.0),
            render_tests_table(part),
            render_untested_table(part),
        ]
    )


def render_finding(finding: Finding) -> Html:
    """One finding with its numbers and links to its transcripts."""
    links = [tag("a", item[:8], href=f"#t-{item}", title=item, class_="id") for item in finding.items]
    numbers = [
        ("Kind", f"{finding.kind}, {ERROR_KIND_NAMES.get(finding.statistic, finding.statistic)}"),
        ("Inside", f"{finding.wrong_in} of {finding.n_in}, weighted {format_percent(finding.rate_in)}"),
        ("Outside", f"{finding.wrong_out} of {finding.n_out}, weighted {format_percent(finding.rate_out)}"),
        (
            "Difference",
            f"{format_percent(finding.difference)} [{format_percent(finding.low)}, {format_percent(finding.high)}]",
        ),
        ("Wrong if it erred as elsewhere", f"{finding.expected_wrong:.1f}"),
        (
            "Expected in a new sample",
            f"{format_percent(finding.shrunken_rate)} [{format_percent(finding.shrunken_low)}, {format_percent(finding.shrunken_high)}]",
        ),
        (
            "p",
            f"{format_p_value(finding.p)} alone, {format_p_value(finding.p_adjusted)} adjusted; q {format_p_value(finding.q)}",
        ),
        (
            "People differ",
            f"{format_percent(finding.human_disagreement_in)} inside, {format_percent(finding.human_disagreement_out)} outside",
        ),
        ("Driven by", ", ".join(finding.driven_by) or "no single annotator"),
        ("Transcripts", join_html(tag("span", link, " ") for link in links)),
    ]
    return join_html(
        [tag("h4", finding.slice), tag("p", finish_sentence(finding.sentence)), render_pairs(numbers)]
    )


def render_tests_table(part: "JudgeAnalysis") -> Html:
    """Every tested slice, the smallest adjusted p first."""
    tests = part.findings.tests
    if not len(tests):
        return Html("")
    ordered = tests.sort_values("p_adjusted", kind="stable")
    rows = [
        [
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
        ]
        for row in ordered.head(MAX_ROWS).to_dict("records")
    ]
    head = ["slice", "kind of error", "wrong inside", "wrong outside", "rate inside", "rate outside"]
    head += ["adjusted p", "q", "people differ inside", "outside"]
    more = (
        ""
        if len(tests) <= MAX_ROWS
        else f" (the {MAX_ROWS} of smallest p out of {len(tests)}; the rest is in the CSV)"
    )
    shown = render_table(head, rows, caption=f"Slices tested for {part.judge}{more}", numbers=range(2, 10))
    return join_html([shown, tag("p", HUMAN_DISAGREEMENT_CAVEAT, class_="source")])


def render_untested_table(part: "JudgeAnalysis") -> Html:
    """Slices without enough support: silence about them is not a finding of none."""
    rows = [
        [one.slice, ERROR_KIND_NAMES.get(one.statistic, one.statistic), finish_sentence(one.reason)]
        for one in part.findings.untested
    ]
    if not rows:
        return Html("")
    inner = render_table(
        ["slice", "kind of error", "why"], rows, caption=f"Slices not tested for {part.judge}"
    )
    return tag("details", tag("summary", f"{pluralize(len(rows), 'slice')} not tested"), inner)
