from typing import Any

import pandas as pd
import pytest

from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import read_frame


def long_frame(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """A long frame from (item, rater, kind, answer) rows."""
    frame = pd.DataFrame(list(rows), columns=["item", "rater", "kind", "answer"])
    return frame.assign(**columns)


TWO = (("a", "H", "human", "yes"), ("a", "J", "judge", "no"), ("b", "H", "human", "no"))


def test_answers_become_codes_in_item_order() -> None:
    """Items, raters and answers are coded in sorted order whatever the order of the rows."""
    plain, reversed_rows = read_frame(long_frame(*TWO)), read_frame(long_frame(*TWO[::-1]))
    assert plain.answers == ("no", "yes")
    assert plain.human.tolist() == [[1], [0]] == reversed_rows.human.tolist()
    assert plain.verdict.tolist() == [[0], [-1]] == reversed_rows.verdict.tolist()
    assert plain.state.tolist() == [[1], [0]]


def test_whitespace_twins_are_reported_never_merged() -> None:
    """A rater " H" beside "H" stays a second rater and a sentence says so."""
    ratings = read_frame(long_frame(*TWO, ("b", " H", "human", "yes")))
    assert ratings.raters == (" H", "H")
    assert any("' H'" in sentence and "'H'" in sentence for sentence in ratings.warnings)


def test_answer_twins_are_reported() -> None:
    """An answer "Yes" beside "yes" stays another answer and a sentence says so."""
    ratings = read_frame(long_frame(*TWO, ("b", "K", "human", "Yes")))
    assert "Yes" in ratings.answers
    assert any("'Yes'" in sentence for sentence in ratings.warnings)


def test_two_ratings_of_an_item_by_one_rater_are_an_error_that_names_them() -> None:
    """A duplicate (item, rater, pass) names item and rater and says what to do."""
    with pytest.raises(FrameError, match=r"'H' has two ratings of item 'a' in pass 1.*pass_no"):
        read_frame(long_frame(*TWO, TWO[0]))


def test_a_repeat_is_kept_apart_from_the_first_pass() -> None:
    """Second passes stay out of the label matrix and stay in the rows."""
    ratings = read_frame(long_frame(*TWO, ("a", "H", "human", "no"), pass_no=[1, 1, 1, 2]))
    assert ratings.human.tolist() == [[1], [0]]
    assert len(ratings.rows) == 3


def test_a_judge_may_carry_the_name_of_an_annotator() -> None:
    """The same id as human and as judge is two raters."""
    ratings = read_frame(long_frame(*TWO, ("a", "H", "judge", "yes")))
    assert ratings.raters == ("H",)
    assert ratings.judges == ("H", "J")


def test_weights_are_inverse_inclusion_probabilities() -> None:
    """Weights follow the design; items outside the human sample weigh 1."""
    frame = long_frame(*TWO, ("z", "J", "judge", "no"), inclusion_probability=[0.5, 0.5, 0.25, None])
    assert read_frame(frame).weight.tolist() == [2.0, 4.0, 1.0]


def test_slices_are_columns_constant_within_an_item() -> None:
    """Constant columns become slices; another is left out with a sentence, or an error when named."""
    frame = long_frame(*TWO, motive=["x", "x", None], note=["p", "q", "r"])
    ratings = read_frame(frame)
    assert list(ratings.slices.columns) == ["motive"]
    assert any("'note'" in sentence for sentence in ratings.warnings)
    with pytest.raises(FrameError, match="note has two values for item 'a'"):
        read_frame(frame, slices=["note"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (long_frame(*TWO).drop(columns="kind"), "no column 'kind'"),
        (long_frame(*TWO, kind=["human", "robot", "human"]), "'robot'.*human or judge"),
        (long_frame(("a", None, "human", "yes")), "row 0 has no rater"),
        (long_frame(*TWO, cluster=["s", "t", "s"]), "cluster has two values for item 'a'"),
        (long_frame(*TWO, inclusion_probability=[1, 1, 0]), "'b' has inclusion_probability"),
        (long_frame(*TWO, inclusion_probability=[1, 1, "x"]), "'b' has inclusion_probability"),
        (long_frame(*TWO, state=[None, "unparsed", None]), "only a parsed verdict has an answer"),
        (long_frame(*TWO, state=[None, "lost", None]), "'lost'.*parsed, unparsed or error"),
        (long_frame(*TWO, pass_no=[1, 0, 1]), "row 1 has pass_no"),
        (long_frame(*TWO, seconds=["fast", None, None]), "column seconds holds 'fast'"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(frame: pd.DataFrame, message: str) -> None:
    """Each fault is a FrameError that says what, where and what to do."""
    with pytest.raises(FrameError, match=message) as caught:
        read_frame(frame)
    assert "\n" not in str(caught.value)


def test_nothing_at_all_can_be_read() -> None:
    """An empty frame gives empty arrays."""
    ratings = read_frame(long_frame())
    assert ratings.human.shape == (0, 0)
    assert not ratings.labelled.any()
