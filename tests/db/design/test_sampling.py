"""The draw takes what was asked for."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.design.sampling import draw_sample


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 30), min_size=1),
    st.integers(1, 100),
    st.integers(0, 9),
)
def test_a_draw_takes_what_was_asked_for(sizes: dict[str, int], n_items: int, seed: int) -> None:
    """As many items as wanted or available; shares as equal as strata allow; probabilities n_h over N_h."""
    strata = {name: [ord(name) * 1000 + i for i in range(size)] for name, size in sizes.items()}
    chosen = draw_sample(strata, n_items, random.Random(seed))
    taken = Counter(stratum for stratum, _ in chosen.values())
    assert len(chosen) == min(n_items, sum(sizes.values()))
    for item, (stratum, probability) in chosen.items():
        assert item in strata[stratum]
        assert probability == taken[stratum] / sizes[stratum]
    unfilled = [taken[name] for name in sizes if taken[name] < sizes[name]]
    assert not unfilled or max(taken.values()) - min(unfilled) <= 1
