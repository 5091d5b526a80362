"""Everything that a study's data say about one question: the statistics of `judge`, put together from a snapshot."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from secondreader.db.core.codebook import Question
from secondreader.judge.agreement.report import agree
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import gold_of
from secondreader.judge.data.judge_order import put_judges_first
from secondreader.judge.quality.label_quality import assess_label_quality
from secondreader.reports.analysis.coding import code_ratings, select_rated_decisions
from secondreader.reports.analysis.judges import analyse_judges
from secondreader.reports.analysis.load import StudySnapshot
from secondreader.reports.analysis.options import (
    LABEL_SOURCES,
    AnalysisError,
    AnalysisOptions,
    fill_in_defaults,
    find_question,
)
from secondreader.reports.analysis.preparation import Preparation, compute_preparation, compute_study_hash
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.analysis.scenario_review import QuestionEstimate, compute_review_estimates
from secondreader.reports.analysis.study_facts import StudySummary, summarize_study

VERSIONED_PACKAGES = ("secondreader", "numpy", "pandas", "scipy")


def analyse(snapshot: StudySnapshot, options: AnalysisOptions | None = None) -> Analysis:
    """Compute every figure about one question of a study. Same data and options, same digits.

    Of a study that is not unblinded, only what people say enters: no figure holds a verdict.
    Works for a study without labels, judges or variation: what cannot be computed is said in `missing` and in
    the figures' reasons. Raises AnalysisError for an unknown question, answer or judge, FrameError for labels
    that contradict each other.
    """
    summary = summarize_study(snapshot)
    chosen = fill_in_defaults(options or AnalysisOptions(), summary)
    question = find_question(summary, chosen.question)
    is_desk = chosen.source == LABEL_SOURCES[0]
    # a sealed study is analysed without verdicts, so that no figure can leak how judge and people compare
    is_people_only = chosen.people_only or snapshot.seal is not None
    rows = list_rows(snapshot, question, chosen, is_people_only=is_people_only)
    # the order of the judges is the order of every table and chart, so it is set once, here
    ratings = put_judges_first(
        code_ratings(rows, question, chosen), [judge.judge for judge in summary.judges]
    )
    # a reference judge stands in for gold: label quality compares people with another one
    first = next((judge for judge in ratings.judges if judge != chosen.reference), None)
    # decisions are about labels of the desk: imported labels are never adjudicated
    decisions = select_rated_decisions(snapshot.settle(question.id) if is_desk else {}, ratings)
    gold = gold_of(ratings, decisions, summary.unsure_policy)
    return Analysis(
        summary=summary,
        options=chosen,
        question=question,
        ratings=ratings,
        gold=gold,
        agreement=agree(
            ratings,
            adjudicated=decisions,
            slices=chosen.slices,
            resamples=chosen.resamples,
            seed=chosen.seed,
            unsure=summary.unsure_policy,
        ),
        judges=analyse_judges(ratings, summary, gold, chosen, get_texts(snapshot, chosen)),
        quality=assess_label_quality(
            ratings,
            judge=None if is_people_only else chosen.judge or first,
            unit=summary.codebook.unit,
            gold=gold,
        ),
        missing=describe_missing(summary, ratings, chosen, snapshot.seal),
        data_hash=compute_study_hash(snapshot),
        preparation=analyse_preparation(snapshot, question, chosen),
        adjudication=snapshot.summarize_adjudication(question.id) if is_desk else None,
        versions=collect_versions(),
        sealed=snapshot.seal,
        review=compare_questions(snapshot, summary, chosen),
    )


def list_rows(
    snapshot: StudySnapshot, question: Question, options: AnalysisOptions, *, is_people_only: bool
) -> list[dict[str, Any]]:
    """The long frame of a question, with labels of the source that is analysed."""
    rows = snapshot.list_rating_rows(question.id, options.source or LABEL_SOURCES[0])
    return [row for row in rows if row["kind"] == "human"] if is_people_only else rows


def get_texts(snapshot: StudySnapshot, options: AnalysisOptions) -> Mapping[str, str] | None:
    """The words to search, where that was asked for. Raises AnalysisError where the snapshot was read without them."""
    if options.words and snapshot.texts is None:
        raise AnalysisError(
            "The words of the transcripts were not read with the study; read it with texts=True."
        )
    return snapshot.texts if options.words else None


def analyse_preparation(snapshot: StudySnapshot, question: Question, options: AnalysisOptions) -> Preparation:
    """What stands beside the main labels of a question."""
    # these rows may lack a slice column that the options name, which would be refused
    unsliced = replace(options, slices=None)
    return compute_preparation(
        snapshot,
        question.id,
        lambda rows: code_ratings(rows, question, unsliced),
        resamples=options.resamples,
        seed=options.seed,
    )


def compare_questions(
    snapshot: StudySnapshot, summary: StudySummary, options: AnalysisOptions
) -> tuple[QuestionEstimate, ...]:
    """Every question side by side, in a review of scenarios."""

    def code_question(question: Question, options: AnalysisOptions) -> Ratings:
        return code_ratings(list_rows(snapshot, question, options, is_people_only=True), question, options)

    return compute_review_estimates(summary, replace(options, slices=None), code_question)


def describe_missing(
    summary: StudySummary, ratings: Ratings, options: AnalysisOptions, sealed: str | None
) -> tuple[str, ...]:
    """What is not there yet, and what to do about it."""
    notes = []
    other = next(source for source in LABEL_SOURCES if source != options.source)
    if not summary.n_pool:
        notes.append("The study has no transcripts yet: import or run some first.")
    elif summary.frozen_at is None and options.source == "desk":
        notes.append("The study is a draft: freeze its plan, then send the annotators their links.")
    if not ratings.labelled.any():
        notes.append(f"No label of source {options.source!r} answers this question yet.")
    elif len(ratings.raters) == 1:
        notes.append(f"Only {ratings.raters[0]} has labelled: agreement between people is untested.")
    if any(annotator.source == other and annotator.n_labelled for annotator in summary.annotators):
        notes.append(f"There are also labels of source {other!r}; they are never mixed with these.")
    if sealed:
        notes.append(sealed)
    elif not ratings.judges and not options.people_only and summary.codebook.unit == "transcript":
        notes.append("There are no verdicts yet: import some or run `secondreader judge`.")
    return tuple(notes)


def collect_versions() -> dict[str, str]:
    """Versions of what computed the figures."""
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONED_PACKAGES}}
