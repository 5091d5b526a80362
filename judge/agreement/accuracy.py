"""The judge against gold: sensitivity, specificity and what follows from the same cells."""

from dataclasses import dataclass

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats
from secondreader.judge.inference.coefficients import CLASSIFIER, MATTHEWS, TINY, Coefficient, compute_ratio
from secondreader.judge.inference.contingency import BinaryTable, TableFormula, fold_cells

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
        folded = fold_cells(self.table.reshape_cells(sums), self.table.positive)
        return np.concatenate([self.table.values(sums), compute_classifier_values(folded)], axis=-1)

    def chance(self, sums: Floats) -> Floats:
        """Expected agreement, (..., columns) -> (..., K); that of kappa for mcc, which it equals at 1."""
        table = self.table.chance(sums)
        folded = fold_cells(self.table.reshape_cells(sums), self.table.positive)
        total = folded.total
        gold, verdict = (
            compute_ratio(folded.both + folded.first, total),
            compute_ratio(folded.both + folded.second, total),
        )
        zero = np.zeros(sums.shape[:-1])
        mcc = gold * verdict + (1 - gold) * (1 - verdict)
        return np.concatenate([table, np.stack([*[zero] * 6, mcc, zero, zero], axis=-1)], axis=-1)

    def support(self, sums: Floats) -> Floats:
        """Items that each figure divides by, (..., columns) -> (..., K)."""
        folded = fold_cells(self.table.reshape_cells(sums), self.table.positive)
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


def compute_classifier_values(folded: BinaryTable) -> Floats:
    """Sensitivity, specificity, PPV, NPV, F1, balanced accuracy, MCC, the two prevalences: (..., 9)."""
    tp, fn, fp, tn = folded.both, folded.first, folded.second, folded.neither
    total = folded.total
    sensitivity, specificity = compute_ratio(tp, tp + fn), compute_ratio(tn, fp + tn)
    return np.stack(
        [
            sensitivity,
            specificity,
            compute_ratio(tp, tp + fp),
            compute_ratio(tn, fn + tn),
            compute_ratio(2 * tp, 2 * tp + fp + fn),
            (sensitivity + specificity) / 2,
            compute_matthews(folded),
            compute_ratio(tp + fp, total),
            compute_ratio(tp + fn, total),
        ],
        axis=-1,
    )


def compute_matthews(folded: BinaryTable) -> Floats:
    """Matthews' correlation coefficient; NaN where one margin is empty, never 0.

    mcc = (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), computed from shares so that large
    counts cannot overflow. Source: Matthews (1975).
    """
    total = folded.total
    tp, fn = compute_ratio(folded.both, total), compute_ratio(folded.first, total)
    fp, tn = compute_ratio(folded.second, total), compute_ratio(folded.neither, total)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    root = np.sqrt(np.where(margins > TINY**2, margins, np.nan))
    return np.asarray((tp * tn - fp * fn) / root)
