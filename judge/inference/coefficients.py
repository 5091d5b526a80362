"""Every agreement coefficient as one object: its names, its formula, its source and how it is computed.

A new coefficient is a new entry of COEFFICIENTS and nothing else: tables, charts, files and docs follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.cluster_sums import Floats
from secondreader.judge.inference.estimate import Measure
from secondreader.judge.inference.ratios import TINY, compute_ratio, correct_for_chance
from secondreader.judge.inference.tallies import BinaryTable, PairTally, Tally

Comparison = Literal["group", "pair", "gold"]
"""Any number of raters; two raters; a judge (second) against gold (first)."""

EVERY: frozenset[Comparison] = frozenset({"group", "pair", "gold"})
GROUP: frozenset[Comparison] = frozenset({"group"})
TABLE: frozenset[Comparison] = frozenset({"pair", "gold"})
GOLD: frozenset[Comparison] = frozenset({"gold"})
NOWHERE: frozenset[Comparison] = frozenset()

PLAIN = "plain share"
CICCHETTI = "Cicchetti & Feinstein (1990) J Clin Epidemiol 43:551"
GWET = "Gwet (2008) BJMSP 61:29, eq. 7"
KRIPPENDORFF = "Krippendorff (2011) Computing alpha-reliability"
FLEISS = "Fleiss (1971) Psychol Bull 76:378; missing answers as in Gwet (2014) ch. 2"
CONGER = "Conger (1980) Psychol Bull 88:322"
COHEN = "Cohen (1960) Educ Psychol Meas 20:37"
BYRT = "Byrt, Bishop & Carlin (1993) J Clin Epidemiol 46:423"
CLASSIFIER = "2x2 table of the judge against gold"
MATTHEWS = "Matthews (1975) Biochim Biophys Acta 405:442"

# Any and not Tally: a coefficient of tables needs a PairTally, one of groups a GroupTally, most take either
Quantity = Callable[[Any], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient(Measure):
    """A figure that is a function of a tally; arrays have the tally's leading axes, NaN where undefined."""

    comparisons: frozenset[Comparison]
    """Where it is computed."""
    in_brief: frozenset[Comparison]
    """Of these, where short tables, charts and differences of two sides show it; full tables always do."""
    value: Quantity
    """The figure itself."""
    support: Quantity
    """Items that it divides by, from unweighted sums."""
    chance: Quantity | None = None
    """Agreement expected by chance; None where nothing is."""


def count_items(tally: Tally) -> Floats:
    """Items that enter the comparison."""
    return tally.items


def compute_gwet_chance(tally: Tally) -> Floats:
    """Expected agreement of AC1, spread over the other answers."""
    spread = (tally.shares * (1 - tally.shares)).sum(axis=-1)
    # with a single answer the sum is 0 already: nothing is expected, and nothing is divided by 0
    return np.asarray(spread / max(tally.codes.n_answers - 1, TINY))


def compute_alpha(tally: Tally, level: Level) -> Floats:
    """Krippendorff's alpha; NaN without variation."""
    return correct_for_chance(*tally.compute_alpha_parts(level))


def compute_uniform_chance(tally: Tally) -> Floats:
    """Every answer as likely as any other."""
    return np.zeros(tally.raw.shape) + 1 / tally.codes.n_answers


def compute_cohen_chance(tally: PairTally) -> Floats:
    """Each rater keeps their own shares of the answers."""
    return np.asarray((tally.rows * tally.columns).sum(axis=-1))


def compute_fleiss_chance(tally: Tally) -> Floats:
    """All raters share one set of shares of the answers."""
    return np.asarray(np.square(tally.shares).sum(axis=-1))


