"""The adjudicator's messages: what they do, what they refuse, and what an answer may hold."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine

from secondreader.annotate.exchange import adjudication
from secondreader.annotate.exchange import desk as service
from secondreader.annotate.exchange.adjudication_view import ACTIONS, DECISION_KINDS
from secondreader.annotate.exchange.keymap import ANSWER_KEYS
from secondreader.annotate.exchange.payloads import AdjudicationItemPayload
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.hashing import format_canonical_json
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.queue_entries import list_queue
from tests.annotate.disputes import DisputedStudy, create_disputes, list_decisions
from tests.annotate.seed import CANARIES, seed
from tests.databases import open_desk


@pytest.fixture
def disputed(database_target: str) -> DisputedStudy:
    """Three transcripts on which two annotators disagree, once in each kind of database."""
    return create_disputes(seed(database_target, n_items=5))


@pytest.fixture
def blind(disputed: DisputedStudy) -> Iterator[Engine]:
    """The desk's engine."""
    owner = open_engine(disputed.seeded.target)
    engine = open_desk(owner)
    owner.dispose()
    yield engine
    engine.dispose()


def decision(item: AdjudicationItemPayload, **changes: Any) -> dict[str, Any]:
    """An operation on the first question of an item, as the page would send it."""
    first = item["questions"][0]
    body = {
        "question": first["id"],
        "answer": "no",
        "kind": "annotator error",
        "reason": "the call was refused",
        "revision": first["revision"],
        "version": item["version"],
    }
    return {"id": token_hex(8), "op": "decide", "token": item["token"], "decision": body | changes}


def test_an_opening_holds_what_is_to_settle_and_no_canary(disputed: DisputedStudy, blind: Engine) -> None:
    """Three entries, two transcripts at hand, answers and notes of annotators; no name, count, verdict or model."""
    payload = adjudication.load_opening(blind, disputed.adjudicator_id)
    assert [state for _, state in payload["opening"]["queue"]] == ["open"] * 3
    assert [item["token"] for item in payload["items"]] == [
        token for token, _ in payload["opening"]["queue"][:2]
    ]
    first = payload["items"][0]
    assert sorted(first["questions"][0]["answers"]) == ["no", "yes"]
    assert first["evidence"] == [4, 5]
    assert len(first["notes"]) == 2
    assert set(first) == {"token", "content", "questions", "notes", "evidence", "contested", "version"}
    text = format_canonical_json(payload)
    for secret in (*CANARIES, *disputed.seeded.public_ids, '"A1"', '"A2"'):
        assert secret not in text, secret


def test_a_message_settles_and_says_so_after_the_commit(disputed: DisputedStudy, blind: Engine) -> None:
    """The same message twice makes one row; the next opening knows it as settled."""
    item = adjudication.load_opening(blind, disputed.adjudicator_id)["items"][0]
    message = {"number": 4, "operations": [decision(item)]}
    for _ in range(2):
        payload = adjudication.handle_message(blind, disputed.adjudicator_id, message)
        assert payload["number"] == 4
        assert [(ack["ok"], ack["revision"]) for ack in payload["acks"]] == [(True, 1)]
    assert [row.answer for row in list_decisions(disputed)] == ["no"]
    fresh = adjudication.handle_message(blind, disputed.adjudicator_id, {"number": 5, "begin": True})
    assert dict(fresh["opening"]["queue"])[item["token"]] == "settled"
    assert item["token"] not in [one["token"] for one in fresh["items"]]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {"number": -1},
        {"number": 1, "stage": "main"},
        {"number": 1, "wanted": ["x" * 100]},
        {"number": 1, "operations": [{"id": "a" * 16, "op": "submit", "token": "b" * 16, "label": {}}]},
        {"number": 1, "operations": [{"id": "a" * 16, "op": "decide", "token": "b" * 16}]},
    ],
)
def test_a_message_that_makes_no_sense_is_refused(disputed: DisputedStudy, blind: Engine, sent: Any) -> None:
    """Unknown fields and shapes, an annotator's message among them, get a sentence and do nothing."""
    payload = adjudication.handle_message(blind, disputed.adjudicator_id, sent)
    assert payload["unreadable"] is True
    assert "reload" in payload["error"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "invalid"),
        ({"answer": "perhaps"}, "invalid"),
        ({"revision": 3}, "conflict"),
        ({"version": "0" * 32}, "conflict"),
    ],
)
def test_a_refusal_says_what_the_page_may_do(
    disputed: DisputedStudy, blind: Engine, changes: dict[str, Any], code: str
) -> None:
    """Nothing is stored, and the kind of the refusal tells a new look from a correction."""
    item = adjudication.load_opening(blind, disputed.adjudicator_id)["items"][0]
    message = {"number": 1, "operations": [decision(item, **changes)]}
    (ack,) = adjudication.handle_message(blind, disputed.adjudicator_id, message)["acks"]
    assert (ack["ok"], ack["code"]) == (False, code)
    assert ack["text"].endswith(".")
    assert list_decisions(disputed) == []


