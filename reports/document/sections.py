"""The parts of a report, in the order in which a reviewer of methods reads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from secondreader.reports.analysis.items import KINDS, NO_GOLD, SILENT, ItemReading
from secondreader.reports.charts.marks import PEOPLE, people_marks, pick, rows_of
from secondreader.reports.document.markup import Html, finished, join, section, sentences, table, tag
from secondreader.reports.document.preparation import amendments
from secondreader.reports.document.tables import (
    chart,
    figure_table,
    judges_table,
    named_table,
    p_value,
    pairs,
    people_table,
    percent,
    strata_table,
    unsure_words,
)
from secondreader.reports.wording.names import name_of, plural, shown
from secondreader.reports.wording.plan import plan_pairs
from secondreader.reports.wording.sentences import judge_sentences, judges_sentences, people_sentences

if TYPE_CHECKING:
    import pandas as pd

    from secondreader.reports.analysis.analyse import Analysis
    from secondreader.reports.analysis.study_facts import StudyFacts

GLYPHS = "●■◆"
"""The shapes of a chart's series, in their order."""


def summary(found: "Analysis") -> Html:
    """What the study found, in sentences."""
    return section(
        "summary",
        "In short",
        sentences(found.deviations, class_="missing"),
        sentences([*people_sentences(found), *judges_sentences(found)], class_="headlines"),
        *(
            join(
                [
                    tag("h3", found.facts.headline.titled(part.judge)),
                    sentences(judge_sentences(found, part), class_="headlines"),
                ]
            )
            for part in found.judges
        ),
        sentences(found.missing, class_="missing"),
    )


def design(found: "Analysis") -> Html:
    """Pool, draw, people, judges and the hashes of what was asked."""
    facts = found.facts
    book = facts.codebook
    frozen = facts.frozen_at.strftime("%Y-%m-%d %H:%M UTC") if facts.frozen_at else "not frozen"
    asked = [
        ("Question", f"{found.question.text} ({found.question.id})"),
        ("Definition", " ".join(found.question.definition.split()) or "–"),
        ("Answers", ", ".join(f"{one.value} ({one.label})" for one in found.question.answers)),
        ("Counts as the finding", found.positive),
        ("Pool", pool_words(facts)),
        ("Drawn for labelling", f"{plural(facts.n_drawn, book.unit)}, {facts.n_labelled} labelled"),
        ("Labels used", f"source {found.options.source}"),
        ("Plan", f"frozen {frozen}"),
        ("Plan hash", facts.plan_hash or "–"),
        ("Blinding", blinding_words(facts)),
        *([("Judge of the headline figures", facts.headline.reason)] if book.unit == "transcript" else []),
        ("Leaks", facts.leaks.sentence),
        ("Codebook", f"{book.name} {book.version}, {facts.codebook_hash}"),
        ("Guideline hash", facts.guideline_hash),
    ]
    plan = plan_pairs(facts.plan)
    return section(
        "design",
        "Study and design",
        pairs(asked),
        strata_table(facts) if facts.strata else "",
        people_table(facts) if facts.annotators else "",
        judges_table(facts) if facts.judges else "",
        tag("h3", "The frozen plan") if plan else "",
        pairs(plan) if plan else "",
        amendments(facts),
    )


def pool_words(facts: "StudyFacts") -> str:
    """How much there is to read, and from how many scenarios where those are not what is read."""
    size = plural(facts.n_pool, facts.codebook.unit)
    return size if facts.codebook.unit == "scenario" else f"{size} in {plural(facts.n_scenarios, 'scenario')}"


def blinding_words(facts: "StudyFacts") -> str:
    """From when on judge and people could be compared."""
    notes = []
    if facts.unblinding:
        one = facts.unblinding
        notes.append(f"unblinded by {one.actor} on {one.at:%Y-%m-%d %H:%M UTC}: {finished(one.why)}")
    elif facts.frozen_at is None:
        notes.append(
            "Never frozen: the labels were given elsewhere."
            if facts.n_labelled
            else "The plan is not frozen yet."
        )
    else:
        notes.append("not unblinded.")
    if facts.interim_looks:
        notes.append("Interim looks were allowed by the plan.")
    return " ".join(finished(note) for note in notes)


def people(found: "Analysis") -> Html:
    """Human-human agreement: raw with base rate first, then what corrects for chance, pairs and repeats."""
    figures = found.figures
    main = pick(figures, "human-human")
    others = figures[
        (figures["section"] == "human-human")
        & (figures["slice_name"] == "")
        & ~figures["headline"].astype(bool)
    ]
    couples = figures[
        (figures["section"] == "pair") & (figures["judge"] == "") & (figures["name"] == "kappa")
    ]
    again = pick(figures, "intra-rater")
    return section(
        "people",
        "People with each other",
        chart(people_marks(figures), "people-chart", "Agreement between annotators", low=0.0, high=1.0),
        figure_table(rows_of(main), f"Agreement between annotators; {unsure_words(found, 'category')}"),
        named_table(couples, {"one": "annotator", "two": "annotator"}, "Pairs of annotators")
        if len(couples)
        else "",
        figure_table(rows_of(again), "Annotators with themselves, on unannounced repeats")
        if len(again)
        else "",
        named_table(
            others[others["name"].isin(PEOPLE)],
            {"unsure": "unsure counted as"},
            "The same with unsure treated otherwise",
        )
        if len(others)
        else "",
        review_table(figures),
    )


