"""How good the labels are: repeats, drift, times, straight lines, unsure. Reported, never acted upon.

No function here removes or changes a label; a reader decides what to do with what is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import fisher_exact

from secondreader.judge.data.frame import Readings, read_frame
from secondreader.judge.inference.cluster_sums import cohort_of, group_sums
from secondreader.judge.inference.coefficients import KRIPPENDORFF, GroupFormula
from secondreader.judge.inference.estimate import Estimate, Reason, undefined
from secondreader.judge.inference.exact_tests import holm
from secondreader.judge.inference.proportions import proportion
from secondreader.judge.quality.limitations import cannot_support

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OUTLIER_Z = 3.5
FLOOR_SECONDS = 3.0
FEWEST_TIMES = 10
FEWEST_IN_THIRD = 5
LONG_RUN = 10
RUN_LEVEL = 0.01
SHUFFLES = 2000
DRIFT_LEVEL = 0.05
IGLEWICZ = "Iglewicz & Hoaglin (1993) How to Detect and Handle Outliers, modified z-score"


@dataclass(frozen=True, slots=True)
class Drift:
    """The positive answer's rate over an annotator's own sequence."""

    rates: tuple[float | None, float | None, float | None]
    """Rate of the positive answer in the first, second and last third; None without labels."""
    n: tuple[int, int, int]
    """Labels in each third."""
    p: float | None
    """Fisher's exact p, first against last third; None below 5 labels in either."""
    p_holm: float | None = None
    """The same, adjusted over annotators by Holm (1979)."""


@dataclass(frozen=True, slots=True)
class Run:
    """The longest row of equal answers in an annotator's sequence."""

    length: int
    """Labels in the run."""
    answer: str | None
    """The answer repeated; None without labels."""
    p: float | None
    """Share of random orders of the same labels with a run as long; None without positions."""


@dataclass(frozen=True, slots=True)
class RaterQuality:
    """What one annotator's labels look like."""

    rater: str
    """Annotator."""
    n: int
    """First-pass labels."""
    flip_rate: Estimate
    """Share of repeated items answered differently the second time, with Wilson's interval."""
    repeat_alpha: Estimate
    """Krippendorff's alpha between the two passes, without interval."""
    unsure_rate: Estimate
    """Share of unsure among the labels, with Wilson's interval."""
    drift: Drift
    """Positive rate by third of the session."""
    run: Run
    """Longest run of equal answers."""
    median_seconds: float | None
    """Median time of a label; None without times."""
    n_fast: int
    """Labels below the floor or far below the annotator's own median."""
    n_slow: int
    """Labels far above the annotator's own median."""
    sentences: tuple[str, ...]
    """What to look at."""


@dataclass(frozen=True, slots=True)
class QualityResult:
    """Label quality of a study."""

    raters: tuple[RaterQuality, ...]
    """One entry an annotator."""
    flip_rate: Estimate
    """Flip rate over all annotators' repeats; items independent."""
    outliers: pd.DataFrame
    """item, rater, seconds, z and why (fast / slow) of every label with an unusual time."""
    cannot_support: tuple[str, ...]
    """What these data cannot support, in sentences."""

    def frame(self) -> pd.DataFrame:
        """One row an annotator."""
        return pd.DataFrame([_row(one) for one in self.raters])


def _row(one: RaterQuality) -> dict[str, object]:
    return {
        "rater": one.rater,
        "n": one.n,
        "repeats": one.flip_rate.n,
        "flip_rate": one.flip_rate.value,
        "flip_low": one.flip_rate.low,
        "flip_high": one.flip_rate.high,
        "repeat_alpha": one.repeat_alpha.value,
        "unsure_rate": one.unsure_rate.value,
        "first_third": one.drift.rates[0],
        "last_third": one.drift.rates[2],
        "drift_p_holm": one.drift.p_holm,
        "longest_run": one.run.length,
        "run_p": one.run.p,
        "median_seconds": one.median_seconds,
        "fast": one.n_fast,
        "slow": one.n_slow,
        "sentences": " ".join(one.sentences),
    }


def repeat_pairs(rows: pd.DataFrame) -> npt.NDArray[np.int8]:
    """First and second answer of every repeated item, (repeats, 2); rows are human readings of one rater."""
    wide = rows.pivot(index="item", columns="pass_no", values="answer")
    if 1 not in wide.columns or 2 not in wide.columns:
        return np.zeros((0, 2), np.int8)
    both = wide[[1, 2]].fillna(-1).to_numpy(np.int8)
    return both[(both >= 0).all(axis=1)]


