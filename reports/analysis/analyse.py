"""Everything that a study's data say about one question: the statistics of `judge`, put together and pinned by hashes."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.db.core.codebook import Question
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.unblinding import explain_seal
from secondreader.db.research.adjudication_outcomes import (
    AdjudicationSummary,
    load_adjudicated_answers,
    summarize_adjudication,
)
from secondreader.db.research.items import FRAME_COLUMNS
from secondreader.db.research.ratings import load_rating_rows
from secondreader.db.research.saved_reports import load_labelled_texts
from secondreader.judge.agreement.alt_test import AltTestResult, run_alt_test
from secondreader.judge.agreement.report import AgreementResult, agree
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import Gold, gold_of
from secondreader.judge.data.judge_order import put_judges_first
from secondreader.judge.disagreement.finding import Findings
from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.quality.label_quality import QualityResult, assess_label_quality
from secondreader.judge.rates.corrected import RatesResult, estimate_corrected_rates
from secondreader.reports.analysis.figures import build_estimates_table
from secondreader.reports.analysis.preparation import Preparation, compute_study_hash, load_preparation
from secondreader.reports.analysis.scenario_review import QuestionEstimate, compute_review_estimates
from secondreader.reports.analysis.study_facts import StudySummary, summarize_study

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study

LABEL_SOURCES = ("desk", "import")
VERSIONED_PACKAGES = ("secondreader", "numpy", "pandas", "scipy")
MAX_RATE_GROUPS = 12
MAX_NUMERIC_GROUPS = 6
INTERIM_LOOKS_NOTE = (
    "Interim looks were allowed by the plan: judge and people could be compared before the study was closed"
)
TOOLS_COLUMN = "tools"
"""The slice column whose cells list tools, where an import has one."""
NON_SLICE_COLUMNS = ("score",)
"""Columns of the long frame that are neither a reading nor a slice."""


class AnalysisError(ValueError):
    """An analysis that was asked for and cannot be, in one sentence."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What is computed, and how; part of what pins a report down."""

    question: str | None = None
    """Question id; None takes the codebook's first."""
    judge: str | None = None
    """Only this judge; None takes every judge."""
    positive: str | None = None
    """The answer that counts as the finding; None takes "yes", else the question's first answer."""
    unsure: str = "unsure"
    """The answer that means unsure."""
    source: str | None = None
    """desk or import: whose labels; None takes the desk's, or imported ones where the desk has none."""
    slices: tuple[str, ...] | None = None
    """Slice columns; None takes every attribute."""
    resamples: int = 2000
    """Bootstrap replicates."""
    permutations: int = 1999
    """Scenario permutations of the slice tests."""
    seed: int = 0
    """Seed of both."""
    reference: str | None = None
    """A judge in whose stead of gold the other judges' disagreements are searched: who is right is not said then."""
    people_only: bool = False
    """Only people with each other; no verdict enters any figure."""
    words: bool = False
    """Also search the words of the transcripts for what goes with a wrong verdict; widens the search."""


@dataclass(frozen=True, slots=True)
class JudgeAnalysis:
    """What is computed for one judge, besides agreement."""

    judge: str
    rates: RatesResult
    alt_test: AltTestResult
    findings: Findings
    """Where this judge errs more than chance and the rest explain."""


