"""Model guesses: how often annotators name the model of a transcript, against chance.

A hit is counted by the words of the guess, so two models of one family count as the same: chance follows the same
rule, with each annotator's transcripts permuted among that annotator's guesses.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.proportions import NEWCOMBE, estimate_proportion

GENERIC = frozenset(
    [
        "agent",
        "ai",
        "api",
        "assistant",
        "base",
        "chat",
        "exp",
        "experimental",
        "fast",
        "fp",
        "hf",
        "instruct",
        "it",
        "large",
        "latest",
        "lite",
        "llm",
        "medium",
        "mini",
        "model",
        "nano",
        "preview",
        "pro",
        "small",
        "the",
        "thinking",
        "turbo",
        "v",
    ]
)
"""Parts of model ids that name no model."""
MAKERS = {
    "gpt": ("chatgpt", "openai"),
    "claude": ("anthropic",),
    "gemini": ("google", "deepmind"),
    "llama": ("meta",),
    "qwen": ("alibaba",),
    "grok": ("xai",),
}
"""Other words by which people call a family."""
MIN_FAMILY = 3
"""Fewest characters of a word that can name a family."""
GUESS_RATE = Measure(
    "guess_rate",
    "guesses that name the model",
    "guesses that name the model or its family ÷ guesses about transcripts of a known model",
    NEWCOMBE,
)
GUESS_CHANCE = Measure(
    "guess_chance",
    "the same by chance",
    "the same share, mean over all orders of each annotator's transcripts",
    "permutation within annotators: Good (2005) Permutation, Parametric and Bootstrap Tests, section 3.2",
)
PARTS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class ModelGuess:
    """One annotator's guess about one transcript."""

    reader: str
    model: str | None
    """The model that wrote the transcript; None where nobody knows."""
    text: str
    """The guess in the annotator's words; empty for "no idea"."""


@dataclass(frozen=True, slots=True)
class GuessResult:
    """How blind the annotators were to the model."""

    rate: Estimate
    """Share of guesses that name the model or its family; "no idea" is a miss."""
    chance: Estimate
    """The same share expected if annotators knew nothing, with the range of 95 % of the permutations."""
    p: float | None
    """Chance of as many hits or more without any knowledge; None where it is undefined."""
    n_no_idea: int
    """Guesses that say so."""
    n_unknown: int
    """Guesses about transcripts whose model nobody knows: left out."""

    @property
    def sentence(self) -> str:
        """The hit rate beside chance, as one sentence for a report."""
        if self.rate.value is None:
            return "Nobody was asked which model wrote a transcript, or no model is known: how blind the study was is untested."
        hits = f"Annotators named the model or its family in {self.rate.value:.1%} of {self.rate.n} guesses"
        if self.chance.value is None:
            return f"{hits}; chance cannot be computed, because no permutation of an annotator's transcripts changes the hits."
        p = "< .001" if (self.p or 0) < 0.001 else f"= {self.p:.3f}"
        return f"{hits}, against {self.chance.value:.1%} by chance (p {p})."


def estimate_guess_rate(
    guesses: Iterable[ModelGuess], *, permutations: int = 9999, seed: int = 0
) -> GuessResult:
    """The hit rate of guesses against chance. Same guesses and seed, same digits, in whatever order they come.

    The rate has Wilson's interval, which takes guesses as independent. Chance permutes each annotator's transcripts: its
    value is exact, its range and the p-value are simulated.
    """
    # sorted, because the seed assigns permutations by position: digits must not depend on the order of rows
    everything = sorted(guesses, key=lambda guess: (guess.reader, guess.model or "", guess.text))
    known = [guess for guess in everything if guess.model is not None]
    tables = [build_hit_table(rows) for rows in group_by_reader(known)]
    hits = sum(int(np.trace(table)) for table in tables)
    chance, p = compare_with_chance(tables, hits, permutations, seed)
    return GuessResult(
        rate=estimate_proportion(GUESS_RATE, hits, len(known)),
        chance=chance,
        p=p,
        n_no_idea=sum(not split_words(guess.text) for guess in known),
        n_unknown=len(everything) - len(known),
    )


