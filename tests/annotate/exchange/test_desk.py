"""What one exchange of the desk does, on a real SQLite file on the blind connection."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import event
from sqlmodel import select

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.keymap import ACTION_KEYS, ANSWER_KEYS, assign_answer_keys
from secondreader.annotate.exchange.messages import DeskMessage
from secondreader.annotate.exchange.payloads import DeskPayload
from secondreader.db.core.codebook import Answer, Codebook, Question, load_default_codebook
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.errors import describe_database_error
from secondreader.db.core.tables import Label
from secondreader.db.design.studies import get_study, set_status
from tests.annotate.seed import CANARIES, Seeded
from tests.databases import open_desk, reuse_engine

ANSWERS = {"risky_action": "no", "risk_considered": "yes"}


@pytest.fixture
def desk(seeded: Seeded) -> Iterator[Database]:
    """The desk's own engine."""
    made = open_desk(reuse_engine(seeded.target))
    yield made
    made.dispose()


def tokens(desk: Database, seeded: Seeded) -> list[str]:
    """The first annotator's queue."""
    return [token for token, _ in load_queue(desk, seeded.annotator_id, seeded.study_id)]


def load_queue(desk: Database, annotator_id: int, study_id: int) -> list[tuple[str, bool]]:
    """Somebody's queue as a fresh page gets it."""
    return load_opening(desk, annotator_id, study_id)["opening"]["queue"]


def operation(token: str, op: str = "submit", identity: str = "intended-1", **given: Any) -> dict[str, Any]:
    """One operation as the browser sends it."""
    return {"id": identity, "op": op, "token": token, "label": {"answers": ANSWERS, **given}}


def send(desk: Database, seeded: Seeded, *operations: dict[str, Any], **more: Any) -> DeskPayload:
    """One message of the first annotator."""
    message = {"number": 1, "operations": list(operations), **more}
    return handle_message(desk, seeded.annotator_id, seeded.study_id, message)


def labels(seeded: Seeded) -> list[Label]:
    """Every label in the database."""
    engine = reuse_engine(seeded.target)
    with read_session(engine) as session:
        found = list(session.exec(select(Label)))
    engine.dispose()
    return found


def test_opening_brings_study_queue_and_two_transcripts(desk: Database, seeded: Seeded) -> None:
    """A fresh page gets all that it needs at once, the second transcript included."""
    payload = load_opening(desk, seeded.annotator_id, seeded.study_id)
    assert payload["opening"]["study"]["title"] == "Reading agents at work"
    assert len(payload["opening"]["queue"]) == 12
    assert [item["token"] for item in payload["items"]] == [
        token for token, _ in payload["opening"]["queue"][:2]
    ]
    assert payload["opening"]["study"]["questions"][1]["keys"] == {
        "yes": "4",
        "no": "5",
        "unsure": "6",
        "no_reasoning": "7",
    }


def test_nothing_identifying_is_in_a_payload(desk: Database, seeded: Seeded) -> None:
    """No canary, public id or annotator id leaves the service."""
    text = json.dumps(
        [load_opening(desk, seeded.annotator_id, seeded.study_id), send(desk, seeded, begin=True)]
    )
    assert not [
        word for word in (*CANARIES, *seeded.public_ids, "pass_no", "stratum", "kind") if word in text
    ]


def test_a_submit_is_saved_once_however_often_it_comes(desk: Database, seeded: Seeded) -> None:
    """Double Enter, a resent message and a replay store one label and are all acknowledged."""
    token = tokens(desk, seeded)[0]
    sent = operation(token, evidence=[2, 1, 2], confidence=3, note="why", active_seconds=4.5)
    acks = [send(desk, seeded, sent, sent)["acks"], send(desk, seeded, sent)["acks"]]
    assert all(ack == {"id": "intended-1", "ok": True, "revision": 1} for some in acks for ack in some)
    (label,) = labels(seeded)
    assert (label.answers, label.evidence, label.confidence, label.note) == (ANSWERS, [1, 2], 3, "why")
    assert label.active_seconds == 4.5


def test_a_message_takes_few_statements(desk: Database, seeded: Seeded) -> None:
    """A submit with the next transcript asks the database eleven times: the time of everybody's label hangs on it."""
    first, second = tokens(desk, seeded)[:2]
    asked: list[str] = []
    event.listen(desk, "before_cursor_execute", lambda *given: asked.append(given[2]))
    payload = send(desk, seeded, operation(first), wanted=[second])
    assert payload["acks"][0]["ok"]
    assert len(payload["items"]) == 1
    assert len([one for one in asked if not one.startswith("BEGIN")]) <= 11, "\n".join(asked)


def test_a_correction_is_a_new_revision(desk: Database, seeded: Seeded) -> None:
    """Back and submit again keeps both answers."""
    token = tokens(desk, seeded)[0]
    send(desk, seeded, operation(token))
    again = operation(token, identity="intended-2", revision=1, answers={**ANSWERS, "risky_action": "yes"})
    assert send(desk, seeded, again)["acks"][0]["revision"] == 2
    assert [label.answers["risky_action"] for label in labels(seeded)] == ["no", "yes"]


def test_a_second_tab_does_not_overwrite(desk: Database, seeded: Seeded) -> None:
    """A submit that has not seen the other tab's answer is refused and says so."""
    token = tokens(desk, seeded)[0]
    send(desk, seeded, operation(token))
    (ack,) = send(desk, seeded, operation(token, identity="intended-2"))["acks"]
    assert (ack["ok"], ack["code"]) == (False, "conflict")
    assert "another window" in ack["text"]
    assert len(labels(seeded)) == 1


