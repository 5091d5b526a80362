"""The adjudicator's letters: what they do, what they refuse, and what an answer may hold."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine

from secondreader.annotate.exchange import adjudication
from secondreader.annotate.exchange import desk as service
from secondreader.annotate.exchange.adjudication import ACTIONS, DECISION_KINDS
from secondreader.annotate.exchange.keymap import ANSWER_KEYS
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.hashing import format_canonical_json
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.desk.queue_entries import list_queue
from tests.annotate.seed import CANARIES, seed
from tests.annotate.splits import Split, decided, split


@pytest.fixture
def made(database_target: str) -> Split:
    """Three transcripts on which two readers part, once in each kind of database."""
    return split(seed(database_target, n_items=5))


@pytest.fixture
def blind(made: Split) -> Iterator[Engine]:
    """The desk's engine."""
    owner = open_engine(made.seeded.target)
    engine = open_blind_engine(prepare_desk_url(owner))
    owner.dispose()
    yield engine
    engine.dispose()


def decision(item: dict[str, Any], **changes: Any) -> dict[str, Any]:
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


def test_an_opening_holds_what_is_to_settle_and_no_canary(made: Split, blind: Engine) -> None:
    """Three places, two transcripts at hand, answers and notes of readers; no name, count, verdict or model."""
    packet = adjudication.load_opening(blind, made.adjudicator_id)
    assert [state for _, state in packet["queue"]] == ["open"] * 3
    assert [item["token"] for item in packet["items"]] == [token for token, _ in packet["queue"][:2]]
    first = packet["items"][0]
    assert sorted(first["questions"][0]["given"]) == ["no", "yes"]
    assert first["evidence"] == [4, 5]
    assert len(first["notes"]) == 2
    assert set(first) == {"token", "content", "questions", "notes", "evidence", "contested", "version"}
    text = format_canonical_json(packet)
    for secret in (*CANARIES, *made.seeded.public_ids, '"A1"', '"A2"'):
        assert secret not in text, secret


def test_a_letter_settles_and_says_so_after_the_commit(made: Split, blind: Engine) -> None:
    """The same letter twice makes one row; the next opening knows it as settled."""
    item = adjudication.load_opening(blind, made.adjudicator_id)["items"][0]
    letter = {"number": 4, "operations": [decision(item)]}
    for _ in range(2):
        packet = adjudication.handle_message(blind, made.adjudicator_id, letter)
        assert packet["number"] == 4
        assert [(ack["ok"], ack["revision"]) for ack in packet["acks"]] == [(True, 1)]
    assert [row.answer for row in decided(made)] == ["no"]
    fresh = adjudication.handle_message(blind, made.adjudicator_id, {"number": 5, "begin": True})
    assert dict(fresh["queue"])[item["token"]] == "settled"
    assert item["token"] not in [one["token"] for one in fresh["items"]]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {"number": -1},
        {"number": 1, "stage": "main"},
        {"number": 1, "wanted": ["x" * 100]},
        {"number": 1, "operations": [{"id": "a" * 16, "op": "submit", "token": "b" * 16, "reading": {}}]},
        {"number": 1, "operations": [{"id": "a" * 16, "op": "decide", "token": "b" * 16}]},
    ],
)
def test_a_letter_that_makes_no_sense_is_refused(made: Split, blind: Engine, sent: Any) -> None:
    """Unknown fields and shapes, an annotator's letter among them, get a sentence and do nothing."""
    packet = adjudication.handle_message(blind, made.adjudicator_id, sent)
    assert packet["unreadable"] is True
    assert "reload" in packet["trouble"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason": "  "}, "decision"),
        ({"answer": "perhaps"}, "decision"),
        ({"revision": 3}, "conflict"),
        ({"version": "0" * 32}, "conflict"),
    ],
)
def test_a_refusal_says_what_the_page_may_do(
    made: Split, blind: Engine, changes: dict[str, Any], why: str
) -> None:
    """Nothing is stored, and the kind of the refusal tells a new look from a correction."""
    item = adjudication.load_opening(blind, made.adjudicator_id)["items"][0]
    letter = {"number": 1, "operations": [decision(item, **changes)]}
    (ack,) = adjudication.handle_message(blind, made.adjudicator_id, letter)["acks"]
    assert (ack["ok"], ack["why"]) == (False, why)
    assert ack["say"].endswith(".")
    assert decided(made) == []


