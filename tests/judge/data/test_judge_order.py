"""Judges in another order: the same figures, listed in that order."""

import pandas as pd

from secondreader.judge.agreement.report import agree
from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.judge_order import put_judges_first
from secondreader.judge.lab.calibration import compute_judge_calibration

JUDGES = ("j1", "j2", "j3")


def build_ratings() -> Ratings:
    """Forty items, two annotators, three judges that err on different items, one of them with probabilities."""
    rows: list[tuple[str, str, str, str, float | None]] = []
    for at in range(40):
        truth = "yes" if at % 3 == 0 else "no"
        rows += [(f"i{at}", name, "human", truth, None) for name in ("A", "B")]
        for number, judge in enumerate(JUDGES, start=2):
            wrong = at % (number + 2) == 0
            answer = truth if not wrong else ("no" if truth == "yes" else "yes")
            rows.append((f"i{at}", judge, "judge", answer, 0.9 if answer == "yes" else 0.05 * number))
    return read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer", "probability"]))


def test_every_figure_stays_and_the_first_judge_comes_first() -> None:
    """Figures against gold are equal to the digit; differences are those of the first judge from the others."""
    plain, moved = build_ratings(), put_judges_first(build_ratings(), ["j3", "nobody", "j1", "j3"])
    assert moved.judges == ("j3", "j1", "j2")
    one, two = (agree(which, resamples=200) for which in (plain, moved))
    for judge in JUDGES:
        for name in ("raw", "sensitivity", "specificity"):
            assert one.find(name, "judge-human", judge=judge) == two.find(name, "judge-human", judge=judge)
    scopes = [figure.scope for figure in two.estimates]
    assert next(scope.judge for scope in scopes if scope.judge) == "j3"
    gaps = [(scope.one, scope.two) for scope in scopes if scope.group == "judge difference"]
    assert list(dict.fromkeys(gaps)) == [("j3", "j1"), ("j3", "j2"), ("j1", "j2")]


def test_probabilities_stay_with_their_judge() -> None:
    """The rows of verdicts are renamed with the columns."""
    for judge in JUDGES:
        one, two = (
            compute_judge_calibration(which, judge=judge)
            for which in (build_ratings(), put_judges_first(build_ratings(), ["j3"]))
        )
        assert one == two


def test_no_judge_is_no_fault() -> None:
    """Ratings of people alone pass unchanged."""
    frame = pd.DataFrame({"item": ["a"], "rater": ["A"], "kind": ["human"], "answer": ["yes"]})
    assert put_judges_first(read_frame(frame), ["j"]).judges == ()
