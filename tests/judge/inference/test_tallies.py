"""A tally of two raters and one of a group give the same figures where both apply."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.cluster_sums import Floats, GroupSums, build_group_columns
from secondreader.judge.inference.tallies import AnswerCodes, GroupTally, PairTally, fold_cells

CODES = AnswerCodes(3, 1, 0)
TABLE = np.array([[5.0, 1.0, 0.0], [2.0, 7.0, 1.0], [0.0, 0.0, 3.0]])
cells = st.lists(st.integers(0, 6), min_size=9, max_size=9).filter(any)


def tally_pair(table: Floats) -> PairTally:
    """A pair's tally from its table of counts."""
    return PairTally(np.append(table.ravel(), table.sum()), CODES)


def tally_group(table: Floats) -> GroupTally:
    """The same items as a group of two raters."""
    pairs = [[i, j] for i in range(3) for j in range(3) for _ in range(int(table[i, j]))]
    columns = build_group_columns(np.array(pairs, dtype=np.int8).reshape(-1, 2), 3)
    return GroupTally(GroupSums(columns.sum(axis=0), 3), CODES)


@given(cells)
def test_two_raters_are_a_group(counts: list[int]) -> None:
    """Raw and specific agreement, shares, items and occurrences are equal, undefined ones included."""
    table = np.array(counts, dtype=np.float64).reshape(3, 3)
    pair, group = tally_pair(table), tally_group(table)
    for name in ("raw", "specific", "shares", "items", "occurrences"):
        np.testing.assert_allclose(getattr(pair, name), getattr(group, name), atol=1e-12, err_msg=name)


@given(cells)
def test_alpha_of_two_raters_is_that_of_the_group(counts: list[int]) -> None:
    """Observed and expected agreement are equal on every level."""
    table = np.array(counts, dtype=np.float64).reshape(3, 3)
    for level in ("nominal", "ordinal", "interval", "ratio"):
        pair, group = tally_pair(table), tally_group(table)
        np.testing.assert_allclose(
            pair.compute_alpha_parts(level), group.compute_alpha_parts(level), atol=1e-9
        )


def test_folding_counts_every_other_answer_as_not_positive() -> None:
    """A third answer joins the negative one, and no item is lost."""
    folded = fold_cells(TABLE, 1)
    parts = (folded.both, folded.first, folded.second, folded.neither)
    assert [float(part) for part in parts] == [7, 3, 1, 8]
    assert folded.total == TABLE.sum()


def test_folding_keeps_leading_axes() -> None:
    """Cells of many resamples fold at once."""
    folded = fold_cells(np.stack([TABLE, 2 * TABLE]), 1)
    assert folded.both.tolist() == [7, 14]
    assert folded.total.tolist() == [19, 38]


def test_specific_agreement_is_undefined_for_an_answer_that_nobody_gave() -> None:
    """The other answers keep theirs."""
    table = np.zeros((3, 3))
    table[:2, :2] = [[4, 1], [1, 2]]
    specific = tally_pair(table).specific
    assert specific[:2].tolist() == pytest.approx([0.8, 2 / 3])
    assert np.isnan(specific[2])


def test_an_item_occurs_once_under_an_answer_that_both_gave() -> None:
    """Row and column of an answer share its diagonal cell."""
    assert tally_pair(TABLE).occurrences.tolist() == [5 + 1 + 2, 7 + 3 + 1, 3 + 1]


def test_rows_are_the_first_raters_shares() -> None:
    """Both margins are shares of the items, and their mean is the share of the pair."""
    pair = tally_pair(TABLE)
    assert pair.rows.tolist() == pytest.approx([6 / 19, 10 / 19, 3 / 19])
    assert pair.columns.tolist() == pytest.approx([7 / 19, 8 / 19, 4 / 19])
    assert pair.shares.sum() == pytest.approx(1)
