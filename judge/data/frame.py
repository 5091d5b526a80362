"""Read the long frame once: one row per rating in, coded arrays out. Every statistic starts here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.coding import (
    AnswerCoding,
    CodedRaters,
    code_answers,
    code_clusters,
    code_passes,
    code_states,
    renumber_raters,
)
from secondreader.judge.data.columns import (
    CodedIds,
    FrameError,
    code_ids,
    describe_near_duplicates,
    fold_column,
    fold_constant_column,
    get_column,
    read_numbers,
    take_first_values,
)

__all__ = ["FrameError", "Ratings", "read_frame"]

LIST_COLUMNS = ("tools",)
"""Columns that hold lists, unless the caller of `read_frame` names others."""
REQUIRED = ("item", "rater", "kind", "answer")
OPTIONAL = (
    "cluster",
    "stratum",
    "inclusion_probability",
    "seconds",
    "position",
    "pass_no",
    "state",
    "probability",
)


@dataclass(frozen=True, slots=True)
class Ratings:
    """A checked and coded long frame; arrays share one item index (items sorted by id)."""

    answers: tuple[str, ...]
    """Answers in code order: numbers by value, else alphabetical; `unsure` comes last."""
    positive: int
    """Code of the positive answer."""
    unsure: int
    """Code of the unsure answer; -1 where no rating can hold it."""
    items: NDArray[Any]
    """Item ids, shape (items,)."""
    clusters: NDArray[Any]
    """Cluster (scenario) ids, sorted, shape (clusters,)."""
    cluster: NDArray[np.intp]
    """Index into `clusters`, shape (items,)."""
    weight: NDArray[np.float64]
    """Inverse inclusion probability, shape (items,); 1 outside the human sample."""
    stratum: NDArray[Any]
    """Sampling stratum, shape (items,); None where the frame names none."""
    raters: tuple[str, ...]
    """Annotators, sorted."""
    human: NDArray[np.int8]
    """First-pass labels, shape (items, raters); -1 where missing."""
    judges: tuple[str, ...]
    """Judges, sorted unless `put_judges_first` put them into another order."""
    verdict: NDArray[np.int8]
    """First-pass verdicts, shape (items, judges); -1 where absent or without an answer."""
    state: NDArray[np.int8]
    """Index into VERDICT_STATES of each verdict, shape (items, judges)."""
    rows: pd.DataFrame
    """Every label, repeats too: item, rater and answer as codes, pass_no, seconds, position."""
    judge_rows: pd.DataFrame
    """Every verdict, repeats too: item, rater (judge), answer and state as codes, pass_no, probability."""
    slices: pd.DataFrame
    """Slice columns, one row per item, in the order of `items`."""
    lists: tuple[str, ...]
    """Slice columns whose cells list several values, tools say: each of these is a slice."""
    warnings: tuple[str, ...]
    """Sentences about what looks wrong in the frame but was not changed."""

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Items with at least one human label, shape (items,)."""
        return np.asarray((self.human >= 0).any(axis=1))

    def find_judge_index(self, judge: str | None) -> int:
        """The column of a judge; None means the only one."""
        if judge is None and len(self.judges) == 1:
            return 0
        if judge in self.judges:
            return self.judges.index(judge)
        known = ", ".join(self.judges) or "none"
        raise FrameError(f"judge {judge!r} is not in the frame: choose one of: {known}")


