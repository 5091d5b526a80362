"""How far the adjudication of a question is, and how much gold depends on it, in sentences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.wording.names import pluralize

if TYPE_CHECKING:
    from secondreader.db.research.adjudication_outcomes import AdjudicationSummary
    from secondreader.reports.analysis.result import Analysis


def describe_adjudication(analysis: "Analysis") -> Iterator[str]:
    """What was split, decided and left contested; nothing where nobody parted or labels came from elsewhere."""
    summary = analysis.adjudication
    if summary is None or not (summary.n_split or summary.n_decided):
        return
    unit = analysis.summary.codebook.unit
    yield (
        f"Readers part on {pluralize(summary.n_split, unit)} or marked it as contested: adjudicators settled "
        f"{pluralize(summary.n_decided, unit)}, {summary.n_waiting} still wait. "
        "Agreement between people is of the labels before adjudication."
    )
    if summary.n_decided:
        kinds = ", ".join(f"{kind} {n}" for kind, n in summary.kinds.items())
        yield f"Decisions by kind: {kinds}. {describe_contested(summary)}"
    if summary.n_changed:
        yield f"On {pluralize(summary.n_changed, 'settled transcript')} readers answer otherwise now: settle them again."
    if summary.n_after_unblinding:
        what = pluralize(summary.n_after_unblinding, "transcript was", "transcripts were")
        yield f"{what} settled after judge and people could be compared."


def describe_contested(adjudication: "AdjudicationSummary") -> str:
    """How many settled items have no gold."""
    differ = (
        f", on {adjudication.n_disputed} of them because adjudicators differ"
        if adjudication.n_disputed
        else ""
    )
    return f"Contested, so without gold: {adjudication.n_contested} of {adjudication.n_decided}{differ}."


def describe_gold(analysis: "Analysis") -> str:
    """What gold is here, and how much depends on that choice."""
    notes = [analysis.gold.sentence, "Contested transcripts have none, and a judge is never part of it."]
    for change in analysis.agreement.changes:
        if change.changed is not None:
            notes.append(
                f"{change.changed} of {change.items} items have another gold by {change.two} than by {change.one}."
            )
    return " ".join(notes)
