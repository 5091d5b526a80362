"""Published and independently computed numbers, one test an oracle, by dispatch on its `method`.

The file is named by SECONDREADER_ORACLES (default: ../shared/oracles/oracles_public.json beside the project). Every
handler returns all figures that its method could be asked for; a method or key that is not known fails.
"""

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import beta, false_discovery_control

from secondreader.judge.agreement.alt_test import run_alternative_annotator_test
from secondreader.judge.data.dawid_skene import fit_dawid_skene
from secondreader.judge.data.gold import compute_majority
from secondreader.judge.inference import exact_tests as exact
from secondreader.judge.inference import proportions as intervals
from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.bootstrap import (
    BootstrapDesign,
    SampledCoefficients,
    compute_jackknife_error,
    sample_coefficients,
)
from secondreader.judge.inference.cluster_sums import (
    build_cohort,
    compute_cell_cluster_sums,
    compute_group_cluster_sums,
)
from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.inference.formulas import AgreementFormula
from secondreader.judge.inference.shrinkage import BetaPrior, shrink_rate
from secondreader.judge.inference.tallies import AnswerCodes
from secondreader.judge.lab.calibration import (
    compute_brier_score,
    compute_calibration_error,
    compute_reliability,
    compute_roc_auc,
)
from secondreader.judge.planning.sample_size import (
    compute_design_effect,
    compute_kappa_sample_size,
    compute_labels_for_agreement,
    compute_labels_for_kappa,
    estimate_icc,
)
from tests.real_data import ORACLES as PUBLISHED
from tests.reference import intervals as reference_intervals
from tests.reference import published_errors as analytic
from tests.reference import rate_formulas
from tests.reference.next_items import allocate_neyman

Figures = dict[str, Any]
Input = Mapping[str, Any]
Codes = npt.NDArray[np.int8]

FILE = Path(os.environ.get("SECONDREADER_ORACLES", PUBLISHED))
ORACLES: list[dict[str, Any]] = json.loads(FILE.read_text())


# --- shapes of input ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """Readings in the one shape that the figures take."""

    matrix: Codes
    """Items x raters, codes, -1 missing."""
    names: tuple[Any, ...]
    """The answer behind each code."""
    positive: int
    """Code of the positive answer."""
    levels: tuple[Level, ...] = ()
    """Levels of alpha that can be asked for."""
    cluster: npt.NDArray[np.intp] | None = None
    """Scenario of each item."""

    @property
    def negative(self) -> int:
        """Code of another answer than the positive one."""
        return 0 if self.positive else min(1, len(self.names) - 1)


