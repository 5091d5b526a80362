import numpy as np
import pandas as pd

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.unsure import build_recoding, list_treatments


def build_ratings(*answers: str | None) -> Ratings:
    """One annotator's answers."""
    rows = [(f"i{k}", "H", "human", answer) for k, answer in enumerate(answers)]
    return read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))


def test_unsure_becomes_what_the_treatment_says() -> None:
    """Own answer, missing, yes or no; below zero stays missing."""
    ratings = build_ratings("no", "yes", "unsure")
    codes = np.array([0, 1, 2, -1, -2], dtype=np.int8)
    ways = {t: build_recoding(ratings, t).apply(codes).tolist() for t in list_treatments(ratings, "category")}
    assert ways == {
        "category": [0, 1, 2, -1, -1],
        "missing": [0, 1, -1, -1, -1],
        "as positive": [0, 1, 1, -1, -1],
        "as negative": [0, 1, 0, -1, -1],
    }


def test_two_answers_are_left_once_unsure_is_gone() -> None:
    """Only the first treatment keeps three answers, so that AC1 does not divide by an empty one."""
    ratings = build_ratings("no", "yes", "unsure")
    assert build_recoding(ratings, "category").answers == ("no", "yes", "unsure")
    assert build_recoding(ratings, "missing").answers == ("no", "yes")


def test_unsure_may_stand_anywhere_in_the_codebook() -> None:
    """A codebook that lists unsure first is recoded just as well."""
    rows = pd.DataFrame([("a", "H", "human", "yes")], columns=["item", "rater", "kind", "answer"])
    ratings = read_frame(rows, answers=["unsure", "no", "yes"])
    coding = build_recoding(ratings, "as negative")
    assert coding.apply(np.array([0, 1, 2], dtype=np.int8)).tolist() == [0, 0, 1]
    assert (coding.positive, coding.negative) == (1, 0)


def test_where_nobody_was_unsure_one_treatment_is_enough() -> None:
    """The other treatments would repeat the same figures."""
    assert list_treatments(build_ratings("no", "yes"), "category") == ["category"]
    assert list_treatments(build_ratings("no", "yes"), "worst") == ["category"]
    assert len(list_treatments(build_ratings("unsure", "yes"), "worst")) == 4
