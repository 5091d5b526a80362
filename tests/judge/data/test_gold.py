from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from secondreader.judge.agreement.report import agree
from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import (
    CONTESTED,
    NO_CONSENSUS,
    UNLABELLED,
    Gold,
    GoldMethod,
    compare_golds,
    compute_majority,
    compute_others_majority,
    gold_of,
    leave_out_annotator,
    resolve_gold,
    take_given_gold,
)
from secondreader.judge.data.unsure import Unsure
from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.inference.estimate import Reason
from secondreader.judge.rates.corrected import estimate_corrected_rates

POLICIES: tuple[Unsure, ...] = ("category", "missing", "worst")
NO, YES, UNSURE = 0, 1, 2
ANSWERS = ["yes", "no", "unsure", None]


def ratings_of(
    matrix: Sequence[Sequence[str | None]], verdicts: Sequence[str | None] | None = None
) -> Ratings:
    """Ratings from an items x annotators list of answers, and the verdicts of one judge."""
    rows = [
        (f"i{i:03d}", f"H{h}", "human", answer)
        for i, answers in enumerate(matrix)
        for h, answer in enumerate(answers)
    ]
    rows += [(f"i{i:03d}", "J", "judge", answer) for i, answer in enumerate(verdicts or [])]
    frame = pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]).astype({"answer": object})
    return read_frame(frame.assign(cluster="s" + (frame["item"].str[1:].astype(int) // 2).astype(str)))


def test_a_tie_is_no_consensus_however_answers_are_spelt() -> None:
    """One yes and one no are no consensus, a missing label does not vote, no label is unlabelled."""
    human = np.array([[0, 1, -1], [1, -1, -1], [-1, -1, -1], [1, 1, 0]], dtype=np.int8)
    assert compute_majority(human, 2).tolist() == [NO_CONSENSUS, 1, UNLABELLED, 1]
    assert compute_majority(1 - human, 2)[0] == NO_CONSENSUS


@pytest.mark.parametrize(
    ("labels", "category", "missing", "worst"),
    [
        (["yes", "unsure", None], NO_CONSENSUS, YES, UNSURE),
        (["yes", "yes", "unsure"], YES, YES, YES),
        (["yes", "unsure", "unsure"], UNSURE, YES, UNSURE),
        (["yes", "no", "unsure"], NO_CONSENSUS, NO_CONSENSUS, UNSURE),
        (["unsure", "unsure", None], UNSURE, UNSURE, UNSURE),
        (["yes", "no", None], NO_CONSENSUS, NO_CONSENSUS, NO_CONSENSUS),
        ([None, None, None], UNLABELLED, UNLABELLED, UNLABELLED),
    ],
)
def test_labels_of_unsure_count_as_the_plan_says(
    labels: list[str | None], category: int, missing: int, worst: int
) -> None:
    """As a vote, as no vote, or as both votes: where the two differ, gold stays unsure; only unsure is never yes or no."""
    rows: list[list[str | None]] = [labels, ["no", "yes", "unsure"]]
    golds = {policy: gold_of(ratings_of(rows), unsure=policy).codes[0] for policy in POLICIES}
    assert golds == {"category": category, "missing": missing, "worst": worst}
    assert gold_of(ratings_of(rows)).codes[0] == missing


def test_unsure_in_the_middle_of_the_codebook_is_no_other_answer() -> None:
    """Codes are those of the codebook, wherever it lists unsure."""
    rows = [("a", "H", "human", "yes"), ("a", "K", "human", "unsure"), ("b", "H", "human", "no")]
    frame = pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"])
    ratings = read_frame(frame, answers=["no", "unsure", "yes"])
    assert gold_of(ratings).codes.tolist() == [2, 0]
    assert gold_of(ratings, unsure="worst").codes.tolist() == [1, 0]


def test_with_one_annotator_gold_is_their_answer() -> None:
    """One annotator decides alone; without them nothing is left but the adjudicated item."""
    ratings = ratings_of([["yes"], ["unsure"], ["no"]])
    alone = gold_of(ratings, {"i002": "yes"})
    assert alone.codes.tolist() == [YES, UNSURE, YES]
    assert leave_out_annotator(ratings, 0, alone).codes.tolist() == [UNLABELLED, UNLABELLED, YES]


def test_repeats_do_not_vote_twice() -> None:
    """A second reading by the same person leaves gold alone."""
    rows = [("a", "H", "human", "yes", 1), ("a", "K", "human", "no", 1), ("a", "H", "human", "yes", 2)]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer", "pass_no"]))
    assert gold_of(ratings).codes.tolist() == [NO_CONSENSUS]


def test_nothing_has_no_gold() -> None:
    """An empty frame and a frame of verdicts alone give a gold that says so."""
    empty = gold_of(read_frame(pd.DataFrame(columns=["item", "rater", "kind", "answer"])))
    assert empty.sentence.endswith("0 of 0 items have it.")
    assert gold_of(ratings_of([], ["yes", "no"])).known.tolist() == [False, False]


def test_a_decision_on_an_item_that_nobody_labelled_is_gold_in_every_section() -> None:
    """It scores the judge, counts in the rates and the search, and leaves agreement between people alone."""
    ratings = ratings_of([["yes", "yes"], ["no", "no"], [None, None]], ["yes", "yes", "yes"])
    decisions = {"i002": "no"}
    gold = gold_of(ratings, decisions)
    assert gold.count().decided == 3
    before, after = agree(ratings, resamples=0), agree(ratings, adjudicated=decisions, resamples=0)
    assert after.find("raw", "judge-human").n == before.find("raw", "judge-human").n + 1 == 3
    assert after.find("raw") == before.find("raw")
    assert after.confusion["n"].sum() == 3
    assert estimate_corrected_rates(ratings, gold=gold).overall.n_gold == 3
    assert find_disagreements(ratings, gold=gold, permutations=199).n == 3


def test_a_contested_decision_stays_contested_without_every_annotator() -> None:
    """However clear the votes are, and whoever is left out, a contested item has no gold."""
    ratings = ratings_of([["yes", "yes", "yes"], ["no", "no", "yes"]])
    for method in ("majority", "dawid_skene"):
        gold = gold_of(ratings, {"i000": None}, method=method)
        assert gold.codes[0] == CONTESTED
        assert [leave_out_annotator(ratings, h, gold).codes[0] for h in range(3)] == [CONTESTED] * 3
    assert gold.sentence.endswith("1 of 2 items have it (1 contested); 1 was adjudicated.")


def test_given_gold_has_no_annotator_to_leave_out() -> None:
    """Answers from elsewhere are gold as they are; items without one have none."""
    ratings = ratings_of([["yes", "yes"], ["no", "no"]])
    gold = take_given_gold(ratings, {"i000": "no"})
    assert gold.codes.tolist() == [NO, UNLABELLED]
    assert gold.name == "given"
    assert resolve_gold(ratings, gold) is gold
    with pytest.raises(ValueError, match="does not come from labels"):
        leave_out_annotator(ratings, 0, gold)


def test_dawid_skene_beats_the_majority_when_two_annotators_are_poor() -> None:
    """With two careless and two careful annotators the model recovers more true answers."""
    rng = np.random.default_rng(3)
    truth = rng.random(600) < 0.4
    errors = np.array([0.02, 0.03, 0.4, 0.4, 0.4])
    human = (truth[:, None] ^ (rng.random((600, 5)) < errors)).astype(np.int8)
    ratings = ratings_of([["yes" if a else "no" for a in row] for row in human])
    model, votes = gold_of(ratings, method="dawid_skene").codes, gold_of(ratings).codes
    assert accuracy_score(truth, model) > accuracy_score(truth, votes) + 0.05


def test_two_annotators_do_not_identify_error_rates() -> None:
    """Dawid-Skene with two annotators says so in place of a gold."""
    gold = gold_of(ratings_of([["yes", "no"], ["no", "no"]]), method="dawid_skene")
    assert gold.reason is Reason.NOT_IDENTIFIED
    assert (gold.codes == UNLABELLED).all()


def test_dawid_skene_takes_unsure_as_the_plan_says() -> None:
    """Nobody is made to mean yes or no: an item of unsure alone stays unsure by every policy."""
    rows = [
        ["yes", "yes", "no"],
        ["no", "no", "no"],
        ["unsure", "unsure", "unsure"],
        ["yes", "yes", "unsure"],
    ]
    for policy in POLICIES:
        gold = gold_of(ratings_of(rows), unsure=policy, method="dawid_skene")
        assert gold.codes[2] == UNSURE
        assert gold.codes[1] == NO


def test_adjudicated_answers_override_votes() -> None:
    """A decision replaces a tie and a vote; an unknown item or answer is an error."""
    ratings = ratings_of([["yes", "no", None], ["no", "no", "yes"], ["yes", "yes", "yes"]])
    decided = gold_of(ratings, {"i000": "yes", "i001": "yes"})
    assert decided.codes.tolist() == [1, 1, 1]
    assert [change.changed for change in compare_golds([gold_of(ratings), decided])] == [2]
    with pytest.raises(FrameError, match="'i009', which is not in the frame"):
        gold_of(ratings, {"i009": "yes"})
    with pytest.raises(FrameError, match="'perhaps', not one of no, yes"):
        gold_of(ratings, {"i000": "perhaps"})


def test_a_contested_item_has_no_gold_whatever_the_votes_say() -> None:
    """A decision without an answer takes a clear majority away and counts as a change against every other way."""
    ratings = ratings_of([["yes", "yes", "no"], ["no", "no", "yes"], ["yes", "yes", "yes"]])
    golds = [gold_of(ratings), gold_of(ratings, method="dawid_skene")]
    decided = gold_of(ratings, {"i000": None, "i001": "yes"})
    assert decided.codes.tolist() == [CONTESTED, 1, 1]
    changes = {(gold.one, gold.two): (gold.changed, gold.items) for gold in compare_golds([*golds, decided])}
    assert changes["majority", "majority + adjudicated"] == (2, 3)
    assert changes["dawid_skene", "majority + adjudicated"] == (2, 3)


def test_the_annotator_left_out_has_no_vote() -> None:
    """The others' majority ignores the annotator it will be compared with."""
    human = np.array([[1, 0, 0], [1, 1, 0]], dtype=np.int8)
    assert compute_others_majority(human, 2).tolist() == [
        [0, NO_CONSENSUS, NO_CONSENSUS],
        [NO_CONSENSUS, NO_CONSENSUS, 1],
    ]


def test_the_rule_is_said_in_words() -> None:
    """Method, policy, how many items have gold and why others have none."""
    ratings = ratings_of([["yes", "no"], ["unsure", "unsure"], ["yes", "unsure"], ["no", "no"]])
    assert gold_of(ratings).sentence == (
        "Gold is the majority of the annotators, with unsure labels left out: "
        "2 of 4 items have it (1 without consensus, 1 unsure)."
    )
    assert "left open where unsure labels could change it" in gold_of(ratings, unsure="worst").sentence
    assert "1 of 1 items" in take_given_gold(ratings, {"i000": "no"}).sentence


labels = st.lists(st.tuples(*(st.sampled_from(ANSWERS) for _ in range(4))).map(list), min_size=2, max_size=12)


@given(labels, st.data(), st.sampled_from(POLICIES), st.sampled_from(["majority", "dawid_skene"]))
def test_adjudicating_an_item_changes_no_other_gold(
    matrix: list[list[str | None]], data: st.DataObject, policy: Unsure, method: GoldMethod
) -> None:
    """Whatever is decided about one item, every other item keeps its gold, with everybody or without anyone."""
    ratings = ratings_of(matrix)
    position = data.draw(st.integers(0, len(matrix) - 1))
    answer = data.draw(st.sampled_from([*ratings.answers, None]))
    others = np.arange(len(matrix)) != position
    before = gold_of(ratings, None, policy, method)
    after = gold_of(ratings, {f"i{position:03d}": answer}, policy, method)
    assert (before.codes[others] == after.codes[others]).all()
    for rater in range(len(ratings.raters)):
        one, two = (leave_out_annotator(ratings, rater, gold) for gold in (before, after))
        assert (one.codes[others] == two.codes[others]).all()


def count_by_section(ratings: Ratings, gold: Gold, policy: Unsure | None) -> dict[str, int]:
    """Items whose gold scores the judge, as every section of a report counts them."""
    confusion = agree(ratings, adjudicated=gold.decisions, unsure=policy, slices=(), resamples=0).confusion
    decided = confusion[confusion["gold"].isin(["yes", "no"])]
    scored = decided[decided["verdict"].isin(["yes", "no"])]["n"].sum()
    rates = estimate_corrected_rates(ratings, gold=gold).overall
    search = find_disagreements(ratings, gold=gold, permutations=199)
    return {
        "confusion": int(decided["n"].sum()),
        "rates": rates.n_gold,
        "scored": int(scored),
        "search": search.n,
        "open in rates": rates.n_gold_open,
        "open in confusion": int(confusion["n"].sum() - decided["n"].sum()),
    }


@settings(deadline=None, max_examples=40)
@given(labels, st.data(), st.sampled_from([*POLICIES, None]))
def test_every_section_has_the_same_gold(
    matrix: list[list[str | None]], data: st.DataObject, policy: Unsure | None
) -> None:
    """Confusion counts, corrected rates and the search agree on how many items have gold, decisions or not."""
    verdicts = data.draw(st.lists(st.sampled_from(ANSWERS), min_size=len(matrix), max_size=len(matrix)))
    ratings = ratings_of(matrix, verdicts)
    decisions = data.draw(
        st.dictionaries(st.sampled_from(list(ratings.items)), st.sampled_from([*ratings.answers, None]))
    )
    gold = gold_of(ratings, decisions, policy)
    seen = count_by_section(ratings, gold, policy)
    assert seen["confusion"] == seen["rates"] == gold.count().decided
    assert seen["scored"] == seen["search"]
    assert seen["open in rates"] == seen["open in confusion"] == gold.count().items - gold.count().decided
    named = agree(ratings, adjudicated=decisions, unsure=policy, slices=(), resamples=0).gold
    table = {NO_CONSENSUS: "no consensus", CONTESTED: "contested", UNLABELLED: None}
    assert named.tolist() == [table[c] if c in table else ratings.answers[c] for c in gold.codes]