def is_missing(value: Any) -> bool:
    """Whether an answer is null or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def coded(rows: list[list[Any]], data: Input) -> Answers:
    """Items x raters answers as codes; the positive answer is named, else "yes", 1, or the first."""
    answers = {value for row in rows for value in row if not is_missing(value)} | set(
        data.get("categories", ())
    )
    for usual in ({0, 1}, {"yes", "no"}):
        answers |= usual if answers and answers <= usual else set()
    names = tuple(sorted(answers, key=lambda v: (isinstance(v, str), v)))
    index = {name: code for code, name in enumerate(names)}
    codes = [[-1 if is_missing(v) else index[v] for v in row] for row in rows]
    matrix = np.array(codes, np.int8).reshape(len(rows), len(rows[0]) if rows else 2)
    wanted = [data.get("positive"), "yes", "risky", 1, True]
    positive = next((index[w] for w in wanted if w is not None and w in index), 0)
    numeric = bool(names) and not any(isinstance(name, str) for name in names)
    levels: tuple[Level, ...] = (
        ("nominal", "ordinal", "interval", "ratio") if numeric else ("nominal", "ordinal")
    )
    cluster = next((data[k] for k in ("cluster", "clusters", "scenario") if k in data), None)
    where = None if cluster is None else np.unique(cluster, return_inverse=True)[1]
    return Answers(matrix, names, positive, levels, where)


PAIRS: tuple[tuple[str, str], ...] = (
    ("human", "judge"),
    ("gold", "judge"),
    ("labels", "preds"),
    ("test_labels", "test_preds"),
    ("y_true", "y_pred"),
    ("rater1", "rater2"),
    ("a", "b"),
    ("x", "y"),
    ("r1", "r2"),
)


def from_table(table: list[list[float]]) -> list[list[Any]]:
    """One row an item from a table of counts; the first category keeps the first place."""
    cells = np.asarray(table)
    if (cells != np.round(cells)).any():
        raise TypeError("a table of shares has no items")
    return [[i, j] for i in range(len(cells)) for j in range(len(cells)) for _ in range(round(cells[i, j]))]


def from_long(data: Input) -> list[list[Any]]:
    """Items x raters from parallel lists item, rater and rating; a repeat gets a column of its own."""
    rating = next(data[k] for k in ("rating", "answer", "label", "ratings", "answers") if k in data)
    cells: dict[Any, dict[tuple[Any, int], Any]] = {}
    for item, rater, value in zip(data["item"], data["rater"], rating, strict=True):
        row = cells.setdefault(item, {})
        row[(rater, sum(1 for r, _ in row if r == rater))] = value
    columns = sorted({key for row in cells.values() for key in row}, key=str)
    return [[cells[item].get(key) for key in columns] for item in sorted(cells)]


def from_counts(counts: list[list[int]]) -> list[list[Any]]:
    """Items x answers counts as ratings; raters are exchangeable."""
    rows = [[q for q, k in enumerate(row) for _ in range(int(k))] for row in counts]
    width = max(map(len, rows))
    return [row + [None] * (width - len(row)) for row in rows]


def read_answers(data: Input) -> Answers:
    """Any of the shapes that a set of readings comes in."""
    if "item" in data and "rater" in data:
        return coded(from_long(data), data)
    if "ratings_units_x_raters" in data:
        return coded(data["ratings_units_x_raters"], data)
    if "ratings" in data and isinstance(data["ratings"], Mapping):
        return coded(from_nested(data["ratings"]), data)
    if "ratings" in data:
        return coded([list(row) for row in zip(*data["ratings"], strict=True)], data)
    if "counts" in data:
        return coded(from_counts(data["counts"]), data)
    if "table" in data or "matrix" in data:
        return two_way(data)
    for one, two in PAIRS:
        if one in data and two in data:
            return coded([list(pair) for pair in zip(data[one], data[two], strict=True)], data)
    if "humans" in data:
        return coded(from_nested(data["humans"]), data)
    pytest.fail(f"no known shape of readings in {sorted(data)}")


def from_nested(raters: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    """Items x raters from rater -> item -> answer."""
    items = sorted({item for answers in raters.values() for item in answers})
    return [[answers.get(item) for answers in raters.values()] for item in items]


def two_way(data: Input) -> Answers:
    """A square table: the first category is the positive one."""
    table = data.get("table", data.get("matrix"))
    assert table is not None
    found = coded(from_table(table), {**data, "categories": list(range(len(table)))})
    return Answers(found.matrix, found.names, 0, found.levels)


# --- agreement ------------------------------------------------------------------------------------------------

ALIASES = {
    "raw": ("po", "pa", "raw_agreement", "percent_agreement", "observed_agreement", "accuracy"),
    "positive_agreement": ("ppa", "specific_positive"),
    "negative_agreement": ("npa", "specific_negative"),
    "kappa": ("cohen_kappa", "cohen"),
    "fleiss": ("scott_pi", "fleiss_kappa", "scott"),
    "conger": ("conger_kappa",),
    "alpha": ("nominal", "krippendorff_alpha", "alpha_nominal"),
    "alpha_ordinal": ("ordinal",),
    "alpha_interval": ("interval",),
    "alpha_ratio": ("ratio",),
    "pabak": ("free_marginal_kappa", "brennan_prediger", "bp", "randolph"),
    "ac1": ("gwet_ac1", "gwet"),
    "sensitivity": ("recall", "tpr", "se"),
    "specificity": ("tnr", "sp"),
    "ppv": ("precision",),
}


def spread_aliases(figures: Figures) -> Figures:
    """Every figure under its other names too, where these are free."""
    for name, others in ALIASES.items():
        for other in others:
            if name in figures:
                figures.setdefault(other, figures[name])
    return figures


def estimates(sampled: SampledCoefficients) -> Figures:
    """The engine's own Estimates, so that an undefined figure must carry its reason."""
    return {one.name: one for one in sampled.build_estimates()}