def read_frame(
    frame: pd.DataFrame,
    *,
    positive: str = "yes",
    unsure: str = "unsure",
    answers: Sequence[str] | None = None,
    slices: Sequence[str] | None = None,
    lists: Sequence[str] = LIST_COLUMNS,
) -> Ratings:
    """Check and code a long frame (one row per rating).

    `answers` fixes the allowed answers and their order (needed for ordinal data); `slices` names the
    slice columns, by default every further column that is constant within its item, and `lists` those whose cells
    list several values with commas, semicolons or white space between them.
    Raises FrameError with one sentence when the frame cannot be read.
    """
    # the order of the checks decides which fault is reported: a missing column before a bad value in it
    check_columns(frame, slices or ())
    human = check_kinds(frame)
    coding = code_answers(frame["answer"], positive, unsure, answers)
    items = code_ids(frame["item"], "item")
    raters = code_ids(frame["rater"], "rater")
    passes = code_passes(frame)
    check_duplicates(items, raters, passes, human)
    states = code_states(frame, human, coding.codes)
    cluster_of, clusters = code_clusters(frame, items)
    weight, weight_notes = compute_item_weights(frame, items, human)
    slice_frame, slice_notes = extract_item_slices(frame, items, slices)
    annotators = renumber_raters(raters, human)
    # a judge and an annotator may share a name: each kind is numbered by itself
    judges = renumber_raters(raters, ~human)
    matrices = build_first_pass(items, annotators, judges, coding.codes, states, passes == 1, human)
    return Ratings(
        answers=coding.answers,
        positive=coding.answers.index(positive),
        unsure=coding.answers.index(unsure) if unsure in coding.answers else -1,
        items=items.names,
        clusters=clusters,
        cluster=cluster_of,
        weight=weight,
        stratum=take_first_values(get_column(frame, "stratum"), items),
        raters=annotators.names,
        human=matrices.human,
        judges=judges.names,
        verdict=matrices.verdict,
        state=matrices.state,
        rows=build_human_rows(frame, items, annotators, coding, passes, human),
        judge_rows=build_verdict_rows(frame, items, judges, coding, passes, states, ~human),
        slices=slice_frame,
        lists=tuple(name for name in lists if name in slice_frame),
        warnings=(
            *describe_near_duplicates("rater", raters.names),
            *describe_near_duplicates("answer", coding.answers),
            *weight_notes,
            *slice_notes,
        ),
    )


def check_columns(frame: pd.DataFrame, slices: Sequence[str]) -> None:
    """Raise FrameError unless the required columns and named slice columns exist, once each."""
    twice = frame.columns[frame.columns.duplicated()].unique().tolist()
    if twice:
        raise FrameError(f"column {twice[0]!r} occurs twice: rename one of them")
    missing = [name for name in (*REQUIRED, *slices) if name not in frame.columns]
    if missing:
        raise FrameError(
            f"the frame has no column {missing[0]!r}: it needs {', '.join((*REQUIRED, *slices))}"
        )


