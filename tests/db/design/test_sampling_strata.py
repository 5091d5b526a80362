"""Strata, quotas and additional samples: invariants, and what is stored of a draw."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import write_session
from secondreader.db.design.sampling import (
    Strata,
    compute_quotas,
    draw_additional_sample,
    draw_sample,
    load_pool_strata,
    load_stored_strata,
    set_aside,
    store_sample,
    store_strata,
)
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.leak_reviews import decide_leak, list_leak_items
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts

SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 25), min_size=1)
TEXT = Content(messages=(Message(role="user", text="hi"),))
LEAK = {"kind": "vendor", "where": "message 1 text", "excerpt": "OpenAI", "redacted": False}


def make_strata(sizes: dict[str, int]) -> Strata:
    """Strata of these sizes, with ids that no two share."""
    return {name: [1000 * ord(name) + at for at in range(size)] for name, size in sizes.items()}


@given(SIZES, st.integers(0, 160))
def test_quotas_use_what_there_is(sizes: dict[str, int], n_items: int) -> None:
    """They add up to what was asked for, or to the pool, and no stratum gives more than it has."""
    quotas = compute_quotas(sizes, n_items)
    assert sum(quotas.values()) == min(n_items, sum(sizes.values()))
    assert all(0 <= quotas[name] <= size for name, size in sizes.items())


@given(SIZES, st.integers(0, 150))
def test_quotas_grow_with_the_sample(sizes: dict[str, int], n_items: int) -> None:
    """One more item takes nothing from any stratum: an additional sample can always be drawn."""
    before, after = compute_quotas(sizes, n_items), compute_quotas(sizes, n_items + 1)
    assert all(after[name] >= before[name] for name in sizes)


@pytest.mark.parametrize(
    ("sizes", "n_items", "quotas"),
    [
        ({"a": 10, "b": 10}, 10, {"a": 5, "b": 5}),
        ({"a": 2, "b": 10}, 10, {"a": 2, "b": 8}),
        ({"a": 5, "b": 5, "c": 5}, 2, {"a": 1, "b": 1, "c": 0}),
        ({"a": 1, "b": 1}, 9, {"a": 1, "b": 1}),
        ({}, 4, {}),
    ],
)
def test_quotas_of_known_pools(sizes: dict[str, int], n_items: int, quotas: dict[str, int]) -> None:
    """Equal shares; a small stratum gives all; the first by name where there are fewer items than strata."""
    assert compute_quotas(sizes, n_items) == quotas


@given(SIZES, st.integers(1, 60), st.integers(1, 60), st.integers(0, 9))
def test_an_additional_sample_keeps_the_first(
    sizes: dict[str, int], first: int, more: int, seed: int
) -> None:
    """Sampled items stay in the sample, and the probability of each is what its stratum gave over what it has."""
    strata, rng = make_strata(sizes), random.Random(seed)
    drawn = draw_sample(strata, first, rng)
    both = draw_additional_sample(strata, drawn, more, rng)
    assert set(drawn) <= set(both)
    assert len(both) == min(len(drawn) + more, sum(sizes.values()))
    for name, items in strata.items():
        taken = [item for item in items if item in both]
        assert all(both[item] == (name, len(taken) / len(items)) for item in taken)


@given(SIZES, st.integers(0, 60), st.integers(0, 9))
def test_set_aside_items_leave_the_pool(sizes: dict[str, int], n_items: int, seed: int) -> None:
    """What is set aside and what remains are the pool, without overlap; a stratum that is used up is gone."""
    strata = make_strata(sizes)
    aside, rest = set_aside(strata, n_items, random.Random(seed))
    remaining = [item for items in rest.values() for item in items]
    assert aside == sorted(aside)
    assert sorted([*aside, *remaining]) == sorted(item for items in strata.values() for item in items)
    assert all(rest.values())


def test_the_same_seed_draws_the_same_sample() -> None:
    """A frozen plan can be repeated, and another seed gives another sample."""
    strata = make_strata({"a": 30, "b": 30})
    samples = [draw_sample(strata, 10, random.Random(seed)) for seed in (1, 1, 2)]
    assert samples[0] == samples[1] != samples[2]


def test_strata_follow_the_headline_verdict(sqlite_engine: Engine) -> None:
    """By the first repeat of one judge's answer; what has no verdict or no answer is a stratum of its own."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        assert load_pool_strata(session, study.id, None, "q") == {}
        new = [NewTranscript(f"k{at}", "c", TEXT) for at in range(5)] + [NewTranscript("textless", "c", None)]
        ids = add_transcripts(session, new).ids
        add_to_pool(session, study, ids)
        answers: list[dict[str, str]] = [{"q": "yes"}, {"q": "no"}, {}, {"other": "yes"}]
        verdicts = [
            NewVerdict(row_id, "j", "key", "parsed" if answer else "unparsed", answer)
            for row_id, answer in zip(ids, answers, strict=False)
        ]
        later = NewVerdict(ids[1], "j", "key", "parsed", {"q": "yes"}, repeat=2)
        another = NewVerdict(ids[4], "other judge", "key2", "parsed", {"q": "yes"})
        add_verdicts(session, [*verdicts, later, another])
        sizes = {name: len(items) for name, items in load_pool_strata(session, study.id, "j", "q").items()}
        assert sizes == {"no": 1, "no verdict": 3, "yes": 1}
        assert {
            name: len(items) for name, items in load_pool_strata(session, study.id, None, "q").items()
        } == {"all": 5}


def test_an_excluded_transcript_cannot_be_drawn(sqlite_engine: Engine) -> None:
    """A leak that was excluded before the draw changes the size that probabilities are computed over."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        scan = LeakScanResult("1", (LEAK,))
        new = [NewTranscript(f"k{at}", "c", TEXT, leak_scan=scan if at == 0 else None) for at in range(3)]
        add_to_pool(session, study, add_transcripts(session, new).ids)
        (leak,) = list_leak_items(session, study)
        decide_leak(session, study, leak.item, "excluded", actor="Rita", why="names the vendor")
        strata = load_pool_strata(session, study.id, None, "q")
        assert len(strata["all"]) == 2
        assert {probability for _, probability in draw_sample(strata, 1, random.Random(1)).values()} == {0.5}


def test_stored_strata_are_those_of_the_draw(sqlite_engine: Engine) -> None:
    """A verdict that comes after the draw moves no item to another stratum."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        assert load_stored_strata(session, study.id) == {}
        ids = add_transcripts(session, [NewTranscript(f"k{at}", "c", TEXT) for at in range(4)]).ids
        add_to_pool(session, study, ids)
        strata = load_pool_strata(session, study.id, "j", "q")
        assert list(strata) == ["no verdict"]
        store_strata(session, strata)
        store_sample(session, draw_sample(strata, 2, random.Random(1)))
        add_verdicts(session, [NewVerdict(row_id, "j", "key", "parsed", {"q": "yes"}) for row_id in ids])
        assert load_stored_strata(session, study.id) == strata
        assert list(load_pool_strata(session, study.id, "j", "q")) == ["yes"]
