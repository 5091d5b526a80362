"""What every figure carries: what it measures, a value or a reason, its n and its interval."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

Unit = Literal["percent", "number"]
Kind = Literal["proportion", "chance", "signed"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a figure measures: one object says it to the statistics, to files and to screens."""

    name: str
    """The field's standard name in lower case with underscores, as files have it: alpha, ac1, sensitivity, ..."""
    label: str
    """The name that screens and reports print."""
    formula: str
    """How it is computed, in words."""
    source: str
    """Where it is defined: paper and section."""
    unit: Unit = "percent"
    """Whether it is printed as 61.3% or as 0.613."""
    kind: Kind = "proportion"
    """proportion (0..1), chance (agreement corrected for chance) or signed (a difference, -1..1)."""


class Reason(StrEnum):
    """Why a figure or its interval is undefined."""

    # values are stored in reports: a rename would make old ones unreadable
    NO_ITEMS = "no_items"
    NO_PAIRABLE_ITEMS = "no_pairable_items"
    NO_VARIATION = "no_variation"
    EMPTY_DENOMINATOR = "empty_denominator"
    TOO_FEW_RATERS = "too_few_raters"
    TOO_FEW_CLUSTERS = "too_few_clusters"
    UNSTABLE_RESAMPLES = "unstable_resamples"
    NOT_IDENTIFIED = "not_identified"


REASON_SENTENCES: dict[Reason, str] = {
    Reason.NO_ITEMS: "there is no item to count",
    Reason.NO_PAIRABLE_ITEMS: "no item was answered by two raters",
    Reason.NO_VARIATION: "every answer is the same, so agreement beyond chance is untested",
    Reason.EMPTY_DENOMINATOR: "no item falls into the class that this figure divides by",
    Reason.TOO_FEW_RATERS: "there are too few raters",
    Reason.TOO_FEW_CLUSTERS: "there are fewer than 8 scenarios, too few for an interval",
    Reason.UNSTABLE_RESAMPLES: "the figure is undefined in more than 5 % of the resamples",
    Reason.NOT_IDENTIFIED: "these data cannot identify the figure",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure of a report. `value is None` exactly when `reason` is set."""

    measure: Measure
    """What it measures."""
    value: float | None
    """The point estimate in its own unit (coefficients -1..1, rates and probabilities 0..1)."""
    low: float | None = None
    """Lower limit of the interval; None where the interval is refused."""
    high: float | None = None
    """Upper limit of the interval; None where the interval is refused."""
    n: int = 0
    """Items that entered the figure."""
    n_clusters: int = 0
    """Scenarios that those items come from."""
    level: float = 0.95
    """Nominal coverage of the interval."""
    method: str = ""
    """How the interval was made, e.g. "scenario-cluster bootstrap BCa, B=2000, seed 0"."""
    reason: Reason | None = None
    """Why the value is undefined."""
    interval_reason: Reason | None = None
    """Why the interval is refused although the value is defined."""
    warnings: tuple[str, ...] = ()
    """Sentences that must be printed beside the figure."""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError(f"{self.name}: an estimate has either a value or a reason")
        # NaN passes through arithmetic and JSON unnoticed, a missing value does not
        if self.value is not None and self.value != self.value:
            raise ValueError(f"{self.name}: NaN is not a value; give a reason instead")

    @property
    def name(self) -> str:
        """The standard name of what it measures."""
        return self.measure.name

    @property
    def sentence(self) -> str:
        """The figure in plain words."""
        if self.value is None:
            assert self.reason is not None
            return f"{self.name} is undefined: {REASON_SENTENCES[self.reason]}"
        if self.low is None or self.high is None:
            why = f" ({REASON_SENTENCES[self.interval_reason]})" if self.interval_reason else ""
            return f"{self.name} = {self.value:.3f}, n = {self.n}, no interval{why}"
        return f"{self.name} = {self.value:.3f} [{self.low:.3f}, {self.high:.3f}], n = {self.n}"

    def add_warnings(self, *sentences: str) -> "Estimate":
        """The same figure with more sentences beside it."""
        return replace(self, warnings=(*self.warnings, *sentences))

    def build_row(self) -> dict[str, Any]:
        """The figure as one flat row for a frame, CSV or JSON."""
        return {
            "name": self.measure.name,
            "label": self.measure.label,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.measure.unit,
            "n": self.n,
            "n_clusters": self.n_clusters,
            "level": self.level,
            "method": self.method,
            "formula": self.measure.formula,
            "source": self.measure.source,
            "reason": self.reason.value if self.reason else None,
            "interval_reason": self.interval_reason.value if self.interval_reason else None,
            # one text and not a list: CSV has flat cells
            "warnings": " ".join(self.warnings),
        }


def make_undefined_estimate(measure: Measure, reason: Reason, **details: Any) -> Estimate:
    """An estimate that stays undefined, with the reason."""
    return Estimate(measure=measure, value=None, reason=reason, **details)
