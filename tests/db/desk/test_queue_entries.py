"""The queue of an annotator and their progress in it."""

from sqlalchemy import Engine

from secondreader.db.core.engine import read_session
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import compute_progress, list_queue
from tests.db.desk.test_labels import ANSWERS, first_token


def test_progress_counts_items_not_revisions(blind: Engine, people: dict[str, int]) -> None:
    """Correcting an answer is no progress."""
    token = first_token(blind, people["A1"])
    for revision in range(3):
        submit_label(
            blind, people["A1"], LabelInput(token, f"t{revision}", ANSWERS, active_seconds=float(revision))
        )
    with read_session(blind) as session:
        mine = compute_progress(session, people["A1"])
        assert (mine.n_labelled, mine.n_total, mine.own_seconds) == (1, 6, (2.0, 1.0, 0.0))
        assert [entry.is_labelled for entry in list_queue(session, people["A1"])] == [True] + [False] * 5
