"""The comparisons of a report: who is compared with whom, each as one set of sampled figures."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.agreement.accuracy import AccuracyFormula
from secondreader.judge.data.frame import Readings
from secondreader.judge.data.gold import others_majority
from secondreader.judge.data.unsure import Recoding
from secondreader.judge.inference.bootstrap import Plan, Sampled, sample
from secondreader.judge.inference.cluster_sums import (
    Codes,
    Cohort,
    Floats,
    Sums,
    add_sums,
    cell_sums,
    cohort_of,
    group_sums,
)
from secondreader.judge.inference.coefficients import COHEN, Coefficient, GroupFormula, Level, ratio
from secondreader.judge.inference.contingency import TableFormula
from secondreader.judge.inference.estimate import Reason


@dataclass(frozen=True, slots=True)
class Labelled:
    """The human-labelled items of a frame, ready to be compared and resampled."""

    items: NDArray[np.intp]
    """Index of each labelled item in the frame's items, shape (n,)."""
    human: Codes
    """Labels, shape (n, annotators)."""
    verdict: Codes
    """Verdicts, shape (n, judges)."""
    gold: Codes
    """Gold, shape (n,); negative where there is none."""
    cohort: Cohort
    """Clusters and weights of the n items."""
    plan: Plan
    """How intervals are made: the same for every figure."""

    def only(self, use: NDArray[np.bool_]) -> "Labelled":
        """A subset of the items, drawn with the very same scenario weights."""
        return Labelled(
            self.items[use],
            self.human[use],
            self.verdict[use],
            self.gold[use],
            self.cohort.subset(use),
            self.plan,
        )


def labelled_items(readings: Readings, gold: Codes, resamples: int, seed: int) -> Labelled:
    """The labelled items with weights of mean 1 and a plan over the scenarios that hold them."""
    items = np.flatnonzero(readings.labelled)
    weight = readings.weight[items]
    cohort = cohort_of(readings.cluster[items], weight if (weight == 1).all() else weight / weight.mean())
    plan = Plan(cohort.n_clusters, resamples, seed)
    return Labelled(items, readings.human[items], readings.verdict[items], gold[items], cohort, plan)


def judged_items(readings: Readings, judges: list[int], resamples: int, seed: int) -> Labelled:
    """All judged items, labelled by people or not, with the judges in the place of the annotators."""
    items = np.flatnonzero((readings.state[:, judges] > 0).any(axis=1))
    cohort = cohort_of(readings.cluster[items], np.ones(len(items)))
    verdict = readings.verdict[items][:, judges]
    nothing = np.full(len(items), -1, dtype=np.int8)
    return Labelled(items, verdict, verdict, nothing, cohort, Plan(cohort.n_clusters, resamples, seed))


def table_formula(coding: Recoding) -> TableFormula:
    """The two-reader coefficients under one treatment of unsure."""
    return TableFormula(len(coding.answers), coding.positive, coding.negative)


def numbers_of(answers: tuple[str, ...]) -> tuple[float, ...]:
    """The answers as numbers, or nothing where one is not a number."""
    try:
        return tuple(float(answer) for answer in answers)
    except ValueError:
        return ()


def humans(part: Labelled, coding: Recoding, levels: tuple[Level, ...] = ()) -> Sampled:
    """All annotators among themselves."""
    formula = GroupFormula(
        len(coding.answers), coding.positive, coding.negative, levels, numbers_of(coding.answers)
    )
    return sample(human_sums(part, coding), formula, part.plan, nothing_for(part))


def human_sums(part: Labelled, coding: Recoding) -> Sums:
    """The sums behind `humans`."""
    return group_sums(coding.apply(part.human), len(coding.answers), part.cohort)


def nothing_for(part: Labelled) -> Reason:
    """Why the annotators cannot be compared at all."""
    if not len(part.items):
        return Reason.NO_ITEMS
    return Reason.TOO_FEW_RATERS if part.human.shape[1] < 2 else Reason.NO_PAIRABLE_ITEMS


def pair(part: Labelled, one: Codes, two: Codes, coding: Recoding) -> Sampled:
    """Two readers, given as codes of shape (n,), from the items that both answered."""
    sums = cell_sums(coding.apply(one), coding.apply(two), len(coding.answers), part.cohort)
    return sample(sums, table_formula(coding), part.plan)


def human_pairs(part: Labelled, coding: Recoding) -> dict[tuple[int, int], Sampled]:
    """Every two annotators."""
    columns = range(part.human.shape[1])
    return {
        (a, b): pair(part, part.human[:, a], part.human[:, b], coding) for a, b in combinations(columns, 2)
    }


