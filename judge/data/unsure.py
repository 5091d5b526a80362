"""What becomes of "unsure": its own answer, missing, or counted both ways."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from secondreader.judge.data.frame import Ratings
from secondreader.judge.inference.cluster_sums import Codes

Unsure = Literal["category", "missing", "worst"]
Treatment = Literal["category", "missing", "as positive", "as negative"]

TREATMENTS: tuple[Treatment, ...] = ("category", "missing", "as positive", "as negative")
POLICY_OF: dict[Treatment, Unsure] = {
    "category": "category",
    "missing": "missing",
    "as positive": "worst",
    "as negative": "worst",
}
"""The policy that each treatment belongs to."""


@dataclass(frozen=True, slots=True)
class Recoding:
    """The answers that are left under one treatment, and how codes change."""

    treatment: Treatment
    """How unsure is treated."""
    answers: tuple[str, ...]
    """Answers in their new code order."""
    table: Codes
    """New code of each old code; the last entry serves every negative code (missing, no consensus)."""
    positive: int
    """New code of the positive answer."""
    negative: int
    """New code of the negative answer: the first that is neither positive nor unsure."""
    kept: Codes
    """Old code of each new one."""

    def apply(self, codes: Codes) -> Codes:
        """Recode any array of answers; whatever is below 0 becomes -1."""
        return np.asarray(self.table[np.where(codes < 0, len(self.table) - 1, codes)])

    def restore(self, codes: Codes) -> Codes:
        """Recoded answers in their old codes; whatever is below 0 stays as it is."""
        return np.where(codes < 0, codes, self.kept[np.maximum(codes, 0)]).astype(np.int8)


def build_recoding(ratings: Ratings, treatment: Treatment) -> Recoding:
    """How answers are coded under one treatment of unsure."""
    unsure, positive = ratings.unsure, ratings.positive
    kept = [q for q in range(len(ratings.answers)) if treatment == "category" or q != unsure]
    # with three answers or more there is no one negative answer; a caveat says which is meant
    sides = [q for q in kept if q not in (positive, unsure)]
    negative = sides[0] if sides else positive
    # unsure leaves the list of answers as well: chance agreement divides by the number of answers
    table = np.full(len(ratings.answers) + 1, -1, dtype=np.int8)
    table[kept] = np.arange(len(kept))
    if unsure >= 0 and treatment == "as positive":
        table[unsure] = kept.index(positive)
    if unsure >= 0 and treatment == "as negative":
        table[unsure] = kept.index(negative)
    names = tuple(ratings.answers[q] for q in kept)
    return Recoding(
        treatment, names, table, kept.index(positive), kept.index(negative), np.array(kept, dtype=np.int8)
    )


def list_treatments(ratings: Ratings, headline: Unsure) -> list[Treatment]:
    """The treatments to report, the headline first; one alone where nobody was unsure."""
    first: list[Treatment] = ["as positive", "as negative"] if headline == "worst" else [headline]
    if ratings.unsure < 0:
        return ["category"] if headline == "worst" else first
    return [*first, *(t for t in TREATMENTS if t not in first)]
