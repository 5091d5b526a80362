"""The result of a study in sentences, and what its data cannot support."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.sections.blocks import Block, Heading, Paragraph, Sentences
from secondreader.reports.wording.names import pluralize
from secondreader.reports.wording.sentences import (
    describe_human_agreement,
    describe_judge,
    describe_judge_agreement,
)
from secondreader.reports.wording.shares import describe_weights

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis


def build_summary(analysis: "Analysis") -> Iterator[Block]:
    """Deviations from the plan first, then the question, people and each judge."""
    # a reader of the first line must know that these are not the figures that were planned
    yield Sentences(analysis.deviations, "caution")
    yield Paragraph(describe_scope(analysis))
    people = (
        *describe_human_agreement(analysis),
        *describe_weights(analysis.ratings),
        *describe_judge_agreement(analysis),
    )
    yield Sentences(people, "headline")
    for part in analysis.judges:
        yield Heading(analysis.summary.headline.format_title(part.judge))
        yield Sentences(tuple(describe_judge(analysis, part)), "headline")
    yield Sentences(analysis.missing, "caution")


def describe_scope(analysis: "Analysis") -> str:
    """The question, the size of the pool, and the source of the labels."""
    facts = analysis.summary
    pool = f"{pluralize(facts.n_pool, facts.codebook.unit)}, {facts.n_labelled} labelled"
    return f"{analysis.question.text} {pool}; labels of source {analysis.options.source}."


def build_limitations(analysis: "Analysis") -> Iterator[Block]:
    """What these data cannot support, and every warning."""
    if not analysis.quality.limitations:
        yield Paragraph("The data support every claim of this report.")
    yield Sentences(analysis.quality.limitations)
    if analysis.warnings:
        yield Heading("Warnings")
        yield Sentences(analysis.warnings)
