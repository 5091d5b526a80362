"""What tokens cost: an optional TOML table, since prices change and no program should guess them."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class PriceError(ValueError):
    """A price table that cannot be read, in one sentence."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price of one million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by model name."""

    by_model: Mapping[str, Price] = field(default_factory=dict)

    def compute_cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Cost of these tokens; None where the model has no price."""
        price = self.by_model.get(model)
        if price is None:
            return None
        # one division at the end: two would round twice
        return (prompt_tokens * price.input + completion_tokens * price.output) / 1_000_000


def load_prices(path: Path) -> Prices:
    """Read a table with one section per model: `["model"]`, `input = 2.0`, `output = 8.0`. Raises PriceError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriceError(f"{path}: cannot be read as TOML: {error}.") from None
    return Prices({model: read_price(path, model, section) for model, section in table.items()})


def read_price(path: Path, model: str, section: Any) -> Price:
    """One section. Raises PriceError."""
    # a price that is left out or misspelled must not count as free
    if not isinstance(section, dict) or set(section) != {"input", "output"}:
        raise PriceError(f"{path}: {model}: expected input and output, the prices of a million tokens.")
    for name, value in section.items():
        # true is an int to Python, and TOML has inf and nan
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise PriceError(f"{path}: {model}.{name}: expected a price of 0 or more, got {value!r}.")
    return Price(float(section["input"]), float(section["output"]))
