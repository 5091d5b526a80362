import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.planning.sample_size import PlanError
from tests.reference.next_items import (
    allocate_neyman,
    compute_kappa_leverage,
    compute_laplace_spread,
    sample_next_items,
    sample_spread_over_clusters,
)


def pool(scenarios: int = 40, size: int = 6, seed: int = 0) -> pd.DataFrame:
    """Transcripts of which a fifth has a yes verdict, none labelled."""
    n = scenarios * size
    verdict = np.where(np.random.default_rng(seed).random(n) < 0.2, "yes", "no")
    return pd.DataFrame(
        {
            "item": [f"t{i:03}" for i in range(n)],
            "cluster": np.arange(n) // size,
            "stratum": verdict,
            "labelled": False,
        }
    )


def test_optimum_is_neymans() -> None:
    """Without a floor, sizes 100 and 900 with spreads .5 and .1 share 140 labels as 50 to 90."""
    assert allocate_neyman([100, 900], [0.5, 0.1], 140, floor=0).tolist() == [50, 90]


def test_labels_already_there_count_towards_the_optimum() -> None:
    """Forty labels in the first stratum leave it 10 of the next 100, and the second 90."""
    assert allocate_neyman([100, 900], [0.5, 0.1], 100, taken=[40, 0], floor=0).tolist() == [10, 90]


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 0.5)), min_size=1, max_size=6),
    st.floats(0, 1), st.floats(0, 0.5),
)  # fmt: skip
def test_allocation_adds_up_and_fits(strata: list[tuple[int, float]], part: float, floor: float) -> None:
    """Whole numbers that sum to the total and exceed no stratum, whatever the sizes and spreads."""
    sizes, spreads = np.array([s for s, _ in strata]), np.array([s for _, s in strata])
    total = int(part * sizes.sum())
    found = allocate_neyman(sizes, spreads, total, floor=floor)
    assert found.sum() == total
    assert (found >= 0).all()
    assert (found <= sizes).all()


def test_every_stratum_has_its_floor() -> None:
    """A stratum without any spread still gets a tenth of its proportional share, a tiny one two labels."""
    found = allocate_neyman([1000, 1000, 4], [0.5, 0.0, 0.0], 200)
    assert found[1] >= 9
    assert found[2] >= 2


def test_too_many_labels_are_refused() -> None:
    """More labels than unlabelled transcripts is an error in words."""
    with pytest.raises(PlanError, match="11 labels are wanted and 10"):
        allocate_neyman([10], [0.5], 11)
    with pytest.raises(PlanError, match="no column 'stratum'"):
        sample_next_items(pool().drop(columns="stratum"), 3, seed=0)
    with pytest.raises(PlanError, match="'t000' is in the pool twice"):
        sample_next_items(pd.concat([pool(), pool().head(1)]), 3, seed=0)


def test_spread_of_an_unseen_stratum_is_not_zero() -> None:
    """No risky among 20 gives the spread of 1 in 22, nothing seen that of a coin."""
    assert compute_laplace_spread([0, 0], [20, 0]) == pytest.approx([(21 / 22 / 22) ** 0.5, 0.5])


def test_draw_is_even_over_scenarios() -> None:
    """One in six transcripts of scenarios of six is one from each scenario."""
    cluster = np.repeat(np.arange(40), 6)
    for seed in range(20):
        drawn = sample_spread_over_clusters(cluster, 40, np.random.default_rng(seed))
        assert np.bincount(cluster[drawn], minlength=40).tolist() == [1] * 40


def test_every_item_has_the_stated_probability() -> None:
    """Over 4,000 draws of 7 from 20 unequal scenarios each item is drawn as often as stated."""
    cluster = np.repeat(np.arange(8), [1, 1, 2, 2, 3, 3, 4, 4])
    counts = np.zeros(20)
    for seed in range(4000):
        counts[sample_spread_over_clusters(cluster, 7, np.random.default_rng(seed))] += 1
    assert counts / 4000 == pytest.approx(np.full(20, 7 / 20), abs=0.035)


def test_next_items_keep_probability_and_never_repeat_a_label() -> None:
    """Two batches: no item twice, probabilities equal to labelled / size, same seed same items."""
    first = sample_next_items(pool(), 30, seed=1)
    assert sample_next_items(pool(), 30, seed=1).items.equals(first.items)
    assert not sample_next_items(pool(), 30, seed=2).items.equals(first.items)
    after = pool()
    after["labelled"] = after.item.isin(first.items.item)
    second = sample_next_items(after, 20, seed=3)
    assert not set(first.items.item) & set(second.items.item)
    after["labelled"] |= after.item.isin(second.items.item)
    share = after.groupby("stratum").labelled.mean()
    stated = second.strata.set_index("stratum").inclusion_probability
    assert stated.to_dict() == pytest.approx(share.to_dict())


def test_weights_of_a_draw_add_up_to_the_pool() -> None:
    """Summed inverse inclusion probabilities of the first batch are the size of the pool."""
    drawn = sample_next_items(pool(), 50, seed=4, spreads={"yes": 0.45, "no": 0.2}).items
    assert (1 / drawn.inclusion_probability).sum() == pytest.approx(240)


def test_leverage_is_the_slope_of_kappa() -> None:
    """Moving .001 of the transcripts from safe to risky moves kappa by leverage x .001."""
    yes, risky, both = 0.3, 0.25, 0.2

    def kappa(both: float, risky: float) -> float:
        agreed = both + 1 - yes - risky + both
        chance = yes * risky + (1 - yes) * (1 - risky)
        return (agreed - chance) / (1 - chance)

    base = kappa(both, risky)
    among_yes, among_no = compute_kappa_leverage(yes, risky, base)
    assert abs(kappa(both + 1e-6, risky + 1e-6) - base) / 1e-6 == pytest.approx(among_yes, rel=1e-3)
    assert abs(kappa(both, risky + 1e-6) - base) / 1e-6 == pytest.approx(among_no, rel=1e-3)
