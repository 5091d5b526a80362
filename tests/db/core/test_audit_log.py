"""The audit chain shows a change or a gap."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from secondreader.db.core.audit_log import (
    append_event,
    find_first_broken_event,
    list_events,
    resolve_subject_names,
)
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import ensure_annotator, ensure_study


def add_events(engine: Engine, n: int) -> None:
    """Events from several threads at once."""

    def add(number: int) -> None:
        with write_session(engine) as session:
            append_event(session, "R", "did", f"thing {number}", number=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(n)))


def test_an_untouched_chain_holds(engine: Engine) -> None:
    """Events written at the same time form one chain without a fork."""
    add_events(engine, 12)
    with read_session(engine) as session:
        assert find_first_broken_event(session) is None


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit_event SET actor = 'X' WHERE id = 3", 3),
        ("DELETE FROM audit_event WHERE id = 2", 3),
        ("UPDATE audit_event SET at = '2001-01-01 00:00:00+00' WHERE id = 4", 4),
    ],
)
def test_tampering_shows(engine: Engine, change: str, broken: int) -> None:
    """Somebody who takes the triggers away and edits the log is found at the first wrong event."""
    add_events(engine, 5)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_event_no_update"))
            connection.execute(text("DROP TRIGGER audit_event_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER audit_event_no_change ON audit_event"))
        connection.execute(text(change.replace("+00", "") if engine.dialect.name == "sqlite" else change))
    with read_session(engine) as session:
        assert find_first_broken_event(session) == broken


def test_subjects_are_known_by_their_names(engine: Engine) -> None:
    """Studies and people by name, people with their study; what has no name, or is gone, stays as it was written."""
    with write_session(engine) as session:
        study = ensure_study(session, "pilot")
        person = ensure_annotator(session, study, "Ada")
        known = f"study {study.id}"
        for subject in (known, f"annotator {person}", "annotator 999", "study x", "model"):
            append_event(session, "R", "did", subject)
        names = resolve_subject_names(session, list_events(session))
    assert names == {known: "study pilot", f"annotator {person}": "Ada of study pilot"}
