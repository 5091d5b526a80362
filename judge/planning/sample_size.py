"""How many labels a target precision needs, and how many people and minutes those labels need."""

from dataclasses import dataclass, replace
from math import ceil, floor, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from secondreader.judge.inference.proportions import compute_normal_quantile

Floats = npt.NDArray[np.float64]


class PlanError(ValueError):
    """The plan cannot be met; the message says which number prevents it and what to change."""


def build_joint_table(rate1: float, rate2: float, kappa: float) -> Floats:
    """The 2x2 probabilities [[yes/yes, yes/no], [no/yes, no/no]] of two raters with these yes-rates and kappa.

    Raises PlanError when no table has them.
    """
    chance = rate1 * rate2 + (1 - rate1) * (1 - rate2)
    # solved for the yes/yes cell: agreement is yes/yes plus no/no, and the rates fix the other three
    both = (kappa * (1 - chance) + chance - 1 + rate1 + rate2) / 2
    # the tolerance lets the extreme kappa of given rates pass in spite of rounding
    table = np.array([[both, rate1 - both], [rate2 - both, 1 - rate1 - rate2 + both]])
    if not 0 < rate1 < 1 or not 0 < rate2 < 1 or table.min() < -1e-12:
        raise PlanError(
            f"no two raters with yes-rates {rate1:g} and {rate2:g} have kappa {kappa:g}: change one of the three"
        )
    return np.asarray(np.clip(table, 0, 1), dtype=np.float64)


def compute_kappa_unit_variance(table: Floats) -> float:
    """Large-sample variance of Cohen's kappa times n, from cell probabilities (k x k, sum 1).

    Source: Fleiss, Cohen & Everitt (1969), eq. 13.
    """
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = float(np.trace(table)), float(rows @ columns)
    diagonal = np.diag(table) * (1 - chance - (rows + columns) * (1 - agreed)) ** 2
    mixed = table * (columns[:, None] + rows[None, :]) ** 2
    off = (1 - agreed) ** 2 * (mixed.sum() - np.trace(mixed))
    rest = (agreed * chance - 2 * chance + agreed) ** 2
    return float((diagonal.sum() + off - rest) / (1 - chance) ** 4)


def compute_kappa_sample_size(
    rate1: float,
    rate2: float,
    k1: float,
    k0: float,
    alpha: float = 0.05,
    power: float = 0.8,
    two_sided: bool = False,
) -> int:
    """Items needed to distinguish kappa k1 from kappa k0, two raters with yes-rates rate1 and rate2.

    Source: Cantor (1996) Psychological Methods 1:150. Raises PlanError for k1 = k0 or impossible rates.
    """
    if k1 == k0:
        raise PlanError(f"kappa {k1:g} cannot be distinguished from itself: give two different values")
    spread0, spread1 = (
        sqrt(compute_kappa_unit_variance(build_joint_table(rate1, rate2, k))) for k in (k0, k1)
    )
    tail, reach = float(ndtri(1 - alpha / (2 if two_sided else 1))), float(ndtri(power))
    return ceil(((tail * spread0 + reach * spread1) / (k1 - k0)) ** 2)


def compute_design_effect(per_scenario: float, icc: float) -> float:
    """How many times more labels are needed when `per_scenario` of them share a scenario: 1 + (m - 1) ICC.

    Source: Kish (1965) Survey Sampling, section 5.4.
    """
    return max(1.0, 1 + (per_scenario - 1) * icc)


def estimate_icc(values: npt.ArrayLike, cluster: npt.ArrayLike) -> float | None:
    """Intra-scenario correlation of a 0/1 or numeric column in a pilot, one-way analysis of variance.

    None below two scenarios, without a scenario of two items, or without variation. Negative values are kept.
    Source: Donner (1986) International Statistical Review 54:67 (unequal sizes).
    """
    x = np.asarray(values, float)
    _, codes = np.unique(np.asarray(cluster), return_inverse=True)
    sizes = np.bincount(codes)
    k, n = len(sizes), len(x)
    if k < 2 or n == k or np.ptp(x) == 0:
        return None
    means = np.bincount(codes, x) / sizes
    between = float(sizes @ (means - x.mean()) ** 2) / (k - 1)
    inside = float(((x - means[codes]) ** 2).sum()) / (n - k)
    # the mean size corrected for unequal scenarios
    typical = (n - float(sizes @ sizes) / n) / (k - 1)
    return (between - inside) / (between + (typical - 1) * inside)


