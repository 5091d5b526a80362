"""The comparisons of a report: who is compared with whom, each as one set of sampled figures."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold, compute_others_majority
from secondreader.judge.data.unsure import Recoding
from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.bootstrap import BootstrapDesign, SampledCoefficients, sample_coefficients
from secondreader.judge.inference.cluster_sums import (
    Codes,
    Cohort,
    Floats,
    build_cohort,
    compute_cell_cluster_sums,
    compute_group_cluster_sums,
    pool_cluster_sums,
)
from secondreader.judge.inference.coefficients import COHEN
from secondreader.judge.inference.estimate import Measure, Reason
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.ratios import compute_ratio
from secondreader.judge.inference.tallies import AnswerCodes

MEAN_PAIR_KAPPA = Measure(
    "mean_pair_kappa",
    "mean Cohen kappa of pairs",
    "Cohen kappa of every two annotators, mean weighted by the items of a pair",
    f"{COHEN}, weighted by the items of a pair",
    "number",
    "chance",
)


@dataclass(frozen=True, slots=True)
class LabelledItems:
    """Items of a frame, ready to be compared and resampled."""

    items: NDArray[np.intp]
    """Index of each item in the frame's items, shape (n,)."""
    human: Codes
    """Labels, shape (n, annotators)."""
    verdict: Codes
    """Verdicts, shape (n, judges)."""
    gold: Codes
    """Gold, shape (n,); negative where there is none."""
    cohort: Cohort
    """Clusters and weights of the n items."""
    bootstrap: BootstrapDesign
    """How intervals are made: the same for every figure."""

    def select_items(self, use: NDArray[np.bool_]) -> "LabelledItems":
        """A subset of the items, resampled with the same scenario weights."""
        return LabelledItems(
            self.items[use],
            self.human[use],
            self.verdict[use],
            self.gold[use],
            self.cohort.select_items(use),
            self.bootstrap,
        )


def select_labelled_items(ratings: Ratings, gold: Gold, resamples: int, seed: int) -> LabelledItems:
    """The labelled items with weights of mean 1 and a bootstrap over the scenarios that hold them."""
    return prepare_items(ratings, ratings.labelled, gold, resamples, seed)


def select_gold_items(ratings: Ratings, gold: Gold, resamples: int, seed: int) -> LabelledItems:
    """The items that score judges: labelled, or decided without a label; prepared as `select_labelled_items` does."""
    return prepare_items(ratings, ratings.labelled | gold.known, gold, resamples, seed)


def prepare_items(
    ratings: Ratings, use: NDArray[np.bool_], gold: Gold, resamples: int, seed: int
) -> LabelledItems:
    """The chosen items with weights of mean 1 and a bootstrap over the scenarios that hold them."""
    items = np.flatnonzero(use)
    weight = ratings.weight[items]
    # weights of mean 1 leave point values alone and keep sums near counts, so that thresholds mean the same
    cohort = build_cohort(ratings.cluster[items], weight if (weight == 1).all() else weight / weight.mean())
    bootstrap = BootstrapDesign(cohort.n_clusters, resamples, seed)
    return LabelledItems(
        items, ratings.human[items], ratings.verdict[items], gold.codes[items], cohort, bootstrap
    )


def select_judged_items(ratings: Ratings, judges: list[int], resamples: int, seed: int) -> LabelledItems:
    """All judged items, labelled by people or not, with the judges in the role of the annotators."""
    items = np.flatnonzero((ratings.state[:, judges] > 0).any(axis=1))
    # every judged item is in the data: there is no sampling for weights to correct
    cohort = build_cohort(ratings.cluster[items], np.ones(len(items)))
    verdict = ratings.verdict[items][:, judges]
    nothing = np.full(len(items), -1, dtype=np.int8)
    return LabelledItems(
        items, verdict, verdict, nothing, cohort, BootstrapDesign(cohort.n_clusters, resamples, seed)
    )


def get_answer_codes(coding: Recoding, numbers: tuple[float, ...] = ()) -> AnswerCodes:
    """The answers under one treatment of unsure."""
    return AnswerCodes(len(coding.answers), coding.positive, coding.negative, numbers)


def build_pair_formula(coding: Recoding) -> AgreementFormula:
    """The coefficients of two raters under one treatment of unsure."""
    return AgreementFormula("pair", get_answer_codes(coding))


