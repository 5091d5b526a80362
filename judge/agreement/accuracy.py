"""The judge against gold: sensitivity, specificity and what follows from the same cells."""

from dataclasses import dataclass

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats
from secondreader.judge.inference.coefficients import CLASSIFIER, MATTHEWS, TINY, Coefficient, ratio
from secondreader.judge.inference.contingency import Binary, TableFormula, fold_cells

RATES = ("sensitivity", "specificity", "ppv", "npv")
SCORES = ("f1", "balanced_accuracy")


@dataclass(frozen=True, slots=True)
class AccuracyFormula:
    """Everything of a judge against gold; rows of the cells are gold, columns the verdict."""

    table: TableFormula
    """The agreement coefficients of the same cells."""

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Agreement first, then the classifier's figures."""
        return (
            *self.table.coefficients,
            *(Coefficient(name, CLASSIFIER, "proportion") for name in (*RATES, *SCORES)),
            Coefficient("mcc", MATTHEWS, "chance"),
            Coefficient(
                "judge_prevalence", "share of positive verdicts among the items with gold", "proportion"
            ),
            Coefficient("gold_prevalence", "share of positive gold answers", "proportion"),
        )

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""
        folded = fold_cells(self.table.cells(sums), self.table.positive)
        return np.concatenate([self.table.values(sums), classifier_values(folded)], axis=-1)

    def chance(self, sums: Floats) -> Floats:
        """Expected agreement, (..., columns) -> (..., K); that of kappa for mcc, which it equals at 1."""
        table = self.table.chance(sums)
        folded = fold_cells(self.table.cells(sums), self.table.positive)
        total = folded.total
        gold, verdict = ratio(folded.both + folded.first, total), ratio(folded.both + folded.second, total)
        zero = np.zeros(sums.shape[:-1])
        mcc = gold * verdict + (1 - gold) * (1 - verdict)
        return np.concatenate([table, np.stack([*[zero] * 6, mcc, zero, zero], axis=-1)], axis=-1)

    def support(self, sums: Floats) -> Floats:
        """Items that each figure divides by, (..., columns) -> (..., K)."""
        folded = fold_cells(self.table.cells(sums), self.table.positive)
        total = folded.total
        own = [
            folded.both + folded.first,
            folded.second + folded.neither,
            folded.both + folded.second,
            folded.first + folded.neither,
            total - folded.neither,
            *[total] * 4,
        ]
        return np.concatenate([self.table.support(sums), np.stack(own, axis=-1)], axis=-1)


def classifier_values(folded: Binary) -> Floats:
    """Sensitivity, specificity, PPV, NPV, F1, balanced accuracy, MCC, the two prevalences: (..., 9)."""
    tp, fn, fp, tn = folded.both, folded.first, folded.second, folded.neither
    total = folded.total
    sensitivity, specificity = ratio(tp, tp + fn), ratio(tn, fp + tn)
    return np.stack(
        [
            sensitivity,
            specificity,
            ratio(tp, tp + fp),
            ratio(tn, fn + tn),
            ratio(2 * tp, 2 * tp + fp + fn),
            (sensitivity + specificity) / 2,
            matthews(folded),
            ratio(tp + fp, total),
            ratio(tp + fn, total),
        ],
        axis=-1,
    )


def matthews(folded: Binary) -> Floats:
    """Matthews' correlation coefficient; NaN where one margin is empty, never 0.

    mcc = (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), computed from shares so that large
    counts cannot overflow. Source: Matthews (1975).
    """
    total = folded.total
    tp, fn = ratio(folded.both, total), ratio(folded.first, total)
    fp, tn = ratio(folded.second, total), ratio(folded.neither, total)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    root = np.sqrt(np.where(margins > TINY**2, margins, np.nan))
    return np.asarray((tp * tn - fp * fn) / root)
