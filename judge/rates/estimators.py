"""Estimators of a risky-action rate from verdicts on all items and gold on some of them.

Each estimator is linearised: `influence` says what every item adds to the error of the estimate, so one
cluster-robust sum of squares gives the variance of any rate and of any difference of rates, and a scenario
whose transcripts are labelled only in part needs no special case (Särndal, Swensson & Wretman 1992, ch. 5-7).
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

from secondreader.judge.inference.estimate import Estimate, Measure, Reason, make_undefined_estimate
from secondreader.judge.inference.proportions import Interval, compute_wilson_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO, YES, UNSURE, UNPARSED = range(4)
"""Codes of a verdict."""

FEWEST_CLUSTERS = 8
FEW_CLUSTERS = 30
MOST_UNCOVERED = 0.2
METHOD = "linearised, cluster-robust by scenario, Student t"


@dataclass(frozen=True, slots=True)
class RateMeasure(Measure):
    """What an estimator of a rate is called and where it is defined."""

    on_logit: bool = False
    """Whether its interval is made on the logit scale: an average of 0/1 always has a logit inside 0..1."""


NAIVE = RateMeasure(
    "naive",
    "naive (the judge's own)",
    "verdicts yes ÷ verdicts yes or no",
    "share of yes verdicts",
    on_logit=True,
)
GOLD_ONLY = RateMeasure(
    "gold_only",
    "labels only",
    "weighted share of gold yes among the items with gold",
    "Hájek (1971)",
    on_logit=True,
)
POST_STRATIFIED = RateMeasure(
    "post_stratified",
    "post-stratified by verdict",
    "share of gold yes under each verdict, weighted by how often the judge gives it",
    "Cochran (1977) ch. 5A; stratum variances smoothed by half a case of each kind",
    on_logit=True,
)
PPI = RateMeasure(
    "ppi",
    "PPI",
    "mean verdict of all items + mean of (gold − verdict) of the items with gold",
    "Angelopoulos et al. (2023) Science 382:669",
)
PPI_PLUS = RateMeasure(
    "ppi_plus",
    "PPI++",
    "as PPI, with every verdict multiplied by the λ that makes the interval shortest",
    "Angelopoulos, Duchi & Zrnic (2023) arXiv 2311.01453",
)
ROGAN_GLADEN = RateMeasure(
    "rogan_gladen",
    "Rogan-Gladen",
    "(naive + specificity − 1) ÷ (sensitivity + specificity − 1)",
    "Rogan & Gladen (1978) Am J Epidemiol 107:71",
)


@dataclass(frozen=True, slots=True)
class JudgedItems:
    """Every judged item of a population; all arrays have one entry an item."""

    verdict: Ints
    """NO, YES, UNSURE or UNPARSED."""
    gold: Floats
    """1 risky, 0 not, NaN where there is no gold."""
    weight: Floats
    """1 / inclusion probability of the sample for labelling; used only where gold is known."""
    cluster: Ints
    """Scenario of the item, as codes from 0."""
    stratum: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Post-stratum of the item; the verdict itself when empty."""

    @property
    def strata(self) -> Ints:
        """The post-stratum of every item."""
        return self.stratum if len(self.stratum) else self.verdict

    @property
    def labelled(self) -> Mask:
        """Items whose gold is known."""
        return ~np.isnan(self.gold)


@dataclass(frozen=True, slots=True)
class LinearisedRate:
    """One rate with the influence of every item on its error."""

    measure: Measure
    """What it estimates, and by which estimator."""
    value: float | None
    """The rate, 0..1 for all but Rogan-Gladen, which may fall outside before it is cut."""
    influence: Floats
    """(items,) contributions to the error; their cluster sums give the variance."""
    extra: float = 0.0
    """Variance added by smoothing the strata, for errors not yet seen."""
    n: int = 0
    """Items that entered the rate."""
    n_clusters: int = 0
    """Scenarios that limit the degrees of freedom."""
    reason: Reason | None = None
    """Why the rate is undefined."""
    warnings: tuple[str, ...] = ()
    """Sentences to show beside the rate."""

    @property
    def name(self) -> str:
        """The estimator's standard name."""
        return self.measure.name


def _make_undefined_rate(
    measure: Measure, judged: JudgedItems, reason: Reason, *warnings: str
) -> LinearisedRate:
    return LinearisedRate(measure, None, np.zeros(len(judged.gold)), reason=reason, warnings=warnings)


def _count_clusters(judged: JudgedItems, mask: Mask) -> int:
    return len(np.unique(judged.cluster[mask]))


