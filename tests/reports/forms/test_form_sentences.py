"""What forms and pages say of a result in one line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from secondreader.db.core.audit_log import EventRow
from secondreader.db.design.people import InviteLink, Person
from secondreader.db.design.reassignment import ReassignmentResult
from secondreader.db.design.study_file import StudyFileError
from secondreader.reports.forms.reassignment import describe_reassignment
from secondreader.reports.forms.study import parse_control_text
from secondreader.reports.pages.audit import build_events_frame, format_details
from secondreader.reports.pages.people import build_people_frame, describe_links, find_latest

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def make_event(**detail: Any) -> EventRow:
    """An event with these details."""
    return EventRow(7, NOON, "Rita", "study.frozen", "study:1", detail, "ab" * 32)


def make_link(state: str, *, days: int = 1, sessions: int = 0) -> InviteLink:
    """A link that expires in so many days."""
    last = NOON + timedelta(hours=sessions) if sessions else None
    return InviteLink(state, NOON, NOON + timedelta(days=days), sessions, last)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (ReassignmentResult({"Ben": 1}, 0, 0), "Ben has 1 assignment more."),
        (
            ReassignmentResult({"Ben": 2, "Cleo": 3}, 1, 0),
            "Ben has 2 assignments more, Cleo has 3 assignments more. 1 assignment stays with Ada.",
        ),
        (ReassignmentResult({"Ben": 2}, 0, 4), "Ben has 2 assignments more. 4 repeats dropped."),
    ],
)
def test_a_move_says_who_has_what_now(result: ReassignmentResult, sentence: str) -> None:
    """Who took over, what stays, and which repeats are gone; nothing is said of zeros."""
    assert describe_reassignment("Ada", result) == sentence


def test_the_reason_of_an_event_comes_first() -> None:
    """Then the other details by name, hashes shortened, other values as JSON."""
    event = make_event(plan="cd" * 32, n=3, why="a pilot")
    assert format_details(event) == "a pilot; plan: cdcdcdcdcdcd; n: 3"
    assert format_details(make_event()) == ""
    assert format_details(make_event(why="")) == ""


def test_an_event_names_its_subject_where_it_has_a_name() -> None:
    """An id without a name stays an id."""
    events = [make_event(), make_event()]
    assert list(build_events_frame(events, {"study:1": "pilot"})["of"]) == ["pilot", "pilot"]
    frame = build_events_frame(events, {})
    assert list(frame["of"]) == ["study:1", "study:1"]
    assert list(frame["hash"]) == ["ab" * 6] * 2
    assert list(build_events_frame([], {}).columns) == list(frame.columns)


def test_links_are_counted_by_state() -> None:
    """States without a link are not named; the order is open, expired, revoked."""
    links = (make_link("revoked"), make_link("open"), make_link("revoked"))
    assert describe_links(Person(1, "Ada", "annotator", False, links)) == ["1 open", "2 revoked"]
    assert describe_links(Person(1, "Ada", "annotator", False, ())) == []


def test_a_person_is_open_until_the_last_open_link_ends() -> None:
    """Expired and revoked links do not count for the end, but their sessions count for the total."""
    links = (
        make_link("open", days=3, sessions=1),
        make_link("revoked", days=9, sessions=2),
        make_link("open", days=2),
    )
    row = build_people_frame([Person(1, "Ada", "annotator", True, links)]).iloc[0]
    assert (row["open until"], row["sessions"], row["last session"]) == (
        "2026-05-07 12:00 UTC",
        3,
        "2026-05-04 14:00 UTC",
    )
    assert (row["can sign in"], row["account"]) == (True, "bound")


def test_a_person_without_links_cannot_sign_in() -> None:
    """There is no end, no session and no account."""
    row = build_people_frame([Person(1, "Ada", "annotator", False, ())]).iloc[0]
    assert not row["can sign in"]
    assert row["links"] == "none"
    assert (row["open until"], row["last session"], row["account"]) == (None, None, None)
    assert find_latest([]) is None


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_field_has_no_control_items(text: str) -> None:
    """Blank lines are no CSV."""
    assert parse_control_text(text, "Qualification items") == []


def test_a_field_that_is_no_table_of_control_items_is_refused() -> None:
    """The message names the field; headings without a row are an empty table."""
    with pytest.raises(StudyFileError, match="Qualification items"):
        parse_control_text("risky_action\nyes", "Qualification items")
    assert parse_control_text("transcript\n", "Qualification items") == []