def repeat_alpha(pairs: npt.NDArray[np.int8], n_answers: int) -> Estimate:
    """Nominal alpha between passes; undefined without repeats or variation.

    Source: Krippendorff (2011), with passes in place of observers.
    """
    if not len(pairs):
        return undefined("repeat_alpha", Reason.NO_PAIRABLE_ITEMS, source=KRIPPENDORFF)
    cohort = cohort_of(np.arange(len(pairs)), np.ones(len(pairs)))
    formula = GroupFormula(n_answers, n_answers - 1, 0)
    names = [c.name for c in formula.coefficients]
    value = formula.values(group_sums(pairs, n_answers, cohort).weighted.sum(axis=0))[names.index("alpha")]
    if np.isnan(value):
        return undefined("repeat_alpha", Reason.NO_VARIATION, n=len(pairs), source=KRIPPENDORFF)
    return Estimate("repeat_alpha", float(value), n=len(pairs), n_clusters=len(pairs), source=KRIPPENDORFF)


def session_drift(positive: npt.NDArray[np.bool_]) -> Drift:
    """Positive answers in session order cut into thirds; exact test of the first against the last."""
    parts = np.array_split(positive, 3)
    n = (len(parts[0]), len(parts[1]), len(parts[2]))
    k = [int(part.sum()) for part in parts]
    rates = (_share(k[0], n[0]), _share(k[1], n[1]), _share(k[2], n[2]))
    if min(n[0], n[2]) < FEWEST_IN_THIRD:
        return Drift(rates, n, None)
    table = np.array([[k[0], n[0] - k[0]], [k[2], n[2] - k[2]]])
    return Drift(rates, n, float(fisher_exact(table).pvalue))


def _share(k: int, n: int) -> float | None:
    return k / n if n else None


