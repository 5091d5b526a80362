"""Norming: everybody reads the same items blind, then under aliases; before and after are kept apart."""

import pytest
from sqlalchemy import Engine

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import NotReachedYet, StudyError, UnknownAssignment
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.studies import get_study
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.norming_round import (
    compute_norming_status,
    format_alias,
    list_norming_progress,
    list_other_ratings,
    reveal_norming_ratings,
)
from secondreader.db.research.items import FRAME_COLUMNS, load_queued_items
from tests.databases import open_desk
from tests.db.parted_study import NO, YES, entries, label, label_all, parted_study
from tests.snapshots import load_norming_rows


@pytest.fixture
def people(engine: Engine) -> dict[str, int]:
    """The people of a study with three norming items and no qualification."""
    return parted_study(engine, qualification=())


def do_reveal(engine: Engine, *, force: bool = False, why: str = "") -> None:
    """Reveal the ratings."""
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, "s"), "researcher", why, force=force)


def answers(engine: Engine, when: str) -> dict[str, list[str]]:
    """Answers to the first question by annotator."""
    found: dict[str, list[str]] = {}
    with read_session(engine) as session:
        for row in load_norming_rows(session, get_study(session, "s"), "risky_action", when):  # type: ignore[arg-type]
            found.setdefault(row["rater"], []).append(row["answer"])
    return found


def test_all_read_the_same_items_in_an_order_of_their_own(engine: Engine, people: dict[str, int]) -> None:
    """Three norming assignments for each; the main queue stays closed while they are open and while people wait."""
    queues = [entries(engine, person) for person in people.values()]
    assert [[one.part for one in queue] for queue in queues] == [["calibration"] * 3] * 3
    label_all(engine, people["A1"])
    with read_session(engine) as session:
        assert compute_norming_status(session, people["A1"]).state == "waiting"
        assert compute_norming_status(session, people["A2"]).state == "open"
    assert {one.part for one in entries(engine, people["A1"])} == {"calibration"}


def test_ratings_are_shown_only_after_the_reveal(engine: Engine, people: dict[str, int]) -> None:
    """Before it everybody is refused; after it each sees the two others' answers and notes, never a name."""
    blind = open_desk(engine)
    person = people["A1"]
    token = entries(blind, person)[0].token
    for one in people.values():
        label_all(blind, one)
    with read_session(blind) as session, pytest.raises(NotReachedYet, match="everybody"):
        list_other_ratings(session, person, token)
    do_reveal(engine)
    with read_session(blind) as session:
        assert compute_norming_status(session, person).state == "revealed"
        seen = list_other_ratings(session, person, token)
    assert len(seen) == 2
    assert {one.alias for one in seen} < {"A", "B", "C"}
    assert all(one.answers == NO for one in seen)
    assert {one.part for one in entries(blind, person)} == {"calibration", "pool"}
    blind.dispose()


def test_aliases_are_the_same_for_all_who_look(engine: Engine, people: dict[str, int]) -> None:
    """On one item, what A1 sees under an alias is what A2 sees under it; each one's own alias is the one missing."""
    for name, person in people.items():
        for entry in entries(engine, person):
            submit_label(engine, person, LabelInput(entry.token, f"{name}{entry.token}", NO, note=name))
    do_reveal(engine)
    told: dict[int, set[tuple[str, str]]] = {}
    with read_session(engine) as session:
        for person in people.values():
            items = load_queued_items(session, person)
            for entry in (one for one in entries(engine, person) if one.part == "calibration"):
                seen = list_other_ratings(session, person, entry.token)
                told.setdefault(items[entry.token], set()).update((one.alias, one.note) for one in seen)
                assert len(seen) == 2
                assert next(name for name, row in people.items() if row == person) not in {
                    one.note for one in seen
                }
    # One name for each letter: nobody is told otherwise than the others.
    assert [sorted(alias for alias, _ in pairs) for pairs in told.values()] == [["A", "B", "C"]] * 3
    assert [sorted(name for _, name in pairs) for pairs in told.values()] == [sorted(people)] * 3


