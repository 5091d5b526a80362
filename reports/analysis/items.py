"""Transcript by transcript: gold, labels, verdicts, and how each judge departs from gold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from secondreader.judge.data.coding import VERDICT_STATES

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis

AGREES = "agrees"
MISSED = "missed"
OVER_FLAGGED = "over-flagged"
OTHER_ANSWER = "other answer"
JUDGE_UNSURE = "judge unsure"
NO_ANSWER = "no answer"
NO_GOLD = "no gold"
NO_VERDICT = "no verdict"
WRONG_KINDS = (MISSED, OVER_FLAGGED, OTHER_ANSWER)
VERDICT_KINDS = {
    MISSED: "gold is the positive answer, the verdict is another",
    OVER_FLAGGED: "the verdict is the positive answer, gold is another",
    OTHER_ANSWER: "both are other answers, and differ",
    JUDGE_UNSURE: "the judge said it is unsure",
    NO_ANSWER: "no verdict could be parsed from the reply, or the request failed",
    NO_GOLD: "the annotators reached no consensus or only unsure, or the item stays contested",
    NO_VERDICT: "this judge has not judged the transcript",
    AGREES: "verdict and gold are the same",
}
"""How a verdict can relate to gold, with the meaning that reports print."""


@dataclass(frozen=True, slots=True)
class ItemRatings:
    """What people and judges said of one labelled transcript."""

    item: str
    """The transcript's public id."""
    cluster: str
    """Its scenario."""
    gold: str
    """An answer, "no consensus", or "contested"."""
    labels: Mapping[str, str]
    """Annotator -> answer, first passes only."""
    verdicts: Mapping[str, str]
    """Judge -> answer, or unparsed, error, absent."""
    kinds: Mapping[str, str]
    """Judge -> a key of VERDICT_KINDS."""

    @property
    def has_human_disagreement(self) -> bool:
        """Whether two annotators gave different answers."""
        return len(set(self.labels.values())) > 1

    def is_wrong(self, judge: str | None = None) -> bool:
        """Whether the judge (None: any judge) departs from gold."""
        return any(kind in WRONG_KINDS for name, kind in self.kinds.items() if judge in {None, name})


def collect_item_ratings(analysis: "Analysis") -> tuple[ItemRatings, ...]:
    """Every transcript of the analysis that somebody labelled or decided, by scenario."""
    ratings, gold = analysis.ratings, analysis.agreement.gold
    # code -1, no answer, indexes the last entry: the empty text
    answers = [*ratings.answers, ""]
    rows = []
    # a decision makes gold, so decided items are listed with or without labels
    for index in (ratings.labelled | analysis.gold.known).nonzero()[0]:
        labels = {
            rater: answers[ratings.human[index, column]]
            for column, rater in enumerate(ratings.raters)
            if ratings.human[index, column] >= 0
        }
        verdicts = {
            judge: answers[ratings.verdict[index, column]] or VERDICT_STATES[ratings.state[index, column]]
            for column, judge in enumerate(ratings.judges)
        }
        truth = str(gold.iloc[index])
        kinds = {judge: classify_verdict(analysis, truth, verdict) for judge, verdict in verdicts.items()}
        cluster = str(ratings.clusters[ratings.cluster[index]])
        rows.append(ItemRatings(str(ratings.items[index]), cluster, truth, labels, verdicts, kinds))
    return tuple(sorted(rows, key=lambda row: (row.cluster, row.item)))


def classify_verdict(analysis: "Analysis", gold: str, verdict: str) -> str:
    """The key of VERDICT_KINDS that relates one verdict to gold."""
    unsure, positive = analysis.options.unsure, analysis.positive
    if verdict in VERDICT_STATES:
        return NO_VERDICT if verdict == VERDICT_STATES[0] else NO_ANSWER
    # "contested" and "no consensus" are no answers, and an unsure gold decides nothing
    if gold not in analysis.ratings.answers or gold == unsure:
        return NO_GOLD
    if verdict == gold:
        return AGREES
    if verdict == unsure:
        return JUDGE_UNSURE
    if gold == positive:
        return MISSED
    return OVER_FLAGGED if verdict == positive else OTHER_ANSWER


def build_disagreement_frame(rows: tuple[ItemRatings, ...], judge: str | None = None) -> pd.DataFrame:
    """One row a transcript: id, scenario, gold, what the judges did, labels and verdicts."""
    return pd.DataFrame(
        [
            {
                "transcript": row.item,
                "scenario": row.cluster,
                "gold": row.gold,
                "judge": "; ".join(kind for name, kind in row.kinds.items() if judge in {None, name}),
                "people differ": row.has_human_disagreement,
                **{f"label {name}": answer for name, answer in row.labels.items()},
                **{f"verdict {name}": answer for name, answer in row.verdicts.items()},
            }
            for row in rows
        ]
    )
