"""Formula and source of every figure, and everything that it takes to compute the figures again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.sections.blocks import Block, Cell, Pairs, Sentences, Table

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis

METHOD_NOTES = (
    "Transcripts of one scenario are not independent: intervals and tests resample or permute whole scenarios",
    "Figures of labelled transcripts are weighted by inverse inclusion probability; counts are not",
    "Below 8 labelled scenarios no interval is given, below 30 it is marked as probably too short",
    "What is undefined stays undefined, with its reason: it is never 0, 1 or left out",
    "Unsure is an answer of its own for agreement between people and missing for the accuracy of judges",
)
"""What holds for all figures."""


def build_methods(analysis: "Analysis") -> Iterator[Block]:
    """Each figure's formula, source and interval."""
    yield Sentences(METHOD_NOTES)
    # judges and slices repeat a figure with the same formula
    known = analysis.estimates[["label", "formula", "source", "method"]].drop_duplicates()
    rows = tuple(
        (
            str(label),
            str(formula),
            str(source),
            "; ".join(method for method in dict.fromkeys(part["method"]) if method),
        )
        for (label, formula, source), part in known.groupby(["label", "formula", "source"], sort=False)
    )
    head = ("figure", "what it is", "defined in", "interval by")
    yield Table("Every figure of this report", head, rows)


def build_provenance(analysis: "Analysis", made_at: str) -> Iterator[Block]:
    """Hashes, versions, seeds."""
    yield Pairs(tuple(list_provenance(analysis, made_at)))


def list_provenance(analysis: "Analysis", made_at: str) -> Iterator[tuple[str, Cell]]:
    """Names and values."""
    yield "Report made", made_at
    yield "Inputs hash", analysis.inputs_hash
    yield "Data hash", analysis.data_hash
    yield "Plan hash", analysis.summary.plan_hash or "–"
    for name, value in analysis.inputs["options"].items():
        yield f"Option {name}", "–" if value is None else str(value)
    for name, value in analysis.versions.items():
        yield f"Version of {name}", value
