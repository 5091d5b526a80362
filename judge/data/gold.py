"""Gold: the answer that verdicts are compared with. `gold_of` makes it for every part of a report, from human answers alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.dawid_skene import DawidSkene, fit_dawid_skene
from secondreader.judge.data.frame import Ratings
from secondreader.judge.data.unsure import POLICY_OF, Recoding, Treatment, Unsure, build_recoding
from secondreader.judge.inference.cluster_sums import Codes, code_patterns
from secondreader.judge.inference.estimate import Reason

GoldMethod = Literal["majority", "dawid_skene"]
Decisions = Mapping[str, str | None]
"""Adjudicated answer by item id; None where the item stays contested."""

CONTESTED = np.int8(-3)
NO_CONSENSUS = np.int8(-2)
UNLABELLED = np.int8(-1)
FEWEST_RATERS = 3
STANDARD_POLICY: Unsure = "missing"
"""The policy where a plan names none: an unsure label is no vote on what the verdict should have been."""
METHOD_NAMES = {
    "majority": "the majority of the annotators",
    "dawid_skene": "the most probable answer by Dawid and Skene's model",
    "given": "the imported answers",
}
POLICY_NAMES: Mapping[Unsure, str] = {
    "category": "with unsure as an answer of its own",
    "missing": "with unsure labels left out",
    "worst": "left open where unsure labels could change it",
}


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold of every item, and the rule that made it."""

    method: str
    """majority, dawid_skene, or given (imported)."""
    policy: Unsure
    """How unsure labels were treated."""
    codes: Codes
    """Answer code per item; CONTESTED (-3), NO_CONSENSUS (-2) for ties, UNLABELLED (-1) without label or decision."""
    unsure: int
    """Code of unsure, which is gold where it wins or cannot be ruled out; -1 where nobody was unsure."""
    decisions: Decisions = field(default_factory=dict)
    """The adjudicated answers that replace the votes."""
    reason: Reason | None = None
    """Why the method gives no gold."""
    model: DawidSkene | None = None
    """The fitted model of Dawid and Skene; its posterior rows are the distinct answer patterns."""

    @property
    def name(self) -> str:
        """The method, with "+ adjudicated" where decisions replace votes."""
        return f"{self.method} + adjudicated" if self.decisions else self.method

    @property
    def known(self) -> NDArray[np.bool_]:
        """Items that somebody labelled or decided, shape (items,)."""
        return np.asarray(self.codes != UNLABELLED)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Items whose gold is an answer other than unsure: the ones that can score a judge, shape (items,)."""
        return np.asarray((self.codes >= 0) & (self.codes != self.unsure))

    def count(self) -> "GoldCounts":
        """How many items have gold, and why the others have none."""
        return GoldCounts(
            items=int(self.known.sum()),
            decided=int(self.decided.sum()),
            no_consensus=int((self.codes == NO_CONSENSUS).sum()),
            contested=int((self.codes == CONTESTED).sum()),
            unsure=int((self.known & (self.codes >= 0) & ~self.decided).sum()),
            adjudicated=len(self.decisions),
        )

    @property
    def sentence(self) -> str:
        """The rule and how many items have gold by it, as one sentence for a report."""
        rule = METHOD_NAMES[self.method]
        if self.method != "given":
            rule += f", {POLICY_NAMES[self.policy]}"
        n = self.count()
        without = [
            f"{count} {why}"
            for count, why in (
                (n.no_consensus, "without consensus"),
                (n.contested, "contested"),
                (n.unsure, "unsure"),
            )
            if count
        ]
        open_items = f" ({', '.join(without)})" if without else ""
        were = "was" if n.adjudicated == 1 else "were"
        settled = f"; {n.adjudicated} {were} adjudicated" if n.adjudicated else ""
        return f"Gold is {rule}: {n.decided} of {n.items} items have it{open_items}{settled}."


@dataclass(frozen=True, slots=True)
class GoldCounts:
    """How many items have gold, and why the others have none."""

    items: int
    """Items with a label or a decision."""
    decided: int
    """Items whose gold is an answer other than unsure."""
    no_consensus: int
    """Items whose labels tie."""
    contested: int
    """Items left contested by adjudication."""
    unsure: int
    """Items whose gold is unsure."""
    adjudicated: int
    """Items with a decision, contested ones too."""


def gold_of(
    ratings: Ratings,
    decisions: Decisions | None = None,
    unsure: Unsure | None = None,
    method: GoldMethod = "majority",
) -> Gold:
    """Gold of first-pass labels and adjudicated answers, by the plan's policy for unsure (None: left out).

    Each item's gold comes from its own labels and decision alone, but for Dawid-Skene, whose error rates come from all
    labels and from no decision. A contested decision leaves an item without gold, whatever the votes say. Raises
    FrameError for a decision on an unknown item or with an unknown answer.
    """
    policy = unsure or STANDARD_POLICY
    # votes first: a decision must not move error rates, or it would change the gold of other items
    voted = infer_gold(ratings, policy, method)
    return apply_decisions(ratings, voted, decisions or {})


def take_given_gold(ratings: Ratings, answers: Decisions) -> Gold:
    """Imported answers by item id as gold; other items have none. Raises FrameError as `gold_of` does."""
    # imported gold has no votes behind it, so no annotator can be left out of it; it holds no decisions either
    empty = Gold("given", STANDARD_POLICY, np.full(len(ratings.items), UNLABELLED), ratings.unsure)
    return replace(apply_decisions(ratings, empty, answers), decisions={})


def resolve_gold(ratings: Ratings, gold: "Gold | Decisions | None") -> Gold:
    """The gold that an argument means: a Gold as it is, answers by item id, or None for the majority without unsure."""
    if isinstance(gold, Gold):
        return gold
    return gold_of(ratings) if gold is None else take_given_gold(ratings, gold)


def leave_out_annotator(ratings: Ratings, rater: int, gold: Gold) -> Gold:
    """The same gold without one annotator's labels; decisions stay. Raises ValueError for imported gold."""
    if gold.method == "given":
        raise ValueError("imported gold does not come from labels, so no annotator can be left out of it")
    method: GoldMethod = "majority" if gold.method == "majority" else "dawid_skene"
    return gold_of(drop_annotator(ratings, rater), gold.decisions, gold.policy, method)