def group_figures(answers: Answers) -> Figures:
    """Coefficients of any number of raters."""
    n = len(answers.matrix)
    cluster = np.arange(n) if answers.cluster is None else answers.cluster
    numbers = tuple(map(float, answers.names)) if "interval" in answers.levels else ()
    more = tuple(level for level in answers.levels if level != "nominal")
    codes = AnswerCodes(max(len(answers.names), 1), answers.positive, answers.negative, numbers)
    formula = AgreementFormula("group", codes, more)
    cohort = build_cohort(cluster, np.ones(n))
    sums = compute_group_cluster_sums(answers.matrix, codes.n_answers, cohort)
    drawn = sample_coefficients(sums, formula, BootstrapDesign(cohort.n_clusters, resamples=200))
    figures = estimates(drawn)
    error = compute_jackknife_error(drawn.jackknife)
    figures |= {f"{c.name}_jackknife_se": error[k] for k, c in enumerate(drawn.coefficients)}
    specific = formula.read_sums(sums.weighted.sum(axis=0)).specific
    figures |= {f"category_{name}": none_if_nan(specific[q]) for q, name in enumerate(answers.names)}
    return figures


def none_if_nan(value: Any) -> float | None:
    """NaN of the array functions as the engine's None."""
    return None if np.isnan(value) else float(value)


def pair_figures(answers: Answers) -> Figures:
    """Coefficients of two raters; the first is the reference (human, gold)."""
    n, q = len(answers.matrix), max(len(answers.names), 2)
    cohort = build_cohort(np.arange(n), np.ones(n))
    formula = AgreementFormula("gold", AnswerCodes(q, answers.positive, answers.negative))
    sums = compute_cell_cluster_sums(answers.matrix[:, 0], answers.matrix[:, 1], q, cohort)
    drawn = sample_coefficients(sums, formula, BootstrapDesign(n, resamples=50))
    figures = estimates(drawn)
    at = drawn.find_index("kappa")
    both = np.array(sums.weighted.sum(axis=0)[:-1]).reshape(q, q)
    figures["pe"] = none_if_nan(drawn.chance[at])
    if not both.sum():
        return figures
    limits = intervals.compute_wilson_interval(float(np.trace(both)), float(both.sum()))
    return figures | {"raw_ci": [limits.low, limits.high]} | kappa_figures(both, None)


def kappa_figures(table: npt.ArrayLike, n: float | None) -> Figures:
    """Analytic errors of kappa and AC1 from a table."""
    cells = np.asarray(table, float)
    test = analytic.run_kappa_test(cells, n)
    figures: Figures = {
        "ase": test.error,
        "kappa_se": test.error,
        "ci_low": test.low,
        "ci_high": test.high,
        "kappa_ci": [test.low, test.high],
        "ase_h0": test.error_null,
        "z": test.z,
        "p_two_sided": test.p_two_sided,
    }
    if (cells == np.round(cells)).all():
        by_gwet = analytic.linearise_table(cells.astype(np.int64))
        figures |= {
            "ac1_se": by_gwet.ac1.error,
            "ac1_ci": [by_gwet.ac1.low, by_gwet.ac1.high],
            "kappa_se_gwet": by_gwet.kappa.error,
            "kappa_ci_gwet": [by_gwet.kappa.low, by_gwet.kappa.high],
        }
    return figures


def agreement(data: Input) -> Figures:
    """Everything known of a set of ratings; two raters get the judge's figures too."""
    if "table" in data and (np.asarray(data["table"]) % 1 != 0).any():
        return share_table(data)
    answers = read_answers(data)
    figures = group_figures(answers)
    if answers.matrix.shape[1] == 2:
        # with missing answers the group's figures use every item, the table's only those with both
        figures = pair_figures(answers) | figures
    return spread_aliases(figures)


def share_table(data: Input) -> Figures:
    """A table of shares: values by the formulas, errors from n."""
    cells = np.asarray(data["table"], float)
    n = float(data.get("n", cells.sum()))
    formula = AgreementFormula("gold", AnswerCodes(len(cells), 0, 1))
    sums = np.append(cells / cells.sum() * n, n)
    values = formula.values(sums)
    figures = {c.name: none_if_nan(values[k]) for k, c in enumerate(formula.coefficients)}
    return spread_aliases(figures | kappa_figures(cells, n))