def review_table(figures: "pd.DataFrame") -> Html | str:
    """Every question of a review of scenarios; nothing in another study."""
    mine = figures[figures["section"] == "review"]
    return named_table(mine, {"one": "question"}, "Every question") if len(mine) else ""


def quality(found: "Analysis") -> Html:
    """How good the labels are."""
    notes = [note for one in found.quality.raters for note in one.sentences]
    rows = [
        [
            one.rater,
            one.n,
            shown("flip_rate", one.flip_rate.row()),
            shown("unsure_rate", one.unsure_rate.row()),
            f"{percent(one.drift.rates[0])} → {percent(one.drift.rates[2])}",
            p_value(one.drift.p_holm),
            f"{one.run.length} × {one.run.answer}" if one.run.answer else "–",
            "–" if one.median_seconds is None else f"{one.median_seconds:.0f} s",
            f"{one.n_fast} / {one.n_slow}",
        ]
        for one in found.quality.raters
    ]
    head = ["annotator", "labels", "changed on a repeat", "unsure", "positive, first → last third"]
    head += ["p (Holm)", "longest run", "median time", "fast / slow"]
    return section(
        "quality",
        "Quality of the labels",
        sentences(notes) or tag("p", "Nothing stands out."),
        table(head, rows, caption="Annotators", numbers=(1,)),
        tag("p", "No label was removed or changed for any of this."),
    )


def limits_of_data(found: "Analysis") -> Html:
    """What these data cannot support, and every warning."""
    return section(
        "limits",
        "What these data cannot support",
        sentences(found.quality.cannot_support) or tag("p", "No claim of this report lacks data."),
        tag("h3", "Read the figures with these in mind") if found.warnings else "",
        sentences(found.warnings),
    )


def transcripts(found: "Analysis", readings: tuple[ItemReading, ...]) -> Html:
    """The transcripts where a judge departs from gold or has none, by public id."""
    open_ends = {NO_GOLD, SILENT}
    chosen = [
        one for one in readings if one.is_wrong() or one.people_differ or open_ends & set(one.kinds.values())
    ]
    names = [part.judge for part in found.judges]
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
    unit = found.facts.codebook.unit
    is_review = unit == "scenario"
    kinds = [] if is_review else [f"{name}: {meaning}" for name, meaning in KINDS.items()]
    why = "people differ" if is_review else "a judge departs from gold or gave no answer, or people differ"
    title = f"{unit.title()}s of disagreement"
    return section(
        "transcripts",
        title,
        tag("p", f"{plural(len(rows), unit)} where {why}."),
        table(["item" if is_review else unit, "scenario", "gold", *names, "labels"], rows, caption=title),
        sentences(kinds),
    )


def methods(found: "Analysis") -> Html:
    """Each figure's source and interval."""
    figures = found.figures
    known = figures[["name", "source", "method"]].drop_duplicates()
    rows: list[list[Any]] = []
    for name, part in known.groupby("name", sort=False):
        ways = [one for one in dict.fromkeys(part["method"]) if one]
        sources = [one for one in dict.fromkeys(part["source"]) if one]
        rows.append([name_of(str(name)), "; ".join(sources), "; ".join(ways)])
    return section(
        "methods",
        "Methods",
        sentences(method_notes()),
        table(["figure", "defined in", "interval by"], rows, caption="Every figure of this report"),
    )


def method_notes() -> Iterator[str]:
    """What holds for all figures."""
    yield "Transcripts of one scenario are not independent: intervals and tests resample or permute whole scenarios"
    yield "Labelled transcripts weigh the inverse of their inclusion probability"
    yield "Below 8 labelled scenarios no interval is given, below 30 it is marked as probably too short"
    yield "What is undefined stays undefined, with its reason: it is never 0, 1 or left out"
    yield "Unsure is an answer of its own for agreement between people and missing for the accuracy of judges"


def provenance(found: "Analysis", made_at: str) -> Html:
    """Hashes, versions, seeds: what it takes to compute this again."""
    options = found.inputs["options"]
    rows = [
        ("Report made", made_at),
        ("Inputs hash", found.inputs_hash),
        ("Data hash", found.data_hash),
        ("Plan hash", found.facts.plan_hash or "–"),
        *((f"Option {name}", "–" if value is None else str(value)) for name, value in options.items()),
        *((f"Version of {name}", value) for name, value in found.versions.items()),
    ]
    return section("provenance", "Provenance", pairs(rows))
