"""Everything that a study's data say about one question: the statistics of `judge`, put together and pinned by hashes."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.db.core.canonical import content_hash
from secondreader.db.core.codebook import Question
from secondreader.db.design.unblinding import sealed_because
from secondreader.db.research.adjudication_outcomes import (
    AdjudicationSummary,
    adjudicated_answers,
    adjudication_summary,
)
from secondreader.db.research.ratings import FRAME_COLUMNS, reading_rows
from secondreader.db.research.saved_reports import labelled_texts
from secondreader.judge.agreement.alt_test import AltTestResult, alt_test
from secondreader.judge.agreement.report import AgreementResult, agree
from secondreader.judge.data.frame import Readings, read_frame
from secondreader.judge.data.judge_order import judges_first
from secondreader.judge.disagreement.finding import Findings
from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.quality.label_quality import QualityResult, label_quality
from secondreader.judge.rates.corrected import RatesResult, corrected_rates, majority_codes
from secondreader.reports.analysis.figures import all_figures, as_csv, as_json
from secondreader.reports.analysis.preparation import Preparation, preparation_of, study_hash
from secondreader.reports.analysis.scenario_review import QuestionFigure, review_figures
from secondreader.reports.analysis.study_facts import StudyFacts, study_facts

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study

SOURCES = ("desk", "import")
PACKAGES = ("secondreader", "numpy", "pandas", "scipy", "krippendorff")
MOST_RATE_GROUPS = 12
FEW_NUMBERS = 6
INTERIM_LOOKS = (
    "Interim looks were allowed by the plan: judge and people could be compared before the study was closed"
)
TOOLS = "tools"
"""The slice column whose cells list tools, where an import has one."""
LEFT_OUT = ("score",)
"""Columns of the long frame that are neither a reading nor a slice."""


class AnalysisError(ValueError):
    """An analysis that was asked for and cannot be, in one sentence."""


@dataclass(frozen=True, slots=True)
class Options:
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
class JudgePart:
    """What is computed for one judge, besides agreement."""

    judge: str
    rates: RatesResult
    alt_test: AltTestResult
    findings: Findings
    """Where this judge errs more than chance and the rest explain."""


@dataclass(frozen=True)
class Analysis:
    """Every figure about one question of one study, and what it was computed from."""

    facts: StudyFacts
    options: Options
    """The options with every default filled in."""
    question: Question
    readings: Readings
    """The coded readings that every figure was computed from."""
    agreement: AgreementResult
    judges: tuple[JudgePart, ...]
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
    review: tuple[QuestionFigure, ...] = ()
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
        said = self.facts.headline.deviation(shown, chosen=asked.judge, reference=asked.reference)
        return (said,) if said else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every sentence that must stand beside the figures, once."""
        notes = [*self.deviations, *self.agreement.warnings]
        for part in self.judges:
            notes += [f"judge {part.judge}: {note}" for note in part.rates.overall.warnings]
            notes += [f"judge {part.judge}: {note}" for note in part.alt_test.warnings]
        if self.facts.interim_looks and self.judges:
            notes.append(INTERIM_LOOKS)
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
            "study": self.facts.name,
            "data": self.data_hash,
            "codebook": self.facts.codebook_hash,
            "guideline": self.facts.guideline_hash,
            "plan": self.facts.plan_hash,
            "options": options_body(self.options),
            "versions": dict(self.versions),
            **({"judges": "sealed"} if self.sealed else {}),
        }

    @property
    def inputs_hash(self) -> str:
        """SHA-256 over `inputs`: same hash, same figures."""
        return content_hash(self.inputs)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every figure as one row, in the columns of `secondreader.reports.analysis.figures`."""
        return all_figures(self)

    def frame(self) -> pd.DataFrame:
        """Every figure as one row."""
        return self.figures

    def to_csv(self) -> str:
        """Every figure as CSV; no cell is a formula to a spreadsheet, and numbers are numbers."""
        return as_csv(self.figures)

    def to_json(self) -> str:
        """Every figure and table as JSON, with what they were computed from."""
        return as_json(self)


def options_body(options: Options) -> dict[str, Any]:
    """Options as JSON."""
    return {name: getattr(options, name) for name in options.__slots__} | {
        "slices": list(options.slices) if options.slices is not None else None
    }


def analyse(session: "Session", study: "Study", options: Options | None = None) -> Analysis:
    """Compute every figure about one question of a study. Same data and options, same digits.

    Of a study that is not unblinded, only what people say enters: no figure holds a verdict.
    Works for a study without labels, judges or variation: what cannot be computed is said in `missing` and in
    the figures' reasons. Raises AnalysisError for an unknown question, answer or judge, FrameError for labels
    that contradict each other.
    """
    facts = study_facts(session, study)
    chosen = settled(options or Options(), facts)
    question = question_of(facts, chosen.question)
    sealed = sealed_because(session, study)
    people_only = chosen.people_only or sealed is not None
    source = chosen.source or SOURCES[0]
    rows = reading_rows(session, study, question.id, source=source)
    readings = judges_first(
        coded(of_people(rows) if people_only else rows, question, chosen), [one.judge for one in facts.judges]
    )
    is_desk = chosen.source == SOURCES[0]
    settled_answers = adjudicated_answers(session, study, question.id) if is_desk else {}
    decisions = decided(settled_answers, readings)
    unsliced = replace(chosen, slices=None)

    def of_question(other: Question, options: Options) -> Readings:
        return coded(of_people(reading_rows(session, study, other.id, source=source)), other, options)

    texts = labelled_texts(session, study) if chosen.words else None
    named = None if people_only else chosen.judge
    first = next((one for one in readings.judges if one != chosen.reference), None)
    return Analysis(
        facts=facts,
        options=chosen,
        question=question,
        readings=readings,
        agreement=agree(
            readings,
            adjudicated=decisions,
            slices=chosen.slices,
            resamples=chosen.resamples,
            seed=chosen.seed,
            unsure=facts.unsure_policy,
        ),
        judges=judge_parts(readings, facts, decisions, chosen, texts),
        quality=label_quality(readings, judge=named or first, unit=facts.codebook.unit),
        missing=missing_sentences(facts, readings, chosen, sealed),
        data_hash=study_hash(session, study),
        preparation=preparation_of(
            session,
            study,
            question.id,
            lambda rows: coded(rows, question, unsliced),
            resamples=chosen.resamples,
            seed=chosen.seed,
        ),
        adjudication=adjudication_summary(session, study, question.id) if is_desk else None,
        versions=versions(),
        sealed=sealed,
        review=review_figures(facts, unsliced, of_question),
    )


def settled(options: Options, facts: StudyFacts) -> Options:
    """The options with their defaults filled in. Raises AnalysisError for what the study does not have."""
    question = question_of(facts, options.question)
    positive = options.positive or ("yes" if "yes" in question.values else question.values[0])
    if positive not in question.values:
        raise AnalysisError(
            f"{positive!r} is not an answer to {question.id}; choose one of {', '.join(question.values)}."
        )
    judges = [one.judge for one in facts.judges]
    for wanted in (options.judge, options.reference):
        if wanted is not None and wanted not in judges:
            there = f"there are: {', '.join(judges)}" if judges else "there are no verdicts yet"
            raise AnalysisError(f"Study {facts.name!r} has no judge {wanted!r}; {there}.")
    if options.reference is not None and options.reference == options.judge:
        raise AnalysisError("A judge cannot be compared with itself: name another one as the reference.")
    if options.source not in {None, *SOURCES}:
        raise AnalysisError(f"{options.source!r} is no source of labels; choose {' or '.join(SOURCES)}.")
    source = options.source or usual_source(facts)
    return replace(options, question=question.id, positive=positive, source=source)


def question_of(facts: StudyFacts, wanted: str | None) -> Question:
    """A question of the codebook, by default the first. Raises AnalysisError."""
    questions = {one.id: one for one in facts.codebook.questions}
    if wanted is None:
        return facts.codebook.questions[0]
    if wanted not in questions:
        raise AnalysisError(
            f"Study {facts.name!r} has no question {wanted!r}; it asks: {', '.join(questions)}."
        )
    return questions[wanted]


def usual_source(facts: StudyFacts) -> str:
    """The desk, unless labels came from an import only."""
    labelled = {one.source for one in facts.annotators if one.n_labelled}
    return "import" if labelled == {"import"} else "desk"


def long_frame(rows: list[dict[str, Any]], options: Options) -> pd.DataFrame:
    """The long frame of the statistics; only the named judge's verdicts where one is named."""
    named = {options.judge, options.reference} if options.judge else None
    kept = [row for row in rows if row["kind"] == "human" or counts(row, named)]
    frame = pd.DataFrame(kept, columns=None if kept else list(FRAME_COLUMNS))
    return frame.drop(columns=list(LEFT_OUT)).dropna(axis="columns", how="all").assign(**required(frame))


