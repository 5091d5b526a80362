"""Counts of verdicts beside gold: every item is somewhere in the table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.agreement.comparisons import select_gold_items
from secondreader.judge.agreement.confusion import (
    UNPARSED_SHARE,
    ShareFormula,
    build_confusion,
    build_gold_series,
    compute_unparsed_share,
)
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import gold_of
from secondreader.judge.inference.bootstrap import BootstrapDesign
from secondreader.judge.inference.estimate import Reason

STATES = {"unparsed": "unparsed", "error": "error"}
labels = st.sampled_from(["yes", "no", "unsure"])
verdicts = st.sampled_from(["yes", "no", "unparsed", "error", "absent"])


def build_ratings(pairs: list[tuple[str, str]]) -> Ratings:
    """One annotator's label and one judge's verdict or state, per item."""
    rows: list[tuple[str, str, str, str | None, str | None]] = [
        (f"i{k:02d}", "A", "human", label, None) for k, (label, _) in enumerate(pairs)
    ]
    rows += [
        (f"i{k:02d}", "J", "judge", None if verdict in STATES else verdict, STATES.get(verdict, "parsed"))
        for k, (_, verdict) in enumerate(pairs)
        if verdict != "absent"
    ]
    # a second judge answers everything, so that the first one exists even where it is absent
    rows += [(f"i{k:02d}", "K", "judge", "no", "parsed") for k in range(len(pairs))]
    rows.append(("zz", "J", "judge", "no", "parsed"))
    frame = pd.DataFrame(rows, columns=["item", "rater", "kind", "answer", "state"])
    return read_frame(frame.astype({"answer": object, "state": object}))


@given(st.lists(st.tuples(labels, verdicts), min_size=1, max_size=20))
def test_the_table_is_a_plain_count(pairs: list[tuple[str, str]]) -> None:
    """Each cell holds the items with that gold and that verdict, states included, and nothing is lost."""
    ratings = build_ratings(pairs)
    items = select_gold_items(ratings, gold_of(ratings), 0, 0)
    table = build_confusion(ratings, items, [0])
    counts = table.set_index(["gold", "verdict"])["n"]
    assert counts.sum() == len(pairs)
    for pair in set(pairs):
        assert counts[pair] == pairs.count(pair)


def test_weights_are_summed_beside_the_counts() -> None:
    """An item that was sampled with probability 1/4 weighs 4."""
    rows = [("a", "A", "human", "yes", 0.25), ("a", "J", "judge", "no", 0.25), ("b", "A", "human", "no", 1.0)]
    columns = ["item", "rater", "kind", "answer", "inclusion_probability"]
    ratings = read_frame(pd.DataFrame(rows, columns=columns))
    table = build_confusion(ratings, select_gold_items(ratings, gold_of(ratings), 0, 0), [0])
    filled = table[table["n"] > 0][["gold", "verdict", "n", "weight"]]
    assert filled.to_numpy().tolist() == [["no", "absent", 1, 1.0], ["yes", "no", 1, 4.0]]


def test_without_judges_the_table_is_empty_but_has_its_columns() -> None:
    """Renderers can rely on the names."""
    ratings = build_ratings([("yes", "no")])
    table = build_confusion(ratings, select_gold_items(ratings, gold_of(ratings), 0, 0), [])
    assert table.columns.tolist() == ["judge", "gold", "verdict", "n", "weight"]
    assert table.empty


def test_gold_is_named_by_item() -> None:
    """Answers, contested, no consensus, and missing where nobody labelled."""
    rows = [("a", "A", "human", "yes"), ("b", "A", "human", "yes"), ("b", "B", "human", "no")]
    rows += [("c", "A", "human", "no"), ("d", "J", "judge", "no")]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    series = build_gold_series(ratings, gold_of(ratings, {"c": None}))
    assert series.to_dict() == {"a": "yes", "b": "no consensus", "c": "contested", "d": None}


def test_the_unparsed_share_counts_every_judged_item() -> None:
    """Unparsed and failed verdicts over all verdicts, labelled or not; a subset divides by its own."""
    ratings = build_ratings([("yes", "unparsed"), ("no", "error"), ("no", "yes"), ("no", "absent")])
    design = BootstrapDesign(4, 0)
    share = compute_unparsed_share(ratings, 0, design)
    assert (share.value, share.n) == (0.5, 4)
    inside = np.isin(ratings.items, ["i00", "zz"])
    assert compute_unparsed_share(ratings, 0, design, inside).value == 0.5
    none = compute_unparsed_share(ratings, 0, design, np.zeros(len(ratings.items), dtype=bool))
    assert none.reason is Reason.NO_ITEMS


def test_a_share_expects_nothing_by_chance() -> None:
    """Its support is the denominator, and an empty one leaves it undefined."""
    formula, sums = ShareFormula(UNPARSED_SHARE), np.array([[1.0, 4.0], [0.0, 0.0]])
    assert formula.values(sums)[0, 0] == pytest.approx(0.25)
    assert np.isnan(formula.values(sums)[1, 0])
    assert formula.chance(sums).tolist() == [[0.0], [0.0]]
    assert formula.support(sums).tolist() == [[4.0], [0.0]]
