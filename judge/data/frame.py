"""The long frame, read once: one row per reading in, coded arrays out. Every statistic starts here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.columns import (
    FrameError,
    Ids,
    code_ids,
    column,
    first_values,
    fold,
    fold_constant,
    numbers,
    sorted_ids,
    text,
    twins,
)

__all__ = ["STATES", "FrameError", "Readings", "read_frame"]

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
STATES = ("absent", "parsed", "unparsed", "error")
DEFAULT_ANSWERS = ("no", "yes")
MAX_ANSWERS = 100


@dataclass(frozen=True, slots=True)
class Readings:
    """A checked and coded long frame; arrays share one item index (items sorted by id)."""

    answers: tuple[str, ...]
    """Answers in code order: numbers by value, else alphabetical; `unsure` comes last."""
    positive: int
    """Code of the positive answer."""
    unsure: int
    """Code of the unsure answer; -1 where nobody can have given it."""
    items: NDArray[Any]
    """Item ids, shape (items,)."""
    clusters: NDArray[Any]
    """Cluster (scenario) ids, sorted, shape (clusters,)."""
    cluster: NDArray[np.intp]
    """Index into `clusters`, shape (items,)."""
    weight: NDArray[np.float64]
    """Inverse inclusion probability, shape (items,); 1 outside the human sample."""
    stratum: NDArray[Any]
    """Sampling stratum, shape (items,); None where not given."""
    raters: tuple[str, ...]
    """Annotators, sorted."""
    human: NDArray[np.int8]
    """First-pass labels, shape (items, raters); -1 where missing."""
    judges: tuple[str, ...]
    """Judges, sorted unless `judges_first` put them into another order."""
    verdict: NDArray[np.int8]
    """First-pass verdicts, shape (items, judges); -1 where absent or without an answer."""
    state: NDArray[np.int8]
    """Index into STATES of each verdict, shape (items, judges)."""
    rows: pd.DataFrame
    """Every human reading, repeats too: item, rater and answer as codes, pass_no, seconds, position."""
    judge_rows: pd.DataFrame
    """Every verdict, repeats too: item, rater (judge), answer and state as codes, pass_no, probability."""
    slices: pd.DataFrame
    """Slice columns, one row per item, in the order of `items`."""
    warnings: tuple[str, ...]
    """Sentences about what looks wrong in the frame but was not changed."""

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Items with at least one human label, shape (items,)."""
        return np.asarray((self.human >= 0).any(axis=1))

    def judge_index(self, judge: str | None) -> int:
        """The column of a judge; None means the only one."""
        if judge is None and len(self.judges) == 1:
            return 0
        if judge in self.judges:
            return self.judges.index(judge)
        known = ", ".join(self.judges) or "none"
        raise FrameError(f"judge {judge!r} is not in the frame: choose one of: {known}")


@dataclass(frozen=True, slots=True)
class Coding:
    """The answers of one frame and the codes they have."""

    answers: tuple[str, ...]
    """Answers in code order."""
    codes: NDArray[np.int8]
    """Code of each row; -1 where the answer is missing."""


