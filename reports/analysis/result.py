"""The result of an analysis: every figure about one question of one study, and what it was computed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from secondreader.db.core.codebook import Question
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.research.adjudication_outcomes import AdjudicationSummary
from secondreader.judge.agreement.report import AgreementResult
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold
from secondreader.judge.quality.label_quality import QualityResult
from secondreader.reports.analysis.figures import build_estimates_table
from secondreader.reports.analysis.judges import JudgeAnalysis
from secondreader.reports.analysis.options import AnalysisOptions, serialize_options
from secondreader.reports.analysis.preparation import Preparation
from secondreader.reports.analysis.scenario_review import QuestionEstimate
from secondreader.reports.analysis.study_facts import StudySummary

INTERIM_LOOKS_NOTE = (
    "Interim looks were allowed by the plan: judge and people could be compared before the study was closed"
)


@dataclass(frozen=True)
class Analysis:
    """Every figure about one question of one study, and what it was computed from."""

    summary: StudySummary
    options: AnalysisOptions
    """The options with every default filled in."""
    question: Question
    ratings: Ratings
    """The coded ratings that every figure was computed from."""
    gold: Gold
    """What every verdict is compared with, in every section."""
    agreement: AgreementResult
    judges: tuple[JudgeAnalysis, ...]
    """The headline's judge first, then those with most verdicts."""
    quality: QualityResult
    missing: tuple[str, ...]
    """What is not there yet, and what to do about it."""
    data_hash: str
    """Hash over items, labels, verdicts, adjudications, control items, norming round and guesses."""
    preparation: Preparation
    """Control items, norming round and guesses of the model."""
    versions: Mapping[str, str]
    """Versions of Python and of the packages that computed the figures."""
    adjudication: AdjudicationSummary | None = None
    """How far the adjudication of the desk's labels is; None for imported ones."""
    sealed: str | None = None
    """Why no judge is compared with people here; None where nothing is held back."""
    review: tuple[QuestionEstimate, ...] = ()
    """Every question side by side, in a review of scenarios."""

    @property
    def positive(self) -> str:
        """The answer that counts as the finding."""
        return self.options.positive or ""

    @property
    def deviations(self) -> tuple[str, ...]:
        """A sentence where these figures are not of the judge that the frozen plan names for the headline; else empty."""
        judges = [part.judge for part in self.judges]
        options = self.options
        sentence = self.summary.headline.explain_deviation(
            judges, chosen=options.judge, reference=options.reference
        )
        return (sentence,) if sentence else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every sentence that must stand beside the figures, once."""
        notes = [*self.deviations, *self.agreement.warnings]
        for part in self.judges:
            notes += [f"judge {part.judge}: {note}" for note in part.rates.overall.warnings]
            notes += [f"judge {part.judge}: {note}" for note in part.alt_test.warnings]
        if self.summary.interim_looks and self.judges:
            notes.append(INTERIM_LOOKS_NOTE)
        if self.options.reference:
            notes.append(
                f"Systematic disagreement is with judge {self.options.reference}, not with people: "
                "it says where two judges differ, never which of them is wrong."
            )
        # several judges may bring the same warning; dict.fromkeys keeps the order of the first
        return tuple(dict.fromkeys(notes))

    @property
    def inputs(self) -> dict[str, Any]:
        """All that determines the figures."""
        return {
            "study": self.summary.name,
            "data": self.data_hash,
            "codebook": self.summary.codebook_hash,
            "guideline": self.summary.guideline_hash,
            "plan": self.summary.plan_hash,
            "options": serialize_options(self.options),
            "versions": dict(self.versions),
            # absent unless sealed, so that hashes of earlier reports stay as they were
            **({"judges": "sealed"} if self.sealed else {}),
        }

    @property
    def inputs_hash(self) -> str:
        """SHA-256 over `inputs`: same hash, same figures."""
        return compute_content_hash(self.inputs)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every figure as one row, in the columns of `secondreader.reports.analysis.figures`."""
        return build_estimates_table(self.agreement, self.quality, self.preparation, self.review, self.judges)

    def build_frame(self) -> pd.DataFrame:
        """Every figure as one row."""
        return self.estimates
