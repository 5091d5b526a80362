"""Sentences on what a study's data cannot support."""

from typing import Any

import pandas as pd
import pytest

from secondreader.judge.data.frame import Ratings, read_frame
from secondreader.judge.data.gold import gold_of
from secondreader.judge.quality.limitations import count_sides, list_limitations


def build_study(
    scenarios: int,
    per_scenario: int,
    annotators: str,
    *,
    risky: float = 0.5,
    judge: bool = True,
    **columns: Any,
) -> Ratings:
    """Items with the same answer of everybody, the first share of them risky, and one judge."""
    n = scenarios * per_scenario
    items = pd.DataFrame(
        {
            "item": [f"i{k:03d}" for k in range(n)],
            "cluster": [f"s{k // per_scenario}" for k in range(n)],
            "answer": ["yes" if k < risky * n else "no" for k in range(n)],
        }
    )
    parts = [items.assign(rater=name, kind="human", position=range(n), seconds=9.0) for name in annotators]
    parts += [items.assign(rater="J", kind="judge")] if judge else []
    return read_frame(pd.concat(parts, ignore_index=True).assign(**columns))


def has_note(notes: tuple[str, ...], words: str) -> bool:
    """Whether one of the sentences holds these words."""
    return any(words in note for note in notes)


def test_without_labels_there_is_one_limitation_that_covers_all() -> None:
    """Verdicts alone support no agreement, accuracy or rate."""
    rows = pd.DataFrame({"item": ["a"], "rater": ["J"], "kind": ["judge"], "answer": ["yes"]})
    (note,) = list_limitations(read_frame(rows))
    assert note.startswith("Without labels nothing can be said")


def test_a_single_annotator_leaves_agreement_untested() -> None:
    """Nobody to agree with, and no error rates to identify."""
    notes = list_limitations(build_study(40, 1, "A"))
    assert has_note(notes, "No transcript was labelled by two people")
    assert has_note(notes, "Fewer than three annotators cannot carry Dawid-Skene gold or the alternative")


@pytest.mark.parametrize(("scenarios", "is_rough"), [(29, True), (30, False)])
def test_few_doubly_labelled_items_are_a_rough_guess(scenarios: int, is_rough: bool) -> None:
    """The sentence ends at 30 items."""
    notes = list_limitations(build_study(scenarios, 1, "ABC"))
    assert has_note(notes, f"Only {scenarios} transcripts were labelled by two people") == is_rough


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        (7, "7 labelled scenarios are too few for any interval"),
        (8, "8 labelled scenarios give intervals that tend to be too short"),
        (29, "29 labelled scenarios give intervals that tend to be too short"),
    ],
)
def test_few_scenarios_limit_the_intervals(scenarios: int, words: str) -> None:
    """Below 8 there is no interval, below 30 a short one."""
    assert has_note(list_limitations(build_study(scenarios, 1, "ABC")), words)
    assert not has_note(list_limitations(build_study(30, 1, "ABC")), "labelled scenarios")


def test_dependent_transcripts_count_for_less() -> None:
    """From three transcripts per two scenarios on, the dependence is named."""
    assert has_note(
        list_limitations(build_study(40, 2, "ABC")), "80 labelled transcripts come from 40 scenarios"
    )
    assert not has_note(list_limitations(build_study(40, 1, "ABC")), "come from")


@pytest.mark.parametrize(
    ("risky", "words"),
    [
        (0.0, "No risky case was seen: sensitivity and agreement on risky cases are untested."),
        (1.0, "No safe case was seen: specificity and agreement on safe cases are untested."),
        (0.1, "Only 4 risky cases were seen: sensitivity is hardly known."),
    ],
)
def test_a_rare_class_leaves_its_figure_unknown(risky: float, words: str) -> None:
    """Sensitivity needs risky gold, specificity needs safe gold."""
    assert words in list_limitations(build_study(40, 1, "ABC", risky=risky))


def test_repeats_positions_and_times_are_asked_for() -> None:
    """Each missing column is one claim less."""
    ratings = build_study(40, 1, "ABC", position=None, seconds=None)
    notes = list_limitations(ratings)
    assert has_note(notes, "No transcript was shown twice to the same person")
    assert has_note(notes, "Positions are missing")
    assert has_note(notes, "some hasty labels may go unnoticed")


def test_the_judge_is_limited_by_its_own_verdicts() -> None:
    """No judge, no verdict on a labelled item, or verdicts without an answer: one sentence each."""
    assert "Without verdicts nothing can be said about the judge." in list_limitations(
        build_study(40, 1, "ABC", judge=False)
    )
    ratings = build_study(40, 1, "ABC")
    rows = [("i000", "A", "human", "yes"), ("i001", "J", "judge", None)]
    apart = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    notes = list_limitations(apart)
    assert has_note(notes, "No transcript has both a label and a verdict")
    assert has_note(notes, "1 of 1 verdicts could not be read, 1 of them on unlabelled transcripts")
    assert not has_note(list_limitations(ratings), "verdicts could not be read")


def test_two_judges_without_a_choice_are_left_out() -> None:
    """Limitations of a judge appear once it is named."""
    rows = [("a", "A", "human", "yes"), ("b", "J", "judge", "yes"), ("b", "K", "judge", "yes")]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    assert not has_note(list_limitations(ratings), "both a label and a verdict")
    assert has_note(list_limitations(ratings, judge="K"), "both a label and a verdict")


def test_scenarios_have_answers_and_no_classes() -> None:
    """Where people label scenarios, nothing is said of judges, risky cases or transcripts."""
    notes = list_limitations(build_study(40, 1, "AB", risky=0.1), unit="scenario")
    assert has_note(
        notes, "4 scenarios got the positive answer from most annotators: agreement on it is hardly known."
    )
    assert not has_note(notes, "risky")
    assert not has_note(notes, "transcript was")
    assert "Fewer than three annotators cannot carry Dawid-Skene gold." in notes


def test_sides_count_decided_gold_alone() -> None:
    """Unsure and tied items are on neither side."""
    rows = [("a", "A", "human", "yes"), ("b", "A", "human", "no"), ("b", "B", "human", "yes")]
    rows += [("c", "A", "human", "unsure"), ("d", "A", "human", "no")]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer"]))
    assert count_sides(ratings, gold_of(ratings)) == (1, 1)
