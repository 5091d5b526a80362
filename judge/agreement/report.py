"""Agreement of people with each other and with judges: `agree(frame)`, the notebook's front door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from secondreader.judge.agreement import caveats as cautions
from secondreader.judge.agreement import comparisons as blocks
from secondreader.judge.agreement.comparisons import labelled_items
from secondreader.judge.agreement.confusion import confusion, gold_series, unparsed_share
from secondreader.judge.agreement.slicing import Slice, slices_of
from secondreader.judge.data.frame import Readings, read_frame
from secondreader.judge.data.gold import (
    Consensus,
    GoldChange,
    GoldMethod,
    adjudicate,
    dawid_skene_gold,
    gold_changes,
    majority_gold,
)
from secondreader.judge.data.unsure import Recoding, Treatment, Unsure, recode, treatments
from secondreader.judge.inference.bootstrap import Sampled, difference
from secondreader.judge.inference.coefficients import GroupFormula, Level
from secondreader.judge.inference.estimate import Estimate

COMPARED = (
    "raw",
    "positive_agreement",
    "negative_agreement",
    "ac1",
    "alpha",
    "kappa",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "f1",
    "balanced_accuracy",
    "mcc",
)
CEILING = ("raw", "ac1", "alpha", "kappa")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is compared with whom, on which items."""

    group: str
    """human-human, pair, intra-rater, judge-human (against gold), judge-annotators, judge-judge, ceiling, or a
    difference."""
    judge: str = ""
    """The judge, where one takes part."""
    one: str = ""
    """First reader of a pair or first side of a difference."""
    two: str = ""
    """Second reader or side."""
    slice_name: str = ""
    """Attribute of the slice; empty for all items."""
    slice_value: str = ""
    """Value of the slice."""
    unsure: str = ""
    """What became of unsure: category, missing, as positive or as negative."""
    headline: bool = True
    """Whether the treatment of unsure is the one fixed in advance."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One Estimate in its scope."""

    scope: Scope
    """Who and where."""
    estimate: Estimate
    """The figure."""

    def row(self) -> dict[str, Any]:
        """Scope and figure as one flat row."""
        names = self.scope.__slots__
        return {**{name: getattr(self.scope, name) for name in names}, **self.estimate.row()}


@dataclass(frozen=True, slots=True)
class AgreementResult:
    """Everything that `agree` found."""

    figures: tuple[Figure, ...]
    """All figures: people first, then each judge, then slices and differences; headline figures first."""
    confusion: pd.DataFrame
    """Per judge the number of items (and its weight) by gold answer and verdict, unparsed and ties too."""
    changes: tuple[GoldChange, ...]
    """How many items change between the ways to gold."""
    gold: pd.Series
    """The gold that scored the judges: answer per item, "contested", "no consensus", or missing."""
    warnings: tuple[str, ...]
    """Sentences that must stand beside the figures."""
    positive: str
    """The positive answer."""
    seed: int
    """Seed of the resampling."""
    resamples: int
    """Bootstrap replicates."""

    def frame(self) -> pd.DataFrame:
        """One row per figure: scope columns, then Estimate.row()."""
        return pd.DataFrame([figure.row() for figure in self.figures])

    def find(self, name: str, group: str = "human-human", **scope: Any) -> Estimate:
        """The first figure of a name in a scope; headline treatment of unsure and all items unless said.

        Raises KeyError when there is none.
        """
        wanted = {"group": group, "slice_name": "", "headline": True, **scope}
        for figure in self.figures:
            inside = all(getattr(figure.scope, key) == value for key, value in wanted.items())
            if inside and figure.estimate.name == name:
                return figure.estimate
        raise KeyError(f"no figure {name!r} in {wanted}")


