"""Words, length and turns as features."""

import numpy as np

from secondreader.judge.disagreement.terms import build_term_slices, extract_words, measure_texts


def test_words_are_alphabetic_and_in_lower_case() -> None:
    """Numbers, signs and very short words are left out; accents and apostrophes stay."""
    assert extract_words("Don't DELETE the Überweisung 12345, x = 7!") == {
        "don't",
        "delete",
        "the",
        "überweisung",
    }


def test_hostile_text_is_read_in_bounded_time() -> None:
    """A megabyte without a space, or of quotes, gives few words and no hang."""
    assert len(extract_words("a" * 1_000_000)) <= 5_001
    assert extract_words("'" * 1_000_000) == set()


def test_terms_need_twenty_items_with_and_without() -> None:
    """Rare and universal words cannot be tested; words that always go together are one slice."""
    bags = [
        {"always", *({"half", "twin"} if k % 2 else set()), *({"rare"} if k < 5 else set())}
        for k in range(100)
    ]
    seen = build_term_slices(bags)
    assert [one.label for one in seen.slices] == ["word 'half', 'twin'"]
    assert seen.columns.sum() == 50


def test_the_cap_keeps_the_terms_with_most_power() -> None:
    """Of many terms those nearest to half the items stay."""
    rng = np.random.default_rng(0)
    bags: list[set[str]] = [set() for _ in range(200)]
    for k in range(60):
        for item in rng.choice(200, 25 + k, replace=False):
            bags[item].add(f"w{k}")
    kept = {one.label for one in build_term_slices(bags, most=10).slices}
    assert kept == {f"word 'w{k}'" for k in range(50, 60)}


def test_length_and_turns_stay_missing_without_a_text() -> None:
    """Words are counted by white space, turns by blank lines."""
    table = measure_texts(["one two\n\nthree", None])
    assert table.iloc[0].tolist() == [3.0, 2.0]
    assert table.iloc[1].isna().all()