def fleiss(data: Input) -> Figures:
    """Fleiss' kappa as first published, and the general form beside it."""
    answers = read_answers(data)
    figures = agreement(data)
    counts = analytic.count_answers(answers.matrix, len(answers.names))
    figures["kappa"] = figures["fleiss"]
    if len(set(counts.sum(axis=1))) == 1:
        test = analytic.run_fleiss_test(counts)
        figures |= {
            "z": test.z,
            "category_kappa": test.category_kappa.tolist(),
            "percent_unanimous": test.percent_unanimous,
            "free_marginal_kappa": test.free_marginal_kappa,
        }
    return figures


def cac(data: Input) -> Figures:
    """Gwet's four coefficients with linearised errors, each a group of figures."""
    answers = read_answers(data)
    makers = {
        "ac1": analytic.linearise_ac1,
        "fleiss": analytic.linearise_fleiss,
        "alpha": analytic.linearise_alpha,
        "conger": analytic.linearise_conger,
    }
    figures = agreement(data)
    for name, make in makers.items():
        one = make(answers.matrix, len(answers.names))
        nested = {"pa": one.observed, "pe": one.expected, "value": one.value, "se": one.error}
        figures[name] = nested | {"ci_low": one.low, "ci_high": one.high, "coeff": one.value}
    figures |= {"gwet": figures["ac1"], "krippendorff": figures["alpha"], "cohen": figures["conger"]}
    return figures


def classifier(data: Input) -> Figures:
    """A judge against gold, from four counts or from two lists."""
    if "tp" not in data:
        return agreement(data)
    table = [[data["tp"], data["fn"]], [data["fp"], data["tn"]]]
    return agreement({"table": table})


def intra_rater(data: Input) -> Figures:
    """Two or more passes of one rater: alpha, and how many items changed."""
    figures = agreement(data)
    matrix = read_answers(data).matrix
    changed = [len(set(row[row >= 0])) > 1 for row in matrix if (row >= 0).sum() >= 2]
    share = float(np.mean(changed))
    return figures | {
        "n_changed": sum(changed),
        "changed": sum(changed),
        "n": len(changed),
        "flip_rate": share,
    }


# --- consensus ------------------------------------------------------------------------------------------------


def skene(data: Input) -> Figures:
    """Dawid and Skene from parallel lists, repeats by one rater counted together."""
    rating = data.get("rating", data.get("answer"))
    items, raters, answers = (
        np.unique(x, return_inverse=True) for x in (data["item"], data["rater"], rating)
    )
    counts = np.zeros((len(items[0]), len(raters[0]), len(answers[0])))
    np.add.at(counts, (items[1], raters[1], answers[1]), 1)
    model = fit_dawid_skene(counts, np.ones(len(counts)))
    figures: Figures = {
        "class_marginals": model.marginals.tolist(),
        "marginals": model.marginals.tolist(),
        "loglik": model.log_likelihood,
        "map": [answers[0][k] for k in model.posterior.argmax(axis=1)],
    }
    for r, rater in enumerate(raters[0]):
        figures[f"observer{rater}_errors"] = model.errors[r].tolist()
        for q, name in enumerate(answers[0]):
            for prefix in ("observer", "rater"):
                figures[f"{prefix}{rater}_error_row{name}"] = model.errors[r, q].tolist()
    figures |= {f"posterior_item{item}": model.posterior[i].tolist() for i, item in enumerate(items[0])}
    return figures


def majority_vote(data: Input) -> Figures:
    """The consensus of each item, null where tied."""
    answers = read_answers(data)
    gold = compute_majority(answers.matrix, len(answers.names))
    named = [answers.names[g] if g >= 0 else None for g in gold]
    return {"gold": named, "majority": named, "labels": named, "n_ties": int((gold == -2).sum())}


def alternative(data: Input) -> Figures:
    """The alternative annotator test."""
    items = sorted(data["llm"])
    humans = np.array([[h.get(i, np.nan) for i in items] for h in data["humans"].values()], float)
    clusters = data.get("cluster", data.get("clusters"))
    where = None if clusters is None else np.unique([str(clusters[i]) for i in items], return_inverse=True)[1]
    found = run_alternative_annotator_test(
        humans,
        np.array([data["llm"][i] for i in items], float),
        cluster=where,
        epsilon=data.get("epsilon", 0.2),
        q=data.get("q", data.get("q_fdr", 0.05)),
        fewest_items=data.get("min_instances_per_human", 30),
        fewest_humans=data.get("min_humans_per_instance", 2),
        score=data.get("scoring", data.get("scoring_function", "accuracy")),
        names=tuple(data["humans"]),
    )
    return {
        "winning_rate": found.winning_rate,
        "omega": found.winning_rate,
        "winning_rate_cluster": found.winning_rate_cluster,
        "advantage_probability": found.advantage_probability,
        "rho": found.advantage_probability,
        "passes": found.passes,
        "p_values": [duel.p for duel in found.duels],
        "p": {duel.annotator: duel.p for duel in found.duels},
        "p_values_cluster": [duel.p_cluster for duel in found.duels],
        "rejected": [duel.rejected for duel in found.duels],
    }


