"""How good the labels are: repeats, drift, times, runs of equal answers, unsure. Reported, never acted upon.

No function here removes or changes a label; the researcher decides what follows from the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import fisher_exact

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import Gold
from secondreader.judge.inference.cluster_sums import GroupSums, build_group_columns
from secondreader.judge.inference.coefficients import KRIPPENDORFF, compute_alpha
from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.exact_tests import adjust_holm
from secondreader.judge.inference.proportions import NEWCOMBE, estimate_proportion
from secondreader.judge.inference.tallies import AnswerCodes, GroupTally
from secondreader.judge.quality.limitations import list_limitations

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
FLIP_RATE = Measure(
    "flip_rate", "changed on a repeat", "repeated items with another answer ÷ repeated items", NEWCOMBE
)
UNSURE_RATE = Measure("unsure_rate", "unsure", "labels that say unsure ÷ labels", NEWCOMBE)
REPEAT_ALPHA = Measure(
    "repeat_alpha",
    "alpha between passes",
    "Krippendorff alpha with an annotator's first and second pass as two raters",
    KRIPPENDORFF,
    "number",
    "chance",
)


@dataclass(frozen=True, slots=True)
class SessionDrift:
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
class AnswerRun:
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
    drift: SessionDrift
    """Positive rate by third of the session."""
    run: AnswerRun
    """Longest run of equal answers."""
    median_seconds: float | None
    """Median time of a label; None without times."""
    n_fast: int
    """Labels below the floor or far below the annotator's own median."""
    n_slow: int
    """Labels far above the annotator's own median."""
    sentences: tuple[str, ...]
    """Sentences on what stands out."""


@dataclass(frozen=True, slots=True)
class QualityResult:
    """Label quality of a study."""

    raters: tuple[RaterQuality, ...]
    """One entry an annotator."""
    flip_rate: Estimate
    """Flip rate over all annotators' repeats; items independent."""
    outliers: pd.DataFrame
    """item, rater, seconds, z and why (fast / slow) of every label with an unusual time."""
    limitations: tuple[str, ...]
    """What these data cannot support, in sentences."""

    def build_frame(self) -> pd.DataFrame:
        """One row an annotator."""
        return pd.DataFrame([_build_row(rater) for rater in self.raters])


def _build_row(quality: RaterQuality) -> dict[str, object]:
    return {
        "rater": quality.rater,
        "n": quality.n,
        "repeats": quality.flip_rate.n,
        "flip_rate": quality.flip_rate.value,
        "flip_low": quality.flip_rate.low,
        "flip_high": quality.flip_rate.high,
        "repeat_alpha": quality.repeat_alpha.value,
        "unsure_rate": quality.unsure_rate.value,
        "first_third": quality.drift.rates[0],
        "last_third": quality.drift.rates[2],
        "drift_p_holm": quality.drift.p_holm,
        "longest_run": quality.run.length,
        "run_p": quality.run.p,
        "median_seconds": quality.median_seconds,
        "fast": quality.n_fast,
        "slow": quality.n_slow,
        "sentences": " ".join(quality.sentences),
    }


def extract_repeat_pairs(rows: pd.DataFrame) -> npt.NDArray[np.int8]:
    """First and second answer of every repeated item, (repeats, 2); rows are the labels of one annotator."""
    # pivot raises on duplicates, which read_frame has excluded
    wide = rows.pivot(index="item", columns="pass_no", values="answer")
    if 1 not in wide.columns or 2 not in wide.columns:
        return np.zeros((0, 2), np.int8)
    both = wide[[1, 2]].fillna(-1).to_numpy(np.int8)
    return both[(both >= 0).all(axis=1)]


def compute_repeat_alpha(pairs: npt.NDArray[np.int8], n_answers: int) -> Estimate:
    """Nominal alpha between passes; undefined without repeats or variation.

    Source: Krippendorff (2011), with passes as observers.
    """
    if not len(pairs):
        return make_undefined_estimate(REPEAT_ALPHA, Reason.NO_PAIRABLE_ITEMS)
    sums = GroupSums(build_group_columns(pairs, n_answers).sum(axis=0), n_answers)
    value = compute_alpha(GroupTally(sums, AnswerCodes(n_answers, n_answers - 1, 0)), "nominal")
    if np.isnan(value):
        return make_undefined_estimate(REPEAT_ALPHA, Reason.NO_VARIATION, n=len(pairs))
    return Estimate(REPEAT_ALPHA, float(value), n=len(pairs), n_clusters=len(pairs))