def holm_over_raters(p: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment of the defined p-values; None stays None."""
    known = {index: value for index, value in enumerate(p) if value is not None}
    adjusted: list[float | None] = [None] * len(p)
    for index, value in zip(known, holm(list(known.values())), strict=True):
        adjusted[index] = float(value)
    return adjusted


def longest_runs(sequences: npt.NDArray[np.int8]) -> Ints:
    """Length of the longest run of equal answers in each row, (rows, labels) -> (rows,)."""
    rows, n = sequences.shape
    longest = np.zeros(rows, np.int64)
    current = np.zeros(rows, np.int64)
    for at in range(n):
        same = sequences[:, at] == sequences[:, at - 1] if at else np.zeros(rows, bool)
        current = np.where(same, current + 1, 1)
        np.maximum(longest, current, out=longest)
    return longest


def straight_line(answers: npt.NDArray[np.int8], names: tuple[str, ...], seed: int = 0) -> Run:
    """Longest run in session order, against random orders of the same answers (2,000, seeded).

    p = (1 + orders with a run as long) / (1 + orders); a rare answer alone does not make a run suspicious.
    """
    if not len(answers):
        return Run(0, None, None)
    length = int(longest_runs(answers[None, :])[0])
    starts = np.lib.stride_tricks.sliding_window_view(answers, length)
    answer = names[starts[(starts == starts[:, :1]).all(axis=1)][0, 0]]
    shuffled = np.random.default_rng(seed).permuted(np.tile(answers, (SHUFFLES, 1)), axis=1)
    as_long = int((longest_runs(shuffled) >= length).sum())
    return Run(length, answer, (1 + as_long) / (1 + SHUFFLES))


def time_scores(seconds: Floats) -> Floats:
    """Modified z-score of log times, .6745 (x - median) / MAD; NaN below 10 times or without spread.

    Source: Iglewicz & Hoaglin (1993); on logarithms because reading times are skewed.
    """
    usable = np.isfinite(seconds) & (seconds > 0)
    scores = np.full(len(seconds), np.nan)
    if usable.sum() < FEWEST_TIMES:
        return scores
    logs = np.log(seconds[usable])
    middle = np.median(logs)
    spread = float(np.median(np.abs(logs - middle)))
    if spread > 0:
        scores[usable] = 0.6745 * (logs - middle) / spread
    return scores


def time_outliers(readings: Readings, floor_seconds: float = FLOOR_SECONDS) -> pd.DataFrame:
    """Labels far from their annotator's own median time (|z| > 3.5) or below the floor."""
    rows = readings.rows
    z = np.full(len(rows), np.nan)
    seconds = rows["seconds"].to_numpy(np.float64)
    for rater in range(len(readings.raters)):
        mine = (rows["rater"] == rater).to_numpy()
        z[mine] = time_scores(seconds[mine])
    with np.errstate(invalid="ignore"):
        fast = (seconds < floor_seconds) | (z < -OUTLIER_Z)
        slow = ~fast & (z > OUTLIER_Z)
    chosen = np.flatnonzero(fast | slow)
    names = np.array(readings.raters, dtype=object)
    return pd.DataFrame(
        {
            "item": readings.items[rows["item"].to_numpy()[chosen]],
            "rater": names[rows["rater"].to_numpy()[chosen]] if len(names) else [],
            "seconds": seconds[chosen],
            "z": z[chosen],
            "why": np.where(fast[chosen], "fast", "slow"),
        }
    )


def _in_order(rows: pd.DataFrame) -> pd.DataFrame | None:
    """First-pass labels in the order seen; None where positions are missing."""
    first = rows[rows["pass_no"] == 1]
    first = first[first["answer"] >= 0]
    if not len(first) or first["position"].isna().any():
        return None
    return first.sort_values("position")


def _sentences(one: RaterQuality) -> tuple[str, ...]:
    """What stands out about one annotator."""
    notes = []
    first, _, last = one.drift.rates
    moved = one.drift.p_holm is not None and one.drift.p_holm <= DRIFT_LEVEL
    if moved and first is not None and last is not None:
        notes.append(
            f"{one.rater} answered positive in {first:.0%} of the first third of the session and in {last:.0%} of the "
            f"last (exact p = {one.drift.p_holm:.3f} after Holm)."
        )
    if one.run.p is not None and one.run.length >= LONG_RUN and one.run.p <= RUN_LEVEL:
        notes.append(
            f"{one.rater} gave {one.run.answer!r} {one.run.length} times in a row; random orders of the same labels "
            f"do so with p = {one.run.p:.3f}."
        )
    flips = one.flip_rate
    if flips.value is not None and flips.low is not None and flips.low > 0.1:
        notes.append(f"{one.rater} changed {flips.value:.0%} of {flips.n} repeated answers.")
    if one.n_fast:
        notes.append(
            f"{one.rater} gave {one.n_fast} labels unusually fast: compare results with and without."
        )
    return tuple(notes)


def _rater(readings: Readings, index: int, outliers: pd.DataFrame) -> RaterQuality:
    """Everything about one annotator but what needs the others."""
    rows = readings.rows[readings.rows["rater"] == index]
    name, codes = readings.raters[index], readings.human[:, index]
    given = codes[codes >= 0]
    pairs = repeat_pairs(rows)
    order = _in_order(rows)
    answers = np.zeros(0, np.int8) if order is None else order["answer"].to_numpy(np.int8)
    seconds = rows["seconds"].dropna()
    why = outliers.loc[outliers["rater"] == name, "why"]
    return RaterQuality(
        rater=name,
        n=len(given),
        flip_rate=proportion("flip_rate", int((pairs[:, 0] != pairs[:, 1]).sum()), len(pairs)),
        repeat_alpha=repeat_alpha(pairs, len(readings.answers)),
        unsure_rate=proportion("unsure_rate", int((given == readings.unsure).sum()), len(given)),
        drift=session_drift(answers == readings.positive),
        run=straight_line(answers, readings.answers, index),
        median_seconds=float(seconds.median()) if len(seconds) else None,
        n_fast=int((why == "fast").sum()),
        n_slow=int((why == "slow").sum()),
        sentences=(),
    )


def _finish(one: RaterQuality, p_holm: float | None) -> RaterQuality:
    """Add what needed the other annotators, then the sentences."""
    done = replace(one, drift=replace(one.drift, p_holm=p_holm))
    return replace(done, sentences=_sentences(done))


def label_quality(
    data: pd.DataFrame | Readings,
    *,
    judge: str | None = None,
    positive: str = "yes",
    floor_seconds: float = FLOOR_SECONDS,
    unit: str = "transcript",
) -> QualityResult:
    """Quality of the human labels in a long frame or Readings; nothing is removed.

    Uses pass_no for repeats, position for drift and runs, seconds for times; what is absent stays undefined.
    """
    readings = data if isinstance(data, Readings) else read_frame(data, positive=positive)
    outliers = time_outliers(readings, floor_seconds)
    raters = [_rater(readings, index, outliers) for index in range(len(readings.raters))]
    adjusted = holm_over_raters([one.drift.p for one in raters])
    return QualityResult(
        raters=tuple(_finish(one, p) for one, p in zip(raters, adjusted, strict=True)),
        flip_rate=_pooled_flips(raters),
        outliers=outliers,
        cannot_support=cannot_support(readings, judge=judge, unit=unit),
    )


def _pooled_flips(raters: list[RaterQuality]) -> Estimate:
    """Flip rate over all repeats."""
    n = sum(one.flip_rate.n for one in raters)
    flips = sum(round((one.flip_rate.value or 0) * one.flip_rate.n) for one in raters)
    return proportion("flip_rate", flips, n)