# --- shares, rates, probabilities -----------------------------------------------------------------------------


def share_intervals(data: Input) -> Figures:
    """Intervals of one share, by name of the method."""
    cases = data.get("cases") or [[first_of(data, "k", "positives", "x", "successes"), data["n"]]]
    level = data.get("level", 1 - data["alpha"] if "alpha" in data else 0.95)
    methods = {
        "wilson": intervals.compute_wilson_interval,
        "wilson_corrected": reference_intervals.compute_corrected_wilson_interval,
        "wilson_cc": reference_intervals.compute_corrected_wilson_interval,
        "clopper_pearson": reference_intervals.compute_clopper_pearson_interval,
        "exact": reference_intervals.compute_clopper_pearson_interval,
        "jeffreys": reference_intervals.compute_jeffreys_interval,
        "agresti_coull": reference_intervals.compute_agresti_coull_interval,
    }
    figures: Figures = {}
    for name, method in methods.items():
        limits = [[i.low, i.high] for i in (method(k, n, level) for k, n in cases)]
        figures[name] = limits if "cases" in data else limits[0]
    return figures


def first_of(data: Input, *names: str) -> Any:
    """The first of several keys that the input has."""
    for name in names:
        if name in data:
            return data[name]
    pytest.fail(f"none of {names} in {sorted(data)}")


def difference_interval(data: Input) -> Figures:
    """Newcombe's interval of a difference."""
    found = intervals.compute_newcombe_interval(data["k1"], data["n1"], data["k2"], data["n2"])
    gap = data["k1"] / data["n1"] - data["k2"] / data["n2"]
    return {"difference": gap, "ci": [found.low, found.high], "newcombe": [found.low, found.high]}


def rogan(found: rate_formulas.RoganGladenResult) -> Figures:
    """A Rogan-Gladen result under every name."""
    figures: Figures = {
        "apparent": found.apparent,
        "se": found.sensitivity,
        "sp": found.specificity,
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
        "prevalence": found.estimate,
        "theta": found.estimate,
        "prevalence_untruncated": found.raw,
        "se_delta": found.standard_error,
        "ci_low": found.estimate.low,
        "ci_high": found.estimate.high,
    }
    if found.raw_interval is not None:
        low, high = found.raw_interval.low, found.raw_interval.high
        figures |= {"ci": [low, high], "ci_low_wilson_untruncated": low, "ci_high_wilson": high}
        figures |= {"ci_low_wilson": found.estimate.low, "ci_high_wilson_untruncated": high}
    return figures


def rogan_known(data: Input) -> Figures:
    """Se and Sp known."""
    return rogan(
        rate_formulas.compute_rogan_gladen_known(data["positive"], data["n"], data["se"], data["sp"])
    )


def rogan_delta(data: Input) -> Figures:
    """Se and Sp estimated: delta method."""
    names = ("tp", "n_pos", "tn", "n_neg", "judge_positive", "n_total")
    return rogan(
        rate_formulas.compute_rogan_gladen_delta(rate_formulas.JudgeCounts(*(data[k] for k in names)))
    )


def rogan_labels(data: Input) -> Figures:
    """Se and Sp from lists of labels."""
    labels, preds, other = (
        np.array(data[k], float) for k in ("test_labels", "test_preds", "unlabeled_preds")
    )
    return rogan(rate_formulas.compute_rogan_gladen_from_labels(labels, preds, other))


