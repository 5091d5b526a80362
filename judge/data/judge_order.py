"""The order of judges: figures, pairs and differences come in the order in which the readings hold them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from secondreader.judge.data.frame import Ratings


def put_judges_first(ratings: Ratings, first: Sequence[str]) -> Ratings:
    """The same readings with these judges first, in this order; the others follow in theirs, unknown ones are ignored."""
    wanted = [judge for judge in dict.fromkeys(first) if judge in ratings.judges]
    names = (*wanted, *(judge for judge in ratings.judges if judge not in wanted))
    order = np.array([ratings.judges.index(name) for name in names], dtype=np.intp)
    place = np.argsort(order)
    rows = ratings.judge_rows
    return replace(
        ratings,
        judges=names,
        verdict=ratings.verdict[:, order],
        state=ratings.state[:, order],
        judge_rows=rows.assign(rater=place[rows["rater"].to_numpy(dtype=np.intp)]),
    )
