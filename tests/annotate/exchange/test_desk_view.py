"""The annotator's view of the study: the stage, its round, and how the round before went."""

import pytest

from secondreader.annotate.exchange.desk_view import build_result_payload, build_stage_payload
from secondreader.db.desk.qualification import QualificationStatus
from secondreader.db.desk.queue_entries import StageQueue
from secondreader.db.desk.stages import Progression

SECOND_ROUND = QualificationStatus("open", 2, 3, 0, 4, 0.75, n_labelled=1, earlier=(2,))


def test_the_qualification_says_its_round_and_how_the_last_one_went() -> None:
    """Round 2 of 3 is open: the page says so, and that 2 of 4 were right before."""
    queue = StageQueue("qualification", Progression("qualification", SECOND_ROUND), ())
    assert build_stage_payload(queue) == {
        "name": "qualification",
        "has_discussion": False,
        "qualification": {"round": 2, "rounds": 3, "threshold": 0.75},
    }
    assert build_result_payload(SECOND_ROUND) == {
        "state": "again",
        "round": 1,
        "rounds": 3,
        "n_right": 2,
        "n_total": 4,
        "threshold": 0.75,
    }


def test_later_stages_have_no_round() -> None:
    """Who has passed is in no round any more, whatever their qualification was."""
    queue = StageQueue("main", Progression("main", SECOND_ROUND, has_discussion=True), ())
    expected = {"name": "main", "has_discussion": True, "qualification": None}
    assert build_stage_payload(queue) == expected


@pytest.mark.parametrize(
    "status",
    [None, QualificationStatus("none", 0, 0, 0, 0, 0.8), QualificationStatus("open", 1, 2, 0, 4, 0.75)],
)
def test_before_a_round_is_over_there_is_no_result(status: QualificationStatus | None) -> None:
    """Nor is there one in a study without a qualification."""
    assert build_result_payload(status) is None