def estimate_naive(judged: JudgedItems, member: Mask) -> LinearisedRate:
    """The share of yes among verdicts yes or no: what a paper prints when it trusts its judge."""
    decided = member & (judged.verdict <= YES)
    n = int(decided.sum())
    if n == 0:
        return _make_undefined_rate(NAIVE, judged, Reason.NO_ITEMS)
    value = float((judged.verdict[decided] == YES).mean())
    # undecided verdicts neither enter the rate nor move it
    influence = np.where(decided, (judged.verdict == YES) - value, 0.0) / n
    return LinearisedRate(NAIVE, value, influence, 0.0, n, _count_clusters(judged, decided))


def _compute_smoothing_variance(rate: Floats, size: Floats, share: Floats) -> float:
    """What smoothing adds to the variance of a stratified rate: sum W^2 (p~q~ - pq)/n, p~ = (k + 1/2)/(n + 1).

    Half a case of each kind (Jeffreys) covers 94.5-96 % where Laplace's whole one covers up to 97.4 %.
    """
    smooth = (rate * size + 0.5) / (size + 1)
    return float(np.sum(share**2 * (smooth * (1 - smooth) - rate * (1 - rate)) / size))


def _compute_kish_sizes(weight: Floats, stratum: Ints, n_strata: int) -> Floats:
    """Kish's effective number of labels in each stratum: (sum w)^2 / sum w^2."""
    total = np.bincount(stratum, weight, n_strata)
    squares = np.bincount(stratum, weight**2, n_strata)
    return np.divide(total**2, squares, out=np.zeros(n_strata), where=squares > 0)


def _format_uncovered_warning(share: float, rate: float, value: float) -> str:
    low, high = value - share * rate, value + share * (1 - rate)
    return (
        f"{share:.1%} of the items have verdicts of which none was labelled: their rate was taken as the "
        f"overall {rate:.1%}; at 0 and at 1 the corrected rate would be {low:.1%} and {high:.1%}."
    )


def estimate_stratified(measure: Measure, judged: JudgedItems, member: Mask, strata: Ints) -> LinearisedRate:
    """The gold rate of each stratum, weighted by the stratum's share of all member items.

    Strata without gold take the overall gold rate and a warning with both extremes; above 20 % of the items
    the rate is not identified. Source: Cochran (1977) ch. 5A (post-stratification).
    """
    known = member & judged.labelled
    if not member.any():
        return _make_undefined_rate(measure, judged, Reason.NO_ITEMS)
    if not known.any():
        return _make_undefined_rate(measure, judged, Reason.NOT_IDENTIFIED, "None of these items has gold.")
    k = int(strata.max()) + 1
    n_items = int(member.sum())
    share = np.bincount(strata[member], minlength=k) / n_items
    weight = np.where(known, judged.weight, 0.0)
    gold = np.where(known, judged.gold, 0.0)
    total = np.bincount(strata, weight, k)
    pooled = float(weight @ gold / weight.sum())
    rate = np.divide(np.bincount(strata, weight * gold, k), total, out=np.full(k, pooled), where=total > 0)
    # items under verdicts of which none was labelled: their gold rate is unknown, not 0
    uncovered = float(share[total == 0].sum())
    if uncovered > MOST_UNCOVERED:
        gap = f"{uncovered:.1%} of the items have verdicts of which none was labelled."
        return _make_undefined_rate(measure, judged, Reason.NOT_IDENTIFIED, gap)
    value = float(share @ rate)
    slope = np.divide(share, total, out=np.zeros(k), where=total > 0)
    influence = np.where(member, rate[strata] - value, 0.0) / n_items
    # labels move the rate of their stratum, and with the pooled rate that of uncovered strata
    influence += weight * (slope[strata] * (gold - rate[strata]) + uncovered * (gold - pooled) / weight.sum())
    size = _compute_kish_sizes(weight, strata, k)
    covered = size > 0
    extra = _compute_smoothing_variance(rate[covered], size[covered], share[covered])
    warnings = (_format_uncovered_warning(uncovered, pooled, value),) if uncovered else ()
    return LinearisedRate(
        measure, value, influence, extra, int(known.sum()), _count_clusters(judged, known), warnings=warnings
    )


def estimate_post_stratified(judged: JudgedItems, member: Mask) -> LinearisedRate:
    """The headline: gold rate within each verdict (x the `within` columns), weighted by verdict counts."""
    return estimate_stratified(POST_STRATIFIED, judged, member, judged.strata)


