"""What an annotator's browser can make the database do, and what it cannot."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.codebook import CodebookError
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import DeskError, StudyClosed, UnknownAssignment
from secondreader.db.core.tables import Assignment, Label, StudyItem
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study, set_status
from secondreader.db.desk.drafts import save_draft
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import compute_progress, list_queue
from secondreader.db.desk.study import load_desk_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts

ANSWERS = {"risky_action": "no", "risk_considered": "yes"}


@pytest.fixture
def people(engine: Engine) -> dict[str, int]:
    """An open study of six transcripts and two annotators who both read all of them."""
    with write_session(engine) as session:
        study = ensure_study(session, "s", title="Reading")
        content = Content(messages=(Message(role="user", text="hello"),))
        stored = add_transcripts(session, [NewTranscript(f"k{i}", f"c{i}", content) for i in range(6)])
        add_to_pool(session, study, stored.ids)
        return freeze_study(session, study, SamplingPlan(6, ("A1", "A2"), 2, seed=3)).annotator_ids


@pytest.fixture
def blind(engine: Engine, people: dict[str, int]) -> Iterator[Engine]:
    """The desk's engine."""
    assert people
    made = open_blind_engine(prepare_desk_url(engine))
    yield made
    made.dispose()


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


def test_a_transcript_without_text_is_told_in_a_sentence(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """Of some imports only the verdicts are known: there is nothing to read in such a place."""
    with write_session(engine) as session:
        (bare,) = add_transcripts(session, [NewTranscript("bare", "c", None)]).ids
        item = StudyItem(study_id=get_study(session, "s").id or 0, transcript_id=bare)
        session.add(item)
        session.flush()
        place = Assignment(annotator_id=people["A1"], study_item_id=item.id or 0, position=99)
        session.add(place)
        session.flush()
        token = place.token
    with read_session(blind) as session, pytest.raises(UnknownAssignment, match="go back"):
        load_blind_item(session, people["A1"], token)


def test_somebody_elses_place_is_unknown(engine: Engine, blind: Engine, people: dict[str, int]) -> None:
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


def test_progress_counts_items_not_revisions(blind: Engine, people: dict[str, int]) -> None:
    """Correcting an answer is no progress."""
    token = first_token(blind, people["A1"])
    for revision in range(3):
        submit_label(
            blind, people["A1"], LabelInput(token, f"t{revision}", ANSWERS, active_seconds=float(revision))
        )
    with read_session(blind) as session:
        mine = compute_progress(session, people["A1"])
        assert (mine.n_labelled, mine.n_total, mine.own_seconds) == (1, 6, (2.0, 1.0, 0.0))
        assert [entry.is_labelled for entry in list_queue(session, people["A1"])] == [True] + [False] * 5


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