def agree(
    frame: pd.DataFrame | Readings,
    *,
    positive: str = "yes",
    judge: str | None = None,
    unsure: Unsure | None = None,
    gold: GoldMethod = "majority",
    adjudicated: Mapping[str, str | None] | None = None,
    slices: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    answers: Sequence[str] | None = None,
    levels: Sequence[Level] = (),
) -> AgreementResult:
    """Agreement between annotators, and of every judge (or the named one) with gold and annotators.

    `unsure` is "category" for reliability and "missing" for judge accuracy unless given; where somebody was
    unsure the other treatments follow as figures that are no headline. `adjudicated` maps item ids to decided
    answers, None where an item stays contested: it changes gold, never the agreement between people. `slices`
    names slice columns; None takes all, () none. `levels` adds ordinal, interval or ratio alpha for numeric answers in the order of `answers`. Readings keep the answers they were read with.
    Raises FrameError for a frame that cannot be read.
    """
    if not isinstance(frame, Readings):
        frame = read_frame(frame, positive=positive, answers=answers)
    readings = frame
    report = Report(
        readings, unsure, tuple(levels), gold_of(readings, gold, adjudicated or {}), resamples, seed
    )
    judges = range(len(readings.judges)) if judge is None else [readings.judge_index(judge)]
    return report.result(list(judges), slices, gold_ways(readings, adjudicated or {}))


def gold_of(readings: Readings, method: GoldMethod, decisions: Mapping[str, str | None]) -> Consensus:
    """The gold that scores the judges."""
    consensus = majority_gold(readings) if method == "majority" else dawid_skene_gold(readings)
    return adjudicate(readings, consensus, decisions) if decisions else consensus


def gold_ways(readings: Readings, decisions: Mapping[str, str | None]) -> tuple[GoldChange, ...]:
    """How many items change between majority, Dawid-Skene and (where given) adjudicated gold."""
    ways = [majority_gold(readings), dawid_skene_gold(readings)]
    if decisions:
        ways.append(adjudicate(readings, ways[0], decisions))
    return tuple(gold_changes(ways))