def drop_annotator(ratings: Ratings, rater: int) -> Ratings:
    """The label matrix without one annotator; rows of single ratings keep theirs."""
    # a column of missing labels would still count as an annotator for Dawid and Skene
    names = tuple(name for column, name in enumerate(ratings.raters) if column != rater)
    return replace(ratings, human=np.delete(ratings.human, rater, axis=1), raters=names)


def infer_gold(ratings: Ratings, policy: Unsure, method: GoldMethod) -> Gold:
    """Gold from labels alone."""
    ways = [
        infer_answers(ratings, treatment, method) for treatment in POLICY_OF if POLICY_OF[treatment] == policy
    ]
    first, last = ways[0], ways[-1]
    if first.reason is not None:
        return replace(first, policy=policy)
    # where counting unsure both ways gives two answers, neither is gold
    codes = np.where(last.codes == first.codes, first.codes, np.int8(ratings.unsure))
    if policy != "category":
        # counting both ways or by error rates could still give these items an answer that nobody chose
        codes[find_only_unsure(ratings)] = ratings.unsure
    return replace(first, policy=policy, codes=codes)


def find_only_unsure(ratings: Ratings) -> NDArray[np.bool_]:
    """Items whose every label is unsure, shape (items,)."""
    answered = (ratings.human >= 0) & (ratings.human != ratings.unsure)
    return np.asarray(ratings.labelled & ~answered.any(axis=1))


def infer_answers(ratings: Ratings, treatment: Treatment, method: GoldMethod) -> Gold:
    """Gold by one treatment of unsure, in the codes of the ratings."""
    coding = build_recoding(ratings, treatment)
    blank = Gold(method, "category", np.full(len(ratings.items), UNLABELLED), ratings.unsure)
    if method == "dawid_skene":
        return infer_by_dawid_skene(ratings, coding, blank)
    votes = compute_majority(coding.apply(ratings.human), len(coding.answers))
    return replace(blank, codes=coding.restore(votes))


