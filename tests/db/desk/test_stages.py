"""How far a person has come: what is listed, what may be answered, and what the page shows."""

from itertools import product

import pytest

from secondreader.db.core.errors import DeskError, NotReachedYet
from secondreader.db.desk.qualification import QualificationStatus
from secondreader.db.desk.stages import HINDRANCES, Phase, Progression, determine_stage

PARTS = ("qualification", "calibration", "attention", "pool")
SECOND_ROUND = QualificationStatus("open", 2, 3, 0, 4, 0.75, n_labelled=1, earlier=(2,))


@pytest.mark.parametrize(
    ("phase", "listed", "answerable"),
    [
        ("qualification", {"qualification"}, {"qualification"}),
        ("failed", {"qualification"}, {"qualification"}),
        ("calibration", {"calibration"}, {"qualification", "calibration"}),
        ("waiting", {"calibration"}, {"qualification", "calibration"}),
        ("main", {"calibration", "attention", "pool"}, set(PARTS)),
    ],
)
def test_each_phase_lists_and_opens_its_parts(phase: Phase, listed: set[str], answerable: set[str]) -> None:
    """What comes later is neither shown nor answered, and the refusal says what comes first."""
    progression = Progression(phase, SECOND_ROUND)
    assert {part for part in PARTS if progression.should_list(part, pass_no=2)} == listed
    for part in PARTS:
        if part in answerable:
            progression.check_open(part)
        else:
            with pytest.raises(NotReachedYet) as caught:
                progression.check_open(part)
            assert str(caught.value) == HINDRANCES[phase]


def test_of_the_practice_only_the_current_round_counts() -> None:
    """Earlier rounds are not shown again, and an answer is neither corrected nor given to them."""
    progression = Progression("qualification", SECOND_ROUND)
    assert [progression.should_list("qualification", number) for number in (1, 2, 3)] == [False, True, False]
    progression.check_submit("qualification", pass_no=2, revision=0)
    for pass_no, revision in ((1, 0), (2, 1)):
        with pytest.raises(DeskError, match="first answer counts"):
            progression.check_submit("qualification", pass_no=pass_no, revision=revision)


def test_a_study_without_practice_has_no_round() -> None:
    """No pass of a qualification item is the current one."""
    assert not Progression("main").is_current_round(1)


@pytest.mark.parametrize(("is_begun", "chosen"), list(product([False, True], ["", "main", "discussion"])))
def test_the_discussion_comes_before_the_first_main_label(is_begun: bool, chosen: str) -> None:
    """Left to itself; afterwards the person goes between the two as they choose."""
    shown = determine_stage(Progression("main", has_discussion=True), is_begun=is_begun, chosen=chosen)
    assert shown == (chosen or ("main" if is_begun else "discussion"))
    assert determine_stage(Progression("main"), is_begun=is_begun, chosen=chosen) == "main"


@pytest.mark.parametrize("phase", ["qualification", "failed", "calibration", "waiting"])
def test_before_the_main_queue_there_is_nothing_to_choose(phase: Phase) -> None:
    """Whatever the page asks for."""
    for chosen in ("", "main", "discussion"):
        assert determine_stage(Progression(phase), is_begun=False, chosen=chosen) == phase