class Report:
    """Collects figures and sentences over one set of readings."""

    def __init__(
        self,
        readings: Readings,
        unsure: Unsure | None,
        levels: tuple[Level, ...],
        consensus: Consensus,
        resamples: int,
        seed: int,
    ) -> None:
        self.readings = readings
        self.consensus = consensus
        self.levels = levels
        self.part = labelled_items(readings, consensus.gold, resamples, seed)
        self.reliability = treatments(readings, unsure or "category")
        self.accuracy = treatments(readings, unsure or "missing")
        self.n_headline = 2 if unsure == "worst" else 1
        self.figures: list[Figure] = []
        self.warnings = [
            *readings.warnings,
            *cautions.sample_sentences(readings, self.part),
            *cautions.unseen_sentences(readings, self.part),
            *cautions.many_answers_sentence(readings),
        ]

    def result(
        self, judges: list[int], slices: Sequence[str] | None, changes: tuple[GoldChange, ...]
    ) -> AgreementResult:
        """Compute everything in the order of a report."""
        self.people()
        for judge in judges:
            self.one_judge(judge)
        for one, two in combinations(judges, 2):
            self.two_judges(one, two)
        pieces = list(slices_of(self.readings.slices, slices))
        for piece in pieces:
            self.one_slice(piece, judges)
        if len(judges) > 1:
            self.between_judges(judges, pieces)
        if judges:
            self.warnings.extend(cautions.gold_sentences(self.consensus))
        return AgreementResult(
            figures=tuple(self.figures),
            confusion=confusion(self.readings, self.part, judges),
            changes=changes,
            gold=gold_series(self.readings, self.consensus),
            warnings=tuple(dict.fromkeys(self.warnings)),
            positive=self.readings.answers[self.readings.positive],
            seed=self.part.plan.seed,
            resamples=self.part.plan.resamples,
        )

    def add(self, scope: Scope, figures: Sequence[Estimate]) -> dict[str, Estimate]:
        """Record figures in one scope; returns them by name."""
        self.figures.extend(Figure(scope, figure) for figure in figures)
        return {figure.name: figure for figure in figures}

    def codings(self, names: list[Treatment]) -> list[tuple[Recoding, bool]]:
        """The treatments with whether each is the headline."""
        return [(recode(self.readings, t), k < self.n_headline) for k, t in enumerate(names)]

    def people(self) -> None:
        """Annotators among themselves: together, in pairs, and each with their own repeats."""
        for coding, headline in self.codings(self.reliability):
            sampled = blocks.humans(self.part, coding, self.levels)
            scope = Scope("human-human", unsure=coding.treatment, headline=headline)
            got = self.add(scope, sampled.estimates())
            if headline:
                self.people_sentences(coding, got)
        coding = recode(self.readings, self.reliability[0])
        pairs = blocks.human_pairs(self.part, coding)
        mean = blocks.mean_pair_kappa(list(pairs.values()), self.part.plan)
        self.add(Scope("human-human", unsure=coding.treatment), mean.estimates())
        names = self.readings.raters
        for (a, b), sampled in pairs.items():
            self.pair(Scope("pair", one=names[a], two=names[b], unsure=coding.treatment), sampled)
        lost = sum(bool(np.isnan(one.values[one.index("kappa")])) for one in pairs.values())
        if lost:
            self.warnings.append(
                f"{lost} of {len(pairs)} annotator pairs have no kappa and do not enter its mean"
            )
        if (self.readings.rows["pass_no"] == 2).any():
            again = blocks.repeats(self.readings, self.part, coding)
            self.add(Scope("intra-rater", unsure=coding.treatment), again.estimates())

    def people_sentences(self, coding: Recoding, got: dict[str, Estimate]) -> None:
        """Cautions on the annotators' figures."""
        prevalence = got["prevalence"].value or 0.0
        self.warnings += cautions.paradox_sentence(
            "between annotators", got["fleiss"], got["ac1"], prevalence
        )
        self.warnings += cautions.pairs_sentence(got["raw"], got["raw_pairs"])
        sums = blocks.human_sums(self.part, coding)
        formula = GroupFormula(len(coding.answers), coding.positive, coding.negative)
        place = [c.name for c in formula.coefficients].index("alpha")
        plain = float(formula.values(sums.counted.sum(axis=0))[place])
        self.warnings += cautions.alpha_mismatch(self.part, sums, coding, plain)

    def pair(self, scope: Scope, sampled: Sampled) -> None:
        """One pair of readers, with a caution where the labels look inverted."""
        got = self.add(scope, sampled.estimates())
        self.warnings += cautions.inverted_sentence(f"{scope.one} against {scope.two}", got["kappa"])

    def one_judge(self, judge: int) -> None:
        """A judge against gold, against every annotator, under the human ceiling."""
        name = self.readings.judges[judge]
        for coding, headline in self.codings(self.accuracy):
            sampled = blocks.judge_on_gold(self.part, judge, coding)
            scope = Scope("judge-human", name, unsure=coding.treatment, headline=headline)
            got = self.add(scope, sampled.estimates())
            if headline:
                self.judge_sentences(name, got)
        self.add(Scope("judge-human", name), [unparsed_share(self.readings, judge, self.part.plan)])
        self.warnings += cautions.unparsed_sentence(self.readings, judge)
        self.judge_and_annotators(judge)
        self.under_ceiling(judge)

    def judge_sentences(self, name: str, got: dict[str, Estimate]) -> None:
        """Cautions on a judge's figures."""
        who = f"judge {name} against gold"
        prevalence = got["gold_prevalence"].value or 0.0
        self.warnings += cautions.inverted_sentence(who, got["kappa"])
        self.warnings += cautions.paradox_sentence(who, got["kappa"], got["ac1"], prevalence)
        if got["raw"].value is not None and got["sensitivity"].value is None:
            answer = self.readings.answers[self.readings.positive]
            self.warnings.append(f"{who}: no item with gold {answer!r} was seen, agreement on it is untested")

    def judge_and_annotators(self, judge: int) -> None:
        """The judge with each annotator, pooled, and the distance to the annotators among themselves."""
        name, coding = self.readings.judges[judge], recode(self.readings, self.reliability[0])
        for h, rater in enumerate(self.readings.raters):
            sampled = blocks.pair(self.part, self.part.human[:, h], self.part.verdict[:, judge], coding)
            self.pair(Scope("pair", name, one=rater, two=name, unsure=coding.treatment), sampled)
        shared = blocks.shared_with_judge(self.part, judge, coding)
        pooled = blocks.judge_on_annotators(shared, judge, coding)
        people = blocks.humans(shared, coding)
        self.add(Scope("judge-annotators", name, unsure=coding.treatment), pooled.estimates())
        scope = Scope(
            "judge-human minus human-human", name, one=name, two="annotators", unsure=coding.treatment
        )
        self.add(scope, difference(pooled, people, ("raw", "ac1", "alpha")).estimates())

    def under_ceiling(self, judge: int) -> None:
        """Judge and annotator against the same others, and their paired difference."""
        name, coding = self.readings.judges[judge], recode(self.readings, self.accuracy[0])
        whole = blocks.ceiling(self.part, judge, coding)
        treatment = coding.treatment
        for side, sampled in (("annotator left out", whole.annotator), (name, whole.judge)):
            kept = [e for e in sampled.estimates() if e.name in CEILING]
            self.add(Scope("ceiling", name, one=side, two="majority of the others", unsure=treatment), kept)
        gap = difference(whole.judge, whole.annotator, CEILING)
        self.add(
            Scope("ceiling difference", name, one=name, two="annotator left out", unsure=treatment),
            gap.estimates(),
        )
        for h, rater in enumerate(self.readings.raters):
            one = blocks.ceiling(self.part, judge, coding, [h])
            gap = difference(one.judge, one.annotator, ("raw",))
            self.add(
                Scope("ceiling difference", name, one=name, two=rater, unsure=treatment), gap.estimates()
            )

    def two_judges(self, one: int, two: int) -> None:
        """Paired differences of two judges on the items that both answered."""
        coding = recode(self.readings, self.accuracy[0])
        verdict = coding.apply(self.part.verdict)
        shared = self.part.only((verdict[:, one] >= 0) & (verdict[:, two] >= 0))
        first, second = (blocks.judge_on_gold(shared, judge, coding) for judge in (one, two))
        names = self.readings.judges
        scope = Scope("judge difference", names[one], one=names[one], two=names[two], unsure=coding.treatment)
        self.add(scope, difference(first, second, COMPARED).estimates())

    def between_judges(self, judges: list[int], pieces: list[Slice]) -> None:
        """Judges among themselves on everything that they judged, labelled by people or not."""
        plan = self.part.plan
        part = blocks.judged_items(self.readings, judges, plan.resamples, plan.seed)
        coding = recode(self.readings, self.reliability[0])
        treatment = coding.treatment
        whole = blocks.humans(part, coding, self.levels)
        self.add(Scope("judge-judge", unsure=treatment), whole.estimates())
        names = self.readings.judges
        for (a, b), sampled in blocks.human_pairs(part, coding).items():
            one, two = names[judges[a]], names[judges[b]]
            self.pair(Scope("judge pair", one=one, two=two, unsure=treatment), sampled)
        for piece in pieces:
            inside = blocks.humans(part.only(piece.use[part.items]), coding, self.levels)
            scope = Scope("judge-judge", "", "", "", piece.name, piece.value, treatment)
            self.add(scope, inside.estimates())

    def one_slice(self, piece: Slice, judges: list[int]) -> None:
        """People and judges within one slice, resampled with the same weights as everything else."""
        use = piece.use[self.part.items]
        inside = self.part.only(use)
        coding = recode(self.readings, self.reliability[0])
        scope = Scope("human-human", "", "", "", piece.name, piece.value, coding.treatment)
        self.add(scope, blocks.humans(inside, coding, self.levels).estimates())
        coding = recode(self.readings, self.accuracy[0])
        for judge in judges:
            name = self.readings.judges[judge]
            scope = Scope("judge-human", name, "", "", piece.name, piece.value, coding.treatment)
            share = unparsed_share(self.readings, judge, self.part.plan, piece.use)
            self.add(scope, [*blocks.judge_on_gold(inside, judge, coding).estimates(), share])
