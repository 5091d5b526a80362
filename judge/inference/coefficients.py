"""Agreement coefficients as functions of additive sums; NaN marks the undefined inside arrays only."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats, GroupSums

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Kind = Literal["proportion", "chance", "signed"]

# below this an expected disagreement is rounding noise of a sample without variation
TINY = 1e-12

AGRESTI = "proportion of agreeing reader pairs"
CICCHETTI = "Cicchetti & Feinstein (1990) J Clin Epidemiol 43:551"
GWET = "Gwet (2008) BJMSP 61:29, eq. 7"
KRIPPENDORFF = "Krippendorff (2011) Computing alpha-reliability"
FLEISS = "Fleiss (1971) Psychol Bull 76:378; missing answers as in Gwet (2014) ch. 2"
CONGER = "Conger (1980) Psychol Bull 88:322"
COHEN = "Cohen (1960) Educ Psychol Meas 20:37"
BYRT = "Byrt, Bishop & Carlin (1993) J Clin Epidemiol 46:423"
CLASSIFIER = "2x2 table of the judge against gold"
MATTHEWS = "Matthews (1975) Biochim Biophys Acta 405:442"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What a figure is called, where it is defined and how its interval behaves at perfect agreement."""

    name: str
    """Standard name in lower case."""
    source: str
    """Paper and section."""
    kind: Kind
    """proportion (0..1), chance (agreement corrected for chance) or signed (a difference, -1..1)."""


class Formula(Protocol):
    """A set of coefficients over one layout of sums; K coefficients in a fixed order."""

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """What the K figures are."""

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""

    def chance(self, sums: Floats) -> Floats:
        """Agreement expected by chance, (..., columns) -> (..., K); 0 for proportions."""

    def support(self, sums: Floats) -> Floats:
        """Items that a figure divides by, from unweighted sums, (..., columns) -> (..., K)."""


def compute_ratio(top: Floats, bottom: Floats) -> Floats:
    """Top / bottom, NaN where nothing is there to divide by."""
    top, bottom = np.broadcast_arrays(top, bottom)
    out: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > TINY)
    return out


def correct_for_chance(observed: Floats, chance: Floats) -> Floats:
    """(observed - chance) / (1 - chance); NaN where chance alone explains everything."""
    return compute_ratio(observed - chance, 1 - chance)


def compute_squared_distance(level: Level, values: Floats, counts: Floats) -> Floats:
    """Krippendorff's squared difference of each two answers, shape (..., Q, Q).

    `values` are the answers as numbers, shape (Q,); `counts` how often each was given, shape (..., Q).
    """
    if level == "ordinal":
        middle = np.cumsum(counts, axis=-1) - counts / 2
        return np.asarray(np.square(middle[..., :, None] - middle[..., None, :]))
    across, down = values[:, None], values[None, :]
    if level == "nominal":
        return np.asarray(across != down, dtype=np.float64)
    if level == "interval":
        return np.asarray(np.square(across - down))
    total = across + down
    return np.asarray(np.square(np.divide(across - down, total, out=np.zeros_like(total), where=total != 0)))