def prediction_powered(data: Input) -> Figures:
    """PPI at lambda 1, PPI++, and the two extremes."""
    y, f, other = data["Y"], data["Yhat"], data["Yhat_unlabeled"]
    level = 1 - data.get("alpha", 0.05)
    one, best, none = (
        rate_formulas.compute_ppi_mean(y, f, other, power, level) for power in (1.0, None, 0.0)
    )
    return {
        "ppi_point_lam1": one.estimate,
        "ppi_ci_lam1": [one.estimate.low, one.estimate.high],
        "ppipp_point": best.estimate,
        "ppipp_ci": [best.estimate.low, best.estimate.high],
        "ppipp_lambda": best.power,
        "classical_point": none.estimate,
        "classical_ci": [none.estimate.low, none.estimate.high],
        "judge_only": float(np.mean([*f, *other])),
        "judge_only_unlabeled": float(np.mean(other)),
    }


def strata(data: Input) -> Figures:
    """A stratified rate of a finite population."""
    found = rate_formulas.compute_stratified_prevalence(data["n"], data["positives"], data["stratum_sizes"])
    one = found.estimate
    return {
        "prevalence": one,
        "se_plugin": found.standard_error,
        "se": found.standard_error,
        "ci": [one.low, one.high],
    }


def probabilities(data: Input) -> Figures:
    """Brier, ECE, AUC and the reliability diagram."""
    y, p = np.array(data["y"], float), np.array(data["p"], float)
    bins = int(data.get("bins", data.get("n_bins", 10)))
    points = compute_reliability(y, p, bins)
    auc = compute_roc_auc(y, p)
    return {
        "brier": compute_brier_score(y, p),
        "auc": auc,
        "roc_auc": auc,
        "ece": compute_calibration_error(y, p, bins),
        "bin_predicted": [b.predicted for b in points],
        "bin_observed": [b.observed for b in points],
        "bin_n": [b.n for b in points],
    }


# --- tests and plans ------------------------------------------------------------------------------------------


def kappa_n(data: Input) -> Figures:
    """Cantor's sample size."""
    names = ("rate1", "rate2", "k1", "k0", "alpha", "power", "two_sided")
    return {"n": compute_kappa_sample_size(**{name: data[name] for name in names if name in data})}


def half_width_n(data: Input) -> Figures:
    """Labels for a half-width of kappa, or of raw agreement."""
    rate, kappa, half = data["prevalence"], data["kappa"], data["half_width"]
    return {
        "n": compute_labels_for_kappa(rate, kappa, half),
        "n_raw": compute_labels_for_agreement(rate, kappa, half),
    }


def kish(data: Input) -> Figures:
    """Design effect, and the correlation where a pilot is given."""
    icc = data.get("icc")
    if icc is None:
        icc = estimate_icc(data["values"], data["cluster"])
    m = (
        first_of(data, "m", "cluster_size", "per_scenario")
        if set(data) & {"m", "cluster_size", "per_scenario"}
        else 1
    )
    effect = None if icc is None else compute_design_effect(m, icc)
    return {"icc": icc, "deff": effect, "design_effect": effect}


def neyman(data: Input) -> Figures:
    """Neyman's allocation without a floor."""
    sizes = first_of(data, "sizes", "stratum_sizes", "N")
    spread = data.get("sd")
    if spread is None:
        rate = np.asarray(first_of(data, "p", "rates"), float)
        spread = np.sqrt(rate * (1 - rate)).tolist()
    given = allocate_neyman(sizes, spread, first_of(data, "total", "n"), floor=data.get("floor", 0)).tolist()
    return {"n": given, "allocation": given}


def adjusted(data: Input) -> Figures:
    """Adjusted p-values of one list by every method."""
    p, q = (
        np.asarray(first_of(data, "p", "p_values", "pvalues"), float),
        data.get("q", data.get("alpha", 0.05)),
    )
    by_method = {
        "bh": false_discovery_control(p, method="bh"),
        "by": false_discovery_control(p, method="by"),
        "holm": exact.adjust_holm(p),
        "bonferroni": np.minimum(p * len(p), 1.0),
    }
    own = data.get("method", data.get("procedure", "bh"))
    figures: Figures = {"adjusted_p": by_method[own].tolist()}
    for name, values in by_method.items():
        figures[f"adjusted_p_{name}"] = figures[f"adjusted_{name}"] = values.tolist()
        # an adjusted p of exactly q is rejected, also after rounding
        figures[f"n_rejected_{name}"] = int((values <= q + 1e-12).sum())
    return figures | {"n_rejected": figures[f"n_rejected_{own}"]}


def only_adjusted(name: str) -> Callable[[Input], Figures]:
    """The adjustments with one of them as the one meant by `adjusted_p`."""
    return lambda data: adjusted({**data, "method": name})


