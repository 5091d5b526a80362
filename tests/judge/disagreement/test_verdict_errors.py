"""Verdicts that nobody could read, by slice."""

import pandas as pd

from secondreader.judge.data.frame import read_frame
from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice


def test_unread_verdicts_are_counted_where_they_lie() -> None:
    """All unreadable verdicts sit in one slice; slices without any are not listed; errors count too."""
    rows: list[dict[str, object]] = []
    for at in range(12):
        motive = "speed" if at < 6 else "care"
        rows.append({"item": f"i{at}", "rater": "A1", "kind": "human", "answer": "no", "motive": motive})
        state = "unparsed" if at < 3 else "error" if at == 3 else "parsed"
        answer = None if at <= 3 else "no"
        rows.append(
            {
                "item": f"i{at}",
                "rater": "J",
                "kind": "judge",
                "answer": answer,
                "state": state,
                "motive": motive,
            }
        )
    counts = count_unread_by_slice(read_frame(pd.DataFrame(rows)), 0)
    assert counts.to_dict("records") == [
        {"slice": "motive = speed", "slice_name": "motive", "slice_value": "speed", "n": 6, "n_unread": 4}
    ]
