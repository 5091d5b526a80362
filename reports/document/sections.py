"""The parts of a report, in the order in which a reviewer of methods reads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from secondreader.reports.analysis.items import NO_ANSWER, NO_GOLD, VERDICT_KINDS, ItemRatings
from secondreader.reports.charts.marks import (
    list_human_names,
    list_rows,
    make_people_marks,
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
from secondreader.reports.document.preparation import render_amendments
from secondreader.reports.document.tables import (
    describe_unsure,
    format_p_value,
    format_percent,
    render_chart,
    render_estimates,
    render_judges_table,
    render_pairs,
    render_people_table,
    render_scoped_estimates,
    render_strata_table,
)
from secondreader.reports.wording.names import format_estimate, pluralize
from secondreader.reports.wording.plan import describe_plan
from secondreader.reports.wording.sentences import (
    describe_human_agreement,
    describe_judge,
    describe_judge_agreement,
)

if TYPE_CHECKING:
    import pandas as pd

    from secondreader.reports.analysis.result import Analysis
    from secondreader.reports.analysis.study_facts import StudySummary

GLYPHS = "●■◆"
"""The shapes of a chart's series, in their order."""


def render_summary(analysis: "Analysis") -> Html:
    """What the study found, in sentences."""
    return render_section(
        "summary",
        "In short",
        render_sentences(analysis.deviations, class_="missing"),
        render_sentences(
            [*describe_human_agreement(analysis), *describe_judge_agreement(analysis)], class_="headlines"
        ),
        *(
            join_html(
                [
                    tag("h3", analysis.summary.headline.format_title(part.judge)),
                    render_sentences(describe_judge(analysis, part), class_="headlines"),
                ]
            )
            for part in analysis.judges
        ),
        render_sentences(analysis.missing, class_="missing"),
    )


def render_design(analysis: "Analysis") -> Html:
    """Pool, draw, people, judges and the hashes of what was asked."""
    facts = analysis.summary
    book = facts.codebook
    frozen = facts.frozen_at.strftime("%Y-%m-%d %H:%M UTC") if facts.frozen_at else "not frozen"
    asked = [
        ("Question", f"{analysis.question.text} ({analysis.question.id})"),
        ("Definition", " ".join(analysis.question.definition.split()) or "–"),
        ("Answers", ", ".join(f"{one.value} ({one.label})" for one in analysis.question.answers)),
        ("Counts as the finding", analysis.positive),
        ("Pool", describe_pool(facts)),
        ("Drawn for labelling", f"{pluralize(facts.n_drawn, book.unit)}, {facts.n_labelled} labelled"),
        ("Labels used", f"source {analysis.options.source}"),
        ("Plan", f"frozen {frozen}"),
        ("Plan hash", facts.plan_hash or "–"),
        ("Blinding", describe_blinding(facts)),
        *([("Judge of the headline figures", facts.headline.reason)] if book.unit == "transcript" else []),
        ("Leaks", facts.leaks.sentence),
        ("Codebook", f"{book.name} {book.version}, {facts.codebook_hash}"),
        ("Guideline hash", facts.guideline_hash),
    ]
    plan = describe_plan(facts.plan)
    return render_section(
        "design",
        "Study and design",
        render_pairs(asked),
        render_strata_table(facts) if facts.strata else "",
        render_people_table(facts) if facts.annotators else "",
        render_judges_table(facts) if facts.judges else "",
        tag("h3", "The frozen plan") if plan else "",
        render_pairs(plan) if plan else "",
        render_amendments(facts),
    )


def describe_pool(summary: "StudySummary") -> str:
    """How much there is to read, and from how many scenarios where those are not what is read."""
    size = pluralize(summary.n_pool, summary.codebook.unit)
    return (
        size
        if summary.codebook.unit == "scenario"
        else f"{size} in {pluralize(summary.n_scenarios, 'scenario')}"
    )


def describe_blinding(summary: "StudySummary") -> str:
    """From when on judge and people could be compared."""
    notes = []
    if summary.unblinding:
        one = summary.unblinding
        notes.append(f"unblinded by {one.actor} on {one.at:%Y-%m-%d %H:%M UTC}: {finish_sentence(one.why)}")
    elif summary.frozen_at is None:
        notes.append(
            "Never frozen: the labels were given elsewhere."
            if summary.n_labelled
            else "The plan is not frozen yet."
        )
    else:
        notes.append("not unblinded.")
    if summary.interim_looks:
        notes.append("Interim looks were allowed by the plan.")
    return " ".join(finish_sentence(note) for note in notes)


def render_people(analysis: "Analysis") -> Html:
    """Human-human agreement: raw with base rate first, then what corrects for chance, pairs and repeats."""
    figures = analysis.estimates
    main = select_headline_estimates(figures, "human-human")
    others = figures[
        (figures["section"] == "human-human")
        & (figures["slice_name"] == "")
        & ~figures["headline"].astype(bool)
    ]
    couples = figures[
        (figures["section"] == "pair") & (figures["judge"] == "") & (figures["name"] == "kappa")
    ]
    again = select_headline_estimates(figures, "intra-rater")
    return render_section(
        "people",
        "People with each other",
        render_chart(
            make_people_marks(figures), "people-chart", "Agreement between annotators", low=0.0, high=1.0
        ),
        render_estimates(
            list_rows(main), f"Agreement between annotators; {describe_unsure(analysis, 'category')}"
        ),
        render_scoped_estimates(couples, {"one": "annotator", "two": "annotator"}, "Pairs of annotators")
        if len(couples)
        else "",
        render_estimates(list_rows(again), "Annotators with themselves, on unannounced repeats")
        if len(again)
        else "",
        render_scoped_estimates(
            others[others["name"].isin(list_human_names())],
            {"unsure": "unsure counted as"},
            "The same with unsure treated otherwise",
        )
        if len(others)
        else "",
        render_review_table(figures),
    )


