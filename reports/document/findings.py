"""The part of a report on systematic disagreement: each finding with its sentence, its numbers and its transcripts."""

from typing import TYPE_CHECKING

from secondreader.judge.disagreement.finding import Finding
from secondreader.reports.charts.marks import forest_marks
from secondreader.reports.document.markup import Html, finished, join, section, sentences, table, tag
from secondreader.reports.document.tables import chart, p_value, pairs, percent
from secondreader.reports.wording.names import STATISTICS, plural
from secondreader.reports.wording.sentences import finding_sentences

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis, JudgePart

MOST_ROWS = 60
CAVEAT = (
    "Gold is what people said. Where people disagree more in a slice, the judge's errors there may be theirs: "
    "compare the last two columns."
)


def disagreements(found: "Analysis") -> Html:
    """Every judge's findings, or that there are none."""
    if not found.judges:
        return section(
            "disagreements", "Systematic disagreement", tag("p", "There are no verdicts to search.")
        )
    return section(
        "disagreements",
        "Systematic disagreement",
        *(
            one_search(part, at, found.facts.headline.titled(part.judge))
            for at, part in enumerate(found.judges)
        ),
    )


def one_search(part: "JudgePart", at: int, heading: str) -> Html:
    """The search of one judge."""
    found = part.findings
    scope = (
        f"{plural(found.n, 'transcript')} with a verdict and gold in {plural(found.n_clusters, 'scenario')}; "
        f"{plural(len(found.tests), 'test')}, {found.permutations} scenario permutations, seed {found.seed}, "
        f"max-T at {found.alpha:g}."
    )
    title = f"{part.judge}: wrong verdicts inside less outside each slice, in percentage points"
    return join(
        [
            tag("h3", heading),
            tag("p", scope, class_="source"),
            sentences(finding_sentences(part), class_="headlines"),
            *(one_finding(one) for one in found.findings),
            chart(forest_marks(part), f"forest-{at}", title, percent=True, reference=0.0),
            tests_table(part),
            untested_table(part),
        ]
    )


def one_finding(one: Finding) -> Html:
    """One finding with its numbers and links to its transcripts."""
    links = [tag("a", item[:8], href=f"#t-{item}", title=item, class_="id") for item in one.items]
    numbers = [
        ("Kind", f"{one.kind}, {STATISTICS.get(one.statistic, one.statistic)}"),
        ("Inside", f"{one.wrong_in} of {one.n_in}, weighted {percent(one.rate_in)}"),
        ("Outside", f"{one.wrong_out} of {one.n_out}, weighted {percent(one.rate_out)}"),
        ("Difference", f"{percent(one.difference)} [{percent(one.low)}, {percent(one.high)}]"),
        ("Wrong if it erred as elsewhere", f"{one.expected_wrong:.1f}"),
        (
            "Expected in a new sample",
            f"{percent(one.shrunken_rate)} [{percent(one.shrunken_low)}, {percent(one.shrunken_high)}]",
        ),
        ("p", f"{p_value(one.p)} alone, {p_value(one.p_adjusted)} adjusted; q {p_value(one.q)}"),
        (
            "People differ",
            f"{percent(one.human_disagreement_in)} inside, {percent(one.human_disagreement_out)} outside",
        ),
        ("Driven by", ", ".join(one.driven_by) or "no single annotator"),
        ("Transcripts", join(tag("span", link, " ") for link in links)),
    ]
    return join([tag("h4", one.slice), tag("p", finished(one.sentence)), pairs(numbers)])


def tests_table(part: "JudgePart") -> Html:
    """Every tested slice, the smallest adjusted p first."""
    tests = part.findings.tests
    if not len(tests):
        return Html("")
    ordered = tests.sort_values("p_adjusted", kind="stable")
    rows = [
        [
            row["slice"],
            STATISTICS.get(row["statistic"], row["statistic"]),
            f"{int(row['wrong_in'])} of {int(row['n_in'])}",
            f"{int(row['wrong_out'])} of {int(row['n_out'])}",
            percent(row["rate_in"]),
            percent(row["rate_out"]),
            p_value(row["p_adjusted"]),
            p_value(row["q"]),
            percent(row["human_disagreement_in"]),
            percent(row["human_disagreement_out"]),
        ]
        for row in ordered.head(MOST_ROWS).to_dict("records")
    ]
    head = ["slice", "kind of error", "wrong inside", "wrong outside", "rate inside", "rate outside"]
    head += ["adjusted p", "q", "people differ inside", "outside"]
    more = (
        ""
        if len(tests) <= MOST_ROWS
        else f" (the {MOST_ROWS} of smallest p out of {len(tests)}; the rest is in the CSV)"
    )
    shown = table(head, rows, caption=f"Slices tested for {part.judge}{more}", numbers=range(2, 10))
    return join([shown, tag("p", CAVEAT, class_="source")])


def untested_table(part: "JudgePart") -> Html:
    """Slices without enough support: silence about them is not a finding of none."""
    rows = [
        [one.slice, STATISTICS.get(one.statistic, one.statistic), finished(one.reason)]
        for one in part.findings.untested
    ]
    if not rows:
        return Html("")
    inner = table(["slice", "kind of error", "why"], rows, caption=f"Slices not tested for {part.judge}")
    return tag("details", tag("summary", f"{plural(len(rows), 'slice')} not tested"), inner)
