"""The audit chain shows a change or a gap."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from secondreader.db.audit import append_event, first_broken_event
from secondreader.db.engine import reading, writing


def add_events(engine: Engine, n: int) -> None:
    """Events from several threads at once."""

    def add(number: int) -> None:
        with writing(engine) as session:
            append_event(session, "R", "did", f"thing {number}", number=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(n)))


def test_an_untouched_chain_holds(engine: Engine) -> None:
    """Events written at the same time form one chain without a fork."""
    add_events(engine, 12)
    with reading(engine) as session:
        assert first_broken_event(session) is None


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
    with reading(engine) as session:
        assert first_broken_event(session) == broken