def mcnemar(data: Input) -> Figures:
    """McNemar's test from a table or from the discordant counts."""
    b, c = data["discordant"] if "discordant" in data else (data["table"][0][1], data["table"][1][0])
    found = exact.run_mcnemar_test(b, c)
    names = ("b", "c", "chi2", "p", "chi2_cc", "p_cc", "p_exact", "p_midp", "share")
    figures: Figures = {name: getattr(found, name) for name in names}
    return figures | {
        "share_ci": [found.low, found.high],
        "ci": [found.low, found.high],
        "n_discordant": b + c,
    }


def slice_table(data: Input) -> Figures:
    """A slice against the rest, items independent."""
    found = exact.compare_slice_with_rest(data["errors_in"], data["n_in"], data["errors_out"], data["n_out"])
    names = ("rate_in", "rate_out", "difference", "risk_ratio", "odds_ratio", "fisher_p")
    return {name: getattr(found, name) for name in names} | {"p": found.fisher_p}


def beta_binomial(data: Input) -> Figures:
    """The posterior of a slice's rate; `p_gt_0_10` asks for the chance that it exceeds .10."""
    found = shrink_rate(data["k"], data["n"], BetaPrior(data["a"], data["b"]), data.get("level", 0.95))
    figures: Figures = {"mean": found.mean, "a": found.a, "b": found.b}
    figures |= {f"ci{level}": [found.low, found.high] for level in ("", 95, "_95")}
    if data.get("level") is None:
        narrow = shrink_rate(data["k"], data["n"], BetaPrior(data["a"], data["b"]), 0.9)
        figures |= {"ci90": [narrow.low, narrow.high]}
    return figures | {
        f"p_gt_{k / 100:.2f}".replace(".", "_"): beta.sf(k / 100, found.a, found.b) for k in range(1, 100)
    }


METHODS: dict[str, Callable[[Input], Figures]] = {
    "krippendorff_alpha": agreement,
    "cohen_kappa_table": agreement,
    "cohen_kappa": agreement,
    "binary_2x2": agreement,
    "two_rater_table": agreement,
    "specific_agreement": agreement,
    "undefined": agreement,
    "conger_kappa": agreement,
    "percent_agreement": agreement,
    "raw_agreement": agreement,
    "gwet_ac1": agreement,
    "scott_pi": agreement,
    "pabak": agreement,
    "cluster_jackknife": agreement,
    "fleiss_kappa": fleiss,
    "multi_rater_cac": cac,
    "binary_classifier": classifier,
    "mcc": classifier,
    "confusion": classifier,
    "balanced_accuracy": classifier,
    "intra_rater": intra_rater,
    "dawid_skene": skene,
    "majority": majority_vote,
    "majority_vote": majority_vote,
    "alt_test": alternative,
    "proportion_ci": share_intervals,
    "wilson": share_intervals,
    "clopper_pearson": share_intervals,
    "proportion_difference": difference_interval,
    "newcombe": difference_interval,
    "rogan_gladen": rogan_known,
    "rogan_gladen_delta": rogan_delta,
    "rogan_gladen_from_labels": rogan_labels,
    "ppi_mean": prediction_powered,
    "stratified_prevalence": strata,
    "calibration": probabilities,
    "brier": probabilities,
    "ece": probabilities,
    "roc_auc": probabilities,
    "kappa_sample_size": kappa_n,
    "kappa_half_width": half_width_n,
    "design_effect": kish,
    "icc": kish,
    "neyman_allocation": neyman,
    "benjamini_hochberg": adjusted,
    "benjamini_yekutieli": only_adjusted("by"),
    "holm": only_adjusted("holm"),
    "bonferroni": only_adjusted("bonferroni"),
    "mcnemar": mcnemar,
    "sign_test": mcnemar,
    "slice_vs_rest": slice_table,
    "fisher_exact": slice_table,
    "beta_binomial": beta_binomial,
}


# --- comparison -----------------------------------------------------------------------------------------------


def tolerance(tol: Any, key: str) -> float:
    """The tolerance of one key: its own, the default, or the one number for all."""
    if not isinstance(tol, Mapping):
        return float(tol)
    for name in (key, key.split(".")[-1], "default"):
        if name in tol:
            return float(tol[name])
    return 1e-9


