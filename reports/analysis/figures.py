"""Every figure of an analysis in one flat frame: one place for report, console and command line."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.judge.agreement.alt_test import (
    ADVANTAGE_PROBABILITY,
    WINNING_RATE,
    WINNING_RATE_BY_SCENARIO,
)
from secondreader.judge.agreement.comparisons import MEAN_PAIR_KAPPA
from secondreader.judge.disagreement.error_measures import ERROR_DIFFERENCES
from secondreader.judge.inference.coefficients import list_brief_names
from secondreader.judge.inference.estimate import Estimate
from secondreader.judge.rates.corrected import HEADLINE_ESTIMATOR

if TYPE_CHECKING:
    from secondreader.judge.agreement.alt_test import AltTestResult
    from secondreader.judge.agreement.report import AgreementResult
    from secondreader.judge.quality.label_quality import QualityResult
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.preparation import Preparation
    from secondreader.reports.analysis.scenario_review import QuestionEstimate

SCOPE_COLUMNS = ("section", "judge", "one", "two", "slice_name", "slice_value", "unsure", "headline")
"""Who and where: section is the kind of comparison; one and two are the sides; unsure is what became of it."""
ESTIMATE_COLUMNS = (
    "name",
    "label",
    "value",
    "low",
    "high",
    "unit",
    "n",
    "n_clusters",
    "level",
    "method",
    "formula",
    "source",
    "reason",
    "interval_reason",
    "warnings",
)
"""What is known of a figure: the fields of Estimate."""


def build_estimates_table(
    agreement: "AgreementResult",
    quality: "QualityResult",
    preparation: "Preparation",
    review: Iterable["QuestionEstimate"],
    judges: Iterable["JudgeAnalysis"],
) -> pd.DataFrame:
    """One row a figure, in SCOPE_COLUMNS then ESTIMATE_COLUMNS."""
    rows = [
        *collect_agreement_rows(agreement),
        *collect_quality_rows(quality),
        *collect_preparation_rows(preparation),
        *collect_review_rows(review),
    ]
    for part in judges:
        rows += [*collect_alt_test_rows(part.alt_test), *collect_rate_rows(part), *collect_slice_rows(part)]
    return pd.DataFrame(rows, columns=[*SCOPE_COLUMNS, *ESTIMATE_COLUMNS])


def make_estimate_row(section: str, estimate: Estimate, **scope: Any) -> dict[str, Any]:
    """One figure as a row."""
    blank: dict[str, Any] = dict.fromkeys(SCOPE_COLUMNS, "")
    return {**blank, "headline": True, **scope, "section": section, **estimate.build_row()}


def collect_agreement_rows(agreement: "AgreementResult") -> Iterator[dict[str, Any]]:
    """Figures of `agree`; its group is our section."""
    for figure in agreement.estimates:
        # judge knows groups of comparisons, a report knows sections: they are the same here
        row = figure.build_row()
        yield {"section": row.pop("group"), **row}


def collect_quality_rows(quality: "QualityResult") -> Iterator[dict[str, Any]]:
    """Flip rate, alpha on repeats and unsure rate of each annotator."""
    if quality.raters:
        yield make_estimate_row("label quality", quality.flip_rate, one="all annotators")
    for rater in quality.raters:
        for estimate in (rater.flip_rate, rater.repeat_alpha, rater.unsure_rate):
            yield make_estimate_row("label quality", estimate, one=rater.rater)


def collect_review_rows(review: Iterable["QuestionEstimate"]) -> Iterator[dict[str, Any]]:
    """Every question of a review of scenarios."""
    for question, estimate in review:
        yield make_estimate_row("review", estimate, one=question)


def collect_preparation_rows(preparation: "Preparation") -> Iterator[dict[str, Any]]:
    """Agreement in the norming round before and after the discussion; guesses of the model, if there are any."""
    for when, estimate in preparation.norming:
        yield make_estimate_row("calibration", estimate, one=when)
    if preparation.n_guessers:
        yield make_estimate_row("guesses", preparation.guesses.rate)
        yield make_estimate_row("guesses", preparation.guesses.chance)


def collect_alt_test_rows(test: "AltTestResult") -> Iterator[dict[str, Any]]:
    """Winning rates and advantage probability of the alternative annotator test, where it could be made."""
    figures = (
        (WINNING_RATE, test.winning_rate),
        (WINNING_RATE_BY_SCENARIO, test.winning_rate_cluster),
        (ADVANTAGE_PROBABILITY, test.advantage_probability),
    )
    # annotators with too few shared items have no p and do not enter the winning rate
    tested = sum(duel.p is not None for duel in test.duels)
    for measure, value in figures:
        if value is not None:
            estimate = Estimate(measure, value, n=tested, method=f"epsilon {test.epsilon:g}")
            yield make_estimate_row("alternative annotator test", estimate, judge=test.judge)


def collect_rate_rows(part: "JudgeAnalysis") -> Iterator[dict[str, Any]]:
    """Rates by every estimator and group, and differences between groups."""
    for group in (part.rates.overall, *part.rates.groups):
        for estimate in group.rates.values():
            yield make_estimate_row(
                "rate", estimate, judge=part.judge, slice_name=group.column, slice_value=group.group
            )
    for difference in part.rates.differences:
        for estimate in (difference.naive, difference.corrected):
            yield make_estimate_row(
                "rate difference",
                estimate,
                judge=part.judge,
                one=difference.group,
                two=difference.reference,
                slice_name=difference.column,
            )


def collect_slice_rows(part: "JudgeAnalysis") -> Iterator[dict[str, Any]]:
    """Difference of the error rate inside and outside each tested slice; the adjusted p stands in the method."""
    search = part.findings
    for tests in (search.build_frame(), search.unparsed):
        for row in tests.to_dict("records"):
            how = f"scenario permutation, B={search.permutations}, seed {search.seed}"
            estimate = Estimate(
                ERROR_DIFFERENCES[str(row["statistic"])],
                float(row["difference"]),
                low=float(row["low"]),
                high=float(row["high"]),
                n=int(row["n_in"]),
                n_clusters=search.n_clusters,
                # the columns are those of every estimate, so that the adjusted p has no column of its own
                method=f"{how}; adjusted p = {row['p_adjusted']:.4f}, q = {row['q']:.4f}",
            )
            yield make_estimate_row(
                "slice test",
                estimate,
                judge=part.judge,
                one="inside",
                two="outside",
                slice_name=row["attributes"],
                slice_value=row["values"],
            )


RATE_ESTIMATES = ("naive", HEADLINE_ESTIMATOR)
"""The judge's own rate, and what the labels make of it."""


def list_human_names() -> tuple[str, ...]:
    """Figures of people with each other that charts and short tables show, in their order."""
    return (*list_brief_names("group"), MEAN_PAIR_KAPPA.name)


def list_judge_names() -> tuple[str, ...]:
    """Figures of a judge against gold that charts and short tables show, in their order."""
    return list_brief_names("gold")


def select_headline_estimates(estimates: pd.DataFrame, section: str, **scope: Any) -> pd.DataFrame:
    """The headline figures of a section over all items, narrowed by scope columns."""
    conditions = {"headline": True, "slice_name": "", "slice_value": "", **scope}
    keep = estimates["section"] == section
    for name, value in conditions.items():
        keep &= estimates[name] == value
    return estimates[keep]


def order_rows(estimates: pd.DataFrame, names: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the named figures, in the order of the names."""
    rank = {name: number for number, name in enumerate(names)}
    return sorted(list_rows(estimates[estimates["name"].isin(rank)]), key=lambda row: rank[row["name"]])


def list_rows(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts keyed by text."""
    return [{str(key): value for key, value in row.items()} for row in estimates.to_dict("records")]