def estimate_gold_only(judged: JudgedItems, member: Mask) -> LinearisedRate:
    """The weighted (Hájek) share of risky items among those with gold; the verdicts are not used."""
    return estimate_stratified(GOLD_ONLY, judged, member, np.zeros(len(judged.gold), np.int64))


def _predict_answers(judged: JudgedItems) -> Floats:
    """The verdict as a number: yes 1, no 0, and 1/2 where the judge gave no answer."""
    return np.array([0.0, 1.0, 0.5, 0.5])[judged.verdict]


def _fit_lambda(gold: Floats, predicted: Floats, weight: Floats) -> float:
    """The slope of gold on prediction among the labelled, cut to 0..1."""
    p = weight / weight.sum()
    centred = predicted - p @ predicted
    # cut to 0..1: a slope beyond would amplify the verdicts, and with few labels it is noise
    spread = float(p @ centred**2)
    return float(np.clip(p @ (centred * gold) / spread, 0, 1)) if spread > 0 else 0.0


def estimate_ppi(judged: JudgedItems, member: Mask, power: float | None = None) -> LinearisedRate:
    """Prediction-powered mean: power x mean verdict of all + weighted mean of (gold - power x verdict).

    power 1 is PPI (Angelopoulos et al. 2023, Science 382:669), None fits it (PPI++, arXiv 2311.01453).
    All judged items serve as the unlabelled side, so the sample for labelling may have unequal probabilities.
    """
    measure = PPI_PLUS if power is None else PPI
    known = member & judged.labelled
    if not known.any():
        return _make_undefined_rate(
            measure, judged, Reason.NO_ITEMS if not member.any() else Reason.NOT_IDENTIFIED
        )
    # an unread verdict predicts nothing: one half is the value that favours no side
    predicted = _predict_answers(judged)
    weight = np.where(known, judged.weight, 0.0)
    gold = np.where(known, judged.gold, 0.0)
    fitted = _fit_lambda(gold[known], predicted[known], weight[known]) if power is None else power
    mean = float(predicted[member].mean())
    share = weight / weight.sum()
    rectifier = float(share @ (gold - fitted * predicted))
    influence = np.where(member, fitted * (predicted - mean), 0.0) / member.sum()
    influence += share * (gold - fitted * predicted - rectifier)
    value = fitted * mean + rectifier
    return LinearisedRate(measure, value, influence, 0.0, int(known.sum()), _count_clusters(judged, known))


def _compute_share_of_yes(judged: JudgedItems, within: Mask) -> tuple[float, Floats]:
    """Weighted share of yes verdicts within a set of labelled items, with its influence."""
    weight = np.where(within, judged.weight, 0.0) / judged.weight[within].sum()
    yes = (judged.verdict == YES).astype(np.float64)
    value = float(weight @ yes)
    return value, weight * (yes - value)


def estimate_rogan_gladen(judged: JudgedItems, member: Mask) -> LinearisedRate:
    """(judge rate + Sp - 1) / (Se + Sp - 1), with Se and Sp from the labelled items among the members.

    Source: Rogan & Gladen (1978) Am J Epidemiol 107:71; delta method with all covariances by linearisation.
    Undefined when a class has no gold or the judge is no better than chance.
    """
    rate = estimate_naive(judged, member)
    decided = member & judged.labelled & (judged.verdict <= YES)
    risky, safe = decided & (judged.gold == 1), decided & (judged.gold == 0)
    if rate.value is None:
        return _make_undefined_rate(ROGAN_GLADEN, judged, Reason.NO_ITEMS)
    if not (risky.any() and safe.any()):
        return _make_undefined_rate(ROGAN_GLADEN, judged, Reason.EMPTY_DENOMINATOR)
    se, se_influence = _compute_share_of_yes(judged, risky)
    fpr, fpr_influence = _compute_share_of_yes(judged, safe)
    # Se + Sp - 1: at or below 0 the correction would turn the judge around
    youden = se - fpr
    if youden <= 0:
        return _make_undefined_rate(
            ROGAN_GLADEN, judged, Reason.NOT_IDENTIFIED, "The judge is no better than chance on the gold."
        )
    value = (rate.value - fpr) / youden
    influence = (rate.influence - value * se_influence - (1 - value) * fpr_influence) / youden
    note = (
        "Rogan-Gladen is for gold from another population; with gold from these items read post_stratified."
    )
    n = int(decided.sum())
    return LinearisedRate(
        ROGAN_GLADEN, value, influence, 0.0, n, _count_clusters(judged, decided), warnings=(note,)
    )


