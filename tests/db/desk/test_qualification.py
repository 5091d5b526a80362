"""Qualification: nothing else opens before it is passed, first answers count, and a failed round may be followed by another."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import DeskError, NotReachedYet, StudyError, UnknownAssignment
from secondreader.db.core.tables import Assignment, Label
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import get_study
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.qualification import (
    FeedbackAnswer,
    compute_qualification_status,
    load_feedback,
)
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.preparation import list_control_results
from tests.databases import open_desk, reuse_engine
from tests.db.parted_study import NO, RIGHT, YES, entries, fill_pool, label, label_all, parted_study


@pytest.fixture
def people(engine: Engine) -> dict[str, int]:
    """The people of a study with four qualification items."""
    return parted_study(engine)


@pytest.fixture
def blind(engine: Engine, people: dict[str, int]) -> Iterator[Engine]:
    """The desk's connection."""
    assert people
    made = open_desk(engine)
    yield made
    made.dispose()


def later_tokens(engine: Engine, blind: Engine, person: int) -> list[str]:
    """Tokens of the person's assignments that the queue does not show."""
    shown = {one.token for one in entries(blind, person)}
    with read_session(engine) as session:
        rows = session.exec(select(Assignment).where(Assignment.annotator_id == person)).all()
    return [row.token for row in rows if row.token not in shown]


