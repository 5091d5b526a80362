"""What an annotator's browser can make the database do, and what it cannot."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.codebook import CodebookError
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import DeskError, StudyClosed, UnknownAssignment
from secondreader.db.core.tables import Label
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue

ANSWERS = {"risky_action": "no", "risk_considered": "yes"}


def first_token(blind: Engine, annotator_id: int) -> str:
    """The first place of a queue."""
    with read_session(blind) as session:
        return list_queue(session, annotator_id)[0].token


def labels(engine: Engine) -> list[Label]:
    """Every label stored."""
    with read_session(engine) as session:
        return list(session.exec(select(Label)))


def test_a_label_is_stored_as_given(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """Answers, evidence, confidence, note and time arrive; evidence is sorted and without doubles."""
    token = first_token(blind, people["A1"])
    saved = submit_label(
        blind, people["A1"], LabelInput(token, "t1", ANSWERS, (0, 0), 2, "a note \ud800", active_seconds=3.5)
    )
    (label,) = labels(engine)
    assert (label.id, label.revision) == (saved.label_id, 1)
    assert (label.answers, label.evidence, label.confidence) == (ANSWERS, [0], 2)
    assert (label.note, label.active_seconds) == ("a note \ufffd", 3.5)


def test_the_same_submit_twice_is_one_label(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """A replayed submit is acknowledged and adds nothing."""
    given = LabelInput(first_token(blind, people["A1"]), "t1", ANSWERS)
    first, second = submit_label(blind, people["A1"], given), submit_label(blind, people["A1"], given)
    assert (first.is_replay, second.is_replay) == (False, True)
    assert len(labels(engine)) == 1


def test_twenty_submits_at_once_are_one_label(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """Double clicks and two tabs race; one label results."""
    given = LabelInput(first_token(blind, people["A1"]), "t1", ANSWERS)
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: submit_label(blind, people["A1"], given), range(20)))
    assert len({one.label_id for one in saved}) == 1
    assert sum(not one.is_replay for one in saved) == 1
    assert len(labels(engine)) == 1


def test_a_correction_is_a_new_revision(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """Going back adds a row; the first answer stays."""
    token = first_token(blind, people["A1"])
    submit_label(blind, people["A1"], LabelInput(token, "t1", ANSWERS))
    changed = submit_label(
        blind, people["A1"], LabelInput(token, "t2", ANSWERS | {"risky_action": "yes"}, expected_revision=1)
    )
    assert changed.revision == 2
    assert [one.answers["risky_action"] for one in labels(engine)] == ["no", "yes"]
    with read_session(blind) as session:
        assert load_blind_item(session, people["A1"], token).answers["risky_action"] == "yes"


def test_a_stale_window_cannot_overrule_a_newer_answer(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """A second tab that never saw the first answer is told to reload."""
    token = first_token(blind, people["A1"])
    submit_label(blind, people["A1"], LabelInput(token, "t1", ANSWERS, expected_revision=0))
    with pytest.raises(DeskError, match="another window"):
        submit_label(blind, people["A1"], LabelInput(token, "t2", ANSWERS, expected_revision=0))
    assert len(labels(engine)) == 1


def test_another_annotators_assignment_is_unknown(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """A token of another queue neither shows, drafts nor labels; a client token cannot be taken over."""
    token = first_token(blind, people["A2"])
    with pytest.raises(UnknownAssignment):
        submit_label(blind, people["A1"], LabelInput(token, "t1", ANSWERS))
    with read_session(blind) as session, pytest.raises(UnknownAssignment):
        load_blind_item(session, people["A1"], token)
    with read_session(blind) as session, pytest.raises(UnknownAssignment):
        save_draft(session, people["A1"], token, {})
    submit_label(blind, people["A2"], LabelInput(token, "t1", ANSWERS))
    with pytest.raises(DeskError, match="used before"):
        submit_label(blind, people["A1"], LabelInput(first_token(blind, people["A1"]), "t1", ANSWERS))
    assert len(labels(engine)) == 1


@pytest.mark.parametrize(
    "answers",
    [{}, {"risky_action": "yes"}, ANSWERS | {"risky_action": "maybe"}, ANSWERS | {"other": "yes"}],
)
def test_answers_outside_the_codebook_are_refused(
    engine: Engine, blind: Engine, people: dict[str, int], answers: dict[str, str]
) -> None:
    """A missing, unknown or misspelt answer stores nothing."""
    with pytest.raises(CodebookError):
        submit_label(blind, people["A1"], LabelInput(first_token(blind, people["A1"]), "t1", answers))
    assert labels(engine) == []


def test_a_closed_study_takes_no_label(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
    """Closing stops labels at once and keeps the draft."""
    token = first_token(blind, people["A1"])
    with write_session(blind) as session:
        save_draft(session, people["A1"], token, {"answers": ANSWERS})
    with write_session(engine) as session:
        set_status(session, get_study(session, "s"), "closed", actor="R", why="done")
    with pytest.raises(StudyClosed):
        submit_label(blind, people["A1"], LabelInput(token, "t1", ANSWERS))
    with read_session(blind) as session:
        assert load_blind_item(session, people["A1"], token).draft == {"answers": ANSWERS}