def test_before_is_what_was_answered_blind(engine: Engine, people: dict[str, int]) -> None:
    """A correction after the reveal changes what counts now, not what counted before; others still see the blind one."""
    for person in people.values():
        label_all(engine, person)
    do_reveal(engine)
    entry = entries(engine, people["A1"])[0]
    label(engine, people["A1"], entry.token, YES, "corrected")
    assert answers(engine, "before") == {name: ["no"] * 3 for name in people}
    assert sorted(answers(engine, "after")["A1"]) == ["no", "no", "yes"]
    with read_session(engine) as session:
        for one in (one for one in entries(engine, people["A2"]) if one.part == "calibration"):
            assert all(seen.answers == NO for seen in list_other_ratings(session, people["A2"], one.token))
        row = load_norming_rows(session, get_study(session, "s"), "risky_action")[0]
    assert set(FRAME_COLUMNS) <= set(row)
    assert row["inclusion_probability"] == 1.0


def test_a_reveal_waits_for_everybody_unless_forced_with_a_reason(
    engine: Engine, people: dict[str, int]
) -> None:
    """The sentence names who is missing; once done it cannot be done again."""
    label_all(engine, people["A1"])
    label_all(engine, people["A2"])
    with pytest.raises(StudyError, match="A3"):
        do_reveal(engine)
    with pytest.raises(StudyError, match="A3"):
        do_reveal(engine, force=True)
    do_reveal(engine, force=True, why="A3 fell ill")
    with pytest.raises(StudyError, match="already"):
        do_reveal(engine)
    with read_session(engine) as session:
        assert find_first_broken_event(session) is None


def test_a_late_reader_is_blind_until_their_own_last_item(engine: Engine, people: dict[str, int]) -> None:
    """Who joins after the reveal sees nothing before all is labelled, and their blind answers count as before."""
    for person in people.values():
        label_all(engine, person)
    do_reveal(engine)
    with write_session(engine) as session:
        done = amend_study(
            session, get_study(session, "s"), StudyChange(annotators=("Late",)), actor="r", why="one left"
        )
    late = done.annotator_ids["Late"]
    first, *rest = [one.token for one in entries(engine, late)]
    label(engine, late, first, YES)
    with read_session(engine) as session, pytest.raises(NotReachedYet):
        list_other_ratings(session, late, first)
    for token in rest:
        label(engine, late, token, YES)
    label(engine, late, first, NO, "corrected")
    assert answers(engine, "before")["Late"] == ["yes"] * 3
    assert sorted(answers(engine, "after")["Late"]) == ["no", "yes", "yes"]
    with read_session(engine) as session:
        assert len(list_other_ratings(session, late, first)) == 3


def test_only_own_norming_assignments_show_ratings(engine: Engine, people: dict[str, int]) -> None:
    """Somebody else's token and an assignment of the main queue are unknown here."""
    for person in people.values():
        label_all(engine, person)
    do_reveal(engine)
    main = next(one.token for one in entries(engine, people["A1"]) if one.part == "pool")
    foreign = entries(engine, people["A2"])[0].token
    for token in (main, foreign):
        with read_session(engine) as session, pytest.raises(UnknownAssignment):
            list_other_ratings(session, people["A1"], token)


def test_who_failed_practice_is_not_waited_for(engine: Engine) -> None:
    """The researcher sees who is expected; a reveal passes over somebody who never gets there."""
    people = parted_study(engine)
    for name in ("A1", "A2"):
        label_all(engine, people[name])
        label_all(engine, people[name])
    for _ in range(2):
        label_all(engine, people["A3"], (YES,))
    with read_session(engine) as session:
        rows = list_norming_progress(session, get_study(session, "s"))
    assert [(one.name, one.n_labelled, one.is_expected) for one in rows] == [
        ("A1", 3, True),
        ("A2", 3, True),
        ("A3", 0, False),
    ]
    do_reveal(engine)


def test_a_study_without_calibration_has_nothing_to_reveal(engine: Engine) -> None:
    """One sentence."""
    people = parted_study(engine, n_calibration=0, qualification=())
    with pytest.raises(StudyError, match="no norming items"):
        do_reveal(engine)
    with read_session(engine) as session:
        assert compute_norming_status(session, people["A1"]).state == "none"


def test_aliases_go_on_after_z() -> None:
    """Z is followed by AA."""
    assert [format_alias(rank) for rank in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]
