"""Unsent answers."""

from sqlalchemy import Engine

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from tests.db.desk.test_labels import ANSWERS, first_token


def test_a_draft_is_replaced_and_ends_with_the_label(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """The latest draft comes back; a saved label removes it; somebody else's stays."""
    mine, other = first_token(blind, people["A1"]), first_token(blind, people["A2"])
    with write_session(blind) as session:
        for number in range(3):
            save_draft(session, people["A1"], mine, {"n": number})
        save_draft(session, people["A2"], other, {"n": 9})
    with read_session(blind) as session:
        assert load_blind_item(session, people["A1"], mine).draft == {"n": 2}
    submit_label(blind, people["A1"], LabelInput(mine, "t1", ANSWERS))
    with read_session(blind) as session:
        assert load_blind_item(session, people["A1"], mine).draft is None
        assert load_blind_item(session, people["A2"], other).draft == {"n": 9}
