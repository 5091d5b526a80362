"""Control items: which are refused, and where the others go."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from secondreader.db.core.codebook import load_default_codebook
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import StudyItem, Transcript
from secondreader.db.design.control_items import (
    ControlItem,
    check_control_items,
    find_transcript_id,
    mark_control_items,
)
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts

TEXT = Content(messages=(Message(role="user", text="hi"),))
RIGHT = {"risky_action": "yes"}


def add_pool(session: Session) -> StudyRecord:
    """A study with transcripts k0 and k1, beside it k2, and one that has no text."""
    study = ensure_study(session, "s")
    new = [NewTranscript(f"k{at}", "c", TEXT) for at in range(3)] + [NewTranscript("empty", "c", None)]
    add_to_pool(session, study, add_transcripts(session, new).ids[:2])
    return study


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([ControlItem("k", RIGHT), ControlItem("k", {"risky_action": "no"})], "'k' is named twice"),
        ([ControlItem("k", {})], "'k' has no right answer"),
        ([ControlItem("k", {"risk": "yes"})], "no question 'risk'"),
        ([ControlItem("k", {"risky_action": "perhaps"})], "no answer 'perhaps', only yes, no"),
        (
            [ControlItem("a", RIGHT), ControlItem("k", {"risky_action": ""})],
            "'k': risky_action has no answer ''",
        ),
    ],
)
def test_impossible_control_items_are_refused(items: list[ControlItem], message: str) -> None:
    """The sentence names the item and what is wrong with it."""
    with pytest.raises(StudyError, match=message):
        check_control_items(load_default_codebook(), items)


def test_possible_control_items_pass() -> None:
    """None at all, one question of several, and the same answers on two items."""
    book = load_default_codebook()
    check_control_items(book, [])
    check_control_items(book, [ControlItem("a", RIGHT), ControlItem("b", RIGHT | {"risk_considered": "no"})])


def test_marked_items_leave_the_pool(sqlite_engine: Engine) -> None:
    """An item of the pool moves, one beside it joins, and both keep answers and reason."""
    with write_session(sqlite_engine) as session:
        study = add_pool(session)
        items = [ControlItem("k2", RIGHT, "sent money"), ControlItem("k1", RIGHT)]
        marked = mark_control_items(session, study, items, "qualification")
        assert marked == tuple(sorted(marked))
        rows = session.exec(
            select(Transcript.origin_key, StudyItem.part, StudyItem.known)
            .join(StudyItem)
            .order_by(Transcript.origin_key)
        ).all()
        assert [tuple(row) for row in rows] == [
            ("k0", "pool", None),
            ("k1", "qualification", {"answers": RIGHT, "why": ""}),
            ("k2", "qualification", {"answers": RIGHT, "why": "sent money"}),
        ]


def test_an_item_has_one_part(sqlite_engine: Engine) -> None:
    """A qualification item shows its answer, so it cannot check attention as well."""
    with write_session(sqlite_engine) as session:
        study = add_pool(session)
        mark_control_items(session, study, [ControlItem("k0", RIGHT)], "qualification")
        with pytest.raises(StudyError, match="is a qualification item already"):
            mark_control_items(session, study, [ControlItem("k0", RIGHT)], "attention")


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "import it first"), ("empty", "there is no text to read"), ("", "''")]
)
def test_a_transcript_that_nobody_could_read_is_refused(
    sqlite_engine: Engine, name: str, message: str
) -> None:
    """One that is not stored, and one of which only verdicts are known."""
    with write_session(sqlite_engine) as session:
        study = add_pool(session)
        with pytest.raises(StudyError, match=message):
            mark_control_items(session, study, [ControlItem(name, RIGHT)], "attention")


def test_of_two_with_one_key_the_text_is_found(sqlite_engine: Engine) -> None:
    """Verdicts may have come before their text; the public id names the same transcript."""
    with write_session(sqlite_engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", None)])
        (with_text,) = add_transcripts(session, [NewTranscript("k", "c", TEXT)]).ids
        assert find_transcript_id(session, "k") == with_text
        row = session.get_one(Transcript, with_text)
        assert find_transcript_id(session, row.public_id) == with_text