def compute_conger_chance(marginals: Floats) -> Floats:
    """Conger's expected agreement from each rater's own answer counts, (..., raters, Q) -> (...).

    Raters without an answer do not count; NaN below two raters.
    """
    totals = marginals.sum(axis=-1)
    # in a resample or a slice a rater may have no answer left
    present = totals > TINY
    share = np.where(present[..., None], compute_ratio(marginals, totals[..., None]), 0.0)
    raters = present.sum(axis=-1).astype(np.float64)[..., None]
    # the mean over rater pairs follows from mean and variance of the shares: no loop over pairs
    mean = compute_ratio(share.sum(axis=-2), raters)
    spread = np.where(present[..., None], share - mean[..., None, :], 0.0)
    variance = compute_ratio(np.square(spread).sum(axis=-2), raters - 1)
    return np.asarray((np.square(mean) - variance / np.maximum(raters, 1)).sum(axis=-1))


def compute_balanced_accuracy(table: BinaryTable) -> Floats:
    """Mean of sensitivity and specificity."""
    sensitivity = compute_ratio(table.both, table.both + table.first)
    return (sensitivity + compute_ratio(table.neither, table.second + table.neither)) / 2


def compute_matthews(table: BinaryTable) -> Floats:
    """Matthews' correlation coefficient; NaN where one margin is empty, never 0.

    mcc = (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), computed from shares so that large
    counts cannot overflow. Source: Matthews (1975).
    """
    total = table.total
    tp, fn = compute_ratio(table.both, total), compute_ratio(table.first, total)
    fp, tn = compute_ratio(table.second, total), compute_ratio(table.neither, total)
    # an empty margin is rounding noise, and here it is multiplied by three others
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    root = np.sqrt(np.where(margins > TINY**2, margins, np.nan))
    return np.asarray((tp * tn - fp * fn) / root)


def compute_matthews_chance(table: BinaryTable) -> Floats:
    """Expected agreement of kappa, whose slope at perfect agreement the correlation has too."""
    gold = compute_ratio(table.both + table.first, table.total)
    verdict = compute_ratio(table.both + table.second, table.total)
    return gold * verdict + (1 - gold) * (1 - verdict)


def make_kappa(
    *,
    name: str,
    label: str,
    chance_formula: str,
    chance: Quantity,
    source: str,
    comparisons: frozenset[Comparison],
    in_brief: frozenset[Comparison],
) -> Coefficient:
    """Raw agreement corrected for chance: the coefficients of this family differ in what they expect by chance."""
    return Coefficient(
        name=name,
        label=label,
        # real minus and division signs: this text is printed in reports as it is
        formula=f"(raw − chance) ÷ (1 − chance); chance: {chance_formula}",
        source=source,
        unit="number",
        kind="chance",
        comparisons=comparisons,
        in_brief=in_brief,
        value=lambda tally: correct_for_chance(tally.raw, chance(tally)),
        chance=chance,
        support=count_items,
    )


def make_alpha(level: Level) -> Coefficient:
    """Krippendorff's alpha at one level of measurement; the nominal one needs no further name."""
    # answers of a codebook are names unless the caller says that they are ordered
    plain = level == "nominal"
    return Coefficient(
        name="alpha" if plain else f"alpha_{level}",
        label="Krippendorff alpha" if plain else f"Krippendorff alpha, {level}",
        formula=(
            "1 − observed ÷ expected disagreement, of the answers to one item and of all answers mixed"
            + ("" if plain else f"; {level} distances between answers")
        ),
        source=KRIPPENDORFF,
        unit="number",
        kind="chance",
        comparisons=EVERY if plain else GROUP,
        in_brief=EVERY if plain else NOWHERE,
        value=lambda tally: compute_alpha(tally, level),
        chance=lambda tally: tally.compute_alpha_parts(level)[1],
        support=count_items,
    )