@dataclass(frozen=True)
class Analysis:
    """Every figure about one question of one study, and what it was computed from."""

    summary: StudySummary
    options: AnalysisOptions
    """The options with every default filled in."""
    question: Question
    ratings: Ratings
    """The coded readings that every figure was computed from."""
    gold: Gold
    """What every verdict is compared with, in every section."""
    agreement: AgreementResult
    judges: tuple[JudgeAnalysis, ...]
    """The headline's judge first, then those with most verdicts."""
    quality: QualityResult
    missing: tuple[str, ...]
    """What is not there yet, and what to do about it."""
    data_hash: str
    """Hash over items, labels, verdicts, adjudications and what stands beside them."""
    preparation: Preparation
    """Practice, attention items, calibration and guesses of the model."""
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
        """Where these figures are not of the judge that the frozen plan makes the headline's: that it is so."""
        shown = [part.judge for part in self.judges]
        asked = self.options
        said = self.summary.headline.explain_deviation(shown, chosen=asked.judge, reference=asked.reference)
        return (said,) if said else ()

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
            **({"judges": "sealed"} if self.sealed else {}),
        }

    @property
    def inputs_hash(self) -> str:
        """SHA-256 over `inputs`: same hash, same figures."""
        return compute_content_hash(self.inputs)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every figure as one row, in the columns of `secondreader.reports.analysis.figures`."""
        return build_estimates_table(self)

    def to_frame(self) -> pd.DataFrame:
        """Every figure as one row."""
        return self.estimates


def serialize_options(options: AnalysisOptions) -> dict[str, Any]:
    """Options as JSON."""
    return {name: getattr(options, name) for name in options.__slots__} | {
        "slices": list(options.slices) if options.slices is not None else None
    }


def analyse(session: "Session", study: "Study", options: AnalysisOptions | None = None) -> Analysis:
    """Compute every figure about one question of a study. Same data and options, same digits.

    Of a study that is not unblinded, only what people say enters: no figure holds a verdict.
    Works for a study without labels, judges or variation: what cannot be computed is said in `missing` and in
    the figures' reasons. Raises AnalysisError for an unknown question, answer or judge, FrameError for labels
    that contradict each other.
    """
    facts = summarize_study(session, study)
    chosen = fill_in_defaults(options or AnalysisOptions(), facts)
    question = find_question(facts, chosen.question)
    sealed = explain_seal(session, study)
    people_only = chosen.people_only or sealed is not None
    source = chosen.source or LABEL_SOURCES[0]
    rows = load_rating_rows(session, study, question.id, source=source)
    readings = put_judges_first(
        code_ratings(select_human_rows(rows) if people_only else rows, question, chosen),
        [one.judge for one in facts.judges],
    )
    is_desk = chosen.source == LABEL_SOURCES[0]
    settled_answers = load_adjudicated_answers(session, study, question.id) if is_desk else {}
    decisions = select_rated_decisions(settled_answers, readings)
    gold = gold_of(readings, decisions, facts.unsure_policy)
    unsliced = replace(chosen, slices=None)

    def of_question(other: Question, options: AnalysisOptions) -> Ratings:
        return code_ratings(
            select_human_rows(load_rating_rows(session, study, other.id, source=source)), other, options
        )

    texts = load_labelled_texts(session, study) if chosen.words else None
    named = None if people_only else chosen.judge
    first = next((one for one in readings.judges if one != chosen.reference), None)
    return Analysis(
        summary=facts,
        options=chosen,
        question=question,
        ratings=readings,
        gold=gold,
        agreement=agree(
            readings,
            adjudicated=decisions,
            slices=chosen.slices,
            resamples=chosen.resamples,
            seed=chosen.seed,
            unsure=facts.unsure_policy,
        ),
        judges=analyse_judges(readings, facts, gold, chosen, texts),
        quality=assess_label_quality(readings, judge=named or first, unit=facts.codebook.unit, gold=gold),
        missing=describe_missing(facts, readings, chosen, sealed),
        data_hash=compute_study_hash(session, study),
        preparation=load_preparation(
            session,
            study,
            question.id,
            lambda rows: code_ratings(rows, question, unsliced),
            resamples=chosen.resamples,
            seed=chosen.seed,
        ),
        adjudication=summarize_adjudication(session, study, question.id) if is_desk else None,
        versions=collect_versions(),
        sealed=sealed,
        review=compute_review_estimates(facts, unsliced, of_question),
    )


def fill_in_defaults(options: AnalysisOptions, summary: StudySummary) -> AnalysisOptions:
    """The options with their defaults filled in. Raises AnalysisError for what the study does not have."""
    question = find_question(summary, options.question)
    positive = options.positive or ("yes" if "yes" in question.values else question.values[0])
    if positive not in question.values:
        raise AnalysisError(
            f"{positive!r} is not an answer to {question.id}; choose one of {', '.join(question.values)}."
        )
    judges = [one.judge for one in summary.judges]
    for wanted in (options.judge, options.reference):
        if wanted is not None and wanted not in judges:
            there = f"there are: {', '.join(judges)}" if judges else "there are no verdicts yet"
            raise AnalysisError(f"Study {summary.name!r} has no judge {wanted!r}; {there}.")
    if options.reference is not None and options.reference == options.judge:
        raise AnalysisError("A judge cannot be compared with itself: name another one as the reference.")
    if options.source not in {None, *LABEL_SOURCES}:
        raise AnalysisError(
            f"{options.source!r} is no source of labels; choose {' or '.join(LABEL_SOURCES)}."
        )
    source = options.source or choose_label_source(summary)
    return replace(options, question=question.id, positive=positive, source=source)


def find_question(summary: StudySummary, question_id: str | None) -> Question:
    """A question of the codebook, by default the first. Raises AnalysisError."""
    questions = {one.id: one for one in summary.codebook.questions}
    if question_id is None:
        return summary.codebook.questions[0]
    if question_id not in questions:
        raise AnalysisError(
            f"Study {summary.name!r} has no question {question_id!r}; it asks: {', '.join(questions)}."
        )
    return questions[question_id]


def choose_label_source(summary: StudySummary) -> str:
    """The desk, unless labels came from an import only."""
    labelled = {one.source for one in summary.annotators if one.n_labelled}
    return "import" if labelled == {"import"} else "desk"


def build_long_frame(rows: list[dict[str, Any]], options: AnalysisOptions) -> pd.DataFrame:
    """The long frame of the statistics; only the named judge's verdicts where one is named."""
    named = {options.judge, options.reference} if options.judge else None
    kept = [row for row in rows if row["kind"] == "human" or should_count_verdict(row, named)]
    frame = pd.DataFrame(kept, columns=None if kept else list(FRAME_COLUMNS))
    return (
        frame.drop(columns=list(NON_SLICE_COLUMNS))
        .dropna(axis="columns", how="all")
        .assign(**select_required_columns(frame))
    )


