"""What a slice test measures: the rate of one kind of wrong verdict inside the slice less that outside."""

from secondreader.judge.disagreement.verdict_errors import ERROR, FALSE_NEGATIVE, FALSE_POSITIVE, UNPARSED
from secondreader.judge.inference.estimate import Measure

WESTFALL_YOUNG = "Westfall & Young (1993), max-T"


def make_rate_difference(name: str, label: str, rate: str) -> Measure:
    """The difference of a rate inside and outside a slice."""
    return Measure(
        name, f"{label}, inside less outside", f"{rate}, inside − outside", WESTFALL_YOUNG, kind="signed"
    )


ERROR_DIFFERENCES = {
    measure.name: measure
    for measure in (
        make_rate_difference(ERROR, "error rate", "wrong verdicts ÷ items with gold and verdict"),
        make_rate_difference(FALSE_POSITIVE, "over-flagged", "positive verdicts ÷ items whose gold is not"),
        make_rate_difference(FALSE_NEGATIVE, "missed", "other verdicts ÷ items with positive gold"),
        make_rate_difference(UNPARSED, "no answer", "verdicts without an answer ÷ all verdicts"),
    )
}
"""By kind of wrong verdict."""
