import pandas as pd

from secondreader.judge.agreement.caveats import describe_inverted_kappa, describe_many_answers
from secondreader.judge.data.frame import read_frame
from secondreader.judge.inference.coefficients import get_coefficient
from secondreader.judge.inference.estimate import Estimate

KAPPA = get_coefficient("kappa")


def test_a_kappa_below_zero_by_chance_raises_no_alarm() -> None:
    """Only a kappa well below zero, with its whole interval, speaks of inverted labels."""
    assert describe_inverted_kappa("A against B", Estimate(KAPPA, -0.3, -0.7, 0.1)) == []
    assert describe_inverted_kappa("A against B", Estimate(KAPPA, -0.05, -0.08, -0.02)) == []
    assert "inverted" in describe_inverted_kappa("A against B", Estimate(KAPPA, -0.6, -0.8, -0.4))[0]


def test_three_answers_have_no_single_negative_one() -> None:
    """Which answer is meant is said; unsure is not one of them, and yes and no need no sentence."""
    rows = [("i1", "A", "human", "1"), ("i1", "B", "human", "2"), ("i2", "A", "human", "0")]
    frame = pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"])
    (note,) = describe_many_answers(read_frame(frame, positive="1"))
    assert "3 answers" in note
    assert "that on '0' alone" in note
    plain = frame.assign(answer=["yes", "no", "unsure"])
    assert describe_many_answers(read_frame(plain, positive="yes")) == []