def render_review_table(estimates: "pd.DataFrame") -> Html | str:
    """Every question of a review of scenarios; nothing in another study."""
    mine = estimates[estimates["section"] == "review"]
    return render_scoped_estimates(mine, {"one": "question"}, "Every question") if len(mine) else ""


def render_quality(analysis: "Analysis") -> Html:
    """How good the labels are."""
    notes = [note for one in analysis.quality.raters for note in one.sentences]
    rows = [
        [
            one.rater,
            one.n,
            format_estimate(one.flip_rate),
            format_estimate(one.unsure_rate),
            f"{format_percent(one.drift.rates[0])} → {format_percent(one.drift.rates[2])}",
            format_p_value(one.drift.p_holm),
            f"{one.run.length} × {one.run.answer}" if one.run.answer else "–",
            "–" if one.median_seconds is None else f"{one.median_seconds:.0f} s",
            f"{one.n_fast} / {one.n_slow}",
        ]
        for one in analysis.quality.raters
    ]
    head = ["annotator", "labels", "changed on a repeat", "unsure", "positive, first → last third"]
    head += ["p (Holm)", "longest run", "median time", "fast / slow"]
    return render_section(
        "quality",
        "Quality of the labels",
        render_sentences(notes) or tag("p", "Nothing stands out."),
        render_table(head, rows, caption="Annotators", numbers=(1,)),
        tag("p", "No label was removed or changed for any of this."),
    )


def render_limitations(analysis: "Analysis") -> Html:
    """What these data cannot support, and every warning."""
    return render_section(
        "limits",
        "What these data cannot support",
        render_sentences(analysis.quality.limitations) or tag("p", "No claim of this report lacks data."),
        tag("h3", "Read the figures with these in mind") if analysis.warnings else "",
        render_sentences(analysis.warnings),
    )


def render_transcripts(analysis: "Analysis", item_ratings: tuple[ItemRatings, ...]) -> Html:
    """The transcripts where a judge departs from gold or has none, by public id."""
    open_ends = {NO_GOLD, NO_ANSWER}
    chosen = [
        one
        for one in item_ratings
        if one.is_wrong() or one.has_human_disagreement or open_ends & set(one.kinds.values())
    ]
    names = [part.judge for part in analysis.judges]
    rows = [
        [
            tag("span", one.item, id=f"t-{one.item}", class_="id"),
            one.cluster,
            one.gold,
            *(f"{one.verdicts[name]}: {one.kinds[name]}" for name in names),
            ", ".join(f"{rater}: {answer}" for rater, answer in one.labels.items()),
        ]
        for one in chosen
    ]
    unit = analysis.summary.codebook.unit
    is_review = unit == "scenario"
    kinds = [] if is_review else [f"{name}: {meaning}" for name, meaning in VERDICT_KINDS.items()]
    why = "people differ" if is_review else "a judge departs from gold or gave no answer, or people differ"
    title = f"{unit.title()}s of disagreement"
    return render_section(
        "transcripts",
        title,
        tag("p", f"{pluralize(len(rows), unit)} where {why}."),
        render_table(
            ["item" if is_review else unit, "scenario", "gold", *names, "labels"], rows, caption=title
        ),
        render_sentences(kinds),
    )


def render_methods(analysis: "Analysis") -> Html:
    """Each figure's formula, source and interval."""
    figures = analysis.estimates
    known = figures[["label", "formula", "source", "method"]].drop_duplicates()
    rows: list[list[Any]] = []
    for (label, formula, source), part in known.groupby(["label", "formula", "source"], sort=False):
        ways = [way for way in dict.fromkeys(part["method"]) if way]
        rows.append([label, formula, source, "; ".join(ways)])
    return render_section(
        "methods",
        "Methods",
        render_sentences(list_method_notes()),
        render_table(
            ["figure", "what it is", "defined in", "interval by"], rows, caption="Every figure of this report"
        ),
    )


def list_method_notes() -> Iterator[str]:
    """What holds for all figures."""
    yield "Transcripts of one scenario are not independent: intervals and tests resample or permute whole scenarios"
    yield "Labelled transcripts weigh the inverse of their inclusion probability"
    yield "Below 8 labelled scenarios no interval is given, below 30 it is marked as probably too short"
    yield "What is undefined stays undefined, with its reason: it is never 0, 1 or left out"
    yield "Unsure is an answer of its own for agreement between people and missing for the accuracy of judges"


def render_provenance(analysis: "Analysis", made_at: str) -> Html:
    """Hashes, versions, seeds: what it takes to compute this again."""
    options = analysis.inputs["options"]
    rows = [
        ("Report made", made_at),
        ("Inputs hash", analysis.inputs_hash),
        ("Data hash", analysis.data_hash),
        ("Plan hash", analysis.summary.plan_hash or "–"),
        *((f"Option {name}", "–" if value is None else str(value)) for name, value in options.items()),
        *((f"Version of {name}", value) for name, value in analysis.versions.items()),
    ]
    return render_section("provenance", "Provenance", render_pairs(rows))
