"""Whether a slice has enough items and scenarios for a test."""

import numpy as np

from secondreader.judge.disagreement.slice_counts import count_slices
from secondreader.judge.inference.permutation import make_outcome


def test_a_test_needs_items_and_scenarios_on_both_sides() -> None:
    """Forty items of four scenarios are too few scenarios, and the reason says the counts."""
    cluster = np.arange(200) // 10
    outcome = make_outcome(
        "error",
        np.ones(200, dtype=bool),
        np.zeros(200, dtype=bool),
        np.zeros(200, dtype=int),
        cluster,
        np.ones(200),
    )
    columns = np.stack([cluster < 4, cluster < 8, np.arange(200) % 10 == 0], axis=1).astype(np.float32)
    seen = count_slices(outcome, columns)
    assert seen.is_sufficient.tolist() == [False, True, True]
    assert seen.scenarios_out.tolist() == [16, 12, 20]
    assert "40 items of 4 scenarios inside" in seen.explain_shortage(0)