def group_by_reader(guesses: Sequence[ModelGuess]) -> list[list[ModelGuess]]:
    """Guesses of each annotator, in the order of their first guess."""
    readers: dict[str, list[ModelGuess]] = {}
    for guess in guesses:
        readers.setdefault(guess.reader, []).append(guess)
    return list(readers.values())


def build_hit_table(rows: Sequence[ModelGuess]) -> NDArray[np.bool_]:
    """Whether guess i names the model of transcript j, shape (n, n); the truth lies on the diagonal."""
    models = [row.model or "" for row in rows]
    named = {(row.text, model): is_model_named(row.text, model) for row in rows for model in set(models)}
    return np.array([[named[row.text, model] for model in models] for row in rows], dtype=bool)


def compare_with_chance(
    tables: Sequence[NDArray[np.bool_]], hits: int, permutations: int, seed: int
) -> tuple[Estimate, float | None]:
    """Expected share of hits with its range, and the p-value; undefined where no permutation changes anything."""
    n = sum(len(table) for table in tables)
    if n == 0:
        return make_undefined_estimate(GUESS_CHANCE, Reason.NO_ITEMS), None
    # every transcript fits a guess equally: no permutation can change the number of hits
    if all((table == table[:, :1]).all() for table in tables):
        return make_undefined_estimate(GUESS_CHANCE, Reason.NOT_IDENTIFIED, n=n), None
    rng = np.random.default_rng(seed)
    permuted = sum((permute_hits(table, permutations, rng) for table in tables), np.zeros(permutations))
    low, high = np.quantile(permuted, [0.025, 0.975])
    # each guess meets each transcript equally often, so the mean needs no simulation
    expected = sum(table.sum() / len(table) for table in tables)
    p = (1 + int((permuted >= hits).sum())) / (permutations + 1)
    estimate = Estimate(
        measure=GUESS_CHANCE,
        value=float(expected / n),
        low=float(low / n),
        high=float(high / n),
        n=n,
        method=f"{permutations} permutations within annotators, seed {seed}; the range of 95 % of them",
    )
    return estimate, p


def permute_hits(
    table: NDArray[np.bool_], permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Hits when the transcripts are permuted, shape (permutations,)."""
    # sorting random keys permutes all rows at once
    orders = rng.random((permutations, len(table))).argsort(axis=1)
    return np.asarray(table[np.arange(len(table)), orders].sum(axis=1), dtype=float)


def is_model_named(text: str, model: str) -> bool:
    """Whether a guess names this model, its family or its maker."""
    words = split_words(text)
    if not words:
        return False
    joined, whole = "".join(words), "".join(list_significant_words(model))
    return bool(set(words) & list_family_words(model)) or (len(whole) > 1 and whole in joined)


def list_family_words(model: str) -> frozenset[str]:
    """Words that name the model's family or maker: the first long word of the id, the parts before a slash, other names."""
    *makers, own = model.split("/")
    long = [word for word in list_significant_words(own) if word.isalpha() and len(word) >= MIN_FAMILY]
    words = {
        word for maker in makers for word in list_significant_words(maker) if len(word) >= MIN_FAMILY
    } | set(long[:1])
    return frozenset(words | {alias for name in words for alias in MAKERS.get(name, ())})


def list_significant_words(model: str) -> list[str]:
    """The parts of a model id that name it: its last segment without generic words."""
    return [word for word in split_words(model.rsplit("/", 1)[-1]) if word not in GENERIC]


def split_words(text: str) -> list[str]:
    """Alphabetic and digit runs, in one spelling: "GPT-4o" is gpt, 4, o."""
    # NFKC first: full-width or ligature spellings of a name are the same guess
    return PARTS.findall(unicodedata.normalize("NFKC", text).casefold())