def compute_majority(human: Codes, n_answers: int) -> Codes:
    """The most frequent answer per item; a tie is NO_CONSENSUS, no answer UNLABELLED.

    `human` is items x annotators, -1 missing.
    """
    if human.shape[1] == 0:
        return np.full(len(human), UNLABELLED)
    counts = np.stack([(human == q).sum(axis=1) for q in range(n_answers)], axis=1)
    top = counts.max(axis=1, initial=0)
    tied = (counts == top[:, None]).sum(axis=1) > 1
    gold: Codes = counts.argmax(axis=1).astype(np.int8)
    # argmax takes the first of equal counts: a tie must not become the answer with the lower code
    gold[tied] = NO_CONSENSUS
    gold[top == 0] = UNLABELLED
    return gold


def infer_by_dawid_skene(ratings: Ratings, coding: Recoding, blank: Gold, smoothing: float = 1.0) -> Gold:
    """The most probable true answer by Dawid and Skene; needs three annotators.

    Equal probabilities stay NO_CONSENSUS.
    """
    if len(ratings.raters) < FEWEST_RATERS:
        return replace(blank, reason=Reason.NOT_IDENTIFIED)
    human, n_answers = coding.apply(ratings.human), len(coding.answers)
    use = np.flatnonzero((human >= 0).any(axis=1))
    if not len(use):
        return replace(blank, reason=Reason.NO_ITEMS)
    # annotators with the same answers are one row: the fit costs as much as there are patterns, not items
    codes, rows = code_patterns(human[use], n_answers)
    counts = (rows[:, :, None] == np.arange(n_answers)).astype(np.float64)
    model = fit_dawid_skene(counts, np.bincount(codes).astype(np.float64), smoothing=smoothing)
    best = model.posterior.max(axis=1, keepdims=True)
    # EM stops short of the limit, so that equal probabilities differ in the last digits
    tied = (model.posterior >= best - 1e-9).sum(axis=1) > 1
    answer = model.posterior.argmax(axis=1).astype(np.int8)
    answer[tied] = NO_CONSENSUS
    gold = blank.codes.copy()
    gold[use] = coding.restore(answer[codes])
    return replace(blank, codes=gold, model=model)


def apply_decisions(ratings: Ratings, gold: Gold, decisions: Decisions) -> Gold:
    """The gold with decided answers instead of the votes; None leaves an item CONTESTED.

    An unknown item or answer raises FrameError.
    """
    codes = gold.codes.copy()
    positions = {item: index for index, item in enumerate(ratings.items)}
    for item, answer in decisions.items():
        if str(item) not in positions:
            raise FrameError(f"gold has item {item!r}, which is not in the frame: check its id")
        if answer is not None and answer not in ratings.answers:
            known = ", ".join(ratings.answers)
            raise FrameError(f"gold of item {item!r} is {answer!r}, not one of {known}: correct it")
        codes[positions[str(item)]] = CONTESTED if answer is None else ratings.answers.index(answer)
    return replace(gold, codes=codes, decisions=dict(decisions))


@dataclass(frozen=True, slots=True)
class GoldChange:
    """How many items change their gold from one method to another."""

    one: str
    """First method."""
    two: str
    """Second method."""
    changed: int | None
    """Items known to both whose gold differs (contested and no consensus count as answers); None if either has no gold."""
    items: int
    """Items known to both."""


def compare_golds(golds: list[Gold]) -> list[GoldChange]:
    """Compare every two golds of the same items."""
    changes = []
    for index, first in enumerate(golds):
        for second in golds[index + 1 :]:
            both = first.known & second.known
            changed = (
                None
                if first.reason or second.reason
                else int((first.codes[both] != second.codes[both]).sum())
            )
            changes.append(GoldChange(first.name, second.name, changed, int(both.sum())))
    return changes


def compute_others_majority(human: Codes, n_answers: int) -> NDArray[np.int8]:
    """Majority of all annotators but one, for each one left out: (items, annotators)."""
    columns = [compute_majority(np.delete(human, h, axis=1), n_answers) for h in range(human.shape[1])]
    return np.stack(columns, axis=1) if columns else np.empty((len(human), 0), dtype=np.int8)