def compute_session_drift(positive: npt.NDArray[np.bool_]) -> SessionDrift:
    """Positive answers in session order cut into thirds; exact test of the first against the last."""
    parts = np.array_split(positive, 3)
    n = (len(parts[0]), len(parts[1]), len(parts[2]))
    k = [int(part.sum()) for part in parts]
    rates = (_compute_share(k[0], n[0]), _compute_share(k[1], n[1]), _compute_share(k[2], n[2]))
    # four against four give p = .03 at best, which does not survive adjustment over annotators
    if min(n[0], n[2]) < FEWEST_IN_THIRD:
        return SessionDrift(rates, n, None)
    table = np.array([[k[0], n[0] - k[0]], [k[2], n[2] - k[2]]])
    return SessionDrift(rates, n, float(fisher_exact(table).pvalue))


def _compute_share(k: int, n: int) -> float | None:
    return k / n if n else None


def adjust_holm_over_raters(p: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment of the defined p-values; None stays None."""
    known = {index: value for index, value in enumerate(p) if value is not None}
    adjusted: list[float | None] = [None] * len(p)
    for index, value in zip(known, adjust_holm(list(known.values())), strict=True):
        adjusted[index] = float(value)
    return adjusted


def measure_longest_runs(sequences: npt.NDArray[np.int8]) -> Ints:
    """Length of the longest run of equal answers in each row, (rows, labels) -> (rows,)."""
    rows, n = sequences.shape
    longest = np.zeros(rows, np.int64)
    current = np.zeros(rows, np.int64)
    # one step a column over all shuffles: vectorised over rows, not over labels
    for at in range(n):
        same = sequences[:, at] == sequences[:, at - 1] if at else np.zeros(rows, bool)
        current = np.where(same, current + 1, 1)
        np.maximum(longest, current, out=longest)
    return longest


def find_longest_run(answers: npt.NDArray[np.int8], names: tuple[str, ...], seed: int = 0) -> AnswerRun:
    """Longest run in session order, against random orders of the same answers (2,000, seeded).

    p = (1 + orders with a run as long) / (1 + orders); a rare answer alone does not make a run suspicious.
    """
    if not len(answers):
        return AnswerRun(0, None, None)
    length = int(measure_longest_runs(answers[None, :])[0])
    starts = np.lib.stride_tricks.sliding_window_view(answers, length)
    answer = names[starts[(starts == starts[:, :1]).all(axis=1)][0, 0]]
    # against orders of the same answers: with 95 % no, a long run of no is no sign of carelessness
    shuffled = np.random.default_rng(seed).permuted(np.tile(answers, (SHUFFLES, 1)), axis=1)
    as_long = int((measure_longest_runs(shuffled) >= length).sum())
    return AnswerRun(length, answer, (1 + as_long) / (1 + SHUFFLES))


def compute_time_scores(seconds: Floats) -> Floats:
    """Modified z-score of log times, .6745 (x - median) / MAD; NaN below 10 times or without spread.

    Source: Iglewicz & Hoaglin (1993); on logarithms because times per transcript are skewed.
    """
    usable = np.isfinite(seconds) & (seconds > 0)
    scores = np.full(len(seconds), np.nan)
    if usable.sum() < FEWEST_TIMES:
        return scores
    logs = np.log(seconds[usable])
    middle = np.median(logs)
    spread = float(np.median(np.abs(logs - middle)))
    if spread > 0:
        # 0.6745 is the MAD of a standard normal: scores are in standard deviations
        scores[usable] = 0.6745 * (logs - middle) / spread
    return scores


def find_time_outliers(ratings: Ratings, floor_seconds: float = FLOOR_SECONDS) -> pd.DataFrame:
    """Labels far from their annotator's own median time (|z| > 3.5) or below the floor."""
    rows = ratings.rows
    z = np.full(len(rows), np.nan)
    seconds = rows["seconds"].to_numpy(np.float64)
    for rater in range(len(ratings.raters)):
        mine = (rows["rater"] == rater).to_numpy()
        z[mine] = compute_time_scores(seconds[mine])
    # labels without a time are NaN and are neither fast nor slow
    with np.errstate(invalid="ignore"):
        fast = (seconds < floor_seconds) | (z < -OUTLIER_Z)
        slow = ~fast & (z > OUTLIER_Z)
    chosen = np.flatnonzero(fast | slow)
    names = np.array(ratings.raters, dtype=object)
    return pd.DataFrame(
        {
            "item": ratings.items[rows["item"].to_numpy()[chosen]],
            "rater": names[rows["rater"].to_numpy()[chosen]] if len(names) else [],
            "seconds": seconds[chosen],
            "z": z[chosen],
            "why": np.where(fast[chosen], "fast", "slow"),
        }
    )


def _sort_by_position(rows: pd.DataFrame) -> pd.DataFrame | None:
    """First-pass labels in queue order; None where positions are missing."""
    first = rows[rows["pass_no"] == 1]
    first = first[first["answer"] >= 0]
    if not len(first) or first["position"].isna().any():
        return None
    return first.sort_values("position")


def _describe_rater(quality: RaterQuality) -> tuple[str, ...]:
    """What stands out about one annotator."""
    notes = []
    first, _, last = quality.drift.rates
    moved = quality.drift.p_holm is not None and quality.drift.p_holm <= DRIFT_LEVEL
    if moved and first is not None and last is not None:
        notes.append(
            f"{quality.rater} answered positive in {first:.0%} of the first third of the session and in {last:.0%} of the "
            f"last (exact p = {quality.drift.p_holm:.3f} after Holm)."
        )
    # both: length alone is common in long sessions, p alone in short ones
    if quality.run.p is not None and quality.run.length >= LONG_RUN and quality.run.p <= RUN_LEVEL:
        notes.append(
            f"{quality.rater} gave {quality.run.answer!r} {quality.run.length} times in a row; random orders of the same labels "
            f"do so with p = {quality.run.p:.3f}."
        )
    flips = quality.flip_rate
    # the lower limit: one changed answer of three is no pattern
    if flips.value is not None and flips.low is not None and flips.low > 0.1:
        notes.append(f"{quality.rater} changed {flips.value:.0%} of {flips.n} repeated answers.")
    if quality.n_fast:
        notes.append(
            f"{quality.rater} gave {quality.n_fast} labels unusually fast: compare results with and without."
        )
    return tuple(notes)


def _assess_rater(ratings: Ratings, index: int, outliers: pd.DataFrame) -> RaterQuality:
    """Everything about one annotator that needs no other annotator."""
    rows = ratings.rows[ratings.rows["rater"] == index]
    name, codes = ratings.raters[index], ratings.human[:, index]
    answered = codes[codes >= 0]
    pairs = extract_repeat_pairs(rows)
    order = _sort_by_position(rows)
    answers = np.zeros(0, np.int8) if order is None else order["answer"].to_numpy(np.int8)
    seconds = rows["seconds"].dropna()
    why = outliers.loc[outliers["rater"] == name, "why"]
    return RaterQuality(
        rater=name,
        n=len(answered),
        flip_rate=estimate_proportion(FLIP_RATE, int((pairs[:, 0] != pairs[:, 1]).sum()), len(pairs)),
        repeat_alpha=compute_repeat_alpha(pairs, len(ratings.answers)),
        unsure_rate=estimate_proportion(UNSURE_RATE, int((answered == ratings.unsure).sum()), len(answered)),
        drift=compute_session_drift(answers == ratings.positive),
        run=find_longest_run(answers, ratings.answers, index),
        median_seconds=float(seconds.median()) if len(seconds) else None,
        n_fast=int((why == "fast").sum()),
        n_slow=int((why == "slow").sum()),
        sentences=(),
    )


def _finish_rater(quality: RaterQuality, p_holm: float | None) -> RaterQuality:
    """Add what needed the other annotators, then the sentences."""
    done = replace(quality, drift=replace(quality.drift, p_holm=p_holm))
    return replace(done, sentences=_describe_rater(done))


def assess_label_quality(
    data: pd.DataFrame | Ratings,
    *,
    judge: str | None = None,
    positive: str = "yes",
    floor_seconds: float = FLOOR_SECONDS,
    unit: str = "transcript",
    gold: Gold | None = None,
) -> QualityResult:
    """Quality of the human labels in a long frame or its Ratings; nothing is removed.

    Uses pass_no for repeats, position for drift and runs, seconds for times; what is absent stays undefined. `gold` is
    for the limitations alone, by default the majority of the annotators without unsure.
    """
    ratings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    outliers = find_time_outliers(ratings, floor_seconds)
    raters = [_assess_rater(ratings, index, outliers) for index in range(len(ratings.raters))]
    adjusted = adjust_holm_over_raters([rater.drift.p for rater in raters])
    return QualityResult(
        raters=tuple(_finish_rater(quality, p) for quality, p in zip(raters, adjusted, strict=True)),
        flip_rate=_pool_flip_rates(raters),
        outliers=outliers,
        limitations=list_limitations(ratings, judge=judge, unit=unit, gold=gold),
    )


def _pool_flip_rates(raters: list[RaterQuality]) -> Estimate:
    """Flip rate over all repeats."""
    n = sum(rater.flip_rate.n for rater in raters)
    # rates times n are whole counts again after rounding
    flips = sum(round((rater.flip_rate.value or 0) * rater.flip_rate.n) for rater in raters)
    return estimate_proportion(FLIP_RATE, flips, n)
