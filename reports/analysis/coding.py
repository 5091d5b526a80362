"""Rows of the long frame, coded for the statistics of one question."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from secondreader.db.core.codebook import Question
from secondreader.db.research.items import FRAME_COLUMNS
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.reports.analysis.options import AnalysisOptions

NON_SLICE_COLUMNS = ("score",)
"""Columns of the long frame that are neither a rating nor a slice."""


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


def build_long_frame(rows: list[dict[str, Any]], options: AnalysisOptions) -> pd.DataFrame:
    """The long frame of the statistics; only the named judge's verdicts where one is named."""
    judges = {options.judge, options.reference} if options.judge else None
    counted = [row for row in rows if row["kind"] == "human" or should_count_verdict(row, judges)]
    frame = pd.DataFrame(counted, columns=None if counted else list(FRAME_COLUMNS))
    # A slice that no row has is no slice; but the statistics want their own columns, empty or not.
    return (
        frame.drop(columns=list(NON_SLICE_COLUMNS))
        .dropna(axis="columns", how="all")
        .assign(**select_required_columns(frame))
    )


def should_count_verdict(row: dict[str, Any], judges: set[str | None] | None) -> bool:
    """Whether a verdict enters: of a judge asked for (None: of any), and not one that was never asked this question."""
    # A parsed verdict without an answer is of a judge whose prompt does not ask this question.
    was_asked = row["state"] != "parsed" or row["answer"] is not None
    return was_asked and (judges is None or row["rater"] in judges)


def select_required_columns(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns that must be there even where they are empty."""
    return {name: frame[name].astype(object) for name in ("item", "rater", "kind", "answer")}


def list_answers(frame: pd.DataFrame, question: Question, unsure: str) -> list[str]:
    """Every answer that the codebook allows, and strange ones of imports; unsure last, if anybody was."""
    # imports may hold answers that the codebook does not know; dropping them would hide labels
    present = {str(answer) for answer in frame["answer"].dropna()}
    answers = sorted(({*question.values} | present) - {unsure}, key=make_answer_sort_key)
    return [*answers, *([unsure] if unsure in present else [])]


def make_answer_sort_key(answer: str) -> tuple[int, float, str]:
    """Sort key: numbers by value, then text."""
    try:
        return 0, float(answer), answer
    except ValueError:
        return 1, 0.0, answer


def select_rated_decisions(decisions: Mapping[str, str | None], ratings: Ratings) -> dict[str, str | None]:
    """Adjudications of rated items; None stays contested.

    A decision for "unsure" counts only where somebody answered unsure, else the item stays contested.
    """
    read = {str(item) for item in ratings.items}
    return {
        item: answer if answer in ratings.answers else None
        for item, answer in decisions.items()
        if item in read
    }
