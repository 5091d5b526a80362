"""The order of judges: figures, pairs and differences come in the order in which the readings hold them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from secondreader.judge.data.frame import Readings


def judges_first(readings: Readings, first: Sequence[str]) -> Readings:
    """The same readings with these judges first, in this order; the others follow in theirs, unknown ones are ignored."""
    wanted = [one for one in dict.fromkeys(first) if one in readings.judges]
    names = (*wanted, *(one for one in readings.judges if one not in wanted))
    order = np.array([readings.judges.index(one) for one in names], dtype=np.intp)
    place = np.argsort(order)
    rows = readings.judge_rows
    return replace(
        readings,
        judges=names,
        verdict=readings.verdict[:, order],
        state=readings.state[:, order],
        judge_rows=rows.assign(rater=place[rows["rater"].to_numpy(dtype=np.intp)]),
    )
