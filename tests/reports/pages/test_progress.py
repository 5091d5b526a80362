"""The page of progress: pace, time left, strata and what lies idle."""

from datetime import timedelta

import streamlit as st
from sqlmodel import col, select

from secondreader.db.core.engine import write_session
from secondreader.db.core.tables import Assignment, Draft, Label, utc_now
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import Library, Shape


def test_pace_strata_and_idle_assignments(library: Library, sqlite_target: str) -> None:
    """Half of the labels are done: the page says how many, what is left, and which draft nobody has touched."""
    st.cache_data.clear()
    engine = library.copy(Shape(n=24, labelled=0.5), sqlite_target)
    with write_session(engine) as session:
        labelled = set(session.exec(select(Label.assignment_id)))
        assignments = session.exec(select(Assignment).order_by(col(Assignment.id))).all()
        open_ones = [
            assignment.id
            for assignment in assignments
            if assignment.id is not None and assignment.id not in labelled
        ]
        for assignment_id, hours in ((open_ones[0], 48), (open_ones[1], 1)):
            session.add(
                Draft(assignment_id=assignment_id, body={}, updated_at=utc_now() - timedelta(hours=hours))
            )
    engine.dispose()
    page = opened(sqlite_target, "progress")
    text = sent(page)
    assert f"{len(labelled)} of {len(assignments)} labels of the main queue are done" in text
    assert "transcripts in an hour of active work" in text
    assert "hours of active work are left" in text
    people, strata, idle = (table.value for table in page.dataframe)
    assert list(people["annotator"]) == ["Ada", "Ben", "Cleo"]
    assert sum(people["labels"]) == len(labelled)
    assert all(people["hours left"] > 0)
    assert sum(strata["labels"]) == len(labelled)
    assert sum(strata["wanted"]) == len(assignments)
    assert len(idle) == 1
    assert idle["what"][0] == "begun, untouched for 24 hours"
