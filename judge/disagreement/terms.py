"""Words, length and turns of transcripts as features whose link with judge errors can be tested."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from secondreader.judge.data.slices import Slice, SliceSet, stack_masks
from secondreader.judge.disagreement.slice_counts import FEWEST_ITEMS

WORD = re.compile(r"[^\W\d_][\w'-]{2,39}", re.UNICODE)
MOST_TERMS = 2_000
MOST_CHARACTERS = 200_000


def extract_words(text: str) -> set[str]:
    """Distinct words of a text in lower case: alphabetic first character, 3 to 40 characters, numbers left out.

    Only the first 200,000 characters are read.
    """
    return {word.casefold() for word in WORD.findall(text[:MOST_CHARACTERS])}


def measure_texts(texts: Sequence[str | None]) -> pd.DataFrame:
    """Numeric attributes of each text: words, and turns (blocks between blank lines); missing stays missing."""
    return pd.DataFrame(
        {
            # missing and not 0: an item without transcript must not join the shortest ones
            "words": [np.nan if text is None else float(len(text.split())) for text in texts],
            "turns": [
                np.nan
                if text is None
                else float(sum(1 for part in re.split(r"\n\s*\n", text) if part.strip()))
                for text in texts
            ],
        }
    )


def build_term_slices(bags: Sequence[set[str]], attribute: str = "word", most: int = MOST_TERMS) -> SliceSet:
    """One slice for each term that at least 20 items hold and at least 20 lack.

    `bags` has one set of terms per item. Of more than `most` terms those nearest to half the items stay, as
    they have the most power; terms that occur in the same items become one slice.
    """
    n = len(bags)
    counts = Counter(term for bag in bags for term in bag)
    # chosen by frequency alone, never by the errors: selection must not look at the outcome
    able = [term for term, count in counts.items() if FEWEST_ITEMS <= count <= n - FEWEST_ITEMS]
    chosen = sorted(able, key=lambda term: (abs(counts[term] - n / 2), term))[:most]
    together: dict[bytes, list[str]] = {}
    for term in sorted(chosen):
        mask = np.fromiter((term in bag for bag in bags), dtype=bool, count=n)
        # bytes of the mask as a key: terms of the same items are one test, not several
        together.setdefault(mask.tobytes(), []).append(term)
    slices = [
        Slice(format_term_label(attribute, terms), (attribute,), (", ".join(terms),), "term")
        for terms in together.values()
    ]
    columns = [np.frombuffer(mask, dtype=bool) for mask in together]
    return SliceSet(tuple(slices), stack_masks(columns, n))


def format_term_label(attribute: str, terms: Sequence[str]) -> str:
    """The label of terms that always occur together: at most three of them are named."""
    more = f" (and {len(terms) - 3} more)" if len(terms) > 3 else ""
    return f"{attribute} {', '.join(repr(term) for term in terms[:3])}{more}"