def test_the_roles_cannot_use_each_others_letters(made: Split, blind: Engine) -> None:
    """An annotator learns nothing of splits and settles nothing; an adjudicator labels and reads nothing of a queue."""
    mine = made.seeded.annotator_id
    item = adjudication.load_opening(blind, made.adjudicator_id)["items"][0]
    packet = adjudication.load_opening(blind, mine)
    assert set(packet) == {"number", "trouble"}
    letter = {"number": 1, "operations": [decision(item)], "wanted": [item["token"]]}
    packet = adjudication.handle_message(blind, mine, letter)
    assert [ack["why"] for ack in packet["acks"]] == ["role"]
    assert packet["items"] == []
    assert decided(made) == []
    with read_session(blind) as session:
        token = list_queue(session, mine)[0].token
    study_id = made.seeded.study_id
    submit = {
        "id": token_hex(8),
        "op": "submit",
        "token": token,
        "reading": {"answers": {"risky_action": "no"}},
    }
    answered = service.handle_message(
        blind, made.adjudicator_id, study_id, {"number": 1, "operations": [submit], "wanted": [token]}
    )
    assert [(ack["ok"], ack["why"]) for ack in answered["acks"]] == [(False, "unknown")]
    assert answered["items"] == []
    assert service.load_opening(blind, made.adjudicator_id, study_id)["queue"] == []


def test_a_transcript_of_another_study_is_missing(made: Split, blind: Engine) -> None:
    """Asked for by its token, it is named as gone with a sentence; what belongs to the asker still comes."""
    other = split(seed(made.seeded.target, n_items=3, name="canary-study-name-2"))
    theirs = adjudication.load_opening(blind, other.adjudicator_id)["queue"][0][0]
    mine = adjudication.load_opening(blind, made.adjudicator_id)["queue"][0][0]
    packet = adjudication.handle_message(blind, made.adjudicator_id, {"number": 1, "wanted": [theirs, mine]})
    assert packet["missing"] == [theirs]
    assert packet["say"]
    assert [item["token"] for item in packet["items"]] == [mine]


def test_a_pause_is_told_and_a_closed_study_is_settled(made: Split, blind: Engine) -> None:
    """The page knows whether the study takes decisions; a letter in a pause is refused as closed."""
    owner = open_engine(made.seeded.target)
    for status, is_open in (("paused", False), ("closed", True)):
        with write_session(owner) as session:
            set_status(session, get_study(session, made.seeded.name), status, actor="R", why="test")
        packet = adjudication.load_opening(blind, made.adjudicator_id)
        assert packet["study"]["open"] is is_open
        letter = {"number": 1, "operations": [decision(packet["items"][0])]}
        (ack,) = adjudication.handle_message(blind, made.adjudicator_id, letter)["acks"]
        assert ack["ok"] is is_open
    owner.dispose()


def test_a_fault_of_the_database_asks_for_another_try(made: Split, blind: Engine) -> None:
    """Nothing is acknowledged, and the page learns that the same letter may come again."""
    item = adjudication.load_opening(blind, made.adjudicator_id)["items"][0]
    letter = {"number": 1, "operations": [decision(item)]}
    owner = open_engine(made.seeded.target)
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE adjudication RENAME TO away")
    (ack,) = adjudication.handle_message(blind, made.adjudicator_id, letter)["acks"]
    assert (ack["ok"], ack["why"]) == (False, "again")
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO adjudication")
    owner.dispose()
    assert adjudication.handle_message(blind, made.adjudicator_id, letter)["acks"][0]["ok"]


def test_no_key_means_two_things() -> None:
    """Kinds, actions and answers share no key, nor do they use those of Streamlit."""
    keys = [key for _, _, key, _ in DECISION_KINDS] + list(ACTIONS.values())
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(ANSWER_KEYS)
    assert not {"r", "c"} & set(keys)
