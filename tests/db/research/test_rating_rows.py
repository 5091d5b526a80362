"""The long frame: which labels and verdicts become rows, with which weights."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.db.research.items import FRAME_COLUMNS, MAIN_COLUMNS, build_slice_columns, select_pool
from secondreader.db.research.ratings import (
    LabelRow,
    VerdictRow,
    build_label_frame_row,
    build_rating_rows,
    select_latest,
)
from tests.db.research.builders import make_item, make_label

VERDICT = VerdictRow(101, "j", "key", "parsed", {"q": "no"}, 0.2)


def test_a_desk_label_keeps_its_weight() -> None:
    """Its stratum and probability are those of the draw; slice columns come behind the frame's own."""
    row = build_label_frame_row(make_label(1, 1), make_item(1), "q", "desk")
    assert (row["stratum"], row["inclusion_probability"], row["model"]) == ("yes", 0.5, "m")
    assert list(row)[: len(FRAME_COLUMNS)] == list(FRAME_COLUMNS)


def test_an_imported_label_is_of_no_draw() -> None:
    """It has no stratum and probability 1, whatever the item was sampled with."""
    row = build_label_frame_row(make_label(1, 1, source="import"), make_item(1), "q", "import")
    assert (row["stratum"], row["inclusion_probability"]) == (None, 1.0)


@pytest.mark.parametrize(("source", "raters"), [("desk", ["A1", "j"]), ("import", ["A2", "j"])])
def test_sources_are_never_mixed(source: str, raters: list[str]) -> None:
    """Desk labels and imported labels are sampled differently; the verdicts stand beside either."""
    labels = [make_label(1, 1), make_label(2, 1, 2, source="import")]
    rows = build_rating_rows([make_item(1)], labels, [VERDICT], "q", source)
    assert [row["rater"] for row in rows] == raters
    assert [row["kind"] for row in rows] == ["human", "judge"]


def test_what_is_not_in_the_pool_has_no_row() -> None:
    """Neither a label nor a verdict of another transcript, nor a label without an answer to the question."""
    labels = [make_label(1, 2), make_label(2, 1, answers={"other": "yes"})]
    verdict = VerdictRow(102, "j", "key", "parsed", {"q": "no"}, None)
    assert build_rating_rows([make_item(1)], labels, [verdict], "q", "desk") == []


@pytest.mark.parametrize(
    ("state", "answers"), [("unparsed", {}), ("error", {}), ("parsed", {"other": "yes"})]
)
def test_a_verdict_without_answer_keeps_its_row(state: str, answers: dict[str, Any]) -> None:
    """Leaving it out would make the judge look better than it is."""
    (row,) = build_rating_rows(
        [make_item(1)], [], [VerdictRow(101, "j", "k", state, answers, None)], "q", "desk"
    )
    assert (row["answer"], row["state"]) == (None, state)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)), max_size=20))
def test_the_last_revision_counts(cells: list[tuple[int, int, int]]) -> None:
    """One label remains of each annotator, transcript and pass, the last one; ids are in order."""
    labels = [
        make_label(label_id, number, annotator, pass_no=pass_no)
        for label_id, (number, annotator, pass_no) in enumerate(cells, start=1)
    ]
    latest = select_latest(labels)
    assert {label.label_id for label in latest} == {
        cells[::-1].index(cell) * -1 + len(cells) for cell in cells
    }
    assert [label.label_id for label in latest] == sorted(label.label_id for label in latest)


def test_latest_labels_of_one_source() -> None:
    """A correction at the desk does not touch what was imported."""
    labels: list[LabelRow] = [
        make_label(1, 1),
        make_label(2, 1, 2, source="import"),
        make_label(3, 1, revision=2),
    ]
    assert [label.label_id for label in select_latest(labels)] == [2, 3]
    assert [label.label_id for label in select_latest(labels, "desk")] == [3]
    assert select_latest(labels, "elsewhere") == []


@pytest.mark.parametrize(
    ("condition", "attributes", "model", "columns"),
    [
        ({}, {}, None, {}),
        ({"framing": "a"}, {"tool": "t"}, "m", {"framing": "a", "tool": "t", "model": "m"}),
        ({"framing": "a"}, {"framing": "b"}, None, {"framing": "b"}),
        ({"position": 3, "answer": "x"}, {}, "", {"position_": 3, "answer_": "x"}),
        ({}, {"model": "of the file"}, "m", {"model": "m"}),
    ],
)
def test_slice_columns_never_hide_the_frames_own(
    condition: dict[str, Any], attributes: dict[str, Any], model: str | None, columns: dict[str, Any]
) -> None:
    """A source that has a column of such a name gets an underscore; the stored model wins."""
    assert build_slice_columns(model, condition, attributes) == columns
    assert set(MAIN_COLUMNS) < set(FRAME_COLUMNS)


def test_the_pool_leaves_out_other_parts_and_leaks() -> None:
    """Qualification, norming and attention items are never part of a figure."""
    parts = ("pool", "qualification", "attention", "calibration", "pool")
    items = [make_item(number, part=part) for number, part in enumerate(parts)]
    random.Random(1).shuffle(items)
    assert {item.item_id for item in select_pool(items, {104})} == {0}
    assert [item.item_id for item in select_pool(sorted(items, key=lambda item: item.item_id), ())] == [0, 4]
