import numpy as np
import pandas as pd

from secondreader.judge.agreement.caveats import check_alpha, describe_inverted_kappa, describe_many_answers
from secondreader.judge.agreement.comparisons import compute_human_cluster_sums, select_labelled_items
from secondreader.judge.data.frame import read_frame
from secondreader.judge.data.gold import build_majority_gold
from secondreader.judge.data.unsure import build_recoding
from secondreader.judge.inference.estimate import Estimate


def test_alpha_is_checked_against_the_reference_package() -> None:
    """The right alpha passes in silence; one that is off by 1e-6 becomes a sentence."""
    rng = np.random.default_rng(0)
    rows = [(f"i{k}", r, "human", rng.choice(["yes", "no"])) for k in range(40) for r in "ABC"]
    readings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    part = select_labelled_items(readings, build_majority_gold(readings).gold, 0, 0)
    coding = build_recoding(readings, "category")
    sums = compute_human_cluster_sums(part, coding)
    counts = np.stack([(part.human == q).sum(axis=1) for q in (0, 1)], axis=1)
    n = counts.sum()
    observed = (counts * (counts - 1)).sum() / 2
    alpha = 1 - (n - 1) * (n - observed) / (n**2 - (counts.sum(axis=0) ** 2).sum())
    assert check_alpha(part, sums, coding, float(alpha)) == []
    assert "krippendorff package" in check_alpha(part, sums, coding, float(alpha) + 1e-6)[0]


def test_a_kappa_below_zero_by_chance_raises_no_alarm() -> None:
    """Only a kappa well below zero, with its whole interval, speaks of inverted labels."""
    assert describe_inverted_kappa("A against B", Estimate("kappa", -0.3, -0.7, 0.1)) == []
    assert describe_inverted_kappa("A against B", Estimate("kappa", -0.05, -0.08, -0.02)) == []
    assert "inverted" in describe_inverted_kappa("A against B", Estimate("kappa", -0.6, -0.8, -0.4))[0]


def test_three_answers_have_no_single_negative_one() -> None:
    """Which answer is meant is said; unsure is not one of them, and yes and no need no sentence."""
    rows = [("i1", "A", "human", "1"), ("i1", "B", "human", "2"), ("i2", "A", "human", "0")]
    frame = pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"])
    (said,) = describe_many_answers(read_frame(frame, positive="1"))
    assert "3 answers" in said
    assert "that on '0' alone" in said
    plain = frame.assign(answer=["yes", "no", "unsure"])
    assert describe_many_answers(read_frame(plain, positive="yes")) == []
