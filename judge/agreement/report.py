"""Agreement of people with each other and with judges: `agree(frame)`, the entry point for notebooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from secondreader.judge.agreement import caveats, comparisons
from secondreader.judge.agreement.comparisons import (
    LabelledItems,
    select_gold_items,
    select_labelled_items,
)
from secondreader.judge.agreement.confusion import build_confusion, build_gold_series, compute_unparsed_share
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import (
    STANDARD_POLICY,
    Decisions,
    Gold,
    GoldChange,
    GoldMethod,
    compare_golds,
    gold_of,
)
from secondreader.judge.data.slices import MemberSlice, cut_slices
from secondreader.judge.data.unsure import (
    POLICY_OF,
    Recoding,
    Treatment,
    Unsure,
    build_recoding,
    list_treatments,
)
from secondreader.judge.inference.alpha import Level
from secondreader.judge.inference.bootstrap import SampledCoefficients, subtract_paired
from secondreader.judge.inference.coefficients import list_brief_names
from secondreader.judge.inference.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is compared with whom, on which items."""

    group: str
    """human-human, pair, intra-rater, judge-human (against gold), judge-annotators, judge-judge, ceiling, or a
    difference."""
    judge: str = ""
    """The judge, where one takes part."""
    one: str = ""
    """First rater of a pair, or first side of a difference."""
    two: str = ""
    """Second rater or side."""
    slice_name: str = ""
    """Attribute of the slice; empty for all items."""
    slice_value: str = ""
    """Value of the slice."""
    unsure: str = ""
    """How unsure is treated: category, missing, as positive or as negative."""
    headline: bool = True
    """Whether the treatment of unsure is the one fixed in advance."""


@dataclass(frozen=True, slots=True)
class ScopedEstimate:
    """One Estimate in its scope."""

    scope: Scope
    """Who and where."""
    estimate: Estimate
    """The figure."""

    def build_row(self) -> dict[str, Any]:
        """Scope and figure as one flat row."""
        names = self.scope.__slots__
        return {**{name: getattr(self.scope, name) for name in names}, **self.estimate.build_row()}


@dataclass(frozen=True, slots=True)
class AgreementResult:
    """Everything that `agree` computes."""

    estimates: tuple[ScopedEstimate, ...]
    """All figures: people first, then each judge, then slices and differences; headline figures first."""
    confusion: pd.DataFrame
    """Per judge the number of items (and its weight) by gold answer and verdict, unparsed and ties too."""
    changes: tuple[GoldChange, ...]
    """How many items change between the ways to gold."""
    gold: pd.Series
    """The gold that scored the judges: answer per item, "contested", "no consensus", or missing."""
    gold_rule: str
    """Which rule made that gold, and how many items have one, in a sentence."""
    warnings: tuple[str, ...]
    """Sentences that must be printed beside the figures."""
    positive: str
    """The positive answer."""
    seed: int
    """Seed of the resampling."""
    resamples: int
    """Bootstrap replicates."""

    def build_frame(self) -> pd.DataFrame:
        """One row per figure: scope columns, then those of `Estimate.build_row`."""
        return pd.DataFrame([figure.build_row() for figure in self.estimates])

    def find(self, name: str, group: str = "human-human", **scope: Any) -> Estimate:
        """The first figure of a name in a scope; by default the headline treatment of unsure and all items.

        Raises KeyError when there is none.
        """
        expected = {"group": group, "slice_name": "", "headline": True, **scope}
        for figure in self.estimates:
            inside = all(getattr(figure.scope, key) == value for key, value in expected.items())
            if inside and figure.estimate.name == name:
                return figure.estimate
        raise KeyError(f"no figure {name!r} in {expected}")


def agree(
    frame: pd.DataFrame | Ratings,
    *,
    positive: str = "yes",
    judge: str | None = None,
    unsure: Unsure | None = None,
    gold: GoldMethod = "majority",
    adjudicated: Decisions | None = None,
    slices: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    answers: Sequence[str] | None = None,
    levels: Sequence[Level] = (),
) -> AgreementResult:
    """Agreement between annotators, and of every judge (or the named one) with gold and annotators.

    `unsure` is by default "category" for reliability and "missing" for judge accuracy; where somebody was
    unsure the other treatments follow as figures that are no headline, each with its own gold. `adjudicated` maps
    item ids to decided answers, None where an item stays contested: it changes gold, never the agreement between
    people. `slices` names slice columns; None takes all, () none. `levels` adds ordinal, interval or ratio alpha for
    numeric answers in the order of `answers`. A `Ratings` keeps the answers it was read with.
    Raises FrameError for a frame that cannot be read.
    """
    if not isinstance(frame, Ratings):
        frame = read_frame(frame, positive=positive, answers=answers)
    golds = make_golds(frame, adjudicated, unsure or STANDARD_POLICY, gold)
    report = AgreementBuilder(frame, unsure, tuple(levels), golds, resamples, seed)
    judges = range(len(frame.judges)) if judge is None else [frame.find_judge_index(judge)]
    return report.build_result(list(judges), slices, compare_gold_methods(frame, adjudicated, unsure))


