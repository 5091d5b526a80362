"""Point values from plain arrays, without interval: what other packages call their coefficients."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.cluster_sums import (
    Codes,
    Floats,
    build_cohort,
    build_group_columns,
    compute_group_cluster_sums,
)
from secondreader.judge.inference.formulas import AgreementFormula, Formula
from secondreader.judge.inference.tallies import AnswerCodes


def name_values(formula: Formula, sums: Floats) -> dict[str, float | None]:
    """The figures of one formula by name; None where undefined."""
    values = formula.values(sums)
    pairs = zip(formula.coefficients, values, strict=True)
    return {what.name: None if np.isnan(value) else float(value) for what, value in pairs}


def compute_group_coefficients(
    matrix: Codes,
    n_answers: int,
    *,
    weight: Floats | None = None,
    positive: int = 1,
    negative: int = 0,
    levels: Sequence[Level] = (),
    numbers: Sequence[float] = (),
) -> dict[str, float | None]:
    """All coefficients of an items x raters matrix of codes (-1 missing)."""
    codes = AnswerCodes(n_answers, positive, negative, tuple(numbers))
    formula = AgreementFormula("group", codes, tuple(levels))
    weights = np.ones(len(matrix)) if weight is None else weight
    cohort = build_cohort(np.arange(len(matrix)), weights)
    return name_values(formula, compute_group_cluster_sums(matrix, n_answers, cohort).weighted.sum(axis=0))


def compute_specific_agreement(matrix: Codes, n_answers: int) -> list[float | None]:
    """Specific agreement on each answer from an items x raters matrix of codes (-1 missing)."""
    sums = build_group_columns(matrix, n_answers).sum(axis=0)
    values = AgreementFormula("group", AnswerCodes(n_answers, 0, 0)).read_sums(sums).specific
    return [None if np.isnan(value) else float(value) for value in values]


def compute_table_coefficients(
    table: NDArray[np.number], *, positive: int = 0, negative: int = 1
) -> dict[str, float | None]:
    """Everything of a Q x Q table of counts (rows: reference rater or gold; columns: second or judge).

    Agreement of two raters and, with the rows as gold, the classifier's figures; raw is accuracy, fleiss
    is Scott's pi.
    """
    cells = np.asarray(table, dtype=np.float64)
    formula = AgreementFormula("gold", AnswerCodes(len(cells), positive, negative))
    return name_values(formula, np.append(cells.ravel(), cells.sum()))


def compute_expected_agreement(table: NDArray[np.number]) -> float:
    """Agreement that Cohen's kappa expects by chance from a Q x Q table of counts; NaN without items."""
    cells = np.asarray(table, dtype=np.float64)
    formula = AgreementFormula("pair", AnswerCodes(len(cells), 0, min(1, len(cells) - 1)))
    index = [what.name for what in formula.coefficients].index("kappa")
    return float(formula.chance(np.append(cells.ravel(), cells.sum()))[index])