def should_count_verdict(row: dict[str, Any], judges: set[str | None] | None) -> bool:
    """Whether a verdict enters: of a judge asked for (None: of any), and not one that was never asked this question."""
    was_asked = row["state"] != "parsed" or row["answer"] is not None
    return was_asked and (judges is None or row["rater"] in judges)


def select_required_columns(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns that must be there even where they are empty."""
    return {name: frame[name].astype(object) for name in ("item", "rater", "kind", "answer")}


def select_human_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without verdicts."""
    return [row for row in rows if row["kind"] == "human"]


def code_ratings(rows: list[dict[str, Any]], question: Question, options: AnalysisOptions) -> Ratings:
    """Rows of the long frame as the statistics take them; slices as in the options. Raises FrameError."""
    frame = build_long_frame(rows, options)
    return read_frame(
        frame,
        positive=options.positive or "",
        unsure=options.unsure,
        answers=list_answers(frame, question, options.unsure),
        slices=options.slices,
    )


def list_answers(frame: pd.DataFrame, question: Question, unsure: str) -> list[str]:
    """Every answer that the codebook allows, and strange ones of imports; unsure last, if anybody was."""
    seen = {str(one) for one in frame["answer"].dropna()}
    known = sorted(({*question.values} | seen) - {unsure}, key=make_answer_sort_key)
    return [*known, *([unsure] if unsure in seen else [])]


def make_answer_sort_key(answer: str) -> tuple[int, float, str]:
    """Sort key: numbers by value, then text."""
    try:
        return 0, float(answer), answer
    except ValueError:
        return 1, 0.0, answer


def select_rated_decisions(decisions: Mapping[str, str | None], ratings: Ratings) -> dict[str, str | None]:
    """Adjudications of items that were read; None stays contested.

    Unsure, where no reader was, is none of the answers: the split between the others stands then.
    """
    read = {str(item) for item in ratings.items}
    return {item: one if one in ratings.answers else None for item, one in decisions.items() if item in read}


def analyse_judges(
    ratings: Ratings,
    summary: StudySummary,
    gold: Gold,
    options: AnalysisOptions,
    texts: Mapping[str, str] | None,
) -> tuple[JudgeAnalysis, ...]:
    """Corrected rates, the alternative annotator test and systematic disagreement of every judge in the readings."""
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
                tools=TOOLS_COLUMN if TOOLS_COLUMN in ratings.slices.columns else None,
                permutations=options.permutations,
                seed=options.seed,
            ),
        )
        for judge in (one.judge for one in summary.judges)
        if judge in ratings.judges and judge != options.reference
    )


def collect_verdicts(ratings: Ratings, judge: str) -> dict[str, str]:
    """The answers of one judge by item; items that it did not answer are left out."""
    codes = ratings.verdict[:, ratings.find_judge_index(judge)]
    return {
        str(item): ratings.answers[code] for item, code in zip(ratings.items, codes, strict=True) if code >= 0
    }


def choose_rate_columns(ratings: Ratings) -> list[str]:
    """Slice columns whose groups get a rate of their own: few named values, or very few numbers."""
    chosen = []
    for name, values in ratings.slices.items():
        most = MAX_NUMERIC_GROUPS if pd.api.types.is_numeric_dtype(values) else MAX_RATE_GROUPS
        if 2 <= values.nunique() <= most:
            chosen.append(str(name))
    return chosen


def describe_missing(
    summary: StudySummary, ratings: Ratings, options: AnalysisOptions, sealed: str | None
) -> tuple[str, ...]:
    """What is not there yet, and what to do about it."""
    notes = []
    other = next(one for one in LABEL_SOURCES if one != options.source)
    if not summary.n_pool:
        notes.append("The study has no transcripts yet: import or run some first.")
    elif summary.frozen_at is None and options.source == "desk":
        notes.append("The study is a draft: freeze its plan, then send the annotators their links.")
    if not ratings.labelled.any():
        notes.append(f"No label of source {options.source!r} answers this question yet.")
    elif len(ratings.raters) == 1:
        notes.append(f"Only {ratings.raters[0]} has labelled: agreement between people is untested.")
    if any(one.source == other and one.n_labelled for one in summary.annotators):
        notes.append(f"There are also labels of source {other!r}; they are never mixed with these.")
    if sealed:
        notes.append(sealed)
    elif not ratings.judges and not options.people_only and summary.codebook.unit == "transcript":
        notes.append("There are no verdicts yet: import some or run `secondreader judge`.")
    return tuple(notes)


def collect_versions() -> dict[str, str]:
    """Versions of what computed the figures."""
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONED_PACKAGES}}
