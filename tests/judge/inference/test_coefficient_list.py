"""The one list of coefficients: what every entry must keep so that tables, charts and files can rely on it."""

import numpy as np
import pytest

from secondreader.judge.inference.cluster_sums import build_group_columns
from secondreader.judge.inference.coefficients import (
    COEFFICIENTS,
    Comparison,
    get_coefficient,
    list_brief_names,
    list_coefficients,
)
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.tallies import AnswerCodes

CODES = AnswerCodes(2, 1, 0)
COMPARISONS: tuple[Comparison, ...] = ("group", "pair", "gold")


def sums_of(comparison: Comparison) -> np.ndarray:
    """Sums in the layout of a comparison, of 40 items that two raters answer alike in three of four."""
    table = np.array([[18.0, 6.0], [4.0, 12.0]])
    if comparison != "group":
        return np.append(table.ravel(), table.sum())
    pairs = [[i, j] for i in (0, 1) for j in (0, 1) for _ in range(int(table[i, j]))]
    return np.asarray(build_group_columns(np.array(pairs, dtype=np.int8), 2).sum(axis=0))


def test_names_and_labels_are_told_apart() -> None:
    """No two figures share a name or a label, and each says in words how it is computed and where it is defined."""
    for words in ([what.name for what in COEFFICIENTS], [what.label for what in COEFFICIENTS]):
        assert len(set(words)) == len(words)
    assert all(what.formula and what.source for what in COEFFICIENTS)


def test_what_is_shown_in_brief_is_computed_there() -> None:
    """A coefficient is in the short tables of its own comparisons only, and raw agreement comes first everywhere."""
    assert all(what.in_brief <= what.comparisons for what in COEFFICIENTS)
    assert {list_coefficients(comparison)[0].name for comparison in COMPARISONS} == {"raw"}
    assert {list_brief_names(comparison)[0] for comparison in COMPARISONS} == {"raw"}
    assert list_brief_names("pair", "group") == ("raw", "ac1", "alpha")


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_every_coefficient_of_a_comparison_is_defined_on_ordinary_data(comparison: Comparison) -> None:
    """Value, chance and support of each are numbers in their range, alone and over leading axes."""
    formula, sums = AgreementFormula(comparison, CODES), sums_of(comparison)
    values, chance, support = formula.values(sums), formula.chance(sums), formula.support(sums)
    for k, what in enumerate(formula.coefficients):
        low = 0 if what.kind == "proportion" else -1
        assert low <= values[k] <= 1, what.name
        assert (chance[k] > 0) == (what.kind == "chance") == (what.chance is not None), what.name
        assert 0 < support[k] <= 40, what.name
    stacked = formula.values(np.stack([sums, sums])[:, None])
    assert stacked.shape == (2, 1, len(values))
    assert np.array_equal(stacked[1, 0], values)


def test_further_levels_of_alpha_come_last() -> None:
    """Ordinal, interval and ratio alpha follow the list; the nominal one is in it already."""
    formula = AgreementFormula("group", CODES, ("nominal", "ordinal", "ratio"))
    names = [what.name for what in formula.coefficients]
    assert names[-2:] == ["alpha_ordinal", "alpha_ratio"]
    assert names.count("alpha") == 1
    assert "alpha_nominal" not in names


def test_an_unknown_name_is_an_error() -> None:
    """Coefficients are asked for by their standard names."""
    assert get_coefficient("kappa").label == "Cohen kappa"
    with pytest.raises(KeyError):
        get_coefficient("Cohen kappa")