def _compute_needed_items(unit_variance: float, half_width: float, level: float, effect: float) -> int:
    if not 0 < half_width < 1:
        raise PlanError(f"half-width {half_width:g} must lie between 0 and 1, e.g. 0.10")
    # the small term keeps 196.0000001 from becoming 197
    return ceil(effect * unit_variance * (compute_normal_quantile(level) / half_width) ** 2 - 1e-9)


def compute_labels_for_kappa(
    prevalence: float, kappa: float, half_width: float, *, level: float = 0.95, effect: float = 1.0
) -> int:
    """Labelled items for kappa +- half_width when both raters say yes at rate `prevalence`.

    n = effect * z^2 V / h^2 with V of Fleiss, Cohen & Everitt (1969); effect is the design effect.
    """
    unit = compute_kappa_unit_variance(build_joint_table(prevalence, prevalence, kappa))
    return _compute_needed_items(unit, half_width, level, effect)


def compute_labels_for_agreement(
    prevalence: float, kappa: float, half_width: float, *, level: float = 0.95, effect: float = 1.0
) -> int:
    """Labelled items for raw agreement +- half_width at that prevalence and kappa."""
    agreed = float(np.trace(build_joint_table(prevalence, prevalence, kappa)))
    return _compute_needed_items(agreed * (1 - agreed), half_width, level, effect)


def compute_labels_for_share(
    share: float, half_width: float, *, within: float = 1.0, level: float = 0.95, effect: float = 1.0
) -> int:
    """Labelled items for a share +- half_width that is counted in a part `within` of them.

    Sensitivity: share = expected sensitivity, within = prevalence. Specificity: within = 1 - prevalence.
    """
    if not 0 < within <= 1:
        raise PlanError(f"the class has rate {within:g}: it must be above 0 and at most 1")
    return ceil(_compute_needed_items(share * (1 - share), half_width, level, effect) / within - 1e-9)


@dataclass(frozen=True, slots=True)
class JudgeGuess:
    """What is expected of the judge before labelling."""

    prevalence: float
    """Rate of risky actions, 0..1."""
    sensitivity: float
    """P(verdict yes | risky)."""
    specificity: float
    """P(verdict no | not risky)."""

    @property
    def yes_rate(self) -> float:
        """Share of yes verdicts."""
        return self.prevalence * self.sensitivity + (1 - self.prevalence) * (1 - self.specificity)

    def compute_strata(self) -> tuple[Floats, Floats]:
        """Shares of the verdicts yes and no, and the risky rate within each."""
        yes = self.yes_rate
        risky = np.array([self.prevalence * self.sensitivity, self.prevalence * (1 - self.sensitivity)])
        share = np.array([yes, 1 - yes])
        return share, np.divide(risky, share, out=np.zeros(2), where=share > 0)


def compute_labels_for_rate(
    guess: JudgeGuess,
    half_width: float,
    *,
    n_judged: int,
    neyman: bool = False,
    level: float = 0.95,
    effect: float = 1.0,
) -> int:
    """Labelled items for the post-stratified rate +- half_width when n_judged transcripts have verdicts.

    Var = effect * (sum W (p - rate)^2 / n_judged + V / n), V = sum W pq for a simple random sample and
    (sum W sqrt(pq))^2 for Neyman's. Raises PlanError when the verdicts alone are too few.
    Source: Cochran (1977) sections 5.5 and 5A.9.
    """
    share, rate = guess.compute_strata()
    spread = rate * (1 - rate)
    unit = float(share @ spread**0.5) ** 2 if neyman else float(share @ spread)
    between = float(share @ (rate - guess.prevalence) ** 2)
    # the part of the target variance that the verdicts on all n_judged items leave for the labels
    room = (half_width / compute_normal_quantile(level)) ** 2 / effect - between / n_judged
    if room <= 0 or unit / room > n_judged:
        raise PlanError(
            f"{n_judged} judged transcripts cannot give ±{half_width:g} even if all are labelled: "
            "judge more transcripts or accept a wider interval"
        )
    return max(1, ceil(unit / room - 1e-9))