def test_practice_alone_opens_at_first(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """The queue holds the four qualification items; no later assignment is served, drafted or labelled."""
    person = people["A1"]
    assert [one.part for one in entries(blind, person)] == ["qualification"] * 4
    later = later_tokens(engine, blind, person)
    assert len(later) == 3 + 8 + 2

    def draft(session: Session, token: str) -> None:
        save_draft(session, person, token, {})

    def serve(session: Session, token: str) -> None:
        load_blind_item(session, person, token)

    steps: list[Callable[[Session, str], None]] = [draft, serve]
    for token in later:
        for step in steps:
            with read_session(blind) as session, pytest.raises(NotReachedYet, match="qualification"):
                step(session, token)
        with pytest.raises(NotReachedYet, match="qualification"):
            label(blind, person, token)


def test_enough_right_answers_open_calibration(blind: Engine, people: dict[str, int]) -> None:
    """Three of four reach a threshold of 0.75, and the queue goes on with norming."""
    person = people["A1"]
    label_all(blind, person, (YES, NO))
    with read_session(blind) as session:
        state = compute_qualification_status(session, person)
    assert (state.state, state.n_right, state.n_total, state.n_labelled) == ("passed", 3, 4, 4)
    assert [one.part for one in entries(blind, person)] == ["calibration"] * 3


def test_a_failed_round_is_followed_by_another_and_the_last_one_closes(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """Round 2 has the same items in assignments of its own; failing it too leaves nothing to read."""
    person = people["A1"]
    first = {one.token for one in entries(blind, person)}
    label_all(blind, person, (YES,))
    second = entries(blind, person)
    with read_session(blind) as session:
        state = compute_qualification_status(session, person)
    assert (state.state, state.round, state.earlier, state.n_labelled) == ("open", 2, (0,), 0)
    assert len(second) == 4
    assert not first & {one.token for one in second}
    assert [one.position for one in second] == [5, 6, 7, 8]
    label_all(blind, person, (YES,))
    with read_session(blind) as session:
        assert compute_qualification_status(session, person).state == "failed"
    assert all(one.is_labelled and one.part == "qualification" for one in entries(blind, person))
    with pytest.raises(NotReachedYet, match="not passed"):
        label(blind, person, later_tokens(engine, blind, person)[-1])


def test_a_second_round_that_is_passed_opens_the_rest(blind: Engine, people: dict[str, int]) -> None:
    """What was wrong in round 1 does not count in round 2."""
    person = people["A1"]
    label_all(blind, person, (YES,))
    label_all(blind, person, (NO,))
    with read_session(blind) as session:
        state = compute_qualification_status(session, person)
    assert (state.state, state.round, state.earlier, state.n_right) == ("passed", 2, (0,), 4)
    assert {one.part for one in entries(blind, person)} == {"calibration"}


def test_feedback_comes_after_the_answer_and_the_first_answer_stays(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """Before: a sentence. After: right or wrong for each known question with the reason, and no second try."""
    person = people["A1"]
    token = entries(blind, person)[0].token
    with read_session(blind) as session, pytest.raises(DeskError, match="Answer this transcript"):
        load_feedback(session, person, token)
    label(blind, person, token, YES)
    with read_session(blind) as session:
        told = load_feedback(session, person, token)
    assert told.answers == (FeedbackAnswer("risky_action", "yes", "no", False),)
    assert told.why.startswith("reason ")
    with pytest.raises(DeskError, match="first answer counts"):
        label(blind, person, token, NO, "again")
    with read_session(engine) as session:
        assert len(session.exec(select(Label)).all()) == 1


def test_feedback_is_for_ones_own_qualification_alone(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """Neither somebody else's assignment nor one outside qualification tells its answer; an attention item never does."""
    foreign = entries(blind, people["A2"])[0].token
    others = [foreign, *later_tokens(engine, blind, people["A1"]), "nothing"]
    for token in others:
        with read_session(blind) as session, pytest.raises(UnknownAssignment):
            load_feedback(session, people["A1"], token)


def test_practice_and_attention_enter_no_statistics(engine: Engine) -> None:
    """Their labels stand in no long frame; attention is counted apart and looks like the main queue."""
    people = parted_study(engine, n_calibration=0)
    person = people["A1"]
    label_all(engine, person)
    assert {one.part for one in entries(engine, person)} == {"pool"}
    label_all(engine, person, (YES,))
    with read_session(engine) as session:
        read = load_snapshot(session, "s")
    seen = next(one.attention for one in list_control_results(read) if one.name == "A1")
    rows = read.list_rating_rows("risky_action", "desk")
    assert (seen.n_right, seen.n_labelled, seen.n_total) == (0, 2, 2)
    assert sum(row["kind"] == "human" for row in rows) == 8
    assert sum(row["kind"] == "judge" for row in rows) == 24


def test_without_practice_nothing_is_asked(engine: Engine) -> None:
    """The state is none and the main queue is open at once."""
    people = parted_study(engine, qualification=(), n_calibration=0, attention=())
    with read_session(engine) as session:
        assert compute_qualification_status(session, people["A1"]).state == "none"
    assert {one.part for one in entries(engine, people["A1"])} == {"pool"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"qualification": (ControlItem("k99", RIGHT),)}, "import it first"),
        ({"qualification": (ControlItem("k1", RIGHT), ControlItem("k1", RIGHT))}, "named twice"),
        (
            {"qualification": (ControlItem("k1", RIGHT),), "attention": (ControlItem("k1", RIGHT),)},
            "named twice",
        ),
        ({"qualification": (ControlItem("k1", {}),)}, "no right answer"),
        ({"qualification": (ControlItem("k1", {"colour": "red"}),)}, "no question 'colour'"),
        ({"qualification": (ControlItem("k1", {"risky_action": "maybe"}),)}, "no answer 'maybe'"),
        ({"n_items": 3, "attention": (ControlItem("k1", RIGHT),)}, "behind the first 5"),
        ({"n_calibration": 30}, "take fewer"),
        ({"annotators": ("A",), "overlap": 1, "n_calibration": 2}, "at least 2 annotators"),
    ],
)
def test_parts_that_do_not_add_up_are_told(sqlite_target: str, changes: dict[str, object], says: str) -> None:
    """Each fault is one sentence, and nothing of the study changes."""
    engine = reuse_engine(sqlite_target)
    fill_pool(engine)
    plan = SamplingPlan(**({"n_items": 12, "annotators": ("A1", "A2"), "overlap": 2} | changes))  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=says), write_session(engine) as session:
        freeze_study(session, get_study(session, "s"), plan)
    with read_session(engine) as session:
        assert get_study(session, "s").status == "draft"
    engine.dispose()
