import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from secondreader.judge.data.frame import FrameError, Ratings, read_frame
from secondreader.judge.data.gold import (
    CONTESTED,
    NO_CONSENSUS,
    UNLABELLED,
    apply_decisions,
    build_dawid_skene_gold,
    build_majority_gold,
    compare_golds,
    compute_majority,
    compute_others_majority,
    fit_dawid_skene,
)
from secondreader.judge.inference.estimate import Reason
from tests.judge.inference.test_coefficients import oracles


def readings_of(matrix: list[list[str | None]]) -> Ratings:
    """Readings from an items x annotators list of answers."""
    rows = [
        (f"i{i:03d}", f"H{h}", "human", answer)
        for i, answers in enumerate(matrix)
        for h, answer in enumerate(answers)
    ]
    return read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))


def test_a_tie_is_no_consensus_however_answers_are_spelt() -> None:
    """One yes and one no are no consensus, a missing label does not vote, no label is unlabelled."""
    human = np.array([[0, 1, -1], [1, -1, -1], [-1, -1, -1], [1, 1, 0]], dtype=np.int8)
    assert compute_majority(human, 2).tolist() == [NO_CONSENSUS, 1, UNLABELLED, 1]
    assert compute_majority(1 - human, 2)[0] == NO_CONSENSUS


def test_dawid_skene_equals_the_published_fit() -> None:
    """The anaesthetists' data give the published marginals, error rates and posteriors."""
    for entry in oracles("dawid_skene"):
        given, wanted = entry["input"], entry["expected"]
        item, rater, rating = (np.array(given[key]) - 1 for key in ("item", "rater", "rating"))
        counts = np.zeros((item.max() + 1, rater.max() + 1, rating.max() + 1))
        np.add.at(counts, (item, rater, rating), 1)
        fit = fit_dawid_skene(counts, np.ones(len(counts)))
        assert fit.marginals == pytest.approx(wanted["class_marginals_precise"], abs=1e-4)
        assert fit.log_likelihood == pytest.approx(wanted["loglik"], abs=1e-3)
        assert fit.errors[0, 0] == pytest.approx(wanted["observer1_error_row1"], abs=1e-3)
        assert fit.errors[0, 2] == pytest.approx(wanted["observer1_error_row3"], abs=1e-3)
        assert fit.posterior[34] == pytest.approx(wanted["posterior_item35"], abs=1e-3)
        assert fit.posterior[37] == pytest.approx(wanted["posterior_item38"], abs=1e-3)


def test_dawid_skene_beats_the_majority_when_two_annotators_are_poor() -> None:
    """With two careless and two careful annotators the model recovers more true answers."""
    rng = np.random.default_rng(3)
    truth = rng.random(600) < 0.4
    errors = np.array([0.02, 0.03, 0.4, 0.4, 0.4])
    human = (truth[:, None] ^ (rng.random((600, 5)) < errors)).astype(np.int8)
    readings = readings_of([["yes" if a else "no" for a in row] for row in human])
    model, votes = build_dawid_skene_gold(readings).gold, build_majority_gold(readings).gold
    assert accuracy_score(truth, model) > accuracy_score(truth, votes) + 0.05


def test_two_annotators_do_not_identify_error_rates() -> None:
    """Dawid-Skene with two annotators says so in place of a gold."""
    consensus = build_dawid_skene_gold(readings_of([["yes", "no"], ["no", "no"]]))
    assert consensus.reason is Reason.NOT_IDENTIFIED
    assert (consensus.gold == UNLABELLED).all()


def test_adjudicated_answers_override_votes() -> None:
    """A decision replaces a tie and a vote; an unknown item or answer is an error."""
    readings = readings_of([["yes", "no", None], ["no", "no", "yes"], ["yes", "yes", "yes"]])
    votes = build_majority_gold(readings)
    decided = apply_decisions(readings, votes, {"i000": "yes", "i001": "yes"})
    assert decided.gold.tolist() == [1, 1, 1]
    assert [c.changed for c in compare_golds([votes, decided])] == [2]
    with pytest.raises(FrameError, match="'i009' is not in the frame"):
        apply_decisions(readings, votes, {"i009": "yes"})
    with pytest.raises(FrameError, match="'perhaps', not one of no, yes"):
        apply_decisions(readings, votes, {"i000": "perhaps"})


def test_a_contested_item_has_no_gold_whatever_the_votes_say() -> None:
    """A decision without an answer takes a clear majority away and counts as a change against every other way."""
    readings = readings_of([["yes", "yes", "no"], ["no", "no", "yes"], ["yes", "yes", "yes"]])
    votes, model = build_majority_gold(readings), build_dawid_skene_gold(readings)
    decided = apply_decisions(readings, votes, {"i000": None, "i001": "yes"})
    assert decided.gold.tolist() == [CONTESTED, 1, 1]
    changes = {(one.one, one.two): (one.changed, one.items) for one in compare_golds([votes, model, decided])}
    assert changes["majority", "majority + adjudicated"] == (2, 3)
    assert changes["dawid_skene", "majority + adjudicated"] == (2, 3)


def test_the_annotator_left_out_has_no_vote() -> None:
    """The others' majority ignores the annotator it will be compared with."""
    human = np.array([[1, 0, 0], [1, 1, 0]], dtype=np.int8)
    assert compute_others_majority(human, 2).tolist() == [
        [0, NO_CONSENSUS, NO_CONSENSUS],
        [NO_CONSENSUS, NO_CONSENSUS, 1],
    ]