def look_up(figures: Figures, key: str, where: str) -> Any:
    """The figure that a key asks for; `_precise` asks for the same figure with more digits."""
    for name in (key, re.sub(r"_(precise|exact_value)$", "", key)):
        if name in figures:
            return figures[name]
    pytest.fail(f"{where}: no figure {key!r}; known: {', '.join(sorted(map(str, figures)))}")


def differs(found: Any, expected: Any, tol: float) -> bool:
    """Whether one figure misses its expected value; null must be undefined with a reason."""
    if isinstance(expected, list):
        same = len(found) == len(expected)
        return not same or any(differs(f, e, tol) for f, e in zip(found, expected, strict=True))
    if expected is None:
        undefined = (
            found.value is None and found.reason is not None if isinstance(found, Estimate) else found is None
        )
        return not undefined
    if isinstance(found, Estimate):
        found = found.value
    if found is None:
        return True
    if isinstance(expected, bool | str):
        return bool(found != expected)
    # half a unit in the last place of a double, so that tolerance 0 means equal
    return not abs(float(found) - expected) <= tol + 1e-15 * abs(expected)


def misses(figures: Figures, expected: Mapping[str, Any], tol: Any, prefix: str = "") -> list[str]:
    """One line for each expected value that is not met."""
    lines = []
    for key, value in expected.items():
        found = look_up(figures, key, prefix or "oracle")
        if isinstance(value, Mapping):
            lines += misses(found, value, tol, f"{prefix}{key}.")
        elif differs(found, value, tolerance(tol, prefix + key)):
            shown = found.value if isinstance(found, Estimate) else found
            lines.append(f"{prefix}{key}: expected {value}, found {shown}")
    return lines


@pytest.mark.skipif(not ORACLES, reason=f"no oracle file at {FILE.name}: set SECONDREADER_ORACLES to one")
@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: str(oracle["id"]))
def test_oracle(oracle: dict[str, Any]) -> None:
    """Every expected number of the oracle is met to its tolerance."""
    method = oracle["method"]
    if method not in METHODS:
        pytest.fail(f"method {method!r} is not known; known: {', '.join(sorted(METHODS))}")
    figures = METHODS[method](oracle["input"])
    assert oracle["expected"], "an oracle without expectations proves nothing"
    assert misses(figures, oracle["expected"], oracle.get("tol", 1e-9)) == []


@pytest.mark.parametrize(
    ("data", "undefined"),
    [
        ({"ratings": [[1, 0, 1]]}, ["alpha", "fleiss", "raw"]),
        ({"ratings": [[None, None], [None, None]]}, ["raw", "kappa", "alpha", "ac1"]),
        ({"human": [], "judge": []}, ["raw", "kappa", "mcc", "sensitivity", "f1"]),
        ({"human": [1, None], "judge": [None, 0]}, ["raw", "kappa", "ppv"]),
        ({"table": [[0, 0], [0, 30]]}, ["kappa", "mcc", "sensitivity", "ppa", "alpha"]),
        ({"item": [1, 2], "rater": ["a", "b"], "rating": ["yes", "no"]}, ["raw", "alpha"]),
        ({"counts": [[2, 0], [2, 0]]}, ["fleiss", "alpha"]),
    ],
)
def test_degenerate_ratings_are_undefined_with_a_reason(data: Input, undefined: list[str]) -> None:
    """Whatever the shape of the input, what cannot be computed is an Estimate with a reason."""
    figures = agreement(data)
    assert misses(figures, dict.fromkeys(undefined), 0) == []
    assert all(isinstance(figures[name], Estimate) for name in undefined)


def test_the_comparison_can_fail() -> None:
    """Wrong values, wrong lengths, defined where null is expected, and unknown keys are all noticed."""
    assert misses({"a": 1.0}, {"a": 1.1}, 0.05)
    assert not misses({"a": 1.0}, {"a_precise": 1.1}, {"default": 0.2})
    assert misses({"a": [1.0]}, {"a": [1.0, 2.0]}, 1)
    assert misses({"a": 0.0}, {"a": None}, 1)
    assert misses({"a": None}, {"a": 0.0}, 1)
    assert misses({"g": {"a": 1.0}}, {"g": {"a": 2.0}}, {"a": 0.1})
    with pytest.raises(pytest.fail.Exception, match="no figure 'b'"):
        misses({"a": 1.0}, {"b": 1.0}, 1)