def compute_cluster_variance(influence: Floats, cluster: Ints) -> float:
    """Cluster-robust variance C/(C-1) * sum over clusters of (sum of influences)^2."""
    sums = np.bincount(cluster, influence)
    # clusters without influence add no degrees of freedom
    used = len(np.unique(cluster[influence != 0]))
    return float(sums @ sums) * used / (used - 1) if used > 1 else 0.0


def compute_student_quantile(freedom: int, level: float) -> float:
    """Two-sided Student quantile."""
    return float(stdtrit(freedom, 0.5 + level / 2))


def compute_linear_limits(value: float, spread: float, freedom: int, level: float) -> Interval:
    """Value +- t * spread; spread is a standard error."""
    half = compute_student_quantile(freedom, level) * spread
    return Interval(value - half, value + half)


def compute_logit_limits(value: float, spread: float, freedom: int, level: float) -> Interval:
    """The same on the logit scale: keeps to 0..1 and covers rare rates on both sides alike.

    At exactly 0 or 1 the logit fails and Wilson's interval on the number of scenarios is taken instead.
    """
    if not 0 < value < 1:
        return compute_wilson_interval(round(value) * (freedom + 1), freedom + 1, level)
    limits = compute_linear_limits(float(logit(value)), spread / (value * (1 - value)), freedom, level)
    return Interval(float(expit(limits.low)), float(expit(limits.high)))


def build_rate_estimate(rate: LinearisedRate, cluster: Ints, level: float) -> Estimate:
    """The rate as an Estimate: interval refused below 8 scenarios with gold, warned of below 30."""
    if rate.value is None:
        assert rate.reason is not None
        return make_undefined_estimate(rate.measure, rate.reason, level=level, warnings=rate.warnings)
    # cut with a warning, not refused: the excess shows how poorly the correction fits
    value = min(1.0, max(0.0, rate.value))
    warnings = rate.warnings
    if value != rate.value:
        warnings += (f"The raw estimate {rate.value:.3f} lies outside 0..1 and was cut.",)
    known = Estimate(
        rate.measure, value, n=rate.n, n_clusters=rate.n_clusters, level=level, warnings=warnings
    )
    spread = (compute_cluster_variance(rate.influence, cluster) + rate.extra) ** 0.5
    on_logit = isinstance(rate.measure, RateMeasure) and rate.measure.on_logit
    method = f"{METHOD}{' on the logit scale' if on_logit else ''}"
    if known.n_clusters < FEWEST_CLUSTERS:
        return replace(known, method=method, interval_reason=Reason.TOO_FEW_CLUSTERS)
    shape = compute_logit_limits if on_logit else compute_linear_limits
    limits = shape(rate.value, spread, known.n_clusters - 1, level)
    return warn_of_few_clusters(
        replace(
            known, method=method, low=max(0.0, min(1.0, limits.low)), high=min(1.0, max(0.0, limits.high))
        )
    )


def warn_of_few_clusters(estimate: Estimate) -> Estimate:
    """The estimate with a sentence when it rests on fewer than 30 scenarios."""
    if estimate.n_clusters >= FEW_CLUSTERS:
        return estimate
    few = f"Only {estimate.n_clusters} scenarios carry this figure; below {FEW_CLUSTERS} its interval may be too short."
    return estimate.add_warnings(few)


def estimate_rate_difference(
    rate: LinearisedRate, other_rate: LinearisedRate, cluster: Ints, level: float
) -> Estimate:
    """The first rate less the other, paired through the scenarios that they share (-1..1)."""
    measure = replace(rate.measure, kind="signed")
    if rate.value is None or other_rate.value is None:
        reason = rate.reason or other_rate.reason
        assert reason is not None
        return make_undefined_estimate(measure, reason, level=level)
    # differences of influences keep the covariance of groups that share scenarios
    together = rate.influence - other_rate.influence
    n_clusters = len(np.unique(cluster[together != 0]))
    known = Estimate(
        measure,
        rate.value - other_rate.value,
        n=rate.n + other_rate.n,
        n_clusters=n_clusters,
        level=level,
        method=f"{METHOD}, paired by scenario",
    )
    if min(rate.n_clusters, other_rate.n_clusters) < FEWEST_CLUSTERS:
        return replace(known, interval_reason=Reason.TOO_FEW_CLUSTERS)
    spread = (compute_cluster_variance(together, cluster) + rate.extra + other_rate.extra) ** 0.5
    # the smaller group limits what is known of the difference
    freedom = min(rate.n_clusters, other_rate.n_clusters) - 1
    limits = compute_linear_limits(rate.value - other_rate.value, spread, freedom, level)
    return warn_of_few_clusters(replace(known, low=max(-1.0, limits.low), high=min(1.0, limits.high)))