def mean_pair_kappa(pairs: list[Sampled], plan: Plan) -> Sampled:
    """Mean of the pairs' Cohen kappas, each weighted by its items; undefined pairs do not enter.

    A pair that shares 2 items weighs 2, one that shares 200 weighs 200.
    """
    place = [one.index("kappa") for one in pairs]
    counts = np.array([one.support[k] for one, k in zip(pairs, place, strict=True)], dtype=np.float64)
    clusters = max((int(one.clusters[k]) for one, k in zip(pairs, place, strict=True)), default=0)

    def mean(values: list[Floats]) -> Floats:
        stacked = np.stack(values, axis=-1) if values else np.empty((0, 0))
        defined = np.isfinite(stacked)
        return ratio((np.where(defined, stacked, 0.0) * counts).sum(axis=-1), (defined * counts).sum(axis=-1))

    value = mean([one.values[[k]] for one, k in zip(pairs, place, strict=True)])
    return Sampled(
        coefficients=(Coefficient("mean_pair_kappa", f"{COHEN}, weighted by the items of a pair", "chance"),),
        values=value if pairs else np.array([np.nan]),
        support=np.array([counts.sum()], dtype=np.int64),
        clusters=np.array([clusters], dtype=np.int64),
        chance=np.array([np.nan]),
        replicates=mean([one.replicates[:, [k]] for one, k in zip(pairs, place, strict=True)]).reshape(-1, 1),
        jackknife=mean([one.jackknife[:, [k]] for one, k in zip(pairs, place, strict=True)]).reshape(-1, 1),
        plan=plan,
        nothing=Reason.TOO_FEW_RATERS if not pairs else Reason.NO_PAIRABLE_ITEMS,
    )


def judge_on_gold(part: Labelled, judge: int, coding: Recoding) -> Sampled:
    """One judge against gold."""
    gold, verdict = coding.apply(part.gold), coding.apply(part.verdict[:, judge])
    sums = cell_sums(gold, verdict, len(coding.answers), part.cohort)
    return sample(sums, AccuracyFormula(table_formula(coding)), part.plan)


def judge_on_annotators(part: Labelled, judge: int, coding: Recoding) -> Sampled:
    """One judge against every single annotator, all judge-annotator pairs pooled; n counts pairs."""
    verdict, human = coding.apply(part.verdict[:, judge]), coding.apply(part.human)
    tables = [
        cell_sums(human[:, h], verdict, len(coding.answers), part.cohort) for h in range(human.shape[1])
    ]
    tables = tables or [cell_sums(np.full_like(verdict, -1), verdict, len(coding.answers), part.cohort)]
    return sample(add_sums(tables), table_formula(coding), part.plan)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Leave one annotator out: that annotator and the judge against the majority of the others."""

    annotator: Sampled
    """The annotator left out against the others; pooled over annotators, n counts readings."""
    judge: Sampled
    """The judge against the same others on the same items."""


def ceiling(part: Labelled, judge: int, coding: Recoding, left_out: list[int] | None = None) -> Ceiling:
    """The human ceiling; ties of the others and items without all three answers do not enter.

    Source of the comparison: Calderon, Reichart & Dror (2025) ACL, section 3 (leave one annotator out).
    """
    human, verdict = coding.apply(part.human), coding.apply(part.verdict[:, judge])
    others = others_majority(human, len(coding.answers))
    q, cohort = len(coding.answers), part.cohort
    people, machine = [], []
    for h in range(human.shape[1]) if left_out is None else left_out:
        use = (others[:, h] >= 0) & (human[:, h] >= 0) & (verdict >= 0)
        reference = np.where(use, others[:, h], np.int8(-1))
        people.append(cell_sums(reference, human[:, h], q, cohort))
        machine.append(cell_sums(reference, verdict, q, cohort))
    if not people:
        people = machine = [cell_sums(np.full_like(verdict, -1), verdict, q, cohort)]
    formula, nothing = table_formula(coding), Reason.TOO_FEW_RATERS
    nothing = nothing if human.shape[1] < 2 else Reason.NO_PAIRABLE_ITEMS
    return Ceiling(
        sample(add_sums(people), formula, part.plan, nothing),
        sample(add_sums(machine), formula, part.plan, nothing),
    )


def shared_with_judge(part: Labelled, judge: int, coding: Recoding) -> Labelled:
    """The items that the judge and at least two annotators answered."""
    answered = (coding.apply(part.human) >= 0).sum(axis=1)
    return part.only((answered >= 2) & (coding.apply(part.verdict[:, judge]) >= 0))


def repeats(readings: Readings, part: Labelled, coding: Recoding) -> Sampled:
    """Every annotator against their own unannounced second reading, pooled; n counts repeats."""
    again = readings.rows[readings.rows["pass_no"] == 2]
    item, rater = again["item"].to_numpy(), again["rater"].to_numpy()
    place = np.full(len(readings.items), -1)
    place[part.items] = np.arange(len(part.items))
    known = place[item] >= 0
    item, rater = place[item[known]], rater[known]
    second = again["answer"].to_numpy(dtype=np.int8)[known]
    cohort = replace(part.cohort, cluster=part.cohort.cluster[item], weight=part.cohort.weight[item])
    sums = cell_sums(coding.apply(part.human[item, rater]), coding.apply(second), len(coding.answers), cohort)
    return sample(sums, table_formula(coding), part.plan)
