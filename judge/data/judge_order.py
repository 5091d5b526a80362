"""The order of judges: figures, pairs and differences follow the order of `Ratings.judges`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from secondreader.judge.data.frame import Ratings


def put_judges_first(ratings: Ratings, first: Sequence[str]) -> Ratings:
    """The same ratings with these judges first, in this order; the others keep theirs, unknown names are ignored."""
    leading = [judge for judge in dict.fromkeys(first) if judge in ratings.judges]
    names = (*leading, *(judge for judge in ratings.judges if judge not in leading))
    order = np.array([ratings.judges.index(name) for name in names], dtype=np.intp)
    # the inverse permutation: rows hold judges by their old code
    new_codes = np.argsort(order)
    rows = ratings.judge_rows
    return replace(
        ratings,
        judges=names,
        verdict=ratings.verdict[:, order],
        state=ratings.state[:, order],
        judge_rows=rows.assign(rater=new_codes[rows["rater"].to_numpy(dtype=np.intp)]),
    )