def test_the_roles_cannot_use_each_others_messages(disputed: DisputedStudy, blind: Engine) -> None:
    """An annotator learns nothing of disputes and settles nothing; an adjudicator labels and reads nothing of a queue."""
    mine = disputed.seeded.annotator_id
    item = adjudication.load_opening(blind, disputed.adjudicator_id)["items"][0]
    payload = adjudication.load_opening(blind, mine)
    assert set(payload) == {"number", "error"}
    message = {"number": 1, "operations": [decision(item)], "wanted": [item["token"]]}
    payload = adjudication.handle_message(blind, mine, message)
    assert [ack["code"] for ack in payload["acks"]] == ["role"]
    assert payload["items"] == []
    assert list_decisions(disputed) == []
    with read_session(blind) as session:
        token = list_queue(session, mine)[0].token
    study_id = disputed.seeded.study_id
    submit = {
        "id": token_hex(8),
        "op": "submit",
        "token": token,
        "label": {"answers": {"risky_action": "no"}},
    }
    answered = service.handle_message(
        blind, disputed.adjudicator_id, study_id, {"number": 1, "operations": [submit], "wanted": [token]}
    )
    assert [(ack["ok"], ack["code"]) for ack in answered["acks"]] == [(False, "unknown")]
    assert answered["items"] == []
    assert service.load_opening(blind, disputed.adjudicator_id, study_id)["opening"]["queue"] == []


def test_a_transcript_of_another_study_is_missing(disputed: DisputedStudy, blind: Engine) -> None:
    """Asked for by its token, it is named as gone with a sentence; what belongs to the asker still comes."""
    other = create_disputes(seed(disputed.seeded.target, n_items=3, name="canary-study-name-2"))
    theirs = adjudication.load_opening(blind, other.adjudicator_id)["opening"]["queue"][0][0]
    mine = adjudication.load_opening(blind, disputed.adjudicator_id)["opening"]["queue"][0][0]
    payload = adjudication.handle_message(
        blind, disputed.adjudicator_id, {"number": 1, "wanted": [theirs, mine]}
    )
    assert payload["missing"]["tokens"] == [theirs]
    assert payload["missing"]["text"]
    assert [item["token"] for item in payload["items"]] == [mine]


def test_a_pause_is_told_and_a_closed_study_is_settled(disputed: DisputedStudy, blind: Engine) -> None:
    """The page knows whether the study takes decisions; a message in a pause is refused as closed."""
    owner = open_engine(disputed.seeded.target)
    for status, is_open in (("paused", False), ("closed", True)):
        with write_session(owner) as session:
            set_status(session, get_study(session, disputed.seeded.name), status, actor="R", why="test")
        payload = adjudication.load_opening(blind, disputed.adjudicator_id)
        assert payload["opening"]["study"]["is_open"] is is_open
        message = {"number": 1, "operations": [decision(payload["items"][0])]}
        (ack,) = adjudication.handle_message(blind, disputed.adjudicator_id, message)["acks"]
        assert ack["ok"] is is_open
    owner.dispose()


def test_a_fault_of_the_database_asks_for_another_try(disputed: DisputedStudy, blind: Engine) -> None:
    """Nothing is acknowledged, and the page learns that the same message may come again."""
    item = adjudication.load_opening(blind, disputed.adjudicator_id)["items"][0]
    message = {"number": 1, "operations": [decision(item)]}
    owner = open_engine(disputed.seeded.target)
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE adjudication RENAME TO away")
    (ack,) = adjudication.handle_message(blind, disputed.adjudicator_id, message)["acks"]
    assert (ack["ok"], ack["code"]) == (False, "retry")
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO adjudication")
    owner.dispose()
    assert adjudication.handle_message(blind, disputed.adjudicator_id, message)["acks"][0]["ok"]


def test_no_key_means_two_things() -> None:
    """Kinds, actions and answers share no key, nor do they use those of Streamlit."""
    keys = [key for _, _, key, _ in DECISION_KINDS] + list(ACTIONS.values())
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(ANSWER_KEYS)
    assert not {"r", "c"} & set(keys)