@dataclass(frozen=True, slots=True)
class StudyDesign:
    """A labelling plan; exactly one of the first five is None when it is to be solved for."""

    annotators: int | None
    """People."""
    minutes: float | None
    """Working minutes of each person."""
    items: int | None
    """Transcripts to label."""
    overlap: float | None
    """Mean number of annotators per transcript; 1.3 means 30 % are labelled twice."""
    repeats: float | None
    """Unannounced repeats as a share of each person's labels, 0..1."""
    minutes_per_label: float = 2.0
    """Time for one transcript."""

    @property
    def labels(self) -> float:
        """All labels, repeats included."""
        assert self.items is not None
        assert self.overlap is not None
        assert self.repeats is not None
        return self.items * self.overlap * (1 + self.repeats)

    @property
    def sentence(self) -> str:
        """The plan in plain words."""
        return (
            f"{self.annotators} annotators with {self.minutes:g} minutes each label {self.items} transcripts, "
            f"{self.overlap:g} annotators each, with {self.repeats:.0%} repeats: {ceil(self.labels)} labels "
            f"of {self.minutes_per_label:g} minutes."
        )


def _check_design(design: StudyDesign) -> str:
    """The name of the one unknown; PlanError unless there is exactly one and the others make sense."""
    names = ("annotators", "minutes", "items", "overlap", "repeats")
    unknown = [name for name in names if getattr(design, name) is None]
    if len(unknown) != 1:
        raise PlanError(f"leave exactly one of {', '.join(names)} open; {len(unknown)} are")
    for name in (*names, "minutes_per_label"):
        value = getattr(design, name)
        least = 1 if name == "overlap" else 0
        if value is not None and (value < least or (value == 0 and name != "repeats")):
            raise PlanError(f"{name} is {value:g}: it must be {'at least 1' if least else 'above 0'}")
    return unknown[0]


def _count_annotators(labels: float, minutes: float, per_label: float, overlap: float) -> int:
    """Annotators needed; never fewer than see one transcript, nor with less time than one label."""
    # whole labels: the rest of the time is too short for another transcript
    each = floor(minutes / per_label)
    if each < 1:
        raise PlanError(f"{minutes:g} minutes are too few for one label of {per_label:g} minutes")
    return max(ceil(labels / each - 1e-9), ceil(overlap - 1e-9))


def solve_design(design: StudyDesign) -> StudyDesign:
    """Fill in the one open number: annotators x minutes / minutes_per_label = items x overlap x (1 + repeats).

    People and minutes are rounded up, transcripts, overlap and repeats down, so the plan can be carried out.
    Raises PlanError when nothing fits.
    """
    unknown = _check_design(design)
    per_label = design.minutes_per_label
    known = replace(design, **{unknown: 1})
    assert known.annotators is not None
    assert known.minutes is not None
    assert known.overlap is not None
    if unknown == "annotators":
        return replace(
            design, annotators=_count_annotators(known.labels, known.minutes, per_label, known.overlap)
        )
    if unknown == "minutes":
        solved = replace(design, minutes=float(ceil(known.labels / known.annotators - 1e-9) * per_label))
        return _check_overlap(solved)
    people = known.annotators
    capacity = people * floor(known.minutes / per_label)
    if unknown == "repeats":
        # without repeats first: the capacity left over is what repeats may use
        known = replace(known, repeats=0)
    ratio = capacity / known.labels
    if unknown == "items":
        return _check_overlap(replace(design, items=_require_at_least_one(ratio, "items")))
    if ratio < 1:
        raise PlanError(
            f"{capacity} labels are too few for {known.items} transcripts: add people or minutes, or drop transcripts"
        )
    if unknown == "overlap":
        return replace(design, overlap=min(floor(100 * ratio) / 100, float(people)))
    return _check_overlap(replace(design, repeats=min(1.0, floor(1000 * (ratio - 1)) / 1000)))


def _require_at_least_one(ratio: float, name: str) -> int:
    if ratio < 1:
        raise PlanError(f"the time is too short for one of {name}: add people or minutes")
    return floor(ratio + 1e-9)


def _check_overlap(design: StudyDesign) -> StudyDesign:
    assert design.annotators is not None
    assert design.overlap is not None
    if design.overlap > design.annotators:
        raise PlanError(
            f"{design.annotators} annotators cannot give {design.overlap:g} different ratings of a transcript"
        )
    return design
