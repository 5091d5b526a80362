"""Places of somebody who has stopped are moved in the console."""

import streamlit as st
from sqlmodel import select

from secondreader.db.core.audit_log import list_events
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Annotator
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.queue_entries import compute_progress, list_queue
from tests.databases import reuse_engine
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import Library, Shape

HALF = Shape(n=24, annotators=("Ada", "Ben"), labelled=0.5)


def count_open_assignments(target: str) -> dict[str, int]:
    """How many places each annotator has left."""
    engine = reuse_engine(target)
    with read_session(engine) as session:
        people = session.exec(select(Annotator).where(Annotator.role == "annotator")).all()
        left = {
            person.name: sum(not entry.is_labelled for entry in list_queue(session, person.id or 0))
            for person in people
        }
        totals = {person.name: compute_progress(session, person.id or 0).n_total for person in people}
    engine.dispose()
    assert totals.keys() == left.keys()
    return left


def test_a_move_needs_a_reason_and_somebody_to_take_over(library: Library, sqlite_target: str) -> None:
    """Both read everything, so nothing can move and it is said; with a new reader the untouched places go over."""
    st.cache_data.clear()
    library.copy(HALF, sqlite_target).dispose()
    page = opened(sqlite_target, "progress")
    page.multiselect(key="reassign-to").set_value(["Ben"])
    page.button(key="reassign-now").click().run()
    assert "needs a reason" in sent(page)
    page.multiselect(key="reassign-to").set_value(["Ben"])
    page.text_input(key="reassign-why").set_value("Ada has left")
    page.button(key="reassign-now").click().run()
    assert "Nothing moves" in sent(page)


def test_what_moved_is_told(library: Library, sqlite_target: str) -> None:
    """With one reader a transcript, the others take over what Ada has not begun."""
    st.cache_data.clear()
    library.copy(
        Shape(n=24, annotators=("Ada", "Ben", "Cleo"), labelled=0.4, overlap=1), sqlite_target
    ).dispose()
    before = count_open_assignments(sqlite_target)
    page = opened(sqlite_target, "progress")
    page.multiselect(key="reassign-to").set_value(["Ben", "Cleo"])
    page.text_input(key="reassign-why").set_value("Ada has left")
    page.button(key="reassign-now").click().run()
    assert not page.exception
    after = count_open_assignments(sqlite_target)
    assert after["Ada"] < before["Ada"]
    gained = after["Ben"] - before["Ben"]
    assert f"Ben has {gained} assignment{'' if gained == 1 else 's'} more" in sent(page)
    engine = reuse_engine(sqlite_target)
    with read_session(engine) as session:
        (event,) = [event for event in list_events(session) if "reassigned" in str(event.detail)]
    engine.dispose()
    assert event.actor == "Rita"


def test_a_closed_study_has_no_such_form(library: Library, sqlite_target: str) -> None:
    """Nothing is to be moved there."""
    st.cache_data.clear()
    engine = library.copy(HALF, sqlite_target)
    with write_session(engine) as session:
        set_status(session, get_study(session, "s"), "closed", actor="Rita", why="done")
    engine.dispose()
    assert not opened(sqlite_target, "progress").multiselect
