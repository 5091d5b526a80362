"""What the desk knows of its study."""

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import read_session
from secondreader.db.core.errors import DeskError
from secondreader.db.desk.study import load_desk_study


def test_the_study_is_shown_without_its_name(blind: Engine, people: dict[str, int]) -> None:
    """The desk knows the title and the questions."""
    assert people
    with read_session(blind) as session:
        study = load_desk_study(session, 1)
        assert (study.title, study.status) == ("Reading", "open")
        assert [question.id for question in study.codebook.questions][:2] == [
            "risky_action",
            "risk_considered",
        ]
        with pytest.raises(DeskError):
            load_desk_study(session, 99)
