"""Guess the model: how often readers name the model of a transcript, against chance.

A hit is counted by the words of the guess, so a study of two models of one family cannot be told apart by it: chance is
worked out by the same rule, with each reader's transcripts permuted among that reader's guesses.
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
"""Letters of a word that can stand for a family."""
GUESS_RATE = Measure(
    "guess_rate",
    "guesses that name the model",
    "guesses that name the model or its family ÷ guesses about transcripts of a known model",
    NEWCOMBE,
)
GUESS_CHANCE = Measure(
    "guess_chance",
    "the same by chance",
    "the same share, mean over all orders of each reader's transcripts",
    "permutation within readers: Good (2005) Permutation, Parametric and Bootstrap Tests, section 3.2",
)
PARTS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class ModelGuess:
    """One reader's guess about one transcript."""

    reader: str
    model: str | None
    """The model that wrote the transcript; None where nobody knows."""
    text: str
    """The guess in the reader's words; empty for "no idea"."""


@dataclass(frozen=True, slots=True)
class GuessResult:
    """How blind the readers were to the model."""

    rate: Estimate
    """Share of guesses that name the model or its family; "no idea" is a miss."""
    chance: Estimate
    """The same share expected if readers knew nothing, with the range of 95 % of the permutations."""
    p: float | None
    """Chance of as many hits or more without any knowledge; None where it is undefined."""
    n_no_idea: int
    """Guesses that say so."""
    n_unknown: int
    """Guesses about transcripts whose model nobody knows: left out."""

    @property
    def sentence(self) -> str:
        """The result in plain words."""
        if self.rate.value is None:
            return "Nobody was asked which model wrote a transcript, or no model is known: how blind the study was is untested."
        hits = f"Readers named the model or its family in {self.rate.value:.1%} of {self.rate.n} guesses"
        if self.chance.value is None:
            return f"{hits}; chance cannot be worked out, for each reader's transcripts are all alike in it."
        p = "< .001" if (self.p or 0) < 0.001 else f"= {self.p:.3f}"
        return f"{hits}, against {self.chance.value:.1%} by chance (p {p})."


def estimate_guess_rate(
    guesses: Iterable[ModelGuess], *, permutations: int = 9999, seed: int = 0
) -> GuessResult:
    """The hit rate of guesses against chance. Same guesses and seed, same digits, in whatever order they come.

    The rate has Wilson's interval, which takes guesses as independent. Chance permutes each reader's transcripts: its
    value is exact, its range and the p-value are drawn.
    """
    everything = sorted(guesses, key=lambda one: (one.reader, one.model or "", one.text))
    known = [one for one in everything if one.model is not None]
    tables = [build_hit_table(rows) for rows in group_by_reader(known)]
    hits = sum(int(np.trace(table)) for table in tables)
    chance, p = compare_with_chance(tables, hits, permutations, seed)
    return GuessResult(
        rate=estimate_proportion(GUESS_RATE, hits, len(known)),
        chance=chance,
        p=p,
        n_no_idea=sum(not split_words(one.text) for one in known),
        n_unknown=len(everything) - len(known),
    )


def group_by_reader(guesses: Sequence[ModelGuess]) -> list[list[ModelGuess]]:
    """Guesses of each reader."""
    readers: dict[str, list[ModelGuess]] = {}
    for guess in guesses:
        readers.setdefault(guess.reader, []).append(guess)
    return list(readers.values())


def build_hit_table(rows: Sequence[ModelGuess]) -> NDArray[np.bool_]:
    """Whether guess i names the model of transcript j, shape (n, n); the truth lies on the diagonal."""
    models = [row.model or "" for row in rows]
    seen = {(row.text, model): is_model_named(row.text, model) for row in rows for model in set(models)}
    return np.array([[seen[row.text, model] for model in models] for row in rows], dtype=bool)


def compare_with_chance(
    tables: Sequence[NDArray[np.bool_]], hits: int, permutations: int, seed: int
) -> tuple[Estimate, float | None]:
    """Expected share of hits with its range, and the p-value; undefined where no permutation changes anything."""
    n = sum(len(table) for table in tables)
    if n == 0:
        return make_undefined_estimate(GUESS_CHANCE, Reason.NO_ITEMS), None
    if all((table == table[:, :1]).all() for table in tables):
        return make_undefined_estimate(GUESS_CHANCE, Reason.NOT_IDENTIFIED, n=n), None
    rng = np.random.default_rng(seed)
    drawn = sum((permute_hits(table, permutations, rng) for table in tables), np.zeros(permutations))
    low, high = np.quantile(drawn, [0.025, 0.975])
    expected = sum(table.sum() / len(table) for table in tables)
    p = (1 + int((drawn >= hits).sum())) / (permutations + 1)
    estimate = Estimate(
        measure=GUESS_CHANCE,
        value=float(expected / n),
        low=float(low / n),
        high=float(high / n),
        n=n,
        method=f"{permutations} permutations within readers, seed {seed}; the range of 95 % of them",
    )
    return estimate, p


def permute_hits(
    table: NDArray[np.bool_], permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Hits when the transcripts are permuted, shape (permutations,)."""
    orders = rng.random((permutations, len(table))).argsort(axis=1)
    return np.asarray(table[np.arange(len(table)), orders].sum(axis=1), dtype=float)


def is_model_named(text: str, model: str) -> bool:
    """Whether a guess names this model, its family or its maker."""
    said = split_words(text)
    if not said:
        return False
    joined, whole = "".join(said), "".join(list_significant_words(model))
    return bool(set(said) & list_family_words(model)) or (len(whole) > 1 and whole in joined)


def list_family_words(model: str) -> frozenset[str]:
    """Words that name the model's family or maker: the first long word of the id, the parts before a slash, other names."""
    *makers, own = model.split("/")
    long = [word for word in list_significant_words(own) if word.isalpha() and len(word) >= MIN_FAMILY]
    found = {
        word for maker in makers for word in list_significant_words(maker) if len(word) >= MIN_FAMILY
    } | set(long[:1])
    return frozenset(found | {alias for one in found for alias in MAKERS.get(one, ())})


def list_significant_words(model: str) -> list[str]:
    """The parts of a model id that name it: its last segment without generic words."""
    return [word for word in split_words(model.rsplit("/", 1)[-1]) if word not in GENERIC]


def split_words(text: str) -> list[str]:
    """Runs of letters and of digits, in one spelling: "GPT-4o" is gpt, 4, o."""
    return PARTS.findall(unicodedata.normalize("NFKC", text).casefold())
