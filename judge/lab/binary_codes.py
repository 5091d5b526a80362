"""Gold and verdicts as 1 (positive), 0 (another answer) and NaN (none)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold, gold_of

Floats = npt.NDArray[np.float64]


def code_answers_binary(codes: npt.NDArray[np.integer[Any]], ratings: Ratings) -> Floats:
    """Answer codes as 1 positive, 0 other, NaN missing or unsure."""
    # codes of unsure are -1 where nobody was unsure, which codes < 0 covers already
    blank = (codes < 0) | (codes == ratings.unsure)
    return np.where(blank, np.nan, (codes == ratings.positive).astype(np.float64))


def code_gold_binary(ratings: Ratings, gold: Gold | None = None) -> Floats:
    """Gold as 1 positive, 0 other, NaN where there is none; by default the majority of the annotators without unsure."""
    return code_answers_binary((gold or gold_of(ratings)).codes, ratings)
