"""The alternative annotator test: whether the judge may stand in for an annotator, as published and by scenario.

Source: Calderon, Reichart & Dror (2025) "The Alternative Annotator Test for LLM-as-a-Judge", ACL 2025.
For annotator j the judge's and j's agreement with the remaining annotators are compared item by item; the judge
wins against j when P(j at least as good) - P(judge at least as good) is below epsilon. The published t-test
takes items as independent; the cluster-robust one takes scenarios as independent, and should be believed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr
from scipy.stats import false_discovery_control, wilcoxon

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.inference.estimate import Measure

Floats = npt.NDArray[np.float64]
Score = Literal["accuracy", "neg_rmse"]

SOURCE = "Calderon, Reichart & Dror (2025) ACL, The Alternative Annotator Test"
WINNING_RATE = Measure(
    "winning_rate",
    "winning rate, as published",
    "annotators that the judge beats ÷ annotators tested",
    SOURCE,
)
WINNING_RATE_BY_SCENARIO = Measure(
    "winning_rate_by_scenario",
    "winning rate, by scenario",
    "the same, by tests that take scenarios as the independent units",
    SOURCE,
)
ADVANTAGE_PROBABILITY = Measure(
    "advantage_probability",
    "advantage probability",
    "items on which the judge is at least as good as the annotator, mean over annotators",
    SOURCE,
)
FEWEST_HUMANS = 2
FEWEST_ITEMS = 30
PASS = 0.5


@dataclass(frozen=True, slots=True)
class Duel:
    """The judge against one annotator."""

    annotator: str
    """The annotator left out of the reference."""
    n: int
    """Items that the annotator, the judge and at least one other annotator answered."""
    n_clusters: int
    """Scenarios of those items."""
    judge_wins: float | None
    """rho_j: share of items where the judge agrees with the others at least as well; None without items."""
    annotator_wins: float | None
    """Share of items where the annotator agrees with the others at least as well."""
    p: float | None
    """Published p-value (t-test, Wilcoxon below 30 items); None when not tested."""
    p_cluster: float | None
    """p-value of the t-test on scenario sums."""
    rejected: bool
    """Whether the judge wins this duel as published."""
    rejected_cluster: bool
    """Whether it wins by scenario."""


@dataclass(frozen=True, slots=True)
class AltTestResult:
    """The judge against every annotator."""

    judge: str
    """The judge tested."""
    epsilon: float
    """Cost-benefit margin: .2 for experts, .15 for skilled annotators, .1 for crowd workers."""
    duels: tuple[Duel, ...]
    """One entry an annotator, the untested ones too."""
    winning_rate: float | None
    """omega as published: share of tested annotators that the judge beats; None when none was tested."""
    winning_rate_cluster: float | None
    """omega with scenarios as the independent units."""
    advantage_probability: float | None
    """rho: mean share of items on which the judge is at least as good as the annotator."""
    source: str = SOURCE
    """Where the test comes from."""
    warnings: tuple[str, ...] = ()
    """Sentences to show beside the result."""

    @property
    def passes(self) -> bool | None:
        """Whether omega >= .5 as published; None when undefined."""
        return None if self.winning_rate is None else self.winning_rate >= PASS

    @property
    def passes_cluster(self) -> bool | None:
        """Whether omega >= .5 by scenario; None when undefined."""
        return None if self.winning_rate_cluster is None else self.winning_rate_cluster >= PASS

    @property
    def sentence(self) -> str:
        """Whether the judge may stand in for an annotator, as one sentence for a report."""
        if self.winning_rate is None or self.winning_rate_cluster is None:
            return (
                f"The alternative annotator test needs {FEWEST_ITEMS} shared items per annotator: not tested."
            )
        tested = sum(duel.p is not None for duel in self.duels)
        verdict = "may" if self.passes_cluster else "may not"
        return (
            f"By scenario the judge beats {round(self.winning_rate_cluster * tested)} of {tested} annotators "
            f"at epsilon {self.epsilon:g} (as published: {round(self.winning_rate * tested)}), so it {verdict} "
            f"stand in for an annotator; it is at least as good on {self.advantage_probability:.0%} of the items."
        )

    def build_frame(self) -> pd.DataFrame:
        """One row an annotator."""
        names = [field for field in Duel.__slots__ if not field.startswith("_")]
        return pd.DataFrame(
            [{name: getattr(duel, name) for name in names} for duel in self.duels], columns=names
        )


def compute_t_test_p(values: Floats, bound: float) -> float:
    """P-value of the one-sided t-test that the mean of independent values is below a bound."""
    return compute_clustered_t_test_p(values, np.arange(len(values)), bound)


def compute_clustered_t_test_p(values: Floats, cluster: npt.NDArray[np.int64], bound: float) -> float:
    """P-value that the mean is below a bound, with clusters as the independent units (CR1, C-1 degrees).

    Equals the plain t-test when every cluster has one value. 1 below two clusters; 0 or 1 without variation.
    """
    excess = float(values.mean()) - bound
    _, codes = np.unique(cluster, return_inverse=True)
    c = int(codes.max()) + 1
    if c < 2:
        return 1.0
    sums = np.bincount(codes, values - values.mean())
    error = (float(sums @ sums) * c / (c - 1)) ** 0.5 / len(values)
    # without variation t is infinite: the sign decides alone
    if error < 1e-15:
        return 0.0 if excess < 0 else 1.0
    return float(stdtr(c - 1, excess / error))


def compute_wilcoxon_p(values: Floats, bound: float) -> float:
    """P-value of the one-sided Wilcoxon signed-rank test that values lie below a bound."""
    # the published test uses it below 30 items, where a mean may be far from normal
    return float(wilcoxon(values - bound, alternative="less", method="auto").pvalue)


def _compute_agreement(
    answer: Floats, others: Floats, present: npt.NDArray[np.bool_], score: Score
) -> Floats:
    """How well one answer an item fits the others present: share equal, or minus the root mean square error."""
    count = present.sum(axis=0)
    if score == "accuracy":
        return np.asarray(((others == answer) & present).sum(axis=0) / count)
    squares = np.where(present, (others - answer) ** 2, 0.0)
    return np.asarray(-((squares.sum(axis=0) / count) ** 0.5))


@dataclass(frozen=True, slots=True)
class _DuelWins:
    """Item-wise indicators of one duel."""

    judge: Floats
    human: Floats
    cluster: npt.NDArray[np.int64]


def _compute_wins(
    humans: Floats, judge: Floats, cluster: npt.NDArray[np.int64], j: int, score: Score, fewest_humans: int
) -> _DuelWins:
    """Who agrees at least as well with the others, on the items that count for annotator j."""
    present = ~np.isnan(humans)
    # the reference needs somebody else than annotator j, whatever the caller allows
    used = present[j] & (present.sum(axis=0) >= max(fewest_humans, 2)) & ~np.isnan(judge)
    others, answered = np.delete(humans, j, axis=0)[:, used], np.delete(present, j, axis=0)[:, used]
    by_judge = _compute_agreement(judge[used], others, answered, score)
    by_human = _compute_agreement(humans[j, used], others, answered, score)
    return _DuelWins(
        # a tie counts for both sides, as published: the margin epsilon is what separates them
        (by_judge >= by_human).astype(np.float64),
        (by_human >= by_judge).astype(np.float64),
        cluster[used],
    )


def _compute_p_values(wins: _DuelWins, epsilon: float) -> tuple[float, float]:
    """Published and cluster-robust p-value of one duel."""
    # the null hypothesis is that the judge loses by epsilon or more; rejecting it is a win
    excess = wins.human - wins.judge
    published = (compute_t_test_p if len(excess) >= FEWEST_ITEMS else compute_wilcoxon_p)(excess, epsilon)
    return published, compute_clustered_t_test_p(excess, wins.cluster, epsilon)


def _build_duel(name: str, wins: _DuelWins, p: tuple[float, float] | None, won: tuple[bool, bool]) -> Duel:
    n = len(wins.judge)
    return Duel(
        annotator=name,
        n=n,
        n_clusters=len(np.unique(wins.cluster)),
        judge_wins=float(wins.judge.mean()) if n else None,
        annotator_wins=float(wins.human.mean()) if n else None,
        p=p[0] if p else None,
        p_cluster=p[1] if p else None,
        rejected=won[0],
        rejected_cluster=won[1],
    )


def _build_warnings(names: list[str], untested: list[str], fewest_items: int, agree: bool) -> tuple[str, ...]:
    notes = []
    if len(names) < 3:
        notes.append("With fewer than three annotators the test says little.")
    if untested:
        notes.append(f"Not tested, fewer than {fewest_items} shared items: {', '.join(untested)}.")
    if not agree:
        notes.append(
            "The published test passes only because it takes transcripts of one scenario as independent."
        )
    return tuple(notes)


def run_alternative_annotator_test(
    humans: Floats,
    judge: Floats,
    *,
    cluster: npt.NDArray[np.int64] | None = None,
    epsilon: float = 0.2,
    q: float = 0.05,
    fewest_items: int = FEWEST_ITEMS,
    fewest_humans: int = FEWEST_HUMANS,
    score: Score = "accuracy",
    names: tuple[str, ...] | None = None,
    judge_name: str = "judge",
) -> AltTestResult:
    """The test on arrays: humans (raters x items) and judge (items), numbers, NaN for missing.

    Items need `fewest_humans` answers. Ties count for both sides; annotators with fewer than `fewest_items` items are listed, not tested; below 30
    items Wilcoxon replaces t. Winning duels are Benjamini-Yekutieli rejections at q.
    """
    labels = list(names) if names else [f"h{j}" for j in range(len(humans))]
    scenario = np.arange(humans.shape[1]) if cluster is None else cluster
    wins = [_compute_wins(humans, judge, scenario, j, score, fewest_humans) for j in range(len(labels))]
    tested = [j for j, w in enumerate(wins) if len(w.judge) >= max(1, fewest_items)]
    p = {j: _compute_p_values(wins[j], epsilon) for j in tested}
    won = {j: (False, False) for j in range(len(labels))}
    if tested:
        # duels share items, so the adjustment must hold under any dependence
        adjusted = np.stack(
            [false_discovery_control([p[j][k] for j in tested], method="by") for k in (0, 1)], axis=1
        )
        won |= {j: (bool(a <= q), bool(b <= q)) for j, (a, b) in zip(tested, adjusted, strict=True)}
    omega, omega_cluster = (float(np.mean([won[j][k] for j in tested])) if tested else None for k in (0, 1))
    untested = [labels[j] for j in range(len(labels)) if j not in p]
    # only a pass that scenarios take back is worth a warning
    agree = omega is None or omega_cluster is None or not omega >= PASS > omega_cluster
    return AltTestResult(
        judge=judge_name,
        epsilon=epsilon,
        duels=tuple(_build_duel(labels[j], w, p.get(j), won[j]) for j, w in enumerate(wins)),
        winning_rate=omega,
        winning_rate_cluster=omega_cluster,
        advantage_probability=float(np.mean([wins[j].judge.mean() for j in tested])) if tested else None,
        warnings=_build_warnings(labels, untested, fewest_items, agree),
    )


def _blank_unsure(codes: npt.NDArray[np.int8], unsure: int) -> Floats:
    """Answer codes as floats, with missing and unsure as NaN."""
    return np.where((codes < 0) | (codes == unsure), np.nan, codes.astype(np.float64))


def run_alt_test(
    data: pd.DataFrame | Ratings,
    *,
    judge: str | None = None,
    epsilon: float = 0.2,
    q: float = 0.05,
    fewest_items: int = FEWEST_ITEMS,
    positive: str = "yes",
) -> AltTestResult:
    """The test on a long frame or its Ratings; unsure counts as missing on both sides.

    Items are not weighted, as in the paper: the result describes the sampled items.
    """
    ratings = data if isinstance(data, Ratings) else read_frame(data, positive=positive)
    index = ratings.find_judge_index(judge)
    return run_alternative_annotator_test(
        _blank_unsure(ratings.human, ratings.unsure).T,
        _blank_unsure(ratings.verdict[:, index], ratings.unsure),
        cluster=ratings.cluster.astype(np.int64),
        epsilon=epsilon,
        q=q,
        fewest_items=fewest_items,
        names=ratings.raters,
        judge_name=ratings.judges[index],
    )
