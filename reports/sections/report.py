"""The report as a whole: its sections, in the order in which a reviewer of methods needs them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from secondreader.reports.sections.blocks import Block, Report, Section
from secondreader.reports.sections.design import build_design
from secondreader.reports.sections.findings import build_disagreements, build_item_list
from secondreader.reports.sections.judges import build_judges
from secondreader.reports.sections.methods import build_methods, build_provenance
from secondreader.reports.sections.people import build_people
from secondreader.reports.sections.quality import build_preparation, build_quality
from secondreader.reports.sections.rates import build_rates, build_unanswered
from secondreader.reports.sections.summary import build_limitations, build_summary

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis

Builder = Callable[["Analysis"], Iterable[Block]]
SECTIONS: dict[str, tuple[str, Builder]] = {
    "summary": ("In short", build_summary),
    "design": ("Study and design", build_design),
    "people": ("People with each other", build_people),
    "judges": ("Judges with people", build_judges),
    "rates": ("Corrected rates", build_rates),
    "disagreements": ("Systematic disagreement", build_disagreements),
    "unparsed": ("Verdicts without an answer", build_unanswered),
    "quality": ("Quality of the labels", build_quality),
    "preparation": ("Qualification, norming round and guesses", build_preparation),
    "limits": ("What these data cannot support", build_limitations),
    "transcripts": ("Disputed items", build_item_list),
    "methods": ("Methods", build_methods),
}
"""Title and blocks by anchor; how the report was made comes last."""
JUDGE_SECTIONS = frozenset({"judges", "rates", "disagreements", "unparsed"})
"""Sections of judges: a review of scenarios has none."""


def build_report(analysis: "Analysis", made_at: datetime | None = None) -> Report:
    """The whole report on an analysis, dated now unless `made_at` (UTC) says otherwise."""
    facts = analysis.summary
    time = f"{made_at or datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    sections = [
        make_section(analysis, anchor, title, build) for anchor, (title, build) in list_sections(analysis)
    ]
    # the time is an argument, so that one report names one time in byline and provenance
    provenance = partial(build_provenance, made_at=time)
    return Report(
        title=facts.title,
        notice=facts.notice,
        byline=f"Study {facts.name}, {facts.status}. Report of {time}.",
        sections=(*sections, make_section(analysis, "provenance", "Provenance", provenance)),
        data_hash=analysis.data_hash,
        inputs_hash=analysis.inputs_hash,
    )


def list_sections(analysis: "Analysis") -> list[tuple[str, tuple[str, Builder]]]:
    """The sections that this analysis has."""
    # where judges may not be looked at yet, "there are no verdicts" would be wrong
    without_judges = (
        analysis.summary.codebook.unit == "scenario" or analysis.sealed or analysis.options.people_only
    )
    return [
        (anchor, part)
        for anchor, part in SECTIONS.items()
        if not (without_judges and anchor in JUDGE_SECTIONS)
    ]


def make_section(analysis: "Analysis", anchor: str, title: str, build: Builder) -> Section:
    """One section; blocks that have nothing to show are dropped here, once for every medium."""
    return Section(anchor, title, tuple(block for block in build(analysis) if not block.is_empty))
