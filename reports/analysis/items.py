"""Transcript by transcript: gold, labels, verdicts, and in which way each judge departs from gold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from secondreader.judge.data.frame import STATES

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis

AGREES = "agrees"
MISSED = "missed"
OVER_FLAGGED = "over-flagged"
OTHER = "other answer"
UNSURE = "judge unsure"
SILENT = "no answer"
NO_GOLD = "no gold"
ABSENT = "no verdict"
WRONG = (MISSED, OVER_FLAGGED, OTHER)
KINDS = {
    MISSED: "gold is the positive answer, the verdict is another",
    OVER_FLAGGED: "the verdict is the positive answer, gold is another",
    OTHER: "both are other answers, and differ",
    UNSURE: "the judge said it is unsure",
    SILENT: "the verdict could not be read, or asking failed",
    NO_GOLD: "the annotators reached no consensus, or only unsure",
    ABSENT: "this judge has not read the transcript",
    AGREES: "verdict and gold are the same",
}
"""In which way a verdict stands to gold."""


@dataclass(frozen=True, slots=True)
class ItemReading:
    """What people and judges said of one labelled transcript."""

    item: str
    """The transcript's public id."""
    cluster: str
    """Its scenario."""
    gold: str
    """An answer, or "no consensus"."""
    labels: Mapping[str, str]
    """Annotator -> answer, first readings only."""
    verdicts: Mapping[str, str]
    """Judge -> answer, or unparsed, error, absent."""
    kinds: Mapping[str, str]
    """Judge -> one of KINDS."""

    @property
    def people_differ(self) -> bool:
        """Whether two annotators gave different answers."""
        return len(set(self.labels.values())) > 1

    def is_wrong(self, judge: str | None = None) -> bool:
        """Whether the judge (None: any judge) departs from gold."""
        return any(kind in WRONG for name, kind in self.kinds.items() if judge in {None, name})


def item_readings(found: "Analysis") -> tuple[ItemReading, ...]:
    """Every labelled transcript of the analysis, by scenario."""
    readings, gold = found.readings, found.agreement.gold
    answers = [*readings.answers, ""]
    made = []
    for at in readings.labelled.nonzero()[0]:
        labels = {
            rater: answers[readings.human[at, column]]
            for column, rater in enumerate(readings.raters)
            if readings.human[at, column] >= 0
        }
        verdicts = {
            judge: answers[readings.verdict[at, column]] or STATES[readings.state[at, column]]
            for column, judge in enumerate(readings.judges)
        }
        truth = str(gold.iloc[at])
        kinds = {judge: kind_of(found, truth, verdict) for judge, verdict in verdicts.items()}
        cluster = str(readings.clusters[readings.cluster[at]])
        made.append(ItemReading(str(readings.items[at]), cluster, truth, labels, verdicts, kinds))
    return tuple(sorted(made, key=lambda one: (one.cluster, one.item)))


def kind_of(found: "Analysis", gold: str, verdict: str) -> str:
    """In which way a verdict stands to gold."""
    unsure, positive = found.options.unsure, found.positive
    if verdict in STATES:
        return ABSENT if verdict == STATES[0] else SILENT
    if gold not in found.readings.answers or gold == unsure:
        return NO_GOLD
    if verdict == gold:
        return AGREES
    if verdict == unsure:
        return UNSURE
    if gold == positive:
        return MISSED
    return OVER_FLAGGED if verdict == positive else OTHER


def disagreement_frame(rows: tuple[ItemReading, ...], judge: str | None = None) -> pd.DataFrame:
    """One row a transcript: id, scenario, gold, what the judges did, labels and verdicts."""
    return pd.DataFrame(
        [
            {
                "transcript": one.item,
                "scenario": one.cluster,
                "gold": one.gold,
                "judge": "; ".join(kind for name, kind in one.kinds.items() if judge in {None, name}),
                "people differ": one.people_differ,
                **{f"label {name}": answer for name, answer in one.labels.items()},
                **{f"verdict {name}": answer for name, answer in one.verdicts.items()},
            }
            for one in rows
        ]
    )
