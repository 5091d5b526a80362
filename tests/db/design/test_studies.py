"""Studies by name, and their status."""

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.tables import Study
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import get_study, set_status
from tests.db.design.test_plan import make_pool


def test_an_unknown_study_is_told_with_what_there_is(engine: Engine) -> None:
    """The message names the studies that exist."""
    make_pool(engine, 3)
    with read_session(engine) as session, pytest.raises(StudyError, match="there are: s"):
        get_study(session, "x")


def test_a_study_is_paused_closed_and_opened_on_record(engine: Engine) -> None:
    """Only a frozen study changes its status; each change is an audit event."""
    make_pool(engine, 4)
    with write_session(engine) as session:
        study = get_study(session, "s")
        with pytest.raises(StudyError):
            set_status(session, study, "closed", actor="R", why="x")
        freeze_study(session, study, SamplingPlan(2, ("A1",), 1))
        for status in ("paused", "open", "closed"):
            set_status(session, study, status, actor="R", why="x")
        assert session.exec(select(Study.status)).one() == "closed"
        assert find_first_broken_event(session) is None
