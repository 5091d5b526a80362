"""What is known of a study's items is read in a time that grows with their number, and not with its square."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.research.items import load_study_items
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts


@pytest.fixture
def lite(sqlite_target: str) -> Iterator[Engine]:
    """A SQLite engine: it alone counts the steps of a query."""
    engine = open_engine(sqlite_target)
    yield engine
    engine.dispose()


def fill(engine: Engine, name: str, n: int) -> None:
    """A study of so many scanned transcripts."""
    scan = LeakScanResult("1")
    new = [NewTranscript(f"{name}:{at}", f"c{at}", None, leak_scan=scan) for at in range(n)]
    with write_session(engine) as session:
        add_to_pool(session, ensure_study(session, name), add_transcripts(session, new).ids)


def count_steps(engine: Engine, name: str) -> int:
    """Instructions of SQLite's machine, in hundreds, that reading the items of a study takes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with read_session(engine) as session:
        study = get_study(session, name)
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.set_progress_handler(count, 100)
        items = load_study_items(session, study)
        connection.set_progress_handler(None, 0)
    assert all(item.leak_scan for item in items)
    return steps


def test_twice_the_items_take_twice_the_steps(lite: Engine) -> None:
    """The latest scan of each transcript is found by an index; a list of all of them would make it four times."""
    fill(lite, "small", 200)
    fill(lite, "large", 400)
    small, large = count_steps(lite, "small"), count_steps(lite, "large")
    assert small > 50
    assert large < 2.5 * small