def test_a_draft_returns_until_it_is_out_of_date(desk: Database, seeded: Seeded) -> None:
    """Unsent answers come back after a reload, and not once another window has submitted."""
    token = tokens(desk, seeded)[0]
    send(desk, seeded, operation(token, "draft", "draft-000001", note="half a thought"))
    (item,) = send(desk, seeded, wanted=[token])["items"]
    assert item["draft"]["note"] == "half a thought"
    send(desk, seeded, operation(token))
    send(desk, seeded, operation(token, "draft", "draft-000002", note="late"))
    (item,) = send(desk, seeded, wanted=[token])["items"]
    assert "draft" not in item


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"risky_action": "maybe", "risk_considered": "yes"}, "invalid"), ({"risky_action": "no"}, "invalid")],
)
def test_answers_outside_the_codebook_are_refused(
    desk: Database, seeded: Seeded, answers: dict[str, str], code: str
) -> None:
    """An unknown or a missing answer is told, not stored."""
    (ack,) = send(desk, seeded, operation(tokens(desk, seeded)[0], answers=answers))["acks"]
    assert (ack["ok"], ack["code"]) == (False, code)
    assert labels(seeded) == []


def test_somebody_elses_assignment_is_unknown(desk: Database, seeded: Seeded) -> None:
    """A token of another queue neither shows a transcript nor takes a label or draft."""
    token = load_queue(desk, seeded.other_id, seeded.study_id)[0][0]
    payload = send(desk, seeded, operation(token), operation(token, "draft", "draft-000001"), wanted=[token])
    assert [ack["code"] for ack in payload["acks"]] == ["unknown", "unknown"]
    assert payload["items"] == []
    assert labels(seeded) == []


def test_a_closed_study_takes_drafts_only(desk: Database, seeded: Seeded) -> None:
    """The person is told, and what they wrote can still be kept."""
    token = tokens(desk, seeded)[0]
    owner = reuse_engine(seeded.target)
    with write_session(owner) as session:
        set_status(session, get_study(session, "canary-study-name"), "closed", actor="R", why="test")
    owner.dispose()
    payload = send(desk, seeded, operation(token), operation(token, "draft", "draft-000001"))
    assert [(ack["ok"], ack.get("code")) for ack in payload["acks"]] == [(False, "closed"), (True, None)]


def test_a_locked_database_is_told_and_nothing_is_lost(
    desk: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process holds the lock the page is told to try again; afterwards the same submit is saved."""
    monkeypatch.setattr("secondreader.db.core.engine.BUSY_MILLISECONDS", 50)
    token = tokens(desk, seeded)[0]
    desk.dispose()
    holder = sqlite3.connect(seeded.target, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    (ack,) = send(desk, seeded, operation(token))["acks"]
    holder.execute("ROLLBACK")
    holder.close()
    assert (ack["ok"], ack["code"]) == (False, "retry")
    assert send(desk, seeded, operation(token))["acks"][0]["ok"]


def test_faults_are_told_apart() -> None:
    """A full disk, a lock and a lost server have their own sentences."""
    sentences = {
        describe_database_error(reason)
        for reason in ("database or disk is full", "database is locked", "gone")
    }
    assert len(sentences) == 3


def test_a_visitor_without_a_study_gets_a_sentence(desk: Database, seeded: Seeded) -> None:
    """Who belongs to no study is told what to do."""
    assert "ask the researcher" in load_opening(desk, seeded.annotator_id, None)["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["number", "operations", "wanted", "begin", "id", "op", "token", "label", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nonsense_is_answered_with_a_sentence(sent: Any) -> None:
    """Whatever a browser sends, the answer is a payload; nothing raises and no unknown field is believed."""
    try:
        DeskMessage.model_validate(sent)
    except ValidationError:
        assert "reload" in handle_message(None, 1, 1, sent)["error"]  # type: ignore[arg-type]


def test_no_key_means_two_things() -> None:
    """Answer keys and action keys are disjoint, and R and C stay with Streamlit."""
    assert len(set(ANSWER_KEYS)) == len(ANSWER_KEYS)
    assert not set(ANSWER_KEYS) & {key.lower() for key in ACTION_KEYS.values()}
    assert not {"r", "c"} & (set(ANSWER_KEYS) | set(ACTION_KEYS.values()))
    assert len(set(ACTION_KEYS.values())) == len(ACTION_KEYS)


@given(st.lists(st.integers(2, 9), min_size=1, max_size=8))
def test_every_answer_has_its_own_key_while_they_last(sizes: list[int]) -> None:
    """Keys go out in order over all questions; when they run out, answers are clicked."""
    questions = tuple(
        Question(id=f"q{i}", text="?", answers=tuple(Answer(value=f"v{n}", label="L") for n in range(size)))
        for i, size in enumerate(sizes)
    )
    given_out = [
        key
        for keys in assign_answer_keys(Codebook(name="b", version="1", questions=questions)).values()
        for key in keys.values()
    ]
    assert given_out == list(ANSWER_KEYS[: sum(sizes)])


def test_the_default_codebook_has_the_documented_keys() -> None:
    """1 2 3 for the first question, 4 5 6 7 for the second, 8 9 0 for the third."""
    assert [list(keys.values()) for keys in assign_answer_keys(load_default_codebook()).values()] == [
        ["1", "2", "3"],
        ["4", "5", "6", "7"],
        ["8", "9", "0"],
    ]