COEFFICIENTS: tuple[Coefficient, ...] = (
    Coefficient(
        name="raw",
        label="raw agreement",
        formula="share of the rater pairs of an item that give the same answer, mean over items",
        source="Fleiss (1971) Psychol Bull 76:378, extent of agreement",
        comparisons=EVERY,
        in_brief=EVERY,
        value=lambda tally: tally.raw,
        support=count_items,
    ),
    Coefficient(
        name="raw_pairs",
        label="raw agreement, every pair alike",
        formula="share of all rater pairs that give the same answer",
        source=PLAIN,
        comparisons=GROUP,
        in_brief=NOWHERE,
        # an item with many raters weighs more here: where it differs from raw, the report warns
        value=lambda tally: compute_ratio(tally.sums.agreeing_pairs, tally.sums.pairs),
        support=count_items,
    ),
    Coefficient(
        name="positive_agreement",
        label="agreement on the positive answer",
        formula="where one rater gives the positive answer, the share of the others who give it too",
        source=CICCHETTI,
        comparisons=EVERY,
        in_brief=GROUP | GOLD,
        value=lambda tally: tally.specific[..., tally.codes.positive],
        support=lambda tally: tally.occurrences[..., tally.codes.positive],
    ),
    Coefficient(
        name="negative_agreement",
        label="agreement on the negative answer",
        formula="where one rater gives the negative answer, the share of the others who give it too",
        source=CICCHETTI,
        comparisons=EVERY,
        in_brief=GROUP | GOLD,
        value=lambda tally: tally.specific[..., tally.codes.negative],
        support=lambda tally: tally.occurrences[..., tally.codes.negative],
    ),
    Coefficient(
        name="prevalence",
        label="share of positive answers",
        formula="share of positive answers to an item, mean over items",
        source=PLAIN,
        comparisons=GROUP,
        in_brief=NOWHERE,
        value=lambda tally: tally.shares[..., tally.codes.positive],
        support=lambda tally: tally.sums.answered,
    ),
    Coefficient(
        name="prevalence_index",
        label="prevalence index",
        formula="(items positive for both − items positive for neither) ÷ items",
        source=BYRT,
        unit="number",
        kind="signed",
        comparisons=TABLE,
        in_brief=NOWHERE,
        value=lambda tally: compute_ratio(tally.folded.both - tally.folded.neither, tally.items),
        support=count_items,
    ),
    Coefficient(
        name="bias_index",
        label="bias index",
        formula="(items positive for the first alone − for the second alone) ÷ items",
        source=BYRT,
        unit="number",
        kind="signed",
        comparisons=TABLE,
        in_brief=NOWHERE,
        value=lambda tally: compute_ratio(tally.folded.first - tally.folded.second, tally.items),
        support=count_items,
    ),
    Coefficient(
        name="gold_prevalence",
        label="positive share in gold",
        formula="items with positive gold ÷ items with gold and verdict",
        source=PLAIN,
        comparisons=GOLD,
        in_brief=NOWHERE,
        value=lambda tally: compute_ratio(tally.folded.both + tally.folded.first, tally.folded.total),
        support=count_items,
    ),
    Coefficient(
        name="judge_prevalence",
        label="positive share of the judge",
        formula="items with a positive verdict ÷ items with gold and verdict",
        source=PLAIN,
        comparisons=GOLD,
        in_brief=NOWHERE,
        value=lambda tally: compute_ratio(tally.folded.both + tally.folded.second, tally.folded.total),
        support=count_items,
    ),
    Coefficient(
        name="sensitivity",
        label="sensitivity",
        formula="of the items with positive gold, the share with a positive verdict",
        source=CLASSIFIER,
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_ratio(tally.folded.both, tally.folded.both + tally.folded.first),
        support=lambda tally: tally.folded.both + tally.folded.first,
    ),
    Coefficient(
        name="specificity",
        label="specificity",
        formula="of the items whose gold is not positive, the share whose verdict is not positive",
        source=CLASSIFIER,
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_ratio(tally.folded.neither, tally.folded.second + tally.folded.neither),
        support=lambda tally: tally.folded.second + tally.folded.neither,
    ),
    Coefficient(
        name="ppv",
        label="positive predictive value",
        formula="of the items with a positive verdict, the share with positive gold",
        source=CLASSIFIER,
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_ratio(tally.folded.both, tally.folded.both + tally.folded.second),
        support=lambda tally: tally.folded.both + tally.folded.second,
    ),
    Coefficient(
        name="npv",
        label="negative predictive value",
        formula="of the items whose verdict is not positive, the share whose gold is not positive",
        source=CLASSIFIER,
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_ratio(tally.folded.neither, tally.folded.first + tally.folded.neither),
        support=lambda tally: tally.folded.first + tally.folded.neither,
    ),
    Coefficient(
        name="f1",
        label="F1",
        formula="harmonic mean of sensitivity and positive predictive value",
        source=CLASSIFIER,
        unit="number",
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_ratio(
            # from counts, not from sensitivity and PPV: one of these may be undefined where F1 is 0
            2 * tally.folded.both,
            2 * tally.folded.both + tally.folded.second + tally.folded.first,
        ),
        # true negatives do not enter F1
        support=lambda tally: tally.folded.total - tally.folded.neither,
    ),
    Coefficient(
        name="balanced_accuracy",
        label="balanced accuracy",
        formula="mean of sensitivity and specificity",
        source=CLASSIFIER,
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_balanced_accuracy(tally.folded),
        support=count_items,
    ),
    make_kappa(
        name="ac1",
        label="Gwet AC1",
        chance_formula="Σ p (1 − p) ÷ (answers − 1) of the answers' shares p",
        chance=compute_gwet_chance,
        source=GWET,
        comparisons=EVERY,
        in_brief=EVERY,
    ),
    make_alpha("nominal"),
    make_kappa(
        name="kappa",
        label="Cohen kappa",
        chance_formula="each rater keeps their own shares of the answers",
        chance=compute_cohen_chance,
        source=COHEN,
        comparisons=TABLE,
        in_brief=TABLE,
    ),
    make_kappa(
        name="fleiss",
        label="Fleiss kappa",
        chance_formula="Σ p² of the answers' shares p over all raters",
        chance=compute_fleiss_chance,
        source=FLEISS,
        comparisons=EVERY,
        in_brief=GROUP,
    ),
    make_kappa(
        name="conger",
        label="Conger kappa",
        chance_formula="that of Cohen kappa, mean over all rater pairs",
        chance=lambda tally: compute_conger_chance(tally.sums.marginals),
        source=CONGER,
        comparisons=GROUP,
        in_brief=GROUP,
    ),
    make_kappa(
        name="pabak",
        label="PABAK",
        chance_formula="1 ÷ the number of answers",
        chance=compute_uniform_chance,
        source=BYRT,
        comparisons=EVERY,
        in_brief=GROUP,
    ),
    Coefficient(
        name="mcc",
        label="MCC",
        formula="correlation of gold and verdict, each folded to positive or not",
        source=MATTHEWS,
        unit="number",
        kind="chance",
        comparisons=GOLD,
        in_brief=GOLD,
        value=lambda tally: compute_matthews(tally.folded),
        chance=lambda tally: compute_matthews_chance(tally.folded),
        support=count_items,
    ),
)
"""In the order of every table."""


def list_coefficients(comparison: Comparison) -> tuple[Coefficient, ...]:
    """The coefficients of one kind of comparison, in the order of its tables."""
    return tuple(what for what in COEFFICIENTS if comparison in what.comparisons)


def list_brief_names(*comparisons: Comparison) -> tuple[str, ...]:
    """Names of the coefficients that all these comparisons show in brief, in the order of their tables."""
    return tuple(what.name for what in COEFFICIENTS if what.in_brief.issuperset(comparisons))


def get_coefficient(name: str) -> Coefficient:
    """The coefficient of a name. Raises KeyError where there is none."""
    # a dictionary a call is cheap beside a bootstrap, and the tuple stays the only list
    return {what.name: what for what in COEFFICIENTS}[name]