def make_golds(
    ratings: Ratings, decisions: Decisions | None, headline: Unsure, method: GoldMethod
) -> dict[Unsure, Gold]:
    """The plan's gold, and that of every other treatment of unsure which is reported beside it."""
    policies = [headline, *(POLICY_OF[treatment] for treatment in list_treatments(ratings, headline))]
    return {policy: gold_of(ratings, decisions, policy, method) for policy in dict.fromkeys(policies)}


def compare_gold_methods(
    ratings: Ratings, decisions: Decisions | None, unsure: Unsure | None
) -> tuple[GoldChange, ...]:
    """How many items change between majority, Dawid-Skene and (where given) adjudicated gold, by one policy for unsure."""
    golds = [gold_of(ratings, unsure=unsure), gold_of(ratings, unsure=unsure, method="dawid_skene")]
    if decisions:
        golds.append(gold_of(ratings, decisions, unsure))
    return tuple(compare_golds(golds))


class AgreementBuilder:
    """Collects figures and sentences over one set of ratings."""

    def __init__(
        self,
        ratings: Ratings,
        unsure: Unsure | None,
        levels: tuple[Level, ...],
        golds: Mapping[Unsure, Gold],
        resamples: int,
        seed: int,
    ) -> None:
        self.ratings = ratings
        self.gold = golds[unsure or STANDARD_POLICY]
        self.levels = levels
        self.labelled = select_labelled_items(ratings, self.gold, resamples, seed)
        # a decision on an item without labels scores judges but says nothing about people
        self.scoring = {
            policy: select_gold_items(ratings, gold, resamples, seed) for policy, gold in golds.items()
        }
        # unsure is an answer when people are compared, and none when a judge is scored
        self.reliability = list_treatments(ratings, unsure or "category")
        self.accuracy = list_treatments(ratings, unsure or STANDARD_POLICY)
        # the worst case has two sides, and neither is more of a headline than the other
        self.n_headline = 2 if unsure == "worst" else 1
        self.estimates: list[ScopedEstimate] = []
        self.warnings = [
            *ratings.warnings,
            *caveats.describe_small_sample(ratings, self.labelled),
            *caveats.describe_unseen_answers(ratings, self.labelled),
            *caveats.describe_many_answers(ratings),
        ]

    def build_result(
        self, judges: list[int], slices: Sequence[str] | None, changes: tuple[GoldChange, ...]
    ) -> AgreementResult:
        """Compute everything in the order of a report."""
        self.add_annotators()
        for judge in judges:
            self.add_judge(judge)
        for first, second in combinations(judges, 2):
            self.add_judge_difference(first, second)
        pieces = list(cut_slices(self.ratings, slices).list_members())
        for member in pieces:
            self.add_slice(member, judges)
        if len(judges) > 1:
            self.add_judge_agreement(judges, pieces)
        # open gold matters only where there is a judge to score
        if judges:
            self.warnings.extend(caveats.describe_open_gold(self.gold))
        return AgreementResult(
            estimates=tuple(self.estimates),
            confusion=build_confusion(self.ratings, self.get_scoring_items(), judges),
            changes=changes,
            gold=build_gold_series(self.ratings, self.gold),
            gold_rule=self.gold.sentence,
            # slices and treatments repeat what they warn of; the order of the first mention is kept
            warnings=tuple(dict.fromkeys(self.warnings)),
            positive=self.ratings.answers[self.ratings.positive],
            seed=self.labelled.bootstrap.seed,
            resamples=self.labelled.bootstrap.resamples,
        )

    # worst-case sides share one policy, so gold is looked up by policy and not by treatment
    def get_scoring_items(self, coding: Recoding | None = None) -> LabelledItems:
        """The items that score judges, with gold by a treatment's policy for unsure; by the plan's without one."""
        return self.scoring[POLICY_OF[coding.treatment] if coding else self.gold.policy]

    def add_estimates(self, scope: Scope, estimates: Sequence[Estimate]) -> dict[str, Estimate]:
        """Record figures in one scope; returns them by name."""
        self.estimates.extend(ScopedEstimate(scope, figure) for figure in estimates)
        return {figure.name: figure for figure in estimates}

    def list_codings(self, names: list[Treatment]) -> list[tuple[Recoding, bool]]:
        """The treatments with whether each is the headline."""
        return [(build_recoding(self.ratings, t), k < self.n_headline) for k, t in enumerate(names)]

    def add_annotators(self) -> None:
        """Annotators among themselves: together, in pairs, and each with their own repeats."""
        for coding, headline in self.list_codings(self.reliability):
            sampled = comparisons.compare_humans(self.labelled, coding, self.levels)
            scope = Scope("human-human", unsure=coding.treatment, headline=headline)
            estimates = self.add_estimates(scope, sampled.build_estimates())
            if headline:
                self.add_annotator_caveats(estimates)
        # pairs are many, so only the headline treatment of unsure reports them
        coding = build_recoding(self.ratings, self.reliability[0])
        pairs = comparisons.compare_human_pairs(self.labelled, coding)
        mean = comparisons.compute_mean_pair_kappa(list(pairs.values()), self.labelled.bootstrap)
        self.add_estimates(Scope("human-human", unsure=coding.treatment), mean.build_estimates())
        names = self.ratings.raters
        for (a, b), sampled in pairs.items():
            self.add_pair(Scope("pair", one=names[a], two=names[b], unsure=coding.treatment), sampled)
        lost = sum(bool(np.isnan(pair.values[pair.find_index("kappa")])) for pair in pairs.values())
        if lost:
            self.warnings.append(
                f"{lost} of {len(pairs)} annotator pairs have no kappa and do not enter its mean"
            )
        if (self.ratings.rows["pass_no"] == 2).any():
            again = comparisons.compare_repeats(self.ratings, self.labelled, coding)
            self.add_estimates(Scope("intra-rater", unsure=coding.treatment), again.build_estimates())

    def add_annotator_caveats(self, estimates: dict[str, Estimate]) -> None:
        """Caveats on the annotators' figures."""
        # 0 is right where it is undefined too: then no coefficient is defined, and no caveat follows
        prevalence = estimates["prevalence"].value or 0.0
        self.warnings += caveats.describe_paradox(
            "between annotators", estimates["fleiss"], estimates["ac1"], prevalence
        )
        self.warnings += caveats.describe_unequal_overlap(estimates["raw"], estimates["raw_pairs"])

    def add_pair(self, scope: Scope, sampled: SampledCoefficients) -> None:
        """One pair of raters, with a caveat where the labels look inverted."""
        estimates = self.add_estimates(scope, sampled.build_estimates())
        self.warnings += caveats.describe_inverted_kappa(
            f"{scope.one} against {scope.two}", estimates["kappa"]
        )

    def add_judge(self, judge: int) -> None:
        """A judge against gold, against every annotator, under the human ceiling."""
        name = self.ratings.judges[judge]
        for coding, headline in self.list_codings(self.accuracy):
            sampled = comparisons.compare_judge_with_gold(self.get_scoring_items(coding), judge, coding)
            scope = Scope("judge-human", name, unsure=coding.treatment, headline=headline)
            estimates = self.add_estimates(scope, sampled.build_estimates())
            if headline:
                self.add_judge_caveats(name, estimates)
        self.add_estimates(
            Scope("judge-human", name), [compute_unparsed_share(self.ratings, judge, self.labelled.bootstrap)]
        )
        self.warnings += caveats.describe_unparsed_verdicts(self.ratings, judge)
        self.add_judge_and_annotators(judge)
        self.add_ceiling(judge)

    def add_judge_caveats(self, name: str, estimates: dict[str, Estimate]) -> None:
        """Caveats on a judge's figures."""
        who = f"judge {name} against gold"
        prevalence = estimates["gold_prevalence"].value or 0.0
        self.warnings += caveats.describe_inverted_kappa(who, estimates["kappa"])
        self.warnings += caveats.describe_paradox(who, estimates["kappa"], estimates["ac1"], prevalence)
        if estimates["raw"].value is not None and estimates["sensitivity"].value is None:
            answer = self.ratings.answers[self.ratings.positive]
            self.warnings.append(f"{who}: no item with gold {answer!r} was seen, agreement on it is untested")

    def add_judge_and_annotators(self, judge: int) -> None:
        """The judge with each annotator, pooled, and the distance to the annotators among themselves."""
        name, coding = self.ratings.judges[judge], build_recoding(self.ratings, self.reliability[0])
        for h, rater in enumerate(self.ratings.raters):
            sampled = comparisons.compare_pair(
                self.labelled, self.labelled.human[:, h], self.labelled.verdict[:, judge], coding
            )
            self.add_pair(Scope("pair", name, one=rater, two=name, unsure=coding.treatment), sampled)
        # both sides on the same items, or their difference would be one of items and not of raters
        shared = comparisons.select_shared_with_judge(self.labelled, judge, coding)
        pooled = comparisons.compare_judge_with_annotators(shared, judge, coding)
        people = comparisons.compare_humans(shared, coding)
        self.add_estimates(Scope("judge-annotators", name, unsure=coding.treatment), pooled.build_estimates())
        scope = Scope(
            "judge-human minus human-human", name, one=name, two="annotators", unsure=coding.treatment
        )
        self.add_estimates(
            scope, subtract_paired(pooled, people, list_brief_names("pair", "group")).build_estimates()
        )

    def add_ceiling(self, judge: int) -> None:
        """Judge and annotator against the same others, and their paired difference."""
        name, coding = self.ratings.judges[judge], build_recoding(self.ratings, self.accuracy[0])
        whole = comparisons.compute_ceiling(self.labelled, judge, coding)
        treatment, names = coding.treatment, list_brief_names("pair")
        for side, sampled in (("annotator left out", whole.annotator), (name, whole.judge)):
            # the brief set: all coefficients of the judge are under judge-human already
            brief = [e for e in sampled.build_estimates() if e.name in names]
            self.add_estimates(
                Scope("ceiling", name, one=side, two="majority of the others", unsure=treatment), brief
            )
        gap = subtract_paired(whole.judge, whole.annotator, names)
        self.add_estimates(
            Scope("ceiling difference", name, one=name, two="annotator left out", unsure=treatment),
            gap.build_estimates(),
        )
        for h, rater in enumerate(self.ratings.raters):
            # raw alone: one annotator's items are too few for what corrects for chance
            ceiling = comparisons.compute_ceiling(self.labelled, judge, coding, [h])
            gap = subtract_paired(ceiling.judge, ceiling.annotator, ("raw",))
            self.add_estimates(
                Scope("ceiling difference", name, one=name, two=rater, unsure=treatment),
                gap.build_estimates(),
            )

    def add_judge_difference(self, first_judge: int, second_judge: int) -> None:
        """Paired differences of two judges on the items that both answered."""
        coding = build_recoding(self.ratings, self.accuracy[0])
        scored = self.get_scoring_items(coding)
        verdict = coding.apply(scored.verdict)
        shared = scored.select_items((verdict[:, first_judge] >= 0) & (verdict[:, second_judge] >= 0))
        first, second = (
            comparisons.compare_judge_with_gold(shared, judge, coding)
            for judge in (first_judge, second_judge)
        )
        names = self.ratings.judges
        scope = Scope(
            "judge difference",
            names[first_judge],
            one=names[first_judge],
            two=names[second_judge],
            unsure=coding.treatment,
        )
        self.add_estimates(scope, subtract_paired(first, second, list_brief_names("gold")).build_estimates())

    def add_judge_agreement(self, judges: list[int], pieces: list[MemberSlice]) -> None:
        """Judges among themselves on everything that they judged, labelled by people or not."""
        bootstrap = self.labelled.bootstrap
        part = comparisons.select_judged_items(self.ratings, judges, bootstrap.resamples, bootstrap.seed)
        coding = build_recoding(self.ratings, self.reliability[0])
        treatment = coding.treatment
        whole = comparisons.compare_humans(part, coding, self.levels)
        self.add_estimates(Scope("judge-judge", unsure=treatment), whole.build_estimates())
        names = self.ratings.judges
        for (a, b), sampled in comparisons.compare_human_pairs(part, coding).items():
            first, second = names[judges[a]], names[judges[b]]
            self.add_pair(Scope("judge pair", one=first, two=second, unsure=treatment), sampled)
        for piece, members in pieces:
            inside = comparisons.compare_humans(part.select_items(members[part.items]), coding, self.levels)
            scope = Scope("judge-judge", "", "", "", piece.attribute, piece.value, treatment)
            self.add_estimates(scope, inside.build_estimates())

    def add_slice(self, member: MemberSlice, judges: list[int]) -> None:
        """People and judges within one slice, resampled with the same weights as everything else."""
        piece, use = member
        inside = self.labelled.select_items(use[self.labelled.items])
        coding = build_recoding(self.ratings, self.reliability[0])
        scope = Scope("human-human", "", "", "", piece.attribute, piece.value, coding.treatment)
        self.add_estimates(scope, comparisons.compare_humans(inside, coding, self.levels).build_estimates())
        coding = build_recoding(self.ratings, self.accuracy[0])
        scored = self.get_scoring_items(coding)
        inside = scored.select_items(use[scored.items])
        for judge in judges:
            name = self.ratings.judges[judge]
            scope = Scope("judge-human", name, "", "", piece.attribute, piece.value, coding.treatment)
            share = compute_unparsed_share(self.ratings, judge, self.labelled.bootstrap, use)
            self.add_estimates(
                scope, [*comparisons.compare_judge_with_gold(inside, judge, coding).build_estimates(), share]
            )