def parse_numbers(answers: tuple[str, ...]) -> tuple[float, ...]:
    """The answers as numbers, or nothing where one is not a number."""
    try:
        return tuple(float(answer) for answer in answers)
    except ValueError:
        return ()


def compare_humans(
    labelled: LabelledItems, coding: Recoding, levels: tuple[Level, ...] = ()
) -> SampledCoefficients:
    """All annotators among themselves."""
    codes = get_answer_codes(coding, parse_numbers(coding.answers))
    formula = AgreementFormula("group", codes, levels)
    sums = compute_group_cluster_sums(coding.apply(labelled.human), len(coding.answers), labelled.cohort)
    return sample_coefficients(sums, formula, labelled.bootstrap, explain_no_comparison(labelled))


def explain_no_comparison(labelled: LabelledItems) -> Reason:
    """Why the annotators cannot be compared at all."""
    if not len(labelled.items):
        return Reason.NO_ITEMS
    return Reason.TOO_FEW_RATERS if labelled.human.shape[1] < 2 else Reason.NO_PAIRABLE_ITEMS


def compare_pair(
    labelled: LabelledItems, first: Codes, second: Codes, coding: Recoding
) -> SampledCoefficients:
    """Two raters, as codes of shape (n,), on the items that both answered."""
    sums = compute_cell_cluster_sums(
        coding.apply(first), coding.apply(second), len(coding.answers), labelled.cohort
    )
    return sample_coefficients(sums, build_pair_formula(coding), labelled.bootstrap)


def compare_human_pairs(
    labelled: LabelledItems, coding: Recoding
) -> dict[tuple[int, int], SampledCoefficients]:
    """Every two annotators."""
    columns = range(labelled.human.shape[1])
    return {
        (a, b): compare_pair(labelled, labelled.human[:, a], labelled.human[:, b], coding)
        for a, b in combinations(columns, 2)
    }


def compute_mean_pair_kappa(
    pairs: list[SampledCoefficients], bootstrap: BootstrapDesign
) -> SampledCoefficients:
    """Mean of the pairs' Cohen kappas, each weighted by its items; undefined pairs do not enter.

    A pair that shares 2 items weighs 2, one that shares 200 weighs 200.
    """
    kappa_columns = [pair.find_index("kappa") for pair in pairs]
    counts = np.array(
        [pair.support[k] for pair, k in zip(pairs, kappa_columns, strict=True)], dtype=np.float64
    )
    # the most that any pair has: clusters of different pairs overlap, and a sum would count them twice
    clusters = max((int(pair.clusters[k]) for pair, k in zip(pairs, kappa_columns, strict=True)), default=0)

    def mean(values: list[Floats]) -> Floats:
        stacked = np.stack(values, axis=-1) if values else np.empty((0, 0))
        defined = np.isfinite(stacked)
        return compute_ratio(
            (np.where(defined, stacked, 0.0) * counts).sum(axis=-1), (defined * counts).sum(axis=-1)
        )

    value = mean([pair.values[[k]] for pair, k in zip(pairs, kappa_columns, strict=True)])
    return SampledCoefficients(
        coefficients=(MEAN_PAIR_KAPPA,),
        values=value if pairs else np.array([np.nan]),
        support=np.array([counts.sum()], dtype=np.int64),
        clusters=np.array([clusters], dtype=np.int64),
        chance=np.array([np.nan]),
        replicates=mean(
            [pair.replicates[:, [k]] for pair, k in zip(pairs, kappa_columns, strict=True)]
        ).reshape(-1, 1),
        jackknife=mean(
            [pair.jackknife[:, [k]] for pair, k in zip(pairs, kappa_columns, strict=True)]
        ).reshape(-1, 1),
        bootstrap=bootstrap,
        empty_reason=Reason.TOO_FEW_RATERS if not pairs else Reason.NO_PAIRABLE_ITEMS,
    )


def compare_judge_with_gold(labelled: LabelledItems, judge: int, coding: Recoding) -> SampledCoefficients:
    """One judge against gold."""
    gold, verdict = coding.apply(labelled.gold), coding.apply(labelled.verdict[:, judge])
    sums = compute_cell_cluster_sums(gold, verdict, len(coding.answers), labelled.cohort)
    return sample_coefficients(sums, AgreementFormula("gold", get_answer_codes(coding)), labelled.bootstrap)