def read_frame(
    frame: pd.DataFrame,
    *,
    positive: str = "yes",
    unsure: str = "unsure",
    answers: Sequence[str] | None = None,
    slices: Sequence[str] | None = None,
) -> Readings:
    """Check and code a long frame (one row per reading).

    `answers` fixes the allowed answers and their order (needed for ordinal data); `slices` names the
    slice columns, by default every further column that is constant within its item.
    Raises FrameError with one sentence when the frame cannot be read.
    """
    check_columns(frame, slices or ())
    human = check_kinds(frame)
    coding = code_answers(frame["answer"], positive, unsure, answers)
    items = code_ids(frame["item"], "item")
    raters = code_ids(frame["rater"], "rater")
    passes = code_passes(frame)
    check_duplicates(items, raters, passes, human)
    states = code_states(frame, human, coding.codes)
    cluster_of, clusters = code_clusters(frame, items)
    weight, weight_notes = item_weights(frame, items, human)
    slice_frame, slice_notes = item_slices(frame, items, slices)
    people = compact(raters, human)
    judges = compact(raters, ~human)
    matrices = first_pass(items, people, judges, coding.codes, states, passes == 1, human)
    return Readings(
        answers=coding.answers,
        positive=coding.answers.index(positive),
        unsure=coding.answers.index(unsure) if unsure in coding.answers else -1,
        items=items.names,
        clusters=clusters,
        cluster=cluster_of,
        weight=weight,
        stratum=first_values(column(frame, "stratum"), items),
        raters=people.names,
        human=matrices.human,
        judges=judges.names,
        verdict=matrices.verdict,
        state=matrices.state,
        rows=human_rows(frame, items, people, coding, passes, human),
        judge_rows=verdict_rows(frame, items, judges, coding, passes, states, ~human),
        slices=slice_frame,
        warnings=(
            *twins("rater", raters.names),
            *twins("answer", coding.answers),
            *weight_notes,
            *slice_notes,
        ),
    )


@dataclass(frozen=True, slots=True)
class Readers:
    """The raters of one kind, with codes among themselves."""

    names: tuple[str, ...]
    """Sorted ids."""
    codes: NDArray[np.intp]
    """Index into `names` of each row; -1 for rows of the other kind."""


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
        seen = repr(strange[0]) if strange else "missing"
        raise FrameError(f"column kind holds {seen}: every row must say human or judge")
    is_human = np.array([name == "human" for name in names], dtype=bool)
    return is_human[kinds] if len(names) else np.zeros(0, dtype=bool)


def code_answers(values: pd.Series, positive: str, unsure: str, answers: Sequence[str] | None) -> Coding:
    """Code the answer column; missing answers get -1, answers outside `answers` raise FrameError."""
    codes, uniques = pd.factorize(text(values), use_na_sentinel=True)
    names = [str(value) for value in uniques]
    order = tuple(answers) if answers is not None else answer_order(names, positive, unsure)
    strange = sorted(set(names) - set(order))
    if strange:
        raise FrameError(
            f"answer {strange[0]!r} is not one of {', '.join(order)}: correct it or leave it empty"
        )
    if positive not in order or len(set(order)) != len(order):
        raise FrameError(
            f"the answers {', '.join(order)} must be distinct and hold the positive one, {positive!r}"
        )
    if len(order) > MAX_ANSWERS:
        raise FrameError(
            f"{len(order)} different answers in column answer: at most {MAX_ANSWERS} can be compared"
        )
    table = np.array([*(order.index(name) for name in names), -1], dtype=np.int8)
    return Coding(order, table[codes])


def answer_order(seen: Sequence[str], positive: str, unsure: str) -> tuple[str, ...]:
    """The answers in code order, with those of the default question where nothing else was seen."""
    known = {*seen} - {unsure}
    if {*known, positive}.issubset(DEFAULT_ANSWERS):
        known = {*DEFAULT_ANSWERS}
    if known and positive not in known:
        raise FrameError(
            f"nobody answered {positive!r} among {', '.join(sorted(known))}: "
            "say which answer is positive, or list all allowed answers"
        )
    known.add(positive)
    tail = (unsure,) if unsure in seen else ()
    try:
        return (*sorted(known, key=float), *tail)
    except ValueError:
        return (*sorted(known), *tail)


def code_passes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """The pass of each row: 1 unless column pass_no says otherwise."""
    if "pass_no" not in frame.columns:
        return np.ones(len(frame), dtype=np.int64)
    numbers = pd.to_numeric(frame["pass_no"], errors="coerce").fillna(
        1 if frame["pass_no"].isna().all() else -1
    )
    passes = numbers.to_numpy(dtype=np.float64)
    if ((passes < 1) | (passes % 1 != 0)).any():
        row = int(np.flatnonzero((passes < 1) | (passes % 1 != 0))[0])
        raise FrameError(f"row {row} has pass_no {frame['pass_no'].iloc[row]!r}: use 1, or 2 for a repeat")
    return passes.astype(np.int64)


