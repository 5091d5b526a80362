"""How far annotators are, what they guessed, and how norming items were answered blind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.research.calibration_rows import build_norming_rows, find_completing_label_ids
from secondreader.db.research.guess_rows import build_guess_rows
from secondreader.db.research.progress import (
    AnnotatorRow,
    build_annotator_progress,
    compute_median_seconds,
)
from tests.db.research.builders import make_assignment, make_item, make_label

ADA, BEN = AnnotatorRow(1, "Ada", "annotator", "desk"), AnnotatorRow(2, "Ben", "annotator", "desk")


@pytest.mark.parametrize(
    ("role", "source", "labels"),
    [("annotator", "desk", True), ("annotator", "import", False), ("adjudicator", "desk", False)],
)
def test_who_has_a_queue(role: str, source: str, labels: bool) -> None:
    """Adjudicators and imported annotators label nothing at the desk."""
    assert AnnotatorRow(1, "x", role, source).labels_at_desk is labels


def test_progress_counts_each_persons_own() -> None:
    """Somebody without labels has no median; labels that were not timed do not count as 0 seconds."""
    labels = [make_label(1, 1), make_label(2, 2, active_seconds=None), make_label(3, 3, active_seconds=40.0)]
    assignments = [make_assignment(number) for number in range(4)] + [make_assignment(1, 2)]
    ada, ben = build_annotator_progress([ADA, BEN], assignments, labels)
    assert (ada.n_labelled, ada.n_assigned, ada.median_seconds) == (3, 4, 25.0)
    assert (ben.n_labelled, ben.n_assigned, ben.median_seconds) == (0, 1, None)


@given(st.lists(st.floats(0, 1e6) | st.none(), max_size=9))
def test_the_median_lies_among_the_times(seconds: list[float | None]) -> None:
    """It is None without times, and never outside of them."""
    median = compute_median_seconds(make_label(1, 1, active_seconds=one) for one in seconds)
    times = [value for value in seconds if value is not None]
    assert (median is None) is (not times)
    if median is not None:
        assert min(times) <= median <= max(times)


def test_guesses_are_listed_with_the_model() -> None:
    """Assignments without a guess are left out; an empty guess is a guess; a model may be unknown."""
    assignments = [
        make_assignment(2, 2, guess="gpt"),
        make_assignment(2, 1, guess=""),
        make_assignment(1, 2, guess="claude"),
        make_assignment(3, 1),
    ]
    rows = build_guess_rows(assignments, [ADA, BEN], [make_item(1), make_item(2, model=None)])
    assert [(row.annotator, row.transcript_id, row.model, row.text) for row in rows] == [
        ("Ada", 102, None, ""),
        ("Ben", 101, "m", "claude"),
        ("Ben", 102, None, "gpt"),
    ]


def test_norming_is_complete_with_its_last_first_label() -> None:
    """A correction does not move the moment; whoever has not labelled every item is left out."""
    assignments = [make_assignment(number, person) for person in (1, 2) for number in (1, 2)]
    labels = [make_label(1, 1), make_label(3, 1, 2), make_label(5, 2), make_label(9, 1, revision=2)]
    assert find_completing_label_ids(assignments, labels) == {1: 5}
    assert find_completing_label_ids(assignments, []) == {}
    assert find_completing_label_ids(assignments, [*labels, make_label(7, 2, 2)]) == {1: 5, 2: 7}


def test_norming_rows_before_and_after() -> None:
    """Before: what was answered blind; after: the corrections. Every item has probability 1, other parts have no row."""
    items = [make_item(number, part="calibration") for number in (1, 2)] + [make_item(3)]
    assignments = [make_assignment(number) for number in (1, 2, 3)]
    labels = [make_label(1, 1), make_label(2, 2), make_label(3, 3)]
    labels.append(make_label(8, 1, revision=2, answers={"q": "no"}))
    rows = {
        when: build_norming_rows(items, assignments, labels, "q", when, revealed_label_id=5)
        for when in ("before", "after")
    }
    assert [(row["item"], row["answer"]) for row in rows["before"]] == [("item1", "yes"), ("item2", "yes")]
    assert [(row["item"], row["answer"]) for row in rows["after"]] == [("item1", "no"), ("item2", "yes")]
    for row in rows["before"] + rows["after"]:
        assert (row["stratum"], row["inclusion_probability"]) == (None, 1.0)