def compare_judge_with_annotators(
    labelled: LabelledItems, judge: int, coding: Recoding
) -> SampledCoefficients:
    """One judge against every single annotator, all judge-annotator pairs pooled; n counts pairs."""
    verdict, human = coding.apply(labelled.verdict[:, judge]), coding.apply(labelled.human)
    tables = [
        compute_cell_cluster_sums(human[:, h], verdict, len(coding.answers), labelled.cohort)
        for h in range(human.shape[1])
    ]
    # without annotators an empty table still gives every figure, each with its reason
    tables = tables or [
        compute_cell_cluster_sums(np.full_like(verdict, -1), verdict, len(coding.answers), labelled.cohort)
    ]
    return sample_coefficients(pool_cluster_sums(tables), build_pair_formula(coding), labelled.bootstrap)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Leave one annotator out: that annotator and the judge against the majority of the others."""

    annotator: SampledCoefficients
    """The annotator left out against the others; pooled over annotators, n counts ratings."""
    judge: SampledCoefficients
    """The judge against the same others on the same items."""


def compute_ceiling(
    labelled: LabelledItems, judge: int, coding: Recoding, left_out: list[int] | None = None
) -> Ceiling:
    """The human ceiling; ties of the others and items without all three answers do not enter.

    Source of the comparison: Calderon, Reichart & Dror (2025) ACL, section 3 (leave one annotator out).
    """
    human, verdict = coding.apply(labelled.human), coding.apply(labelled.verdict[:, judge])
    others = compute_others_majority(human, len(coding.answers))
    q, cohort = len(coding.answers), labelled.cohort
    annotator_tables, judge_tables = [], []
    for h in range(human.shape[1]) if left_out is None else left_out:
        # judge and annotator are compared on the very same items, so that the difference is paired
        use = (others[:, h] >= 0) & (human[:, h] >= 0) & (verdict >= 0)
        reference = np.where(use, others[:, h], np.int8(-1))
        annotator_tables.append(compute_cell_cluster_sums(reference, human[:, h], q, cohort))
        judge_tables.append(compute_cell_cluster_sums(reference, verdict, q, cohort))
    if not annotator_tables:
        annotator_tables = judge_tables = [
            compute_cell_cluster_sums(np.full_like(verdict, -1), verdict, q, cohort)
        ]
    formula, nothing = build_pair_formula(coding), Reason.TOO_FEW_RATERS
    nothing = nothing if human.shape[1] < 2 else Reason.NO_PAIRABLE_ITEMS
    return Ceiling(
        sample_coefficients(pool_cluster_sums(annotator_tables), formula, labelled.bootstrap, nothing),
        sample_coefficients(pool_cluster_sums(judge_tables), formula, labelled.bootstrap, nothing),
    )


def select_shared_with_judge(labelled: LabelledItems, judge: int, coding: Recoding) -> LabelledItems:
    """The items that the judge and at least two annotators answered."""
    answered = (coding.apply(labelled.human) >= 0).sum(axis=1)
    return labelled.select_items((answered >= 2) & (coding.apply(labelled.verdict[:, judge]) >= 0))


def compare_repeats(ratings: Ratings, labelled: LabelledItems, coding: Recoding) -> SampledCoefficients:
    """Every annotator against their own unannounced second pass, pooled; n counts repeats."""
    # later passes are left out: a third answer to an item is no independent repeat of the first
    again = ratings.rows[ratings.rows["pass_no"] == 2]
    item, rater = again["item"].to_numpy(), again["rater"].to_numpy()
    position = np.full(len(ratings.items), -1)
    position[labelled.items] = np.arange(len(labelled.items))
    # without a first-pass label there is nothing to compare a second pass with
    known = position[item] >= 0
    item, rater = position[item[known]], rater[known]
    second = again["answer"].to_numpy(dtype=np.int8)[known]
    cohort = replace(
        labelled.cohort, cluster=labelled.cohort.cluster[item], weight=labelled.cohort.weight[item]
    )
    sums = compute_cell_cluster_sums(
        coding.apply(labelled.human[item, rater]), coding.apply(second), len(coding.answers), cohort
    )
    return sample_coefficients(sums, build_pair_formula(coding), labelled.bootstrap)