def check_duplicates(items: Ids, raters: Ids, passes: NDArray[np.int64], human: NDArray[np.bool_]) -> None:
    """Raise FrameError naming the first reading that occurs twice."""
    width = int(passes.max(initial=1)) + 1
    reader = raters.codes * 2 + human
    key = (items.codes.astype(np.int64) * (2 * len(raters.names) + 2) + reader) * width + passes
    # sorting is the cheap test; which rows they are is looked up only for the message
    if len(np.unique(key)) == len(key):
        return
    row = int(np.flatnonzero(pd.Series(key).duplicated())[0])
    item, rater = items.names[items.codes[row]], raters.names[raters.codes[row]]
    raise FrameError(
        f"reader {rater!r} has two readings of item {item!r} in pass {passes[row]}: "
        "keep one, or number the repeat in column pass_no"
    )


def code_states(frame: pd.DataFrame, human: NDArray[np.bool_], codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Index into STATES per row: from column state, else parsed where a judge row has an answer."""
    guess = np.where(codes >= 0, 1, 2).astype(np.int8)
    guess[human] = 0
    if "state" not in frame.columns:
        return guess
    known, uniques = pd.factorize(frame["state"], use_na_sentinel=True)
    names = [str(name) for name in uniques]
    table = np.array([*(STATES.index(n) if n in STATES[1:] else -2 for n in names), -1], dtype=np.int8)
    given = np.where(human, np.int8(-1), table[known])
    if (given == -2).any():
        value = frame["state"].iloc[int(np.flatnonzero(given == -2)[0])]
        raise FrameError(f"column state holds {value!r}: a verdict is parsed, unparsed or error")
    clash = (given >= 0) & ((given == 1) != (codes >= 0))
    if clash.any():
        row = int(np.flatnonzero(clash)[0])
        raise FrameError(
            f"the verdict on item {frame['item'].iloc[row]!r} is {STATES[given[row]]} but its answer is "
            f"{frame['answer'].iloc[row]!r}: only a parsed verdict has an answer"
        )
    return np.where(given >= 0, given, guess).astype(np.int8)


def code_clusters(frame: pd.DataFrame, items: Ids) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The cluster index of each item and the cluster ids; an item without cluster is its own."""
    if "cluster" not in frame.columns or frame["cluster"].isna().all():
        return np.arange(len(items.names), dtype=np.intp), items.names
    folded = fold_constant(frame.assign(cluster=text(frame["cluster"])), "cluster", items)
    alone = folded.codes < 0
    names = np.array([str(value) for value in folded.values], dtype=object)
    # a prefix keeps a lone item apart from a scenario that happens to have its id
    lone = np.array([f"item {item}" for item in items.names[alone]], dtype=object)
    codes = folded.codes.copy()
    codes[alone] = len(names) + np.arange(len(lone))
    ids = sorted_ids(codes, np.concatenate([names, lone]))
    return ids.codes, ids.names


def item_weights(
    frame: pd.DataFrame, items: Ids, human: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[str]]:
    """Inverse inclusion probabilities per item, and what was assumed where they are missing."""
    weight = np.ones(len(items.names))
    if "inclusion_probability" not in frame.columns:
        return weight, []
    folded = fold_constant(frame, "inclusion_probability", items)
    values = pd.to_numeric(pd.Series(folded.values, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~((values > 0) & (values <= 1)))
    if len(bad):
        item = items.names[np.flatnonzero(folded.codes == bad[0])[0]]
        raise FrameError(
            f"item {item!r} has inclusion_probability {folded.values[bad[0]]!r}: give a number above 0, at most 1"
        )
    sampled = np.zeros(len(items.names), dtype=bool)
    sampled[items.codes[human]] = True
    use = sampled & (folded.codes >= 0)
    weight[use] = 1 / values[folded.codes[use]]
    without = int((sampled & (folded.codes < 0)).sum())
    note = f"{without} labelled items have no inclusion_probability: 1 was assumed"
    return weight, [note] if without else []


def item_slices(
    frame: pd.DataFrame, items: Ids, named: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str]]:
    """The slice columns per item, and sentences about columns that cannot be slices."""
    names = (
        list(named) if named is not None else [c for c in frame.columns if c not in (*REQUIRED, *OPTIONAL)]
    )
    columns: dict[str, NDArray[Any]] = {}
    notes: list[str] = []
    for name in names:
        folded = fold(frame[name], items)
        if not folded.constant and named is not None:
            fold_constant(frame, name, items)
        if not folded.constant:
            notes.append(f"column {name!r} differs between rows of one item, so it is not used as a slice")
            continue
        columns[str(name)] = folded.spread()
    sliced = pd.DataFrame(columns, index=pd.RangeIndex(len(items.names)))
    return sliced.infer_objects(), notes


def compact(raters: Ids, mine: NDArray[np.bool_]) -> Readers:
    """The readers of one kind with codes among themselves."""
    used = np.unique(raters.codes[mine])
    place = np.full(len(raters.names), -1, dtype=np.intp)
    place[used] = np.arange(len(used))
    codes = np.where(mine, place[raters.codes], -1) if len(raters.codes) else raters.codes
    return Readers(tuple(str(name) for name in raters.names[used]), codes)


def to_matrix(
    items: NDArray[np.intp],
    readers: NDArray[np.intp],
    values: NDArray[np.int8],
    use: NDArray[np.bool_],
    shape: tuple[int, int],
    empty: int,
) -> NDArray[np.int8]:
    """Spread the chosen rows into an items x readers matrix."""
    matrix = np.full(shape, empty, dtype=np.int8)
    matrix[items[use], readers[use]] = values[use]
    return matrix


@dataclass(frozen=True, slots=True)
class Matrices:
    """First-pass readings as items x readers matrices."""

    human: NDArray[np.int8]
    """Labels, -1 missing."""
    verdict: NDArray[np.int8]
    """Verdicts, -1 missing."""
    state: NDArray[np.int8]
    """Index into STATES, 0 absent."""


def first_pass(
    items: Ids,
    people: Readers,
    judges: Readers,
    codes: NDArray[np.int8],
    states: NDArray[np.int8],
    first: NDArray[np.bool_],
    human: NDArray[np.bool_],
) -> Matrices:
    """Spread the first readings into matrices."""
    n = len(items.names)
    by_people, by_judges = (n, len(people.names)), (n, len(judges.names))
    return Matrices(
        human=to_matrix(items.codes, people.codes, codes, human & first, by_people, -1),
        verdict=to_matrix(items.codes, judges.codes, codes, ~human & first, by_judges, -1),
        state=to_matrix(items.codes, judges.codes, states, ~human & first, by_judges, 0),
    )


def reading_rows(
    items: Ids, readers: Readers, coding: Coding, passes: NDArray[np.int64], use: NDArray[np.bool_]
) -> pd.DataFrame:
    """The chosen readings as codes, one row each."""
    return pd.DataFrame(
        {
            "item": items.codes[use],
            "rater": readers.codes[use],
            "answer": coding.codes[use],
            "pass_no": passes[use],
        }
    )


def human_rows(
    frame: pd.DataFrame,
    items: Ids,
    readers: Readers,
    coding: Coding,
    passes: NDArray[np.int64],
    use: NDArray[np.bool_],
) -> pd.DataFrame:
    """Human readings with time and position."""
    rows = reading_rows(items, readers, coding, passes, use)
    return rows.assign(seconds=numbers(frame, "seconds", use), position=numbers(frame, "position", use))


def verdict_rows(
    frame: pd.DataFrame,
    items: Ids,
    readers: Readers,
    coding: Coding,
    passes: NDArray[np.int64],
    states: NDArray[np.int8],
    use: NDArray[np.bool_],
) -> pd.DataFrame:
    """Verdicts with their state and the judge's probability of the positive answer."""
    rows = reading_rows(items, readers, coding, passes, use)
    return rows.assign(state=states[use], probability=numbers(frame, "probability", use))
