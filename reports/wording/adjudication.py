"""The state of a question's adjudication, and what gold owes to it, in sentences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.wording.names import pluralize

if TYPE_CHECKING:
    from secondreader.db.research.adjudication_outcomes import AdjudicationSummary
    from secondreader.reports.analysis.result import Analysis


def describe_adjudication(analysis: "Analysis") -> Iterator[str]:
    """How many items annotators dispute, and how many are settled or contested; nothing without disputes or for imported labels."""
    summary = analysis.adjudication
    if summary is None or not (summary.n_split or summary.n_decided):
        return
    unit = analysis.summary.codebook.unit
    yield (
        f"Annotators disagree on {pluralize(summary.n_split, unit)}, or marked them as contested: adjudicators settled "
        f"{pluralize(summary.n_decided, unit)}, {summary.n_waiting} still wait. "
        "Agreement between people is computed from the labels before adjudication."
    )
    if summary.n_decided:
        kinds = ", ".join(f"{kind} {n}" for kind, n in summary.kinds.items())
        yield f"Decisions by kind: {kinds}. {describe_contested(summary)}"
    if summary.n_changed:
        yield f"Annotators have changed their answers on {pluralize(summary.n_changed, 'settled transcript')} since: settle them again."
    if summary.n_after_unblinding:
        size = pluralize(summary.n_after_unblinding, "transcript was", "transcripts were")
        yield f"{size} settled after judge and people could be compared."


def describe_contested(adjudication: "AdjudicationSummary") -> str:
    """How many settled items stay without gold, as contested."""
    differ = (
        f", on {adjudication.n_disputed} of them because adjudicators differ"
        if adjudication.n_disputed
        else ""
    )
    return f"Contested, so without gold: {adjudication.n_contested} of {adjudication.n_decided}{differ}."


def describe_gold(analysis: "Analysis") -> str:
    """How gold was made, and how many items another rule would change."""
    notes = [analysis.gold.sentence, "Contested transcripts have no gold, and no verdict is ever part of it."]
    for change in analysis.agreement.changes:
        if change.changed is not None:
            notes.append(
                f"{change.changed} of {change.items} items have another gold by {change.two} than by {change.one}."
            )
    return " ".join(notes)
