"""What is computed for each judge besides agreement: corrected rates, the alternative annotator test, its errors."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from secondreader.judge.agreement.alt_test import AltTestResult, run_alt_test
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold
from secondreader.judge.data.slices import MISSING, cut_slices
from secondreader.judge.disagreement.finding import Findings
from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.rates.corrected import RatesResult, estimate_corrected_rates
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.study_facts import StudySummary

MAX_RATE_GROUPS = 12


@dataclass(frozen=True, slots=True)
class JudgeAnalysis:
    """What is computed for one judge, besides agreement."""

    judge: str
    rates: RatesResult
    alt_test: AltTestResult
    findings: Findings
    """Where this judge errs more than chance and the rest explain."""


def analyse_judges(
    ratings: Ratings,
    summary: StudySummary,
    gold: Gold,
    options: AnalysisOptions,
    texts: Mapping[str, str] | None,
) -> tuple[JudgeAnalysis, ...]:
    """Corrected rates, the alternative annotator test and systematic disagreement of every judge with verdicts."""
    # only the search takes the other judge for gold: rates stay corrected by people
    compared = collect_verdicts(ratings, options.reference) if options.reference else gold
    by = choose_rate_columns(ratings)
    return tuple(
        JudgeAnalysis(
            judge,
            estimate_corrected_rates(ratings, judge=judge, by=by, gold=gold),
            run_alt_test(ratings, judge=judge),
            find_disagreements(
                ratings,
                judge=judge,
                gold=compared,
                texts=texts,
                permutations=options.permutations,
                seed=options.seed,
            ),
        )
        for judge in (judge.judge for judge in summary.judges)
        if judge in ratings.judges and judge != options.reference
    )


def collect_verdicts(ratings: Ratings, judge: str) -> dict[str, str]:
    """The answers of one judge by item; items that it did not answer are left out."""
    codes = ratings.verdict[:, ratings.find_judge_index(judge)]
    return {
        str(item): ratings.answers[code] for item, code in zip(ratings.items, codes, strict=True) if code >= 0
    }


def choose_rate_columns(ratings: Ratings) -> list[str]:
    """Attributes whose slices get a rate of their own: those with at most MAX_RATE_GROUPS values."""
    counts = Counter(
        piece.attribute
        for piece in cut_slices(ratings).select_kind("one-way").slices
        # items without a value are no group of their own
        if piece.value != MISSING
    )
    return [name for name, n in counts.items() if n <= MAX_RATE_GROUPS]