def check_kinds(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """True for human rows, False for judge rows; raises FrameError for any other kind."""
    kinds, names = pd.factorize(frame["kind"], use_na_sentinel=True)
    strange = [name for name in names if name not in ("human", "judge")]
    if strange or (kinds < 0).any():
        value = repr(strange[0]) if strange else "missing"
        raise FrameError(f"column kind holds {value}: every row must say human or judge")
    # compare the few distinct names, not the rows: a frame may have millions of them
    is_human = np.array([name == "human" for name in names], dtype=bool)
    return is_human[kinds] if len(names) else np.zeros(0, dtype=bool)


def check_duplicates(
    items: CodedIds, raters: CodedIds, passes: NDArray[np.int64], human: NDArray[np.bool_]
) -> None:
    """Raise FrameError that names the first rating that occurs twice."""
    # one integer a rating: item, then rater, kind and pass as digits of a mixed-radix number
    width = int(passes.max(initial=1)) + 1
    rater_and_kind = raters.codes * 2 + human
    key = (items.codes.astype(np.int64) * (2 * len(raters.names) + 2) + rater_and_kind) * width + passes
    # sorting is the cheap test; which rows they are is looked up only for the message
    if len(np.unique(key)) == len(key):
        return
    row = int(np.flatnonzero(pd.Series(key).duplicated())[0])
    item, rater = items.names[items.codes[row]], raters.names[raters.codes[row]]
    raise FrameError(
        f"rater {rater!r} has two ratings of item {item!r} in pass {passes[row]}: "
        "keep one, or number the repeat in column pass_no"
    )


def compute_item_weights(
    frame: pd.DataFrame, items: CodedIds, human: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[str]]:
    """Inverse inclusion probabilities per item, and what was assumed where they are missing."""
    weight = np.ones(len(items.names))
    if "inclusion_probability" not in frame.columns:
        return weight, []
    folded = fold_constant_column(frame, "inclusion_probability", items)
    values = pd.to_numeric(pd.Series(folded.values, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~((values > 0) & (values <= 1)))
    if len(bad):
        item = items.names[np.flatnonzero(folded.codes == bad[0])[0]]
        raise FrameError(
            f"item {item!r} has inclusion_probability {folded.values[bad[0]]!r}: give a number above 0, at most 1"
        )
    sampled = np.zeros(len(items.names), dtype=bool)
    sampled[items.codes[human]] = True
    # verdicts cover the whole pool: only the items sampled for people represent others
    use = sampled & (folded.codes >= 0)
    weight[use] = 1 / values[folded.codes[use]]
    without = int((sampled & (folded.codes < 0)).sum())
    note = f"{without} labelled items have no inclusion_probability: 1 was assumed"
    return weight, [note] if without else []


def extract_item_slices(
    frame: pd.DataFrame, items: CodedIds, slice_columns: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str]]:
    """The slice columns per item, and sentences about columns that cannot be slices."""
    names = (
        list(slice_columns)
        if slice_columns is not None
        else [c for c in frame.columns if c not in (*REQUIRED, *OPTIONAL)]
    )
    columns: dict[str, NDArray[Any]] = {}
    notes: list[str] = []
    for name in names:
        folded = fold_column(frame[name], items)
        # a column that the caller named must work; one that merely exists is left out with a warning
        if not folded.constant and slice_columns is not None:
            fold_constant_column(frame, name, items)
        if not folded.constant:
            notes.append(f"column {name!r} differs between rows of one item, so it is not used as a slice")
            continue
        columns[str(name)] = folded.expand()
    sliced = pd.DataFrame(columns, index=pd.RangeIndex(len(items.names)))
    # object columns of numbers become numeric, so that slicing can cut them into bands
    return sliced.infer_objects(), notes


def fill_matrix(
    items: NDArray[np.intp],
    raters: NDArray[np.intp],
    values: NDArray[np.int8],
    use: NDArray[np.bool_],
    shape: tuple[int, int],
    empty: int,
) -> NDArray[np.int8]:
    """Spread the chosen rows into an items x raters matrix."""
    matrix = np.full(shape, empty, dtype=np.int8)
    matrix[items[use], raters[use]] = values[use]
    return matrix


@dataclass(frozen=True, slots=True)
class RatingMatrices:
    """First-pass ratings as items x raters matrices."""

    human: NDArray[np.int8]
    """Labels, -1 missing."""
    verdict: NDArray[np.int8]
    """Verdicts, -1 missing."""
    state: NDArray[np.int8]
    """Index into VERDICT_STATES, 0 absent."""


def build_first_pass(
    items: CodedIds,
    annotators: CodedRaters,
    judges: CodedRaters,
    codes: NDArray[np.int8],
    states: NDArray[np.int8],
    first: NDArray[np.bool_],
    human: NDArray[np.bool_],
) -> RatingMatrices:
    """Spread the first-pass ratings into matrices."""
    n = len(items.names)
    human_shape, judge_shape = (n, len(annotators.names)), (n, len(judges.names))
    return RatingMatrices(
        human=fill_matrix(items.codes, annotators.codes, codes, human & first, human_shape, -1),
        verdict=fill_matrix(items.codes, judges.codes, codes, ~human & first, judge_shape, -1),
        state=fill_matrix(items.codes, judges.codes, states, ~human & first, judge_shape, 0),
    )


def build_rating_rows(
    items: CodedIds,
    raters: CodedRaters,
    coding: AnswerCoding,
    passes: NDArray[np.int64],
    use: NDArray[np.bool_],
) -> pd.DataFrame:
    """The chosen ratings as codes, one row each."""
    return pd.DataFrame(
        {
            "item": items.codes[use],
            "rater": raters.codes[use],
            "answer": coding.codes[use],
            "pass_no": passes[use],
        }
    )


def build_human_rows(
    frame: pd.DataFrame,
    items: CodedIds,
    raters: CodedRaters,
    coding: AnswerCoding,
    passes: NDArray[np.int64],
    use: NDArray[np.bool_],
) -> pd.DataFrame:
    """Labels with their time in seconds and their position in the queue."""
    rows = build_rating_rows(items, raters, coding, passes, use)
    return rows.assign(
        seconds=read_numbers(frame, "seconds", use), position=read_numbers(frame, "position", use)
    )


def build_verdict_rows(
    frame: pd.DataFrame,
    items: CodedIds,
    raters: CodedRaters,
    coding: AnswerCoding,
    passes: NDArray[np.int64],
    states: NDArray[np.int8],
    use: NDArray[np.bool_],
) -> pd.DataFrame:
    """Verdicts with their state and the judge's probability of the positive answer."""
    rows = build_rating_rows(items, raters, coding, passes, use)
    return rows.assign(state=states[use], probability=read_numbers(frame, "probability", use))
