"""Sentences that a report must print beside the figures."""

from secondreader.judge.agreement.comparisons import LabelledItems
from secondreader.judge.data.coding import VERDICT_STATES
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import CONTESTED, NO_CONSENSUS, Gold
from secondreader.judge.inference.bootstrap import FEW_CLUSTERS, FEWEST_CLUSTERS
from secondreader.judge.inference.estimate import Estimate, Reason

PARADOX = 0.2
INVERTED = -0.1
PAIRS_AGAINST_ITEMS = 0.02


def describe_small_sample(ratings: Ratings, labelled: LabelledItems) -> list[str]:
    """Sentences on too few scenarios or annotators for the figures."""
    notes = []
    clusters = labelled.cohort.n_clusters
    if 0 < clusters < FEWEST_CLUSTERS:
        notes.append(f"labelled scenarios: {clusters}; intervals need at least {FEWEST_CLUSTERS}")
    elif 0 < clusters < FEW_CLUSTERS:
        notes.append(
            f"only {clusters} scenarios are labelled: intervals below {FEW_CLUSTERS} tend to be too short"
        )
    if not len(labelled.items):
        notes.append("no item has a human label: nothing can be said about agreement")
    elif len(ratings.raters) == 1:
        notes.append(f"only {ratings.raters[0]} labelled: agreement between people is untested")
    return notes


def describe_unseen_answers(ratings: Ratings, labelled: LabelledItems) -> list[str]:
    """Answers that nobody gave, so that agreement on them is untested."""
    if not len(labelled.items) or (labelled.human == ratings.positive).any():
        return []
    answer = ratings.answers[ratings.positive]
    return [f"no item was labelled {answer!r}: agreement on {answer!r} is untested"]


def describe_many_answers(ratings: Ratings) -> list[str]:
    """With three or more answers there is no single negative one: say which is meant."""
    others = [
        answer
        for code, answer in enumerate(ratings.answers)
        if code not in {ratings.positive, ratings.unsure}
    ]
    if len(others) < 2:
        return []
    return [
        (
            f"there are {len(others) + 1} answers beside unsure: the positive one is "
            f"{ratings.answers[ratings.positive]!r}, and agreement on the negative answer is that on {others[0]!r} alone"
        )
    ]


def describe_paradox(who: str, kappa: Estimate, ac1: Estimate, prevalence: float) -> list[str]:
    """Kappa and AC1 far apart: the prevalence paradox."""
    # the paradox of Feinstein & Cicchetti (1990): the same disagreements under two rules of chance
    if kappa.value is None or ac1.value is None or abs(kappa.value - ac1.value) <= PARADOX:
        return []
    return [
        (
            f"{who}: {kappa.name} is {kappa.value:.2f} but AC1 is {ac1.value:.2f}; with {prevalence:.0%} positive answers "
            "a few disagreements move kappa far: read the specific agreement on each answer"
        )
    ]


def describe_inverted_kappa(who: str, kappa: Estimate) -> list[str]:
    """A kappa well below zero mostly means inverted labels."""
    # an interval that reaches 0 is what chance gives; swapped labels lie below it as a whole
    if kappa.value is None or kappa.value > INVERTED or (kappa.high is not None and kappa.high >= 0):
        return []
    return [
        f"{who}: kappa is {kappa.value:.2f}, well below zero: check whether one side's labels are inverted"
    ]


def describe_unparsed_verdicts(ratings: Ratings, judge: int) -> list[str]:
    """Verdicts without an answer, counted and never guessed."""
    state = ratings.state[:, judge]
    judged, lost = int((state > 0).sum()), int((state > 1).sum())
    if not lost:
        return []
    # a failed request says nothing about the judge; a reply without an answer does
    errors = int((state == VERDICT_STATES.index("error")).sum())
    return [
        (
            f"judge {ratings.judges[judge]}: {lost} of {judged} verdicts ({lost / judged:.1%}) have no answer "
            f"({lost - errors} unparsed, {errors} errors); they are counted, never guessed; "
            "if they are not missing at random, its other figures are too good or too bad"
        )
    ]


def describe_open_gold(gold: Gold) -> list[str]:
    """Items that the gold leaves open, and why."""
    if gold.reason is Reason.NOT_IDENTIFIED:
        return [
            "Dawid-Skene gold needs at least 3 annotators: with fewer their error rates cannot be identified"
        ]
    ties = int((gold.codes == NO_CONSENSUS).sum())
    what = "item has" if ties == 1 else "items have"
    notes = [f"{ties} {what} no consensus and cannot score the judge: adjudicate them"] if ties else []
    contested = int((gold.codes == CONTESTED).sum())
    if contested:
        what = "item stays" if contested == 1 else "items stay"
        notes.append(
            f"{contested} {what} contested after adjudication: competent annotators split there, "
            "so they have no gold and score no judge"
        )
    unsure = gold.count().unsure
    if unsure and gold.policy == "missing":
        what = "item has" if unsure == 1 else "items have"
        notes.append(f"{unsure} {what} unsure as gold and cannot score the judge: adjudicate them")
    return notes


def describe_unequal_overlap(raw: Estimate, pairs: Estimate) -> list[str]:
    """Item mean and pair-weighted agreement far apart: the number of annotators per item varies."""
    # the two means differ exactly where agreement depends on how many people label an item
    if raw.value is None or pairs.value is None or abs(raw.value - pairs.value) <= PAIRS_AGAINST_ITEMS:
        return []
    return [
        (
            f"items differ in their number of annotators: raw agreement is {raw.value:.3f} as a mean over items (reported) "
            f"and {pairs.value:.3f} with every rater pair counted equally (raw_pairs)"
        )
    ]
