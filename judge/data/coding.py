"""Answers, passes, verdict states, scenarios and raters of a long frame as codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from secondreader.judge.data.columns import (
    CodedIds,
    FrameError,
    convert_to_text,
    fold_constant_column,
    sort_ids,
)

VERDICT_STATES = ("absent", "parsed", "unparsed", "error")
DEFAULT_ANSWERS = ("no", "yes")
MAX_ANSWERS = 100


@dataclass(frozen=True, slots=True)
class AnswerCoding:
    """The answers of one frame and the codes they have."""

    answers: tuple[str, ...]
    """Answers in code order."""
    codes: NDArray[np.int8]
    """Code of each row; -1 where the answer is missing."""


@dataclass(frozen=True, slots=True)
class CodedRaters:
    """The raters of one kind, with codes among themselves."""

    names: tuple[str, ...]
    """Sorted ids."""
    codes: NDArray[np.intp]
    """Index into `names` of each row; -1 for rows of the other kind."""


def code_answers(
    values: pd.Series, positive: str, unsure: str, answers: Sequence[str] | None
) -> AnswerCoding:
    """Code the answer column; missing answers get -1, answers outside `answers` raise FrameError."""
    codes, uniques = pd.factorize(convert_to_text(values), use_na_sentinel=True)
    names = [str(value) for value in uniques]
    order = tuple(answers) if answers is not None else order_answers(names, positive, unsure)
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
    # factorize codes a missing answer as -1, and index -1 is the last entry of the table
    table = np.array([*(order.index(name) for name in names), -1], dtype=np.int8)
    return AnswerCoding(order, table[codes])


def order_answers(observed: Sequence[str], positive: str, unsure: str) -> tuple[str, ...]:
    """Answers in code order: numbers by value, words alphabetically, unsure last; yes and no always come as a pair."""
    known = {*observed} - {unsure}
    if {*known, positive}.issubset(DEFAULT_ANSWERS):
        known = {*DEFAULT_ANSWERS}
    if known and positive not in known:
        raise FrameError(
            f"nobody answered {positive!r} among {', '.join(sorted(known))}: "
            "say which answer is positive, or list all allowed answers"
        )
    known.add(positive)
    tail = (unsure,) if unsure in observed else ()
    try:
        return (*sorted(known, key=float), *tail)
    except ValueError:
        return (*sorted(known), *tail)


def code_passes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """The pass of each row: 1 unless column pass_no says otherwise."""
    if "pass_no" not in frame.columns:
        return np.ones(len(frame), dtype=np.int64)
    # an empty column means that nobody repeated; one empty cell among numbers is a mistake
    numbers = pd.to_numeric(frame["pass_no"], errors="coerce").fillna(
        1 if frame["pass_no"].isna().all() else -1
    )
    passes = numbers.to_numpy(dtype=np.float64)
    if ((passes < 1) | (passes % 1 != 0)).any():
        row = int(np.flatnonzero((passes < 1) | (passes % 1 != 0))[0])
        raise FrameError(f"row {row} has pass_no {frame['pass_no'].iloc[row]!r}: use 1, or 2 for a repeat")
    return passes.astype(np.int64)


def code_states(frame: pd.DataFrame, human: NDArray[np.bool_], codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Index into VERDICT_STATES per row: from column state, else parsed where a judge row has an answer."""
    guess = np.where(codes >= 0, 1, 2).astype(np.int8)
    guess[human] = 0
    if "state" not in frame.columns:
        return guess
    known, uniques = pd.factorize(frame["state"], use_na_sentinel=True)
    names = [str(name) for name in uniques]
    table = np.array(
        # a verdict row cannot say "absent": that is what having no row means
        [*(VERDICT_STATES.index(n) if n in VERDICT_STATES[1:] else -2 for n in names), -1],
        dtype=np.int8,
    )
    stated = np.where(human, np.int8(-1), table[known])
    if (stated == -2).any():
        value = frame["state"].iloc[int(np.flatnonzero(stated == -2)[0])]
        raise FrameError(f"column state holds {value!r}: a verdict is parsed, unparsed or error")
    clash = (stated >= 0) & ((stated == 1) != (codes >= 0))
    if clash.any():
        row = int(np.flatnonzero(clash)[0])
        raise FrameError(
            f"the verdict on item {frame['item'].iloc[row]!r} is {VERDICT_STATES[stated[row]]} but its answer is "
            f"{frame['answer'].iloc[row]!r}: only a parsed verdict has an answer"
        )
    return np.where(stated >= 0, stated, guess).astype(np.int8)


def code_clusters(frame: pd.DataFrame, items: CodedIds) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The cluster index of each item and the cluster ids; an item without cluster is its own."""
    if "cluster" not in frame.columns or frame["cluster"].isna().all():
        return np.arange(len(items.names), dtype=np.intp), items.names
    folded = fold_constant_column(frame.assign(cluster=convert_to_text(frame["cluster"])), "cluster", items)
    alone = folded.codes < 0
    names = np.array([str(value) for value in folded.values], dtype=object)
    # a prefix keeps a lone item apart from a scenario that happens to have its id
    lone = np.array([f"item {item}" for item in items.names[alone]], dtype=object)
    codes = folded.codes.copy()
    codes[alone] = len(names) + np.arange(len(lone))
    ids = sort_ids(codes, np.concatenate([names, lone]))
    return ids.codes, ids.names


def renumber_raters(raters: CodedIds, of_kind: NDArray[np.bool_]) -> CodedRaters:
    """The raters of one kind with codes among themselves."""
    used = np.unique(raters.codes[of_kind])
    new_codes = np.full(len(raters.names), -1, dtype=np.intp)
    new_codes[used] = np.arange(len(used))
    codes = np.where(of_kind, new_codes[raters.codes], -1) if len(raters.codes) else raters.codes
    return CodedRaters(tuple(str(name) for name in raters.names[used]), codes)
