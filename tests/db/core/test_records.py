"""Studies as plain values: found, read again, changed field by field."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.records import find_study, reload_study, update_study
from secondreader.db.design.studies import ensure_study


def test_a_study_is_found_by_its_exact_name(sqlite_engine: Engine) -> None:
    """Case and spaces count; a name that is not there gives None."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "pilot", title="Pilot")
        assert find_study(session, "pilot") == study
        for name in ("Pilot", "pilot ", "", "pilo%"):
            assert find_study(session, name) is None


def test_an_update_keeps_what_others_changed(sqlite_engine: Engine) -> None:
    """A record that is out of date overwrites its own field and no other."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "pilot", title="Pilot")
        update_study(session, study, notice="Lunch at noon")
        updated = update_study(session, study, title="Main")
    assert (updated.title, updated.notice) == ("Main", study.notice)
    with read_session(sqlite_engine) as session:
        assert reload_study(session, study) == replace(study, title="Main", notice="Lunch at noon")


def test_a_study_that_is_gone_cannot_be_read_again(sqlite_engine: Engine) -> None:
    """A record of another database is an error, not an empty study."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "pilot")
        with pytest.raises(NoResultFound):
            reload_study(session, replace(study, id=study.id + 1))