def counts(row: dict[str, Any], judges: set[str | None] | None) -> bool:
    """Whether a verdict enters: of a judge asked for (None: of any), and not one that was never asked this question."""
    was_asked = row["state"] != "parsed" or row["answer"] is not None
    return was_asked and (judges is None or row["rater"] in judges)


def required(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns that must be there even where they are empty."""
    return {name: frame[name].astype(object) for name in ("item", "rater", "kind", "answer")}


def of_people(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without verdicts."""
    return [row for row in rows if row["kind"] == "human"]


def coded(rows: list[dict[str, Any]], question: Question, options: Options) -> Readings:
    """Rows of the long frame as the statistics take them; slices as in the options. Raises FrameError."""
    frame = long_frame(rows, options)
    return read_frame(
        frame,
        positive=options.positive or "",
        unsure=options.unsure,
        answers=answers_of(frame, question, options.unsure),
        slices=options.slices,
    )


def answers_of(frame: pd.DataFrame, question: Question, unsure: str) -> list[str]:
    """Every answer that the codebook allows, and strange ones of imports; unsure last, if anybody was."""
    seen = {str(one) for one in frame["answer"].dropna()}
    known = sorted(({*question.values} | seen) - {unsure}, key=as_number_or_text)
    return [*known, *([unsure] if unsure in seen else [])]


def as_number_or_text(answer: str) -> tuple[int, float, str]:
    """Sort key: numbers by value, then text."""
    try:
        return 0, float(answer), answer
    except ValueError:
        return 1, 0.0, answer


def decided(decisions: Mapping[str, str | None], readings: Readings) -> dict[str, str | None]:
    """Adjudications of items that were read; None stays contested.

    Unsure, where no reader was, is none of the answers: the split between the others stands then.
    """
    read = {str(item) for item in readings.items}
    return {item: one if one in readings.answers else None for item, one in decisions.items() if item in read}


def judge_parts(
    readings: Readings,
    facts: StudyFacts,
    decisions: Mapping[str, str | None],
    options: Options,
    texts: Mapping[str, str] | None,
) -> tuple[JudgePart, ...]:
    """Corrected rates, the alternative annotator test and systematic disagreement of every judge in the readings."""
    gold = decided_gold(readings, decisions) if decisions else None
    compared = verdicts_of(readings, options.reference) if options.reference else gold
    by = rate_columns(readings)
    return tuple(
        JudgePart(
            judge,
            corrected_rates(readings, judge=judge, by=by, gold=gold),
            alt_test(readings, judge=judge),
            find_disagreements(
                readings,
                judge=judge,
                gold=compared,
                texts=texts,
                tools=TOOLS if TOOLS in readings.slices.columns else None,
                permutations=options.permutations,
                seed=options.seed,
            ),
        )
        for judge in (one.judge for one in facts.judges)
        if judge in readings.judges and judge != options.reference
    )


def verdicts_of(readings: Readings, judge: str) -> dict[str, str]:
    """The answers of one judge by item; items that it did not answer are left out."""
    codes = readings.verdict[:, readings.judge_index(judge)]
    return {
        str(item): readings.answers[code]
        for item, code in zip(readings.items, codes, strict=True)
        if code >= 0
    }


def decided_gold(readings: Readings, decisions: Mapping[str, str | None]) -> dict[str, str]:
    """Majority answers with adjudications in their place; contested items have no gold."""
    codes = majority_codes(readings)
    voted = {
        str(item): readings.answers[code]
        for item, code in zip(readings.items, codes, strict=True)
        if code >= 0
    }
    return {item: answer for item, answer in {**voted, **decisions}.items() if answer is not None}


def rate_columns(readings: Readings) -> list[str]:
    """Slice columns whose groups get a rate of their own: few named values, or very few numbers."""
    chosen = []
    for name, values in readings.slices.items():
        most = FEW_NUMBERS if pd.api.types.is_numeric_dtype(values) else MOST_RATE_GROUPS
        if 2 <= values.nunique() <= most:
            chosen.append(str(name))
    return chosen


def missing_sentences(
    facts: StudyFacts, readings: Readings, options: Options, sealed: str | None
) -> tuple[str, ...]:
    """What is not there yet, and what to do about it."""
    notes = []
    other = next(one for one in SOURCES if one != options.source)
    if not facts.n_pool:
        notes.append("The study has no transcripts yet: import or run some first.")
    elif facts.frozen_at is None and options.source == "desk":
        notes.append("The study is a draft: freeze its plan, then send the annotators their links.")
    if not readings.labelled.any():
        notes.append(f"No label of source {options.source!r} answers this question yet.")
    elif len(readings.raters) == 1:
        notes.append(f"Only {readings.raters[0]} has labelled: agreement between people is untested.")
    if any(one.source == other and one.n_labelled for one in facts.annotators):
        notes.append(f"There are also labels of source {other!r}; they are never mixed with these.")
    if sealed:
        notes.append(sealed)
    elif not readings.judges and not options.people_only and facts.codebook.unit == "transcript":
        notes.append("There are no verdicts yet: import some or run `secondreader judge`.")
    return tuple(notes)


def versions() -> dict[str, str]:
    """Versions of what computed the figures."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
