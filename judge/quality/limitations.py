"""What a study's data cannot support, in sentences that a report prints beside its figures."""

import numpy as np

from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.gold import Gold, gold_of
from secondreader.judge.inference.bootstrap import FEW_CLUSTERS, FEWEST_CLUSTERS

FEW_PER_CLASS = 10
DEPENDENT = 1.5


def list_limitations(
    ratings: Ratings, *, judge: str | None = None, unit: str = "transcript", gold: Gold | None = None
) -> tuple[str, ...]:
    """Sentences on claims that these ratings cannot support; empty when there is none.

    The judge is left out of account when the frame has several and none is named. `unit` is what people label:
    "transcript", or "scenario", which no judge sees and which is neither risky nor safe; `gold` is by default the
    majority of the annotators without unsure.
    """
    gold = gold or gold_of(ratings)
    if not ratings.labelled.any():
        return ("Without labels nothing can be said about agreement, accuracy or corrected rates.",)
    # benignness is a judgement on the scenario: no verdict and no risk class apply to it
    if unit == "scenario":
        scenario_notes = [
            *_describe_overlap_limits(ratings, unit),
            *_describe_scenario_limits(ratings),
            *_describe_answer_limits(ratings, gold),
            *_describe_repeat_limits(ratings, unit),
        ]
        return tuple(scenario_notes)
    notes = [
        *_describe_overlap_limits(ratings),
        *_describe_scenario_limits(ratings),
        *_describe_class_limits(ratings, gold),
        *_describe_repeat_limits(ratings),
    ]
    if judge is not None or len(ratings.judges) == 1:
        notes += _describe_verdict_limits(ratings, ratings.find_judge_index(judge))
    elif not ratings.judges:
        notes.append("Without verdicts nothing can be said about the judge.")
    return tuple(notes)


def _describe_overlap_limits(ratings: Ratings, unit: str = "transcript") -> list[str]:
    """Claims that need more annotators or more overlap."""
    notes = []
    n_labels = (ratings.human >= 0).sum(axis=1)
    twice = int((n_labels >= 2).sum())
    if len(ratings.raters) < 2 or twice == 0:
        notes.append(
            f"No {unit} was labelled by two people: human-human agreement and the human ceiling are untested."
        )
    # at 30 doubly labelled items a 95 % interval of 87 % agreement still spans 25 points
    elif twice < 30:
        notes.append(
            f"Only {twice} {unit}s were labelled by two people: human-human agreement is a rough guess."
        )
    if len(ratings.raters) < 3:
        test = "" if unit == "scenario" else " or the alternative annotator test"
        notes.append(f"Fewer than three annotators cannot carry Dawid-Skene gold{test}.")
    return notes


def _describe_scenario_limits(ratings: Ratings) -> list[str]:
    """Claims that need more scenarios."""
    labelled = ratings.cluster[ratings.labelled]
    n = len(np.unique(labelled))
    if n < FEWEST_CLUSTERS:
        return [
            f"{n} labelled scenarios are too few for any interval: at least {FEWEST_CLUSTERS} are needed."
        ]
    notes = []
    if n < FEW_CLUSTERS:
        notes.append(
            f"{n} labelled scenarios give intervals that tend to be too short; from {FEW_CLUSTERS} on they hold."
        )
    # below 1.5 transcripts a scenario the design effect stays below 1.5 whatever the correlation
    if len(labelled) / n >= DEPENDENT:
        notes.append(
            f"{len(labelled)} labelled transcripts come from {n} scenarios: they count for less than as many "
            "independent ones, and no claim about single scenarios is possible."
        )
    return notes


def count_sides(ratings: Ratings, gold: Gold) -> tuple[int, int]:
    """Items whose gold is the positive answer, and items whose gold is another one."""
    positive = gold.codes[gold.decided] == ratings.positive
    return int(positive.sum()), int((~positive).sum())


def _describe_class_limits(ratings: Ratings, gold: Gold) -> list[str]:
    """Claims that need more risky or more safe cases."""
    risky, safe = count_sides(ratings, gold)
    notes = []
    for n, kind, what in ((risky, "risky", "sensitivity"), (safe, "safe", "specificity")):
        if n == 0:
            notes.append(f"No {kind} case was seen: {what} and agreement on {kind} cases are untested.")
        elif n < FEW_PER_CLASS:
            notes.append(f"Only {n} {kind} cases were seen: {what} is hardly known.")
    return notes


def _describe_answer_limits(ratings: Ratings, gold: Gold) -> list[str]:
    """Claims that need more cases of either answer."""
    positive, other = count_sides(ratings, gold)
    counts = ((positive, "the positive answer"), (other, "another answer"))
    return [
        f"{n or 'No'} scenario{'s' if n > 1 else ''} got {what} from most annotators: agreement on it is "
        f"{'hardly known' if n else 'untested'}."
        for n, what in counts
        if n < FEW_PER_CLASS
    ]


def _describe_repeat_limits(ratings: Ratings, unit: str = "transcript") -> list[str]:
    """Claims about the annotators' own consistency and pace."""
    notes = []
    if not (ratings.rows["pass_no"] == 2).any():
        notes.append(
            f"No {unit} was shown twice to the same person: how often people contradict themselves is unknown."
        )
    if ratings.rows["position"].isna().any():
        notes.append("Positions are missing for some labels: drift over the session is not fully tested.")
    if ratings.rows["seconds"].isna().any():
        notes.append("Times are missing for some labels: some hasty labels may go unnoticed.")
    return notes


def _describe_verdict_limits(ratings: Ratings, judge: int) -> list[str]:
    """Claims about the judge."""
    notes = []
    state = ratings.state[:, judge]
    silent = int((state > 1).sum())
    judged = int((state > 0).sum())
    # a label on an unread verdict tests nothing
    both = int(((state == 1) & ratings.labelled).sum())
    if both == 0:
        notes.append("No transcript has both a label and a verdict: the judge is untested.")
    if silent:
        unlabelled = int(((state > 1) & ~ratings.labelled).sum())
        notes.append(
            f"{silent} of {judged} verdicts could not be read, {unlabelled} of them on unlabelled transcripts: "
            "accuracy is that of the readable verdicts only."
        )
    return notes
