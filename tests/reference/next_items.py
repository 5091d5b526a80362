"""Which transcripts to label next: allocation over verdict strata, and a draw spread over scenarios.

Studies draw once, with equal shares of the strata; published allocations are checked against this one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from secondreader.judge.planning.sample_size import PlanError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FLOOR = 0.10
NEEDED = ("item", "cluster", "stratum", "labelled")


def _cap_shares(wish: Floats, capacity: Floats, total: float) -> Floats:
    """Share a total in proportion to wishes, never above the room of each stratum."""
    given = np.zeros(len(capacity))
    open_ = capacity > 0
    while total - given.sum() > 1e-9 and open_.any():
        want = np.where(open_, wish, 0.0)
        want = want if want.sum() > 0 else np.where(open_, capacity, 0.0)
        given = np.minimum(capacity, given + (total - given.sum()) * want / want.sum())
        open_ = given < capacity - 1e-9
    return given


def _round_shares(quotas: Floats, capacity: Ints, total: int) -> Ints:
    """Whole numbers with the same total, largest remainders first, within the room."""
    whole = np.minimum(np.floor(quotas + 1e-9).astype(np.int64), capacity)
    for index in np.argsort(-(quotas - whole), kind="stable"):
        if whole.sum() >= total:
            break
        whole[index] += whole[index] < capacity[index]
    return whole


def allocate_neyman(
    sizes: npt.ArrayLike,
    spreads: npt.ArrayLike,
    total: int,
    *,
    taken: npt.ArrayLike | None = None,
    floor: float = FLOOR,
) -> Ints:
    """How many of `total` further labels each stratum gets: a floor by size, the rest ~ size x spread.

    sizes: transcripts per stratum; spreads: standard deviation of what is measured in it; taken: labels there
    already, which count towards the optimum. At least `floor` (a share) of all labels is allotted in proportion
    to size, so that every stratum stays estimable. Source: Neyman (1934); Cochran (1977) section 5.5.
    """
    size = np.asarray(sizes, np.int64)
    have = np.zeros(len(size), np.int64) if taken is None else np.asarray(taken, np.int64)
    room = size - have
    if total < 0 or total > room.sum():
        raise PlanError(
            f"{total} labels are wanted and {room.sum()} transcripts are unlabelled: ask for fewer"
        )
    goal = float(have.sum() + total)
    least = np.minimum(size, np.maximum(floor * goal * size / max(1, size.sum()), np.minimum(2, size)))
    wish = size * np.asarray(spreads, float)
    # first what the floor still lacks, then what the optimum still lacks, then the optimum's proportions
    lack = np.clip(least - have, 0, room)
    base = lack if lack.sum() <= total else lack * total / lack.sum()
    best = goal * wish / wish.sum() if wish.sum() > 0 else goal * size / max(1, size.sum())
    behind = np.clip(best - have - base, 0, None)
    rest = _cap_shares(behind, room - base, total - float(base.sum()))
    return _round_shares(base + rest, room, total)


def compute_laplace_spread(positives: npt.ArrayLike, labelled: npt.ArrayLike) -> Floats:
    """Standard deviation of a 0/1 answer in each stratum with (k + 1) / (n + 2) for its rate; never zero."""
    rate = (np.asarray(positives, float) + 1) / (np.asarray(labelled, float) + 2)
    return np.asarray(np.sqrt(rate * (1 - rate)), dtype=np.float64)


def compute_kappa_leverage(yes_rate: float, prevalence: float, kappa: float) -> tuple[float, float]:
    """How far one more risky answer moves judge-human kappa, among judge-yes and among judge-no transcripts.

    |d po - (1 - kappa) d pe| / (1 - pe): multiply the strata's spreads by it to allocate for kappa's interval.
    """
    chance = yes_rate * prevalence + (1 - yes_rate) * (1 - prevalence)
    pull = (2 * yes_rate - 1) * (1 - kappa)
    return abs(1 - pull) / (1 - chance), abs(-1 - pull) / (1 - chance)


@dataclass(frozen=True, slots=True)
class ItemSample:
    """The transcripts to label next."""

    items: pd.DataFrame
    """item, cluster, stratum and inclusion_probability of each new transcript, in order of labelling."""
    strata: pd.DataFrame
    """One row a stratum: size, labelled before, drawn now, inclusion_probability of all its labelled items."""
    seed: int
    """Seed of the draw."""


def _check_pool(pool: pd.DataFrame) -> None:
    missing = [name for name in NEEDED if name not in pool.columns]
    if missing:
        raise PlanError(f"the pool has no column {missing[0]!r}: it needs {', '.join(NEEDED)}")
    if pool["item"].duplicated().any():
        twice = pool["item"][pool["item"].duplicated()].iloc[0]
        raise PlanError(f"item {twice!r} is in the pool twice: give one row per transcript")


def sample_spread_over_clusters(cluster: npt.NDArray[np.int64], n: int, rng: np.random.Generator) -> Ints:
    """N positions drawn with equal probability, spread over clusters by systematic sampling.

    Items lie in random order of scenario and, within it, in random order; every N/n-th is taken from a random
    start. So each item has probability n/N, and a scenario gets a second item only when its share of the stratum
    is worth more than one. Source: Cochran (1977) ch. 8.
    """
    size = len(cluster)
    if n == 0:
        return np.zeros(0, np.int64)
    _, codes = np.unique(cluster, return_inverse=True)
    position = rng.permutation(int(codes.max()) + 1)[codes]
    order = np.lexsort((rng.random(size), position))
    steps = (np.arange(n) + rng.random()) * size / n
    return np.asarray(order[np.minimum(steps.astype(np.int64), size - 1)], dtype=np.int64)


def sample_next_items(
    pool: pd.DataFrame,
    n: int,
    *,
    seed: int,
    spreads: dict[str, float] | None = None,
    floor: float = FLOOR,
) -> ItemSample:
    """Draw the next n transcripts to label from a pool with columns item, cluster, stratum, labelled (bool).

    Strata are usually the verdicts. `spreads` gives each stratum's standard deviation (`compute_laplace_spread`, times
    `compute_kappa_leverage` to serve kappa); without it all count alike. Inclusion probabilities are those of all labelled
    transcripts of the stratum, earlier ones too: replace the stored ones, since earlier draws of the same kind
    and this one together are an equal-probability draw. Same seed, same draw. Raises PlanError in one sentence.
    """
    _check_pool(pool)
    table = pool.sort_values("item", key=lambda column: column.astype(str)).reset_index(drop=True)
    names = sorted(table["stratum"].astype(str).unique())
    stratum = table["stratum"].astype(str).to_numpy()
    done = table["labelled"].to_numpy(dtype=bool)
    size = np.array([(stratum == s).sum() for s in names])
    taken = np.array([((stratum == s) & done).sum() for s in names])
    sd = np.array([(spreads or {}).get(s, 0.5) for s in names])
    share = allocate_neyman(size, sd, n, taken=taken, floor=floor)
    rng = np.random.default_rng(seed)
    cluster = np.unique(table["cluster"].astype(str).to_numpy(), return_inverse=True)[1]
    picked = []
    for name, count in zip(names, share, strict=True):
        free = np.flatnonzero((stratum == name) & ~done)
        picked.append(free[sample_spread_over_clusters(cluster[free], int(count), rng)])
    # a random order of labelling, so that no annotator meets the strata one after the other
    chosen = rng.permutation(np.concatenate(picked)) if picked else np.zeros(0, np.int64)
    strata = pd.DataFrame({"stratum": names, "size": size, "labelled": taken, "drawn": share})
    strata["inclusion_probability"] = (taken + share) / size
    probability = dict(zip(names, strata["inclusion_probability"], strict=True))
    items = table.loc[chosen, ["item", "cluster", "stratum"]].reset_index(drop=True)
    items["inclusion_probability"] = items["stratum"].astype(str).map(probability)
    return ItemSample(items, strata, seed)
