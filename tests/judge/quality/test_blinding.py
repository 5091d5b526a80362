"""Guesses of the model: what is a hit, what is chance, and what cannot be told."""

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.inference.estimate import Reason
from secondreader.judge.quality.blinding import ModelGuess, estimate_guess_rate, is_model_named


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("GPT-4o", "gpt-4o-2024-08-06"),
        ("some GPT4 I think", "gpt-4.1"),
        ("chatgpt?", "openai/gpt-4.1"),
        ("Anthropic", "claude-3-5-sonnet-latest"),
        ("Ｃｌａｕｄｅ", "anthropic/claude-3-opus"),
        ("llama 3", "meta-llama/Llama-3.1-8B-Instruct"),
        ("Qwen2.5", "Qwen/Qwen2.5-7B-Instruct"),
        ("o1 preview", "o1-preview"),
    ],
)
def test_a_guess_names_a_model_by_name_family_or_maker(text: str, model: str) -> None:
    """However it is spelled."""
    assert is_model_named(text, model)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("", "gpt-4o"),
        ("no idea", "gpt-4o"),
        ("an instruct model", "Qwen2.5-7B-Instruct"),
        ("mini", "gpt-4o-mini"),
        ("Gemini", "google/gemma-2-9b"),
        ("4", "gpt-4"),
        ("claudette", "claude-3"),
        ("3.1", "Llama-3.1-8B"),
    ],
)
def test_a_guess_of_something_else_is_no_hit(text: str, model: str) -> None:
    """Generic words, version numbers alone and words that contain a name are none."""
    assert not is_model_named(text, model)


def test_chance_is_that_of_every_permutation() -> None:
    """The expected share and the p-value equal a full enumeration over both annotators' transcripts."""
    rows = [
        *(ModelGuess("A", model, text) for model, text in [("gpt-4", "gpt"), ("gpt-4", "gpt"), ("claude-3", "gpt"), ("claude-3", "claude")]),
        *(ModelGuess("B", model, text) for model, text in [("gpt-4", "claude"), ("claude-3", "claude"), ("claude-3", "")]),
    ]  # fmt: skip
    counts = []
    mine, theirs = rows[:4], rows[4:]
    for permutation in permutations([row.model or "" for row in mine]):
        for two in permutations([row.model or "" for row in theirs]):
            hits = sum(
                is_model_named(row.text, model) for row, model in zip(rows, (*permutation, *two), strict=True)
            )
            counts.append(hits)
    found = estimate_guess_rate(rows, permutations=20_000, seed=1)
    assert found.rate.value == pytest.approx(4 / 7)
    assert found.chance.value == pytest.approx(sum(counts) / len(counts) / 7)
    assert found.p == pytest.approx(sum(count >= 4 for count in counts) / len(counts), abs=0.015)
    assert found.n_no_idea == 1


def test_annotators_who_know_are_detected_and_those_who_guess_are_not() -> None:
    """Perfect knowledge has a small p; guesses at random reject in about 5 of 100 studies at 5 %."""
    models = ["gpt-4", "claude-3", "qwen-2"] * 6
    knowing = estimate_guess_rate(ModelGuess("A", model, model) for model in models)
    assert knowing.p is not None
    assert knowing.p < 0.001
    assert knowing.chance.value == pytest.approx(1 / 3)
    assert "100.0% of 18 guesses, against 33.3% by chance (p < .001)" in knowing.sentence
    rng = random.Random(4)
    rejected = 0
    for _ in range(300):
        rows = [ModelGuess(who, model, rng.choice(models)) for who in "AB" for model in models]
        p = estimate_guess_rate(rows, permutations=399, seed=2).p
        rejected += p is not None and p <= 0.05
    assert rejected / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


def test_what_cannot_be_told_is_undefined_with_a_reason() -> None:
    """No guess, no known model, or one model per annotator: never a number."""
    nothing = estimate_guess_rate([])
    assert (nothing.rate.reason, nothing.chance.reason, nothing.p) == (Reason.NO_ITEMS, Reason.NO_ITEMS, None)
    unknown = estimate_guess_rate([ModelGuess("A", None, "gpt")])
    assert (unknown.rate.reason, unknown.n_unknown) == (Reason.NO_ITEMS, 1)
    assert "untested" in unknown.sentence
    same = estimate_guess_rate([ModelGuess("A", "gpt-4", "gpt"), ModelGuess("A", "gpt-4", "claude")])
    assert same.rate.value == 0.5
    assert (same.chance.reason, same.p) == (Reason.NOT_IDENTIFIED, None)
    assert "chance cannot be computed, because no permutation" in same.sentence
    silent = estimate_guess_rate([ModelGuess("A", "gpt-4", ""), ModelGuess("A", "claude-3", "")])
    assert (silent.rate.value, silent.chance.value, silent.p) == (0, None, None)


@given(st.permutations(range(12)))
def test_the_order_of_guesses_is_nothing(order: list[int]) -> None:
    """Any order gives the same digits."""
    rows = [ModelGuess("AB"[i % 2], ("gpt-4", "claude-3")[i % 3 == 0], ("gpt", "claude", "")[i % 4 % 3]) for i in range(12)]  # fmt: skip
    assert estimate_guess_rate([rows[i] for i in order], permutations=99) == estimate_guess_rate(
        rows, permutations=99
    )