def compute_alpha_agreement(coincidence: Floats, n_values: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Observed and expected agreement whose correction is Krippendorff's alpha.

    alpha = 1 - D_o / D_e; with weights the shares are weighted and (n - 1) / n keeps the plain number
    of answers n. `coincidence` (..., Q, Q), `n_values` (...), `distance` (..., Q, Q).
    """
    totals = coincidence.sum(axis=-1)
    n = totals.sum(axis=-1)
    share = compute_ratio(totals, n[..., None])
    observed = compute_ratio((coincidence * distance).sum(axis=(-2, -1)), n)
    expected = (share[..., :, None] * share[..., None, :] * distance).sum(axis=(-2, -1))
    # scaled by the largest distance so that "no variation" has one threshold on every level
    scale = np.maximum(np.broadcast_to(distance, coincidence.shape).max(axis=(-2, -1)), TINY)
    bias = compute_ratio(n_values, n_values - 1)
    return 1 - observed / scale, 1 - expected / scale * bias


def compute_alpha(coincidence: Floats, n_values: Floats, distance: Floats) -> Floats:
    """Krippendorff's alpha from coincidences; NaN without variation."""
    return correct_for_chance(*compute_alpha_agreement(coincidence, n_values, distance))


@dataclass(frozen=True, slots=True)
class GroupFormula:
    """All coefficients of a group of readers: any number of readers, missing answers allowed."""

    n_answers: int
    """Number of answers Q."""
    positive: int
    """Code of the positive answer."""
    negative: int
    """Code of the negative answer."""
    levels: tuple[Level, ...] = ()
    """Further levels of alpha, for ordered answers."""
    numbers: tuple[float, ...] = ()
    """The answers as numbers, for interval and ratio alpha; default their codes."""

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Raw first, then specific agreement, prevalence, and what corrects for chance."""
        more = tuple(Coefficient(f"alpha_{level}", KRIPPENDORFF, "chance") for level in self.levels)
        return (
            Coefficient("raw", f"{AGRESTI}, mean over items", "proportion"),
            Coefficient("raw_pairs", f"{AGRESTI}, every pair alike", "proportion"),
            Coefficient("positive_agreement", CICCHETTI, "proportion"),
            Coefficient("negative_agreement", CICCHETTI, "proportion"),
            Coefficient("prevalence", "share of positive answers, mean over items", "proportion"),
            Coefficient("ac1", GWET, "chance"),
            Coefficient("alpha", KRIPPENDORFF, "chance"),
            Coefficient("fleiss", FLEISS, "chance"),
            Coefficient("conger", CONGER, "chance"),
            Coefficient("pabak", BYRT, "chance"),
            *more,
        )

    def values(self, sums: Floats) -> Floats:
        """(..., columns) -> (..., K); NaN where undefined."""
        return correct_for_chance(self.compute_observed(sums), self.chance(sums))

    def compute_observed(self, sums: Floats) -> Floats:
        """Observed agreement of each coefficient, (..., columns) -> (..., K)."""
        view = GroupSums(sums, self.n_answers)
        raw = compute_ratio(view.agreement, view.pairable)
        specific = self.compute_specific(sums)
        alphas = [self.compute_alpha_parts(view, level)[0] for level in ("nominal", *self.levels)]
        return np.stack(
            [
                raw,
                compute_ratio(view.agreeing_pairs, view.pairs),
                specific[..., self.positive],
                specific[..., self.negative],
                compute_ratio(view.answer_shares[..., self.positive], view.answered),
                raw,
                alphas[0],
                raw,
                raw,
                raw,
                *alphas[1:],
            ],
            axis=-1,
        )

    def chance(self, sums: Floats) -> Floats:
        """Expected agreement of each coefficient, (..., columns) -> (..., K)."""
        view = GroupSums(sums, self.n_answers)
        share = compute_ratio(view.answer_shares, view.answered[..., None])
        zero = np.zeros(sums.shape[:-1])
        alphas = [self.compute_alpha_parts(view, level)[1] for level in ("nominal", *self.levels)]
        ac1 = (share * (1 - share)).sum(axis=-1) / max(self.n_answers - 1, TINY)
        return np.stack(
            [
                *[zero] * 5,
                ac1,
                alphas[0],
                np.square(share).sum(axis=-1),
                compute_conger_chance(view.marginals),
                zero + 1 / self.n_answers,
                *alphas[1:],
            ],
            axis=-1,
        )

    def support(self, sums: Floats) -> Floats:
        """Items that each figure divides by, (..., columns) -> (..., K)."""
        view = GroupSums(sums, self.n_answers)
        pairable = view.pairable
        return np.stack(
            [
                pairable,
                pairable,
                view.occurrences[..., self.positive],
                view.occurrences[..., self.negative],
                view.answered,
                *[pairable] * (5 + len(self.levels)),
            ],
            axis=-1,
        )

    def compute_specific(self, sums: Floats) -> Floats:
        """Specific agreement on each answer, (..., columns) -> (..., Q).

        The chance that a second reader gives the answer that a first one gave (Cicchetti & Feinstein 1990,
        pooled over reader pairs).
        """
        coincidence = GroupSums(sums, self.n_answers).coincidence
        return compute_ratio(np.diagonal(coincidence, axis1=-2, axis2=-1), coincidence.sum(axis=-1))

    def compute_alpha_parts(self, view: GroupSums, level: Level) -> tuple[Floats, Floats]:
        """Observed and expected agreement of alpha at one level of measurement."""
        coincidence = view.coincidence
        numbers = np.array(self.numbers or range(self.n_answers), dtype=np.float64)
        distance = compute_squared_distance(level, numbers, coincidence.sum(axis=-1))
        return compute_alpha_agreement(coincidence, view.values, distance)


def compute_conger_chance(marginals: Floats) -> Floats:
    """Conger's expected agreement from each reader's own answer shares, (..., readers, Q) -> (...).

    Readers without an answer do not count; NaN below two readers.
    """
    totals = marginals.sum(axis=-1)
    present = totals > TINY
    share = np.where(present[..., None], compute_ratio(marginals, totals[..., None]), 0.0)
    readers = present.sum(axis=-1).astype(np.float64)[..., None]
    mean = compute_ratio(share.sum(axis=-2), readers)
    spread = np.where(present[..., None], share - mean[..., None, :], 0.0)
    variance = compute_ratio(np.square(spread).sum(axis=-2), readers - 1)
    return np.asarray((np.square(mean) - variance / np.maximum(readers, 1)).sum(axis=-1))
