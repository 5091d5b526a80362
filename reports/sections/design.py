"""How a study was set up: pool, sample, people, judges, and the hashes of codebook, guideline and plan."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.sections.blocks import Block, Cell, Heading, Pairs, Table
from secondreader.reports.wording.names import finish_sentence, pluralize
from secondreader.reports.wording.plan import describe_plan

if TYPE_CHECKING:
    from secondreader.db.design.amendments import AmendmentRow
    from secondreader.reports.analysis.result import Analysis
    from secondreader.reports.analysis.study_facts import StudySummary


def build_design(analysis: "Analysis") -> Iterator[Block]:
    """Facts, strata, annotators, judges, the frozen plan and its amendments."""
    facts = analysis.summary
    yield Pairs(tuple(list_design_facts(analysis)))
    yield build_strata_table(facts)
    yield build_annotators_table(facts)
    yield build_judges_table(facts)
    if plan := describe_plan(facts.plan):
        yield Heading("The frozen plan")
        yield Pairs(tuple(plan))
    yield build_amendments_table(facts)


def list_design_facts(analysis: "Analysis") -> Iterator[tuple[str, Cell]]:
    """(name, value) pairs about the question, the pool, the labels and the blinding."""
    facts, question = analysis.summary, analysis.question
    book = facts.codebook
    frozen = facts.frozen_at.strftime("%Y-%m-%d %H:%M UTC") if facts.frozen_at else "not frozen"
    yield "Question", f"{question.text} ({question.id})"
    # codebooks break the lines of long definitions
    yield "Definition", " ".join(question.definition.split()) or "–"
    yield "Answers", ", ".join(f"{answer.value} ({answer.label})" for answer in question.answers)
    yield "Positive answer", analysis.positive
    yield "Pool", describe_pool(facts)
    yield "Sampled for labelling", f"{pluralize(facts.n_drawn, book.unit)}, {facts.n_labelled} labelled"
    yield "Labels used", f"source {analysis.options.source}"
    yield "Plan", f"frozen {frozen}"
    yield "Plan hash", facts.plan_hash or "–"
    yield "Blinding", describe_blinding(facts)
    # scenarios are read by people alone
    if book.unit == "transcript":
        yield "Judge of the headline figures", facts.headline.reason
    yield "Leaks", facts.leaks.sentence
    yield "Codebook", f"{book.name} {book.version}, {facts.codebook_hash}"
    yield "Guideline hash", facts.guideline_hash


def describe_pool(summary: "StudySummary") -> str:
    """The size of the pool, and of how many scenarios its transcripts are."""
    size = pluralize(summary.n_pool, summary.codebook.unit)
    return (
        size
        if summary.codebook.unit == "scenario"
        else f"{size} in {pluralize(summary.n_scenarios, 'scenario')}"
    )


def describe_blinding(summary: "StudySummary") -> str:
    """Who unblinded the study, when and why, or that it is still blind."""
    notes = []
    if summary.unblinding:
        event = summary.unblinding
        notes.append(
            f"unblinded by {event.actor} on {event.at:%Y-%m-%d %H:%M UTC}: {finish_sentence(event.why)}"
        )
    elif summary.frozen_at is None:
        notes.append(
            "Never frozen: the labels were imported." if summary.n_labelled else "The plan is not frozen yet."
        )
    else:
        notes.append("not unblinded.")
    if summary.interim_looks:
        notes.append("Interim looks were allowed by the plan.")
    return " ".join(finish_sentence(note) for note in notes)


def build_strata_table(summary: "StudySummary") -> Table:
    """Strata of the sample, with inclusion probabilities."""
    rows = tuple(
        (
            stratum.name,
            stratum.n_drawn,
            # an amendment may have sampled more from a stratum, with another probability
            "varies" if stratum.inclusion_probability is None else f"{stratum.inclusion_probability:.4f}",
            stratum.n_labelled,
        )
        for stratum in summary.strata
    )
    head = ("stratum", "sampled", "inclusion probability", "labelled")
    return Table("Strata of the sample", head, rows, frozenset({1, 2, 3}))


def build_annotators_table(summary: "StudySummary") -> Table:
    """Annotators with their progress."""
    rows = tuple(
        (
            person.name,
            person.role,
            person.source,
            person.n_labelled,
            person.n_assigned or "–",
            "–" if person.median_seconds is None else f"{person.median_seconds:.0f} s",
        )
        for person in summary.annotators
    )
    head = ("annotator", "role", "source", "labels", "assigned", "median time")
    return Table("Annotators (pseudonyms)", head, rows, frozenset({3, 4, 5}))


def build_judges_table(summary: "StudySummary") -> Table:
    """Judges with their counts of verdicts, unparsed replies and failed requests."""
    rows = tuple(
        (
            counts.judge,
            summary.headline.get_role(counts.judge) or "–",
            counts.n_parsed,
            counts.n_unparsed,
            counts.n_error,
        )
        for counts in summary.judges
    )
    head = ("judge", "in the plan", "verdicts", "unparsed", "failed")
    return Table("Judges", head, rows, frozenset({2, 3, 4}))


def build_amendments_table(summary: "StudySummary") -> Table:
    """Amendments after freezing, oldest first."""
    rows = tuple((*format_amendment(amendment), amendment.plan_hash) for amendment in summary.amendments)
    return Table("Amendments after freezing", ("at", "by", "what", "why", "plan after it"), rows)


def format_amendment(amendment: "AmendmentRow") -> tuple[str, str, str, str]:
    """One amendment as (time in UTC, actor, change, reason)."""
    what = "; ".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in amendment.what.items()
    )
    return amendment.at.strftime("%Y-%m-%d %H:%M UTC"), amendment.actor, what, amendment.why
