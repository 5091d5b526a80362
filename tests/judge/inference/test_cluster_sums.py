from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from secondreader.judge.inference.cluster_sums import (
    GroupSums,
    build_cohort,
    build_group_columns,
    code_patterns,
    compute_cell_cluster_sums,
    compute_group_cluster_sums,
    pool_cluster_sums,
)

matrices = hnp.arrays(np.int8, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=st.integers(-1, 2))


@settings(deadline=None, max_examples=40)
@given(matrices)
def test_patterns_give_the_rows_back(matrix: Any) -> None:
    """Distinct rows and their codes rebuild the matrix."""
    codes, rows = code_patterns(matrix, 3)
    assert (rows[codes] == matrix).all()
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_many_raters_do_not_overflow_the_pattern_key() -> None:
    """Sixty raters, whose key would not fit 64 bits, still give the rows back."""
    matrix = np.random.default_rng(0).integers(-1, 3, (200, 60)).astype(np.int8)
    matrix[100:] = matrix[:100]
    codes, rows = code_patterns(matrix, 3)
    assert (rows[codes] == matrix).all()
    assert len(rows) == 100


@settings(deadline=None, max_examples=40)
@given(matrices)
def test_columns_count_rater_pairs(matrix: Any) -> None:
    """Agreement, coincidences and marginals equal a count over ordered pairs of raters."""
    view = GroupSums(build_group_columns(matrix, 3).sum(axis=0), 3)
    coincidence, agreement = np.zeros((3, 3)), 0.0
    for row in matrix:
        given_answers = [q for q in row if q >= 0]
        pairs = list(permutations(given_answers, 2))
        for a, b in pairs:
            coincidence[a, b] += 1 / (len(given_answers) - 1)
            agreement += (a == b) / len(pairs)
    assert view.coincidence == pytest.approx(coincidence)
    assert view.agreement == pytest.approx(agreement)
    assert view.marginals.sum(axis=0) == pytest.approx([(matrix == q).sum() for q in range(3)])
    assert view.values == coincidence.sum().round()


def test_cluster_sums_add_up_whatever_the_clusters() -> None:
    """Sums over clusters equal the sums of all items, weighted and counted."""
    rng = np.random.default_rng(1)
    matrix = rng.integers(-1, 3, (90, 3)).astype(np.int8)
    weight = rng.uniform(1, 9, 90)
    split = compute_group_cluster_sums(matrix, 3, build_cohort(rng.integers(0, 13, 90), weight))
    whole = compute_group_cluster_sums(matrix, 3, build_cohort(np.zeros(90, dtype=np.intp), weight))
    assert split.weighted.sum(axis=0) == pytest.approx(whole.weighted[0])
    assert split.counted.sum(axis=0) == pytest.approx(build_group_columns(matrix, 3).sum(axis=0))


def test_cells_count_items_that_both_answered() -> None:
    """The reference rater owns the rows; a missing answer on either side leaves the item out."""
    first = np.array([0, 0, 1, 1, -1], dtype=np.int8)
    second = np.array([0, 1, 1, -1, 1], dtype=np.int8)
    cohort = build_cohort(np.zeros(5, dtype=np.intp), np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    sums = compute_cell_cluster_sums(first, second, 2, cohort)
    assert sums.weighted.tolist() == [[1, 2, 0, 4, 3]]
    assert sums.counted.tolist() == [[1, 1, 0, 1, 3]]
    assert pool_cluster_sums([sums, sums]).weighted.tolist() == [[2, 4, 0, 8, 6]]
