import numpy as np
import pandas as pd
import pytest

from secondreader.judge.data.coding import MAX_ANSWERS, code_passes, order_answers
from secondreader.judge.data.columns import FrameError
from secondreader.judge.data.frame import read_frame
from tests.judge.data.test_frame import TWO, long_frame


def test_the_default_question_has_both_answers_though_nobody_gave_one() -> None:
    """Only "yes" was seen: "no" keeps its code, and unsure is an answer only where somebody was."""
    assert order_answers(["yes"], "yes", "unsure") == ("no", "yes")
    assert order_answers(["unsure"], "yes", "unsure") == ("no", "yes", "unsure")
    assert order_answers(["10", "2"], "2", "unsure") == ("2", "10")


def test_a_free_text_column_is_no_answer() -> None:
    """More answers than can be compared are refused with their number."""
    rows = [(f"i{k}", "H", "human", "yes" if k == 0 else f"text {k}") for k in range(MAX_ANSWERS + 1)]
    with pytest.raises(FrameError, match=f"{MAX_ANSWERS + 1} different answers"):
        read_frame(long_frame(*rows))


@pytest.mark.parametrize("value", [0, 1.5, "second"])
def test_a_pass_is_a_whole_number_from_one(value: object) -> None:
    """Pass 0, one and a half and a word are refused with the row."""
    frame = long_frame(*TWO).assign(pass_no=pd.Series([1, value, 1], dtype=object))
    with pytest.raises(FrameError, match="row 1 has pass_no"):
        code_passes(frame)


def test_an_unparsed_verdict_is_counted_as_such() -> None:
    """A judge row without answer is unparsed unless the frame says error."""
    rows = (("a", "J", "judge", None), ("b", "J", "judge", None), ("c", "J", "judge", "yes"))
    assert read_frame(long_frame(*rows)).state[:, 0].tolist() == [2, 2, 1]
    assert read_frame(long_frame(*rows, state=["error", None, "parsed"])).state[:, 0].tolist() == [3, 2, 1]


def test_numbers_as_answers_keep_their_order_and_lose_the_decimal_point() -> None:
    """Scores 0, 2, 10 beside a missing one read as "0", "2", "10" in numeric order."""
    rows = (
        ("a", "H", "human", 2),
        ("b", "H", "human", 10),
        ("c", "H", "human", 0),
        ("d", "H", "human", None),
    )
    ratings = read_frame(long_frame(*rows), positive="10")
    assert ratings.answers == ("0", "2", "10")
    assert ratings.human[:, 0].tolist() == [1, 2, 0, -1]


def test_allowed_answers_are_enforced() -> None:
    """An answer outside the named ones is an error; a named one that nobody gave keeps its code."""
    assert read_frame(long_frame(*TWO), answers=["no", "maybe", "yes"]).positive == 2
    with pytest.raises(FrameError, match="'yes' is not one of no"):
        read_frame(long_frame(*TWO), answers=["no"], positive="no")


def test_a_positive_answer_that_nobody_gave_must_be_named() -> None:
    """Scores read with the default positive answer are an error that says what to do."""
    with pytest.raises(FrameError, match="nobody answered 'yes' among 0, 1"):
        read_frame(long_frame(("a", "H", "human", "0"), ("b", "H", "human", "1")))


def test_items_without_a_scenario_are_their_own_cluster() -> None:
    """A missing cluster never joins an item to a scenario that has the item's name."""
    ratings = read_frame(long_frame(*TWO, cluster=["b", "b", None]))
    assert len(np.unique(ratings.cluster)) == 2
